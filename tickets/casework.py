"""From a stored row to what the rules judge. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tickets.deadlines import WorkCalendar, due
from tickets.guards import Case
from tickets.moves import reopen_until
from tickets.process import Process
from tickets.states import Extension, State


def case_of(
    row: Mapping[str, Any],
    now: datetime,
    process: Process,
    calendar: WorkCalendar,
    *,
    open_parts: int = 0,
    ready: frozenset[str] | None = None,
    below: frozenset[str] = frozenset(),
    supervision_open: bool = False,
) -> Case:
    """The work order as it is at ``now``, under the process that it is on."""
    state, part = State(row["state"]), row["parent_id"] is not None
    dispatched, closed = row["dispatched_at"], row["closed_at"]
    return Case(
        state,
        row["unit"],
        row["returns"],
        row["created_by"],
        accepted_by=row["accepted_by"],
        parent_unit=row["parent_unit"],
        is_part=part,
        open_parts=open_parts,
        extension=Extension(row["extension"]),
        supervise_level=row["supervise_level"],
        supervision_open=supervision_open,
        forbid_return=row["forbid_return"],
        past_due=row["due_at"] is not None and now > row["due_at"],
        return_over=dispatched is not None and now > due(calendar, dispatched, process.return_days).at,
        reopen_over=closed is not None and now > reopen_until(closed, process.reopen_days),
        concluded=part or state is not State.CLOSED or row["disposition"] is not None,
        returns_allowed=process.returns,
        extension_days=process.extension_days,
        today=calendar.local_day(now),
        due_at=row["due_at"],
        ready=ready,
        below=below,
    )
