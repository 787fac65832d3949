"""What the citizen's page says, in Chinese and in English."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("zh", "en")

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "请评价办理结果",
        "switch": "English",
        "matter": "您{day}反映的事项(工单尾号 {end})已经办理。请用一分钟告诉我们结果。",
        "matter_plain": "您反映的事项已经办理。请用一分钟告诉我们结果。",
        "solved": "您的问题解决了吗?",
        "yes": "已解决",
        "no": "没有解决",
        "satisfied": "您对办理结果满意吗?",
        "manner": "您对办理人员的态度满意吗?(可不选)",
        "words": "还想说什么?(可不填,最多 500 字,请勿填写身份证号、银行卡号)",
        "send": "提交评价",
        "missing": "请先回答“是否解决”和“是否满意”。",
        "grade1": "满意",
        "grade2": "比较满意",
        "grade3": "一般",
        "grade4": "不太满意",
        "grade5": "不满意",
        "thanks": "谢谢您的评价",
        "thanks_more": "评价已经收到。仍有问题请拨打 12345。",
        "used": "您已经评价过了",
        "used_more": "每个链接只能评价一次。如有新的情况,请拨打 12345。",
        "settled": "这件事已经回访过了",
        "settled_more": "工作人员已经通过电话完成回访,无需再次评价。如有新的情况,请拨打 12345。",
        "expired": "链接已过期",
        "expired_more": "评价时间已过。如有问题,请拨打 12345。",
        "unknown": "链接无效",
        "unknown_more": "请从短信中完整打开链接。如有问题,请拨打 12345。",
        "often": "访问太频繁",
        "often_more": "请过几分钟再试,或拨打 12345。",
        "away": "暂时无法打开",
        "away_more": "系统正在维护,您的评价尚未保存,请稍后再试,或拨打 12345。",
        "foot": "本页只用于评价,不会要求您付款、登录或提供密码。",
    },
    "en": {
        "title": "How was your matter handled?",
        "switch": "中文",
        "matter": "Your matter of {day} (ending in {end}) has been handled. Please tell us in a minute how it went.",
        "matter_plain": "Your matter has been handled. Please tell us in a minute how it went.",
        "solved": "Was your problem solved?",
        "yes": "Yes, solved",
        "no": "No, not solved",
        "satisfied": "Are you satisfied with the result?",
        "manner": "Were you treated well? (optional)",
        "words": "Anything else? (optional, at most 500 characters; please give no identity or bank card numbers)",
        "send": "Send",
        "missing": "Please answer the first two questions.",
        "grade1": "Satisfied",
        "grade2": "Rather satisfied",
        "grade3": "So-so",
        "grade4": "Rather dissatisfied",
        "grade5": "Dissatisfied",
        "thanks": "Thank you",
        "thanks_more": "We have your answer. If anything is still wrong, please dial 12345.",
        "used": "You have answered already",
        "used_more": "Each link works once. If there is news, please dial 12345.",
        "settled": "You have been asked already",
        "settled_more": "We spoke on the telephone; no answer is needed here. If there is news, please dial 12345.",
        "expired": "This link has expired",
        "expired_more": "The time for answering is over. If anything is wrong, please dial 12345.",
        "unknown": "This link is not valid",
        "unknown_more": "Please open the whole link from the message. If anything is wrong, please dial 12345.",
        "often": "Too many visits",
        "often_more": "Please try again in a few minutes, or dial 12345.",
        "away": "Not available now",
        "away_more": "Your answer was not kept. Please try again later, or dial 12345.",
        "foot": "This page only asks for your opinion. It never asks for money, a password or an account.",
    },
}


def day_of(at: datetime, zone: ZoneInfo, language: str) -> str:
    """A day as it is spoken."""
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日" if language == "zh" else f"{local.day} {local:%B}"
