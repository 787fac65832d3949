"""Telephone numbers as people say them: 幺三八… , in pieces, with pauses. Pure."""

import re
from collections.abc import Sequence

_DIGITS = {"零": "0", "〇": "0", "幺": "1", "一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5",
           "六": "6", "七": "7", "八": "8", "九": "9", "洞": "0", "拐": "7"}  # fmt: skip
_RUN = re.compile(rf"[0-9{''.join(_DIGITS)}]{{7,}}")
_ONLY_DIGITS = re.compile(rf"[0-9{''.join(_DIGITS)}]+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}[2-9]\d{6,7}")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_NAMED = re.compile(r"电话|手机|号码|打这个")
_GAPS = re.compile(r"[\s,,、。.\-]+")


def to_digits(words: str) -> str:
    """``幺三八`` → ``138``; anything that is no digit stays."""
    return "".join(_DIGITS.get(sign, sign) for sign in words)


def find_phone(said: Sequence[str]) -> tuple[str, str] | None:
    """The last telephone number in what somebody said, and the words it was said in.

    Pieces spoken with pauses come as several utterances: one of digits only goes on where the former left off.
    A number of a wrong length is no number: nothing is guessed or cut.
    """
    found: tuple[str, str] | None = None
    for text in _join_pieces(said):
        for run in _RUN.finditer(text):
            digits = to_digits(run.group())
            local = _LOCAL.fullmatch(digits) and _NAMED.search(text)
            if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits) or local:
                found = digits, run.group()
    return found


def _join_pieces(said: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for text in said:
        clean = _GAPS.sub("", text)
        if joined and _ONLY_DIGITS.fullmatch(clean) and joined[-1] and _ONLY_DIGITS.fullmatch(joined[-1][-1]):
            joined[-1] += clean
        else:
            joined.append(clean)
    return joined
