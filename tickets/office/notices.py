"""Which notices are owed: written in the transaction of the move, delivered at least once, in whatever order.

A claim is one conditional UPDATE that sets the notice's time anew: two engines do not send the same one at once, and
one whose engine died between sending and writing that down is due again, under the same id. A notice says that
something changed and nothing of the citizen: the system asks for the work order with its unit's token.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.facts.tickets import OfficeNotTold, OfficeTold
from hotline.ids import new_id
from tickets.office.tables import office_notices as notices

Row = dict[str, Any]
LEASE = timedelta(minutes=2)
ATTEMPTS = 72
"""With the pauses between them, about three days: a network that is mended on Monday."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 10.0, 3600.0
_AT_ONCE = 20


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None: enough."""
    if attempts >= ATTEMPTS:
        return None
    return timedelta(seconds=min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 10)))


class Notices:
    """Writes down what units with a system of their own are to be told."""

    def __init__(self, units: Collection[str]) -> None:
        self._units = units

    async def moved(self, uow: UnitOfWork, before: Row, after: Row, action: str, by: str, at: datetime) -> None:
        """In the move's own transaction. Whose system made the move itself is not told of it."""
        for unit in dict.fromkeys((before["unit"], after["unit"])):
            if unit in self._units and by != f"unit:{unit}":
                await uow.execute(insert(notices).values(
                    id=new_id("notice"), unit=unit, ticket_id=after["id"], number=after["number"], action=action,
                    state=after["state"], holder=after["unit"] or "", at=at, due_at=after["due_at"], attempts=0,
                    send_at=at,
                ))  # fmt: skip


class NoticeQueue:
    """What is still to be told."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def due(self) -> Sequence[Row]:
        """What is to be sent now, the oldest first."""
        query = select(notices).where(notices.c.send_at <= self._clock.now()).order_by(notices.c.send_at, notices.c.id)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query.limit(_AT_ONCE))).mappings()]

    async def next_due(self) -> datetime | None:
        """When the next one is to be sent."""
        async with self._database.reading() as connection:
            found: datetime | None = await connection.scalar(select(func.min(notices.c.send_at)))
        return found

    async def claim(self, row: Row) -> Row | None:
        """Take a notice for one attempt; None when somebody else has it."""
        changes = {"attempts": row["attempts"] + 1, "send_at": self._clock.now() + LEASE}
        async with self._database.unit_of_work() as uow:
            return row | changes if await self._change(uow, row, changes) else None

    async def told(self, row: Row) -> None:
        """The system has it."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            if await self._change(uow, row, {"send_at": None, "sent_at": now, "failure": None}):
                uow.record(OfficeTold(at=now, attempts=row["attempts"], **_named(row)))

    async def failed(self, row: Row, why: str) -> bool:
        """It was not taken. Returns whether it is tried again."""
        now, pause = self._clock.now(), pause_after(row["attempts"])
        async with self._database.unit_of_work() as uow:
            changes = {"send_at": None if pause is None else now + pause, "failure": why[:500]}
            if await self._change(uow, row, changes) and pause is None:
                uow.record(OfficeNotTold(at=now, attempts=row["attempts"], why=why[:500], **_named(row)))
        return pause is not None

    async def _change(self, uow: UnitOfWork, row: Row, changes: Row) -> bool:
        held = (notices.c.id == row["id"], notices.c.attempts == row["attempts"], notices.c.send_at.is_not(None))
        return bool((await uow.execute(update(notices).where(*held).values(changes))).rowcount)


def _named(row: Row) -> dict[str, str]:
    return {"notice_id": row["id"], "ticket_id": row["ticket_id"], "number": row["number"], "unit": row["unit"]}
