"""What a transition changes in a work order besides its state: clocks, counters, fields. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tickets.deadlines import DeadlineRules, Due, restore
from tickets.lifecycle import Action, ClockEffect, Transition

SATISFIED_GRADES = frozenset({1, 2, 3})
"""满意 to 基本满意, of the five grades 1 (满意) to 5 (不满意)."""
_KEPT_FIELDS: Mapping[Action, tuple[str, ...]] = {
    Action.REPLY: ("reply", "contact", "solved_by_unit"),
    Action.ANSWER: ("answer",),
    Action.DISPATCH: ("unit",),
    Action.ASSIGN: ("unit",),
}


def changes_of(
    row: Mapping[str, Any],
    action: Action,
    cell: Transition,
    form: Mapping[str, Any],
    now: datetime,
    rules: DeadlineRules,
) -> tuple[dict[str, Any], Due | None]:
    """The columns that change, and the new deadline when one was set by the calendar."""
    changes: dict[str, Any] = {"state": cell.to.value, "updated_at": now}
    changes |= {name: form[name] for name in _KEPT_FIELDS.get(action, ()) if form.get(name) is not None}
    match action:
        case Action.SUBMIT | Action.ACCEPT | Action.AGREE_RETURN:
            changes["accepted_at"] = now
        case Action.RETURN:
            changes["returns"] = row["returns"] + 1
        case Action.REDO:
            changes["reworks"] = row["reworks"] + 1
        case _:
            pass
    clock, due = _move_clock(row, cell.clock, now, rules)
    return changes | clock, due


def verdict(solved: bool | None, satisfaction: int | None) -> Action:
    """What a return visit decides. The grade counts; without one, an express "not solved" sends the work order back.

    A citizen who said nothing, or could not be reached after the whole plan, closes it with that disposition.
    """
    if satisfaction is not None:
        return Action.CLOSE if satisfaction in SATISFIED_GRADES else Action.REDO
    return Action.REDO if solved is False else Action.CLOSE


def _move_clock(
    row: Mapping[str, Any], effect: ClockEffect, now: datetime, rules: DeadlineRules
) -> tuple[dict[str, Any], Due | None]:
    running = row["due_at"] is not None and row["stopped_at"] is None
    match effect:
        case ClockEffect.START if running:
            return {"dispatched_at": now}, None
        case ClockEffect.START | ClockEffect.RENEW:
            due = rules.due(row["urgency"], now)
            fresh = {"dispatched_at": now, "due_at": due.at, "due_provisional": due.provisional, "stopped_at": None}
            return fresh, due
        case ClockEffect.STOP:
            return {"stopped_at": now}, None
        case ClockEffect.RESTORE if row["stopped_at"] is not None and row["due_at"] is not None:
            later = restore(rules.calendar, row["stopped_at"], row["due_at"], now)
            return {"due_at": later, "stopped_at": None}, None
        case _:
            return {}, None
