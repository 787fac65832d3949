"""What a filled-in score sheet amounts to, and where a failed work order goes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hotline.errors import RuleBroken
from tickets.states import Action, State


class Stage(StrEnum):
    """What is judged: the talk, the work order made of it, what the unit did, the return visit."""

    CALL = "call"
    ORDER = "order"
    HANDLING = "handling"
    CALLBACK = "callback"


STAGE_ZH: Mapping[Stage, str] = {
    Stage.CALL: "通话", Stage.ORDER: "工单", Stage.HANDLING: "办理", Stage.CALLBACK: "回访",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """``points`` is the most that can be had; a fatal item has none and fails the sheet when it is found."""

    name: str
    points: int = 0
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The site's sheet of one stage, out of 100."""

    items: Sequence[Item]
    pass_mark: int


@dataclass(frozen=True, slots=True)
class Score:
    """``fatal``: the fatal items that were found; one is enough to fail, whatever the points."""

    total: int
    passed: bool
    fatal: tuple[str, ...] = ()


def score(sheet: Sheet, marks: Mapping[str, int]) -> Score:
    """Points had for each item; for a fatal one 1 when it was found, else 0. Raises ``RuleBroken``."""
    known = {item.name for item in sheet.items}
    if unknown := set(marks) - known:
        raise _wrong(f"评分表没有“{'、'.join(sorted(unknown))}”", f"no such item: {', '.join(sorted(unknown))}")
    total, fatal = 0, []
    for item in sheet.items:
        mark, most = marks.get(item.name), 1 if item.fatal else item.points
        if mark is None or not 0 <= mark <= most:
            raise _wrong(f"“{item.name}”应为0至{most}", f"{item.name}: 0 to {most}")
        if not item.fatal:
            total += mark
        elif mark:
            fatal.append(item.name)
    return Score(total, total >= sheet.pass_mark and not fatal, tuple(fatal))


_ROADS_BACK: Mapping[tuple[Stage, State], Action] = {
    (Stage.CALL, State.TO_DISPATCH): Action.FAIL,
    (Stage.CALL, State.CLOSED_DIRECT): Action.FAIL,
    (Stage.ORDER, State.TO_DISPATCH): Action.FAIL,
    (Stage.ORDER, State.DISPATCHED): Action.FAIL,
    (Stage.ORDER, State.CLOSED_DIRECT): Action.FAIL,
    (Stage.HANDLING, State.REPLY_REVIEW): Action.FAIL,
    (Stage.HANDLING, State.CLOSED): Action.FAIL,
    (Stage.CALLBACK, State.CLOSED): Action.REVISIT,
}


def road_back(stage: Stage, state: State) -> Action | None:
    """How a failed work order returns; None where it is beyond that: the fail stands alone."""
    return _ROADS_BACK.get((stage, state))


def _wrong(zh: str, en: str) -> RuleBroken:
    return RuleBroken(zh, en, code="bad_mark")
