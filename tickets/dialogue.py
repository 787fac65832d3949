"""Who said what, and what a short answer answers. Pure.

On its own "对" or "沂水" says little; after "您的电话是…对吗" or "请问是哪个区县" it says much. Each turn of a
citizen is read together with the agent's question before it; what an agent reads back counts once he agrees.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance; ``who`` is ``citizen`` or ``agent``."""

    who: str
    text: str


class Asked(StrEnum):
    """What an agent asked for."""

    NOTHING = ""
    PHONE = "phone"
    PLACE = "place"
    REPEAT = "repeat"
    NAME = "name"
    MORE = "more"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance in its context. ``agreed``: an agent's reading back which the citizen confirmed."""

    who: str
    text: str
    asked: Asked = Asked.NOTHING
    agreed: bool = False
    denied: bool = False


_ASKS: tuple[tuple[Asked, re.Pattern[str]], ...] = (
    (
        Asked.REPEAT,
        re.compile(
            r"(?:之前|以前|上次|曾经?|先前|此前).{0,12}(?:反映|打过|来电|投诉|拨打)|(?:反映|"
            r"打)过.{0,8}吗|第几次|首次|第一次"
        ),
    ),
    (Asked.PHONE, re.compile(r"电话|手机|号码|联系方式|怎么联系")),
    (
        Asked.PLACE,
        re.compile(
            r"地址|位置|哪个?(?:区|县|小区|街道|镇|乡|村|社区|路|地方|位置|里|儿|学校|单位|店)|"
            r"哪里|哪儿|在哪|什么地方|具体地|几号楼|门牌|区县|什么路|什么村|小区名|叫什么小区"
        ),
    ),
    (Asked.NAME, re.compile(r"贵姓|姓名|怎么称呼|称呼您|您叫|尊姓")),
    (Asked.MORE, re.compile(r"其他|别的|还有什么|还有没有")),
)
_QUESTION = re.compile(r"吗|[?？]|请问|哪|什么|怎么|多少|几|是不是|对不对|有没有|吧$|呢$")
_YES = re.compile(r"^(?:嗯+|哎|啊|哦)*(?:对+|是+的?|没错|正确|对的|好的?|行|可以|嗯+|是这个|有|没问题|就是)")
_NO = re.compile(r"^(?:嗯+|哎|啊|哦)*(?:不对|不是|错了?|没有|不用|没)")


_RECAP = re.compile(
    r"您(?:反映|说|投诉|举报|咨询|建议|想问|想咨询|遇到|这边)的?.{4,}(?:对吗|对吧|是吗|是吧|"
    r"是不是|对不对|没错吧|吗)"
)
_LONGEST_RECAP = 70


def clean(text: str) -> str:
    """Recognised words without the blanks between them."""
    return re.sub(r"\s+", "", text)


def read_turns(spoken: Sequence[Spoken]) -> list[Turn]:
    """The conversation with its questions and confirmations."""
    texts = [(one.who, clean(one.text)) for one in spoken]
    turns: list[Turn] = []
    asked = Asked.NOTHING
    for at, (who, text) in enumerate(texts):
        if who == "citizen":
            turns.append(Turn(who, text, asked))
            continue
        reply = next((said for speaker, said in texts[at + 1 : at + 2] if speaker == "citizen"), "")
        denied = bool(_NO.match(reply))
        turns.append(Turn(who, text, Asked.NOTHING, bool(_YES.match(reply)) and not denied, denied))
        if fresh := _asks(text):
            asked = fresh
        elif len(text) > 3:
            asked = Asked.NOTHING
    return turns


def agrees(text: str) -> bool:
    """Whether an answer begins with a yes."""
    return bool(_YES.match(text)) and not _NO.match(text)


def denies(text: str) -> bool:
    """Whether an answer begins with a no."""
    return bool(_NO.match(text))


def is_recap(text: str) -> bool:
    """Whether an agent sums up what the citizen said."""
    return bool(_RECAP.search(text)) and len(text) < _LONGEST_RECAP


def _asks(text: str) -> Asked:
    if not _QUESTION.search(text) and not re.search(r"说一下|提供|留一?下?个?|告诉", text):
        return Asked.NOTHING
    last = re.split(r"[,，。?？;；]", text.rstrip("?？。"))[-1]
    for part in (last, text):
        for kind, pattern in _ASKS:
            if pattern.search(part):
                return kind
    return Asked.OTHER
