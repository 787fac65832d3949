"""The calls that we owe: to citizens who asked for one, who found nobody there at night, or who waited too long.

One open promise per number, held by the database itself: who asks twice is phoned once.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound
from hotline.facts.calls import CallPromised, PromiseKept
from hotline.ids import new_id
from ivr.people import Call
from ivr.tables import owed_calls

Row = dict[str, Any]


class OwedCalls:
    """The list of promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def promise(self, call: Call, number: str = "", reason: str = "requested") -> bool:
        """Owe this caller a call, at ``number`` or the caller's own. False: there is no number to call."""
        phone = number or call.caller
        if not phone:
            return False
        now = self._clock.now()
        row: Row = {"id": new_id("owed"), "phone": phone[:40], "call_id": call.call_id, "line": call.line}
        row |= {
            "group": call.group,
            "reason": reason,
            "state": "open",
            "since": call.queued_at or now,
            "created_at": now,
        }
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(owed_calls).values(row))
                uow.record(CallPromised(at=now, call_id=call.call_id, task_id=row["id"], reason=reason))
        except IntegrityError:
            pass  # promised already
        return True

    async def open(self, group: str | None = None) -> Sequence[Row]:
        """Promises not yet kept, who has waited longest first."""
        query = select(owed_calls).where(owed_calls.c.state == "open").order_by(owed_calls.c.since, owed_calls.c.id)
        query = query.where(owed_calls.c.group == group) if group is not None else query
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def keep(self, task_id: str, by: str) -> None:
        """Somebody phoned back. Raises NotFound for what is not open."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            still_open = (owed_calls.c.id == task_id, owed_calls.c.state == "open")
            done = await uow.execute(update(owed_calls).where(*still_open).values(state="done", done_at=now, by=by))
            if done.rowcount != 1:
                raise NotFound("没有这条待回电记录", "there is no such open promise of a call")
            uow.record(PromiseKept(at=now, by=by, task_id=task_id))
