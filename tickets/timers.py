"""What happens to work orders by the passing of time alone, each at its instant, unattended.

Nothing is polled: the earliest instant of all that is owed is asked of the database, slept for, and looked for anew
when a work order moves. What fell due while the engine was away is done at its start. Every deed is a conditional
UPDATE, so that doing it twice changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select, update

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import HotlineError, RuleBroken
from hotline.facts.tickets import DeadlineMissed, DispatchLate, TicketMoved
from hotline.waking import sleep_unless, wake_on
from tickets.guards import SYSTEM
from tickets.movement import Mover
from tickets.states import WITH_UNIT, Action, State
from tickets.tables import tickets

_log = structlog.get_logger()
Row = dict[str, Any]
_LONGEST_SLEEP_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 5.0
_AT_ONCE = 200
_JUST_AFTER = timedelta(milliseconds=10)
"""A promise of three minutes is broken after them, not at their end."""


@dataclass(frozen=True)
class Timer:
    """One kind of thing that falls due: which rows owe it, by which column, and what is done."""

    name: str
    column: ColumnElement[datetime]
    owed: Sequence[ColumnElement[bool]]
    act: Callable[[UnitOfWork, Row], Awaitable[None]]


class Timers:
    """The room's clock."""

    def __init__(self, database: Database, clock: Clock, mover: Mover) -> None:
        self._database = database
        self._clock = clock
        self._mover = mover
        self._woken = asyncio.Event()
        c = tickets.c
        running = c.state.in_([state.value for state in WITH_UNIT])
        self._timers = (
            Timer(
                "dispatch late", c.dispatch_due_at,
                (c.state == State.TO_DISPATCH.value, c.dispatch_breached_at.is_(None)), self._dispatch_late,
            ),
            Timer("deadline missed", c.due_at, (running, c.overdue_at.is_(None)), self._deadline_missed),
            Timer("review day", c.review_at, (c.state == State.SUSPENDED.value,), self._resurface),
            Timer(
                "archive", c.archive_at,
                (c.state.in_([State.CLOSED.value, State.CLOSED_DIRECT.value]),), self._archive,
            ),
        )  # fmt: skip

    async def run(self, bus: Bus) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(wake_on(bus, "work orders' clock", TicketMoved, self._woken))
            while True:
                self._woken.clear()
                try:
                    pause = await self.tick()
                except HotlineError as failure:  # the database is away: later
                    _log.warning("the clock of work orders waits", problem=failure.en)
                    pause = _LOOK_AGAIN_SECONDS
                await sleep_unless(self._woken, min(pause, _LONGEST_SLEEP_SECONDS))

    async def tick(self) -> float:
        """Do all that is due now. Returns the seconds until the next thing falls due, at most an hour."""
        now = self._clock.now()  # one instant for both questions, so that nothing falls due between them
        for timer in self._timers:
            while await self._do_due(timer, now):
                pass
        following = [instant for timer in self._timers if (instant := await self._next(timer, now)) is not None]
        if not following:
            return _LONGEST_SLEEP_SECONDS
        return max((min(following) + _JUST_AFTER - self._clock.now()).total_seconds(), 0.0)

    async def _do_due(self, timer: Timer, now: datetime) -> bool:
        """One batch; tells whether there may be more."""
        query = select(tickets).where(timer.column < now, *timer.owed)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(timer.column).limit(_AT_ONCE))).mappings().all()
        done = 0
        for row in rows:
            try:
                async with self._database.unit_of_work() as uow:
                    await timer.act(uow, dict(row))
                done += 1
            except RuleBroken as refused:  # somebody moved it in this instant: what it owes now is another matter
                _log.info("not done by time", timer=timer.name, ticket=row["id"], why=refused.en)
        return done == _AT_ONCE

    async def _next(self, timer: Timer, now: datetime) -> datetime | None:
        query = select(func.min(timer.column)).where(timer.column >= now, *timer.owed)
        async with self._database.reading() as connection:
            found: datetime | None = await connection.scalar(query)
        return found

    async def _dispatch_late(self, uow: UnitOfWork, row: Row) -> None:
        if await self._mark(uow, row, "dispatch_breached_at", "dispatch_due_at"):
            named = {"ticket_id": row["id"], "number": row["number"]}
            uow.record(DispatchLate(at=self._clock.now(), due_at=row["dispatch_due_at"], **named))
            _log.warning("not dispatched in time", ticket=row["id"], number=row["number"])

    async def _deadline_missed(self, uow: UnitOfWork, row: Row) -> None:
        if await self._mark(uow, row, "overdue_at", "due_at"):
            named = {"ticket_id": row["id"], "number": row["number"], "unit": row["unit"]}
            uow.record(DeadlineMissed(at=self._clock.now(), due_at=row["due_at"], **named))
            at_once = row["supervise_level"] == 0
            await self._mover.watch.missed(uow, row, accepted=at_once)
            if at_once:  # the first level comes by itself, the next ones are people's
                note = "超过办理期限，自动进入督办"
                await self._mover.move(uow, row, Action.SUPERVISE, SYSTEM, {"level": 1, "note": note}, note)

    async def _resurface(self, uow: UnitOfWork, row: Row) -> None:
        await self._mover.move(uow, row, Action.RESUME, SYSTEM, {}, "挂账复核日已到，恢复办理")

    async def _archive(self, uow: UnitOfWork, row: Row) -> None:
        await self._mover.move(uow, row, Action.ARCHIVE, SYSTEM, {}, "办结期满，自动归档")

    async def _mark(self, uow: UnitOfWork, row: Row, column: str, promise: str) -> bool:
        """Write down that it was noticed, unless it was or the promise moved. No new version: nobody is disturbed."""
        c = tickets.c
        same = (c.id == row["id"], c.state == row["state"], c[promise] == row[promise], c[column].is_(None))
        done = await uow.execute(update(tickets).where(*same).values({column: self._clock.now()}))
        return done.rowcount == 1
