"""Telephone numbers as people say them: 幺三八…, in pieces, corrected, read back by the agent. Pure.

A number of a wrong length is no number: nothing is guessed or cut. The citizen's own number goes before one that he
merely mentions (the landlord's, a swindler's), a later one before an earlier one of the same standing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tickets.dialogue import Asked, Turn

_DIGITS = {"零": "0", "〇": "0", "幺": "1", "一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5",
           "六": "6", "七": "7", "八": "8", "九": "9", "洞": "0", "拐": "7", "勾": "9"}  # fmt: skip
_SOUND_ALIKE = (
    "林另灵领玲",
    "要腰妖摇衣以",
    "儿耳而",
    "山散",
    "似死思斯",
    "无吴武午物",
    "流刘留溜",
    "期妻其起",
    "吧把爸",
    "久酒就救",
)
_MISHEARD = {sign: str(digit) for digit, signs in enumerate(_SOUND_ALIKE) for sign in signs}
_STRICT = f"0-9{''.join(_DIGITS)}"
_RUN = re.compile(rf"[{_STRICT}]{{7,}}")
_SOFT_RUN = re.compile(rf"[{_STRICT}{''.join(_MISHEARD)}]{{11,}}")
_ONLY_DIGITS = re.compile(rf"[{_STRICT}]+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}[2-9]\d{6,7}")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_NAMED = re.compile(r"电话|手机|号码|打这个|座机")
_GAPS = re.compile(r"[\s,,、。.\-—–()()~]+")
_BETWEEN = re.compile(rf"(?<=[{_STRICT}])(?:嗯+|啊+|呃+|哦|额|然后是?|完了是?|接着是?|再是?|那个|这个)+(?=[{_STRICT}])")
_LAST_OF_ALL = re.compile(rf"(?<![{_STRICT}])([{_STRICT}]{{7}})最后是?([{_STRICT}]{{4}})(?![{_STRICT}])")
_TIMES = re.compile(rf"([两二三四五六])个([{_STRICT}])")
_MINE = re.compile(
    r"我的?(?:[\u4e00-\u9fff]{0,4})?(?:电话|手机|号码|联系方式)|联系(?:电话|方式|我)|"
    r"打这个|这个(?:电话|号)|留|记|本人|您的|您留|您这边|来电|手机号|打给我|打我|换个号|"
    r"另一个号|我爱人|我对象|我儿子|我女儿|我老公|我媳妇|我老婆|我爸|我妈"
)
_OTHERS = re.compile(
    r"(?:物业|公司|老板|包工头|对方|骗子|商家|店家|客服|他们|房东|供电所|热力|他的|她的|"
    r"那个人|开发商|司机|中介|村书记|村委|车主|(?<!不)显示|打来)[^我您]{0,12}$"
)
_PART = re.compile(
    rf"(?P<where>最后|后面|后|末尾|尾号|中间|前面|开头|"
    rf"前)(?:的?[一两二三四五六七八]位)?(?:数)?(?:应该)?(?:是|为)?(?P<digits>[{_STRICT}]"
    rf"{{2,8}})(?![{_STRICT}])"
)
_INSTEAD = re.compile(rf"(?:不对|错了|说错了|不是)[^{_STRICT}]{{0,6}}(?P<digits>[{_STRICT}]{{2,8}})(?![{_STRICT}])")


@dataclass(frozen=True, slots=True)
class _Heard:
    number: str
    words: str
    standing: int


def to_digits(words: str) -> str:
    """``幺三八`` → ``138``; anything that is no digit stays."""
    return "".join(_DIGITS.get(sign, sign) for sign in words)


def find_phone(said: Sequence[str]) -> tuple[str, str] | None:
    """The telephone number in what one person said, and the words it was said in."""
    return find_contact([Turn("citizen", text) for text in said])


def find_contact(turns: Sequence[Turn]) -> tuple[str, str] | None:
    """The number at which the citizen wants to be reached, and the words it was said in."""
    best: _Heard | None = None
    for turn in _join_pieces(turns):
        text = _plain(turn.text)
        if turn.who == "citizen" and best and (mended := _mend(best, text)):
            best = mended
            continue
        if turn.who == "agent" and best and turn.denied and to_digits(text).find(best.number) >= 0:
            best = _Heard(best.number, best.words, 1)
        for heard in _numbers(turn, text):
            if best is None or heard.standing >= best.standing:
                best = heard
            if mended := _mend(best, text[text.find(heard.words) + len(heard.words) :]):
                best = mended
    return (best.number, best.words) if best and best.standing > 0 else None


def _numbers(turn: Turn, text: str) -> list[_Heard]:
    found = []
    for run in _RUN.finditer(text):
        number = to_digits(run.group())
        before = text[: run.start()]
        local = _LOCAL.fullmatch(number) and (_NAMED.search(text) or turn.asked is Asked.PHONE)
        if _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number) or local:
            found.append(_Heard(number, run.group(), _standing(turn, before)))
    if not found and turn.who == "citizen":
        found = [_Heard(number, words, _standing(turn, text[: text.find(words)])) for number, words in _misheard(text)]
    return [heard for heard in found if heard.standing >= 0]


def _standing(turn: Turn, before: str) -> int:
    """2: the citizen's own contact; 1: a number; 0: somebody else's; -1: not the citizen's at all."""
    if turn.who == "agent":
        return 2 if turn.agreed and not re.search(r"拨打|可以打|请打|咨询", before) else -1
    if _OTHERS.search(before) and not _MINE.search(before[-8:]):
        return 0
    return 2 if turn.asked is Asked.PHONE or _MINE.search(before) else 1


def _misheard(text: str) -> list[tuple[str, str]]:
    """Mobile numbers in which up to three digits were taken for words of the same sound."""
    for run in _SOFT_RUN.finditer(text):
        words = run.group()
        for at in range(len(words) - 10):
            piece = words[at : at + 11]
            strict = sum(sign.isdigit() or sign in _DIGITS for sign in piece)
            number = to_digits("".join(_MISHEARD.get(sign, sign) for sign in piece))
            ends = at + 11 == len(words) or not _ONLY_DIGITS.match(words[at + 11])
            if strict >= 8 and ends and _MOBILE.fullmatch(number):
                return [(number, piece)]
    return []


def _mend(heard: _Heard, text: str) -> _Heard | None:
    """The number with the part put right that ``text`` corrects; None when it corrects none."""
    if any(len(run) >= 10 for run in re.findall(rf"[{_STRICT}]+", text)):
        return None
    hit = _PART.search(text)
    where = hit.group("where") if hit else "后"
    hit = hit or _INSTEAD.search(text)
    if hit is None:
        return None
    part, old = to_digits(hit.group("digits")), heard.number
    if len(part) >= len(old):
        return None
    if where in ("前", "前面", "开头"):
        number = part + old[len(part) :]
    elif where == "中间":
        number = old[:3] + part + old[3 + len(part) :]
    else:
        number = old[: len(old) - len(part)] + part
    return _Heard(number, heard.words, 2)


def _plain(text: str) -> str:
    text = _LAST_OF_ALL.sub(r"\1\2", _BETWEEN.sub("", _GAPS.sub("", text)))
    return _TIMES.sub(lambda hit: hit.group(2) * int(to_digits(hit.group(1))), text)


def _join_pieces(turns: Sequence[Turn]) -> list[Turn]:
    """A citizen's turn of digits only goes on where his former one left off, though the agent echoed in between."""
    joined: list[Turn] = []
    last: int | None = None
    for turn in turns:
        text = _plain(turn.text)
        piece = re.sub(r"^(?:嗯+|啊|然后)", "", text)
        if turn.who == "citizen":
            if last is not None and _ONLY_DIGITS.fullmatch(piece) and _open(joined[last].text):
                joined[last] = Turn("citizen", joined[last].text + piece, joined[last].asked)
                continue
            last = len(joined)
        joined.append(Turn(turn.who, text, turn.asked, turn.agreed, turn.denied))
    return joined


def _open(text: str) -> bool:
    """Whether ``text`` ends in the middle of a number."""
    tail = re.search(rf"[{_STRICT}]+$", text)
    return bool(tail) and not _MOBILE.fullmatch(to_digits(tail.group() if tail else ""))
