"""What people do with words when they call: ask, want something done, blame, report, suggest, praise. Pure.

A type of matter is not a list of topics: the same lamp is asked about, complained of, or its mender praised. What tells
them apart are speech acts, and those are few and sound alike whatever the topic. Here they are found (by the patterns
of ``data/acts.yaml``); what each says for which type stands in ``data/act-weights.yaml``, learnt from dialogues.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tickets.lexicon import shipped

_MASKED = re.compile(
    r"(?:打|拨打)?(?:咨询|投诉|举报|建议)(?:电话|热线)|12345|"
    r"(?:不是|不|没)(?:来|要|想|说)?(?:要|想)?(?:投诉|举报)(?:啊|的)?|投诉过|举报过|建议(?:您|你)"
)
"""Words of acts that are not done here: the line's name, what is denied, what was done before."""
_ASKED_OTHERS = re.compile(
    r"问(?:了|过|问)?(?:他|她|人家|物业|村里|村会计|医院|学校|老板|商家|店家|客服|窗口|单位|开发商|售楼处|社区|镇上)们?"
    r"[^,，。]{0,5}|问(?:谁|哪|他).{0,4}(?:都|也)"
)
"""A question that was put to somebody else is told, not asked."""
_SAYS = (
    r"(?:我|俺)?(?:们)?(?:今天|就是|这次)?(?:是)?(?:要|想|来|得|打电话|在这|再|实名|必须|反正|想要|需要)+"
    r"(?:跟你们?|向你们?|给你们?|打电话)?"
)
"""How somebody begins to say what he does."""
_GOOD = r"(?:好|热心|热情|负责|耐心|暖心|敬业|到位|干净|及时|快|细心|周到|了不起|不容易|棒|赞)"


@cache
def _patterns(who: str) -> Mapping[str, re.Pattern[str]]:
    table: Mapping[str, str] = shipped("acts")[who]
    return {
        name: re.compile("|".join(line.split()).replace("{SAYS}", _SAYS).replace("{GOOD}", _GOOD))
        for name, line in table.items()
    }


_NO_ANSWER = re.compile(
    r"登记|记录|记下|转(?:给|到|交|办)|联系|反映|吗|哪|什么|多少|几|您(?:贵姓|怎么|住|的?电话|的?手机|说|是)|请(?:讲|说|问|您)|"
    r"您好|地址|位置|电话|手机|号码|贵姓|叫|吧|呢|嗯|继续|请$|称呼|稍|留"
)
"""An agent's turn without any of these tells the citizen something: he is answered on the line."""
_LONG = 260
"""Signs, beyond which a citizen tells a long story."""


@dataclass(frozen=True, slots=True)
class Found:
    """A speech act, how strongly it was heard (0 to 2), and the words."""

    act: str
    strength: float
    words: tuple[str, ...]


def find_acts(citizen: str, agent: str = "") -> list[Found]:
    """The acts in what both said; turns and clauses are parted by commas."""
    said = _ASKED_OTHERS.sub("，", _MASKED.sub("，", citizen))
    found = [_heard(name, pattern, said) for name, pattern in _patterns("citizen").items()]
    found += [_heard(name, pattern, agent) for name, pattern in _patterns("agent").items()]
    answers = tuple(turn for turn in agent.split("，") if len(turn) > 1 and not _NO_ANSWER.search(turn))
    if answers:
        found.append(Found("agent answers", 1.0, ()))
    if len(said) > _LONG:
        found.append(Found("talks long", 1.0, ()))
    return [one for one in found if one and one.strength]


def _heard(name: str, pattern: re.Pattern[str], text: str) -> Found:
    words = tuple(dict.fromkeys(hit.group().strip("，") for hit in pattern.finditer(text)))
    return Found(name, min(2.0, 0.5 + 0.5 * len(words)) if words else 0.0, tuple(word for word in words if word)[:3])
