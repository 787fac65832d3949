"""What a transition changes in a work order besides its state: clocks, counters, fields. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tickets.deadline_clock import Clock, Tick, turn
from tickets.deadlines import DeadlineRules, dispatch_due_at
from tickets.roads import Transition
from tickets.scope import OUT_OF_SCOPE
from tickets.states import Action, ClockEffect, Extension, State

SATISFIED_GRADES = frozenset({1, 2, 3})
"""满意 to 基本满意, of the five grades 1 (满意) to 5 (不满意)."""
_KEPT_FIELDS: Mapping[Action, tuple[str, ...]] = {
    Action.REPLY: ("reply", "contact", "solved_by_unit", "contacted", "contact_at"),
    Action.ANSWER: ("answer", "article_id"),
    Action.DISPATCH: ("unit",),
    Action.ASSIGN: ("unit",),
    Action.PART: ("unit",),
    Action.INSTRUCT: ("leader", "instruction"),
    Action.REFUSE: ("matter",),
    Action.MERGE: ("merged_into",),
}
DIRECT = "直接答复"
"""The disposition of what was answered on the line: nobody needs to ask."""
_NO_EXTENSION: dict[str, Any] = {"extension": Extension.NONE.value, "extension_days": None}
_NO_OUTCOME: dict[str, Any] = dict.fromkeys(
    ("closed_at", "archive_at", "disposition", "solved", "satisfaction", "manner")
)


@dataclass(frozen=True, slots=True)
class Change:
    """Columns that change, and the clock's step when it took one."""

    columns: dict[str, Any]
    tick: Tick | None
    provisional: bool = False


def changes_of(
    row: Mapping[str, Any],
    action: Action,
    cell: Transition,
    form: Mapping[str, Any],
    by: str,
    now: datetime,
    rules: DeadlineRules,
) -> Change:
    """The columns that change, and what becomes of the deadline."""
    columns: dict[str, Any] = {"state": cell.to.value, "updated_at": now}
    columns |= {name: form[name] for name in _KEPT_FIELDS.get(action, ()) if form.get(name) is not None}
    columns |= _intake(action, form, by, now, rules, cell.to) | _course(row, action, form, now, rules)
    if cell.to in (State.CLOSED, State.CLOSED_DIRECT, State.REFUSED, State.VOID):
        columns["closed_at"] = now
    if cell.clock is ClockEffect.KEEP:
        return Change(columns, None)
    tick = Tick(now, cell.clock, row["extension_days"] or 0, form.get("limit"))
    before = clock_of(row)
    after = turn(before, tick, rules, row["urgency"])
    columns |= clock_columns(before, after)
    if tick.effect in (ClockEffect.START, ClockEffect.RENEW):
        columns["dispatched_at"] = now
        if after != before:
            columns |= _NO_EXTENSION
    return Change(columns, tick, after.provisional)


def clock_of(row: Mapping[str, Any]) -> Clock:
    """The clock that a row holds."""
    return Clock(row["due_at"], row["stopped_at"], row["due_provisional"])


def clock_columns(before: Clock, after: Clock) -> dict[str, Any]:
    """What to write of a clock; a deadline that moved may be missed anew."""
    found = {"due_at": after.due_at, "stopped_at": after.stopped_at, "due_provisional": after.provisional}
    return found | ({"overdue_at": None} if after.due_at != before.due_at else {})


def verdict(solved: bool | None, satisfaction: int | None) -> Action:
    """What a return visit decides. The grade counts; without one, an express "not solved" sends the work order back.

    A citizen who said nothing, or could not be reached after the whole plan, closes it with that disposition.
    """
    if satisfaction is not None:
        return Action.CLOSE if satisfaction in SATISFIED_GRADES else Action.REDO
    return Action.REDO if solved is False else Action.CLOSE


def _intake(
    action: Action, form: Mapping[str, Any], by: str, now: datetime, rules: DeadlineRules, cell_to: State
) -> dict[str, Any]:
    """Before and around dispatch: the 3-minute clock begins whenever a work order waits for a dispatcher."""
    waits: dict[str, Any] = {
        "accepted_at": now,
        "dispatch_due_at": dispatch_due_at(now, rules.dispatch_minutes),
        "dispatch_breached_at": None,
    }
    match action:
        case Action.ACCEPT:
            return waits | {"accepted_by": by}
        case Action.SUBMIT:
            return waits
        case Action.UNMERGE:
            return waits | {"merged_into": None}
        case Action.AGREE_RETURN:
            return waits | {"forbid_return": False}
        case Action.FAIL if cell_to is State.PENDING:
            return {"dispatch_due_at": None, "dispatch_breached_at": None, "answer": None} | _NO_OUTCOME
        case Action.FAIL if cell_to is State.TO_DISPATCH:
            return waits
        case Action.FAIL if cell_to is State.REWORK:
            return dict(_NO_OUTCOME)
        case Action.REVISIT:
            return dict(_NO_OUTCOME)
        case Action.REOPEN:
            return waits | _NO_OUTCOME | _NO_EXTENSION | {"forbid_return": False}
        case Action.REFUSE:
            return {"route": str(form.get("note") or OUT_OF_SCOPE[str(form["matter"])].channel)}
        case Action.DISPATCH | Action.ASSIGN:
            return {"forbid_return": False}
        case _:
            return {}


def _course(
    row: Mapping[str, Any], action: Action, form: Mapping[str, Any], now: datetime, rules: DeadlineRules
) -> dict[str, Any]:
    """While it lies with a unit."""
    match action:
        case Action.RETURN:
            return {"returns": row["returns"] + 1}
        case Action.REJECT_RETURN:
            return {"forbid_return": True}
        case Action.EXTEND:
            return {"extension": Extension.APPLIED.value, "extension_days": form["days"]}
        case Action.GRANT_EXTENSION:
            return {"extension": Extension.GRANTED.value}
        case Action.REFUSE_EXTENSION:
            return {"extension": Extension.REFUSED.value}
        case Action.SUSPEND:
            return {"review_at": opening(rules, form["review_on"])}
        case Action.RESUME:
            return {"review_at": None}
        case Action.SUPERVISE:
            return {"supervise_level": form["level"]}
        case Action.RELEASE:
            return {"supervise_level": 0}
        case Action.FAIL if row["state"] == State.CLOSED:
            return {"reworks": row["reworks"] + 1}
        case Action.ARCHIVE if row["disposition"] is None:
            return {"disposition": DIRECT}
        case Action.REDO:
            return {"reworks": row["reworks"] + 1}
        case _:
            return {}


def opening(rules: DeadlineRules, day: date) -> datetime:
    """When people come to work on ``day``, were it a working day."""
    return rules.calendar.at(day, rules.calendar.hours[0][0])


def reopen_until(closed_at: datetime, days: int) -> datetime:
    """The last instant at which a closed matter may be taken up again: calendar days."""
    return closed_at + timedelta(days=days)
