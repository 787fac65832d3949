"""Whether a citizen calls again about the same matter. Pure.

Having told the property manager ten times is no repeat; having told this line once is.
"""

import re
from collections.abc import Sequence

from tickets.dialogue import Asked, Turn, agrees, denies

_LINE = r"(?:12345|一二三四五|幺二三四五|热线|你们|您们|咱们?(?:这|热线|12345)?|市长热线|便民热线)"
_NUMBER = "一二两三四五六七八九十几多好0-9"
_AGAIN = re.compile(

        r"(?:上次|上回|之前|以前|前几天|前两天|前天|昨天|上周|上个?月|前段时间|前一阵|早先|"
        r"先前|去年|曾经?|已经|多次|反复)(?:也|就|都|已经|我|跟|给|向|在|又|来|打|电话|"
    + _LINE
    + rf"|[{_NUMBER}]+[次遍回])*(?:反映|投诉|举报|打过|来过?电话|说过|拨打|报修?过?单)过?"
    r"|第[二三四五六七八九十两0-9N]+[次回遍](?:打|来|反映|投诉|拨|电话|给|跟|了)"
    rf"|(?:反映|投诉|打|举报)(?:过|了)(?:你们|咱们)?(?:好|不下|不止|少说|至少|得有)?[{_NUMBER}]+(?:次|回|遍)"
    rf"|打(?:了|过)(?:好)?[{_NUMBER}]*(?:个|次|遍|回)[^,，。]{{0,8}}又打|我?报过?(?:修)?(?:了)?(?:好)?[{_NUMBER}]+(?:次|回|遍)了?"
    r"|^又是我|又是我(?=啊|呀|了|吧|，|$)|还是(?:那个|这个|楼[上下]|门口|俺们?|我们)[^,，。]{0,12}的?(?:事|问题)"
    r"|打了(?:多少|不知道?多少|无数|好些)(?:遍|次|回|个)|你们(?:上次|上回|之前|那次)(?:说|回复|答复|来过|来人|转)"
    r"|又(?:来)?(?:打|给你们打|反映|投诉)(?:电话|来|一次|了)"

        r"|(?:催|催办|催促)(?:一下|一催|下|单|之前|上次)|再催|工单(?:号|"
        r"编号)?[^,，。]{0,14}(?:没|进度|到哪|办|什么时候|处理|结|关|是)"

        r"|(?:反映|投诉|举报)(?:过)(?!的?问题吗)[^,，。]{0,8}(?:没|不|还|到现在|一直)|(?:处理|"
        r"答复|回复)(?:结果)?(?:不满意|不属实)|还是(?:上次|之前)(?:那个|的)?(?:事|问题)"
    r"|(?:给|跟|向)" + _LINE +
        rf"[^,，。]{{0,4}}(?:打|反映|说)(?:过|了)|打(?:过|了)[^,，。]{{0,4}}{_LINE}|(?:我|都|"
        rf"已经)打(?:过|了)(?:好)?[{_NUMBER}]+(?:次|个|遍|回)(?:电话)?"
)  # fmt: skip
_OTHERS = re.compile(
    r"(?:给|跟|向|找|打|和|联系)(?:了|过)?(?:我们)?(?:小区)?(?:的)?(?:物业|村委|村里|"
    r"村书记|社区|居委会|供电|自来水|热力|燃气|公司|派出所|[幺一]{2}零|110|城管|环保|商家|"
    r"店家|老板|房东|开发商|客服|学校|医院|他们|街道|镇上|维修|平台|厂家|消协|劳动|单位|"
    r"邻居|对方|他)"
)
_FIRST = re.compile(
    r"(?:第一次|头一[次回]|首次)(?:打|反映|来电|投诉)?|(?:没有?|从来没|还没|未)(?:跟你们|"
    r"给你们|向你们|打|来)?(?:反映|打|投诉)过"
)
_AGENT_KNOWS = re.compile(
    r"(?:看到|查到|查询到|显示|系统里)[^。]{0,10}(?:您|这个)?[^。]{0,6}(?:之前|上次|曾经?|"
    r"已经|以前)?[^。]{0,8}(?:工单|反映过|来过电|记录)"
)


def find_repeat(turns: Sequence[Turn]) -> tuple[bool, tuple[str, ...]]:
    """Whether it is a repeat, and the words that say so or say not."""
    repeat = False
    because: tuple[str, ...] = ()
    for turn in turns:
        text = turn.text
        if turn.who == "agent":
            if (hit := _AGENT_KNOWS.search(text)) and not turn.denied and "没有" not in text:
                repeat, because = True, (hit.group(),)
            continue
        verdict = _answer(turn) if turn.asked is Asked.REPEAT else None
        if verdict is not None:
            repeat, because = verdict, (text[:16],)
        elif found := _says(text):
            repeat, because = True, (found,)
        elif hit := _FIRST.search(text):
            repeat, because = False, (hit.group(),)
    return repeat, because


def _answer(turn: Turn) -> bool | None:
    """What the answer to "have you called before" says; None when it does not answer."""
    text = turn.text
    if _FIRST.search(text) or (denies(text) and not _says(text)):
        return False
    if _OTHERS.search(text) and not re.search(_LINE, text):
        return None
    if agrees(text) or re.search(r"(?:反映|打|投诉|说|来)过|[好几两二三四五多]+次|有的|上次|上周|上个月|前", text):
        return True
    return None


def _says(text: str) -> str:
    """The words by which a citizen says that he called before; empty when he does not."""
    for hit in _AGAIN.finditer(text):
        around = text[max(0, hit.start() - 8) : hit.end() + 6]
        if _OTHERS.search(around) and not re.search(_LINE, around):
            continue
        if _FIRST.search(text):
            continue
        return hit.group()
    return ""
