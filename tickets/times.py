"""When a matter happens or began, in the citizen's words. Pure."""

import re
from collections.abc import Sequence

_N = "零一二两三四五六七八九十百几半多0-9"
_TIME = re.compile(
    rf"(?:从|自)?(?:二零[零一二三四五六七八九]{{2}}年|20\d\d年|去年|今年|前年)?(?:[{_N}]"
    rf"{{1,3}}月(?:份)?(?:[{_N}]{{1,3}}[号日])?|[{_N}]{{1,3}}"
    rf"[号日](?=[早上下中晚凌以开就]))(?:以来|开始|左右)?"
    rf"|(?:从|自)?(?:昨天|今天|前天|大前天|刚才|刚刚|上周[一二三四五六日天]?|"
    rf"这周[一二三四五六日天]?|上个?星期[一二三四五六日天]?|上个?月|这两天|这几天|最近|"
    rf"前几天|去年|今年|前年)(?:的)?(?:上午|下午|晚上|早上|早晨|中午|半夜|凌晨|夜里|"
    rf"傍晚)?(?:[{_N}]{{1,3}}点(?:半|多|[{_N}]{{1,3}}分?)?)?(?:开始|左右|以来)?"
    rf"|(?:每天|天天|一到|每到)(?:都)?(?:上午|下午|晚上|早上|早晨|中午|半夜|凌晨|夜里|傍晚|"
    rf"周末|下雨天?|夏天|冬天)?(?:[{_N}]{{1,3}}点(?:半|多)?(?:到[{_N}]{{1,3}}点(?:半|"
    rf"多)?)?)?"
    rf"|(?:已经|都|有|快|差不多|持续|大概)+(?:有)?(?:了)?(?:[{_N}]+|好几|好长|"
    rf"很长)(?:个)?(?:多)?(?:小时|天|周|星期|礼拜|月|年|时间)(?:多)?(?:了)?"
)


def find_time(said: Sequence[str]) -> str:
    """The first time named, the fullest of its utterance; empty when none."""
    for text in said:
        found = [hit.group() for hit in _TIME.finditer(text)]
        if found:
            return max(found, key=len)
    return ""
