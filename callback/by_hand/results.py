"""What a person may write down after phoning a citizen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.errors import RuleBroken

SURVEYED, REFUSED, WRONG_PERSON, UNREACHABLE = "surveyed", "refused", "wrong_person", "unreachable"
CONNECTED = "connected"
"""What a call that nobody took is owed: somebody talked with the citizen. There is nothing to grade."""
DISPOSITIONS = (SURVEYED, REFUSED, WRONG_PERSON, UNREACHABLE)
DISPOSITIONS_OF_MISSED = (CONNECTED, WRONG_PERSON, UNREACHABLE)
LONGEST_WORDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HandResult:
    """A filled form."""

    disposition: str
    solved: bool | None = None
    satisfaction: int | None = None
    """1 (满意) to 5 (不满意)."""
    manner: int | None = None
    words: str = ""
    ground: str = ""
    """Key of ``callback.by_hand.grounds``; for ``unreachable``."""


def check(result: HandResult, grounds: Mapping[str, str], *, calls: int, missed: bool = False) -> None:
    """Raise RuleBroken with what is missing.

    ``calls``: attempts by robot and people so far; ``missed``: about a call that nobody took, not a work order.
    """
    if result.disposition not in (DISPOSITIONS_OF_MISSED if missed else DISPOSITIONS):
        raise _bad("没有这种回访结果", "there is no such result")
    for grade in (result.satisfaction, result.manner):
        if grade is not None and grade not in range(1, 6):
            raise _bad("评价只能是 1 至 5", "a grade is 1 to 5")
    if len(result.words) > LONGEST_WORDS:
        raise _bad(f"意见最多 {LONGEST_WORDS} 字", f"at most {LONGEST_WORDS} characters")
    match result.disposition:
        case "surveyed":
            if result.solved is None or result.satisfaction is None:
                raise _bad("请填写是否解决和满意度", "say whether it is solved, and the grade")
        case "unreachable":
            if result.ground not in grounds:
                raise _bad("请选择无法联系的原因", "choose why the citizen cannot be reached")
            if calls == 0 and result.ground != "withheld":
                raise _bad("还没有拨打过,不能登记为无法联系", "nobody has phoned yet", code="never_phoned")
        case "wrong_person" | "refused" | "connected":
            if result.satisfaction is not None or result.solved is not None:
                raise _bad("未作评价时不能填写满意度", "no grade without an answer")
        case _:
            pass


def grounds_text(result: HandResult, grounds: Mapping[str, str]) -> str:
    """What stands beside an unreachable citizen."""
    if result.disposition != UNREACHABLE:
        return ""
    return f"{grounds[result.ground]}{':' if result.words else ''}{result.words}"[:200]


def _bad(zh: str, en: str, code: str = "bad_field") -> RuleBroken:
    return RuleBroken(zh, en, code=code)
