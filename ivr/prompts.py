"""What the hotline says: the table of prompts, and numbers put together from spoken pieces. Pure.

A prompt is named as Asterisk plays it: ``hotline/welcome`` is ``sounds/zh/hotline/welcome.wav``. The shipped ones
are synthetic (``ivr/prompt_maker.py``); a site puts its own recordings into ``<var>/sounds/zh/hotline/``.
"""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from types import MappingProxyType

SHIPPED_PROMPTS = Path(__file__).parent / "sounds"
"""Folder of languages: ``zh/hotline/*.wav``."""
PROMPT_FOLDER = SHIPPED_PROMPTS / "zh" / "hotline"
LEAST_WAIT_TOLD = 60.0
"""Seconds."""
MOST_MINUTES_TOLD = 60
GREATEST_NUMBER = 9999
"""Of ``spoken_number``; ``ivr.flow.spoken`` goes further."""

_DIGITS = "零一二三四五六七八九"

PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        "welcome": "您好，这里是幺二三四五市民热线，通话将被录音",
        "please-wait": "请稍候，正在为您转接",
        "position-is": "您排在第",
        "position-place": "位，请稍候",
        "position-next": "您是下一位，请稍候",
        "minutes": "分钟",
        "expected-wait": "预计等待",
        "callback-intro": "您好，这里是幺二三四五市民热线，现在对您反映的问题进行回访",
        "callback-solved": "您的问题解决了吗，已解决请按一，未解决请按二",
        "callback-satisfied": (
            "您对处理结果满意吗，非常满意请按一，满意请按二，基本满意请按三，不满意请按四，非常不满意请按五"
        ),
        "callback-choices": "不是本人请按七，稍后再访请按八，英语请按九",
        "callback-manner": (
            "您对工作人员的态度满意吗，非常满意请按一，满意请按二，基本满意请按三，不满意请按四，非常不满意请按五"
        ),
        "callback-reason": "不满意的原因，办理太慢请按一，没有解决请按二，态度不好请按三，没有联系请按四，其他请按五",
        "callback-agent": "现在转人工座席请按一，不需要请按二",
        "callback-words": "您还有什么意见，请在提示音后说，说完请按井号键",
        "callback-wrong": "对不起，打扰您了，再见",
        "callback-later": "请选择时间，一小时后请按一，今天下午请按二，明天上午请按三，明天下午请按四",
        "callback-later-thanks": "好的，我们到时再联系您",
        "callback-thanks": "感谢您的评价",
        "invalid-key": "按键有误，请重新输入",
        "sorry-busy": "对不起，座席全忙，请稍后再拨",
        "goodbye": "祝您生活愉快，再见",
        **{f"d{digit}": character for digit, character in enumerate(_DIGITS)},
        "yao": "幺",
        "liang": "两",
        "n10": "十",
        "n100": "百",
        "n1000": "千",
        "n10000": "万",
        "yuan": "元",
        "jiao": "角",
        "fen": "分",
        "year": "年",
        "month": "月",
        "day": "日",
        "oclock": "点",
        "queue-keys": "查询办理进度请按一，企业服务请按二",
        "progress-number": "请输入工单编号的后六位，按井号键结束",
        "progress-missing": "没有查到本机号码的这件工单",
        "progress-is": "您的工单，编号",
        "progress-received": "已受理，正在派单",
        "progress-working": "正在办理",
        "progress-answered": "已答复，等待回访",
        "progress-closed": "已办结",
        "progress-due": "办理期限",
        "night": "现在是夜间值守时间，请稍候",
        "holiday": "今天是节假日，值班人员为您服务",
        "notice-busy": "因突发情况来电较多，请您谅解",
        "callback-offer": "给您回电请按一，留言请按二，或者继续等候",
        "callback-promised": "我们会尽快给您回电",
        "nuisance-notice": "您的号码因多次骚扰被限制，如有紧急情况，请按一，或者直接说出来",
        "promised-call": "您好，这里是幺二三四五市民热线，给您回电，正在为您转接座席，请稍候",
        "callback-impossible": "您的号码没有显示，我们无法回电",
        "message-please": "请在提示音后留言，按井号键结束",
        "message-thanks": "您的留言已经受理",
        "menu-main": "查询进度请按一，企业服务请按二，政策咨询请按三，留言请按四，预约回电请按五，人工服务请按零",
        "menu-policy": "异地就医请按一，公积金请按二，社保卡请按三，返回请按零",
        "no-answer": "对方暂时无人接听",
        "seat-ready": "座席已就绪",
        "seat-not-ready": "座席已示忙",
        "seat-refused": "现在不能更改状态",
    }
)
"""Name → the Chinese words of it."""

BEEP = "beep"
"""The one prompt that is a tone: the agent's sign that a citizen follows."""


def spoken_number(number: int, *, counting: bool = False) -> list[str]:
    """The pieces that say ``number`` (0…9999): 十二, 一百零五, 两千零三十. ``counting`` says 两 for a bare 2 (两分钟).

    Raises ``ValueError`` outside the range.
    """
    if not 0 <= number <= GREATEST_NUMBER:
        raise ValueError(f"only 0 to {GREATEST_NUMBER} can be spoken, not {number}")
    if number == 2 and counting:
        return _named("liang")
    if number < 10:
        return _named(f"d{number}")
    if 10 <= number < 20:  # 十二, not 一十二; after a higher unit it is 一百一十二
        return _named("n10", *([f"d{number % 10}"] if number % 10 else []))
    pieces: list[str] = []
    skipped = False
    for unit, name in ((1000, "n1000"), (100, "n100"), (10, "n10"), (1, "")):
        digit = number // unit % 10
        if digit == 0:
            skipped = bool(pieces)
            continue
        pieces += ["d0"] if skipped else []
        skipped = False
        pieces += ["liang" if digit == 2 and unit == 1000 else f"d{digit}", *([name] if name else [])]
    return _named(*pieces)


def spoken_digits(digits: str) -> list[str]:
    """The pieces that read a telephone or work-order number out, 1 as 幺. What is not a digit is left out."""
    return _named(*("yao" if digit == "1" else f"d{digit}" for digit in digits if digit in "0123456789"))


def position_prompts(position: int) -> list[str]:
    """What tells a waiting citizen the place in the line, 1 being the next. Past the greatest number: none."""
    if position == 1:
        return _named("position-next")
    if not 1 < position <= GREATEST_NUMBER:
        return _named("please-wait")
    return [*_named("position-is"), *spoken_number(position), *_named("position-place")]


def expected_wait_prompts(seconds: float | None) -> list[str]:
    """What tells the wait to expect, in whole minutes rounded up: 预计等待三分钟. Under a minute, and when nothing is
    known or nothing sensible could be said: none, the place in the line says enough.
    """
    if seconds is None or seconds < LEAST_WAIT_TOLD:
        return []
    minutes = ceil(seconds / 60)
    if minutes > MOST_MINUTES_TOLD:
        return []
    return [*_named("expected-wait"), *spoken_number(minutes, counting=True), *_named("minutes")]


def _named(*names: str) -> list[str]:
    return [f"hotline/{name}" for name in names]
