"""The outbox: messages to emergency platforms, written with their fact in one transaction, delivered at least once.

A message that was sent while the engine died is sent again at the next start: the platform knows it by its id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.emergency import EmergencyPushed, EmergencyPushGivenUp
from ivr.emergency.handover import pause_after
from ivr.emergency.tables import emergency_pushes as pushes

Row = dict[str, Any]
DUE, SENT, GIVEN_UP = "due", "sent", "given_up"


class Outbox:
    """All messages of a site."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, uow: UnitOfWork, row: Row) -> None:
        """A message to be sent at once, in the caller's transaction."""
        now = self._clock.now()
        await uow.execute(insert(pushes).values(row | {"state": DUE, "attempts": 0, "due_at": now, "created_at": now}))

    async def due(self, now: datetime) -> Sequence[Row]:
        """What is to be sent now, the oldest first."""
        query = select(pushes).where(pushes.c.state == DUE, pushes.c.due_at <= now).order_by(pushes.c.due_at).limit(50)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def next_due(self) -> datetime | None:
        """When the next message is to be sent."""
        async with self._database.reading() as connection:
            query = select(func.min(pushes.c.due_at)).where(pushes.c.state == DUE)
            found: datetime | None = await connection.scalar(query)
        return found

    async def sent(self, row: Row, way: str) -> None:
        """It arrived."""
        now, attempts = self._clock.now(), row["attempts"] + 1
        changes = {"state": SENT, "sent_at": now, "attempts": attempts, "failure": None}
        named = {"call_id": row["call_id"], "platform": row["platform"], "push_id": row["id"]}
        async with self._database.unit_of_work() as uow:
            await uow.execute(update(pushes).where(pushes.c.id == row["id"]).values(changes))
            uow.record(EmergencyPushed(at=now, way=way, attempts=attempts, **named))

    async def failed(self, row: Row, why: str) -> bool:
        """It did not arrive. Returns whether it is tried again."""
        now, attempts = self._clock.now(), row["attempts"] + 1
        pause = pause_after(attempts)
        due = {"state": GIVEN_UP} if pause is None else {"due_at": now + timedelta(seconds=pause)}
        named = {"call_id": row["call_id"], "platform": row["platform"], "push_id": row["id"]}
        async with self._database.unit_of_work() as uow:
            changes = due | {"attempts": attempts, "failure": why[:500]}
            await uow.execute(update(pushes).where(pushes.c.id == row["id"]).values(changes))
            if pause is None:
                uow.record(EmergencyPushGivenUp(at=now, attempts=attempts, why=why[:500], **named))
        return pause is not None

    async def send_again(self, push_id: str) -> Row:
        """Somebody wants a message that was given up to be tried anew. Raises NotFound, RuleBroken."""
        async with self._database.unit_of_work() as uow:
            given_up = (pushes.c.id == push_id, pushes.c.state == GIVEN_UP)
            changes = {"state": DUE, "attempts": 0, "due_at": self._clock.now()}
            done = await uow.execute(update(pushes).where(*given_up).values(changes))
            row = (await uow.execute(select(pushes).where(pushes.c.id == push_id))).mappings().one_or_none()
            if row is None:
                raise NotFound("没有这条推送", "there is no such message")
            if done.rowcount != 1:
                raise RuleBroken("这条推送无需重发", "this message needs no sending again", code="not_given_up")
            return dict(row)

    async def settle(self, uow: UnitOfWork, push_id: str, outcome: str) -> bool:
        """How the platform's telephone answered; the first word counts."""
        first = (pushes.c.id == push_id, pushes.c.outcome.is_(None))
        return bool((await uow.execute(update(pushes).where(*first).values(outcome=outcome))).rowcount)

    async def conclude(self, uow: UnitOfWork, push_id: str, outcome: str) -> bool:
        """Who has the matter after the platform had answered; the first word counts."""
        answered = (pushes.c.id == push_id, pushes.c.outcome == "answered")
        return bool((await uow.execute(update(pushes).where(*answered).values(outcome=outcome))).rowcount)

    async def in_talk(self, since: datetime) -> Sequence[Row]:
        """Hand-overs whose platform had answered and not gone when somebody last wrote."""
        query = select(pushes).where(pushes.c.outcome == "answered", pushes.c.created_at >= since)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def waiting_for_answer(self, since: datetime) -> Sequence[Row]:
        """Hand-overs whose platform had neither answered nor refused when somebody last wrote."""
        query = select(pushes).where(pushes.c.outcome.is_(None), pushes.c.created_at >= since)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def page(self, page: int, size: int) -> dict[str, Any]:
        """{items, total}, newest first."""
        page, size = max(page, 1), min(max(size, 1), 200)
        query = select(pushes).order_by(pushes.c.created_at.desc(), pushes.c.id).limit(size).offset((page - 1) * size)
        async with self._database.reading() as connection:
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
            total = await connection.scalar(select(func.count()).select_from(pushes))
        return {"items": rows, "total": total or 0}
