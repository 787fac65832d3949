"""Deadlines after the calendar changed: every open clock is replayed from its own steps under the calendar of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from hotline.clock import Clock as Watch
from hotline.database import Database, UnitOfWork
from hotline.facts.tickets import DeadlineRecomputed
from tickets import store
from tickets.deadline_clock import Clock, Tick, replay
from tickets.moves import clock_columns, clock_of
from tickets.process_book import Executes, ProcessBook
from tickets.site import TicketSite
from tickets.states import WITH_UNIT, ClockEffect, State
from tickets.tables import ticket_timeline, tickets

_CLOCKED = (*WITH_UNIT, State.TO_DISPATCH, State.SUSPENDED, State.REPLY_REVIEW)
"""States in which a deadline runs, or may run on."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A deadline that the calendar of today puts elsewhere, or makes firm."""

    number: str
    before: datetime | None
    after: datetime | None
    settled: bool
    """It was provisional and is firm now."""


async def recompute(
    database: Database,
    watch: Watch,
    site: TicketSite,
    book: ProcessBook,
    *,
    provisional_only: bool = False,
    dry_run: bool = False,
) -> Sequence[Recomputed]:
    """What changed. Sub-orders keep their deadline, clipped to their parent's new one. One transaction."""
    found: list[Recomputed] = []
    async with database.unit_of_work() as uow:
        for row in await _open(uow, provisional_only):
            clock = await _replayed(uow, row, site, book)
            if clock is None or clock == clock_of(row) or (provisional_only and clock.provisional):
                continue
            settled = row["due_provisional"] and not clock.provisional
            found.append(Recomputed(row["number"], row["due_at"], clock.due_at, settled))
            if not dry_run:
                await store.change(uow, row, clock_columns(clock_of(row), clock))
                said = {"before": row["due_at"], "after": clock.due_at}
                uow.record(DeadlineRecomputed(at=watch.now(), ticket_id=row["id"], number=row["number"], **said))
    return found


async def _open(uow: UnitOfWork, provisional_only: bool) -> list[dict[str, Any]]:
    """Parents before their sub-orders."""
    clocked = [state.value for state in _CLOCKED]
    query = select(tickets).where(tickets.c.state.in_(clocked), tickets.c.due_at.is_not(None))
    if provisional_only:
        query = query.where(tickets.c.due_provisional)
    rows = (await uow.execute(query.order_by(tickets.c.created_at, tickets.c.number))).mappings()
    return [dict(row) for row in rows]


async def _replayed(uow: UnitOfWork, row: dict[str, Any], site: TicketSite, book: ProcessBook) -> Clock | None:
    """The clock under today's calendar; None when its steps were not written down (older than this version)."""
    ticks = await _ticks(uow, row["id"])
    if not ticks:
        return None
    if row["parent_id"]:
        ceiling = await store.due_of(uow, row["parent_id"])
        kept = clock_of(row)
        if ceiling is None or kept.due_at is None or kept.due_at <= ceiling:
            return kept
        return Clock(ceiling, kept.stopped_at)
    process = await book.of(uow, row["process"])
    return replay(ticks, site.rules_of(process, row["type"]), row["urgency"])


async def _ticks(source: Executes, ticket_id: str) -> list[Tick]:
    query = select(ticket_timeline.c.at, ticket_timeline.c.changed).where(ticket_timeline.c.ticket_id == ticket_id)
    found = []
    for row in (await source.execute(query.order_by(ticket_timeline.c.id))).mappings():
        step = (row["changed"] or {}).get("clock")
        if step:
            limit = datetime.fromisoformat(step["limit"]) if step["limit"] else None
            found.append(Tick(row["at"], ClockEffect(step["effect"]), step["days"], limit))
    return found
