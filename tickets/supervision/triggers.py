"""What proposes to supervise a work order: one pure question for each move, asked in the move's own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hotline.oversight import Supervision
from tickets.states import HIGHEST_SUPERVISION, Action


class Ground(StrEnum):
    """Why it is proposed."""

    OVERDUE = "overdue"
    RETURNED = "returned"
    DISSATISFIED = "dissatisfied"
    REPEATED = "repeated"
    BOILERPLATE = "boilerplate"


GROUND_ZH: Mapping[Ground, str] = {
    Ground.OVERDUE: "超期未办结", Ground.RETURNED: "多次退单", Ground.DISSATISFIED: "重办后仍不满意",
    Ground.REPEATED: "群众重复反映", Ground.BOILERPLATE: "答复雷同",
}  # fmt: skip
_ENTRIES = (Action.SUBMIT, Action.ACCEPT)


@dataclass(frozen=True, slots=True)
class Proposal:
    """``occasion`` tells this time from the next one of the same ground, so that nothing is proposed twice."""

    ground: Ground
    level: int
    because: str
    occasion: str


def next_level(row: Mapping[str, Any]) -> int:
    """One above the present one."""
    return min(int(row["supervise_level"]) + 1, HIGHEST_SUPERVISION)


def proposal_of(action: Action, row: Mapping[str, Any], settings: Supervision) -> Proposal | None:
    """What the move that just led to ``row`` proposes; boilerplate and lateness are asked elsewhere."""
    level = next_level(row)
    match action:
        case Action.RETURN if row["returns"] >= settings.returns:
            because = f"已退单{row['returns']}次"
            return Proposal(Ground.RETURNED, level, because, f"returns {row['returns']}")
        case Action.REDO if row["reworks"] >= settings.reworks:
            because = f"回访第{row['reworks']}次不满意"
            return Proposal(Ground.DISSATISFIED, level, because, f"reworks {row['reworks']}")
        case _ if action in _ENTRIES and row["repeats"] >= settings.repeats:
            because = f"同一事项此前已反映{row['repeats']}次"
            return Proposal(Ground.REPEATED, level, because, "repeats")
        case _:
            return None


def overdue(row: Mapping[str, Any]) -> Proposal:
    """The deadline passed."""
    due = f"{row['due_at']:%Y-%m-%dT%H:%M}"
    return Proposal(Ground.OVERDUE, next_level(row), "超过办理期限", f"due {due}")


def copied(row: Mapping[str, Any], others: int, settings: Supervision) -> Proposal | None:
    """The reply is the same as in ``others`` other work orders."""
    count = others + 1
    if count < settings.copies:
        return None
    return Proposal(Ground.BOILERPLATE, next_level(row), f"与本单位近期{others}件工单答复雷同", "copies")
