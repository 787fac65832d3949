"""The outbox: messages written in the transaction that demands them, delivered at least once.

A claim is one conditional UPDATE that sets the message's time anew: two engines do not send the same one at once, and
a message whose engine died between sending and writing that down is due again, with the same id. The address in it is
made at the moment of sending; when the message is gone its words go too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from callback.sms.tables import sms_messages as messages
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.outreach import SmsDemanded, SmsGivenUp, SmsSent
from hotline.logs import mask_phone
from hotline.security import Deed, append_deed

Row = dict[str, Any]
DUE, SENT, GIVEN_UP = "due", "sent", "given_up"
LEASE = timedelta(minutes=2)
"""A message that was claimed so long ago and is not sent was its engine's last."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 600.0
_AT_ONCE = 20


def pause_after(attempts: int, at_most: int) -> float | None:
    """Seconds until the next attempt after so many; None: enough."""
    if attempts >= at_most:
        return None
    return float(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempts - 1)))


class SmsOutbox:
    """All messages of a site."""

    def __init__(self, database: Database, clock: Clock, attempts: int) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts

    async def add(self, uow: UnitOfWork, row: Row) -> None:
        """A message to be sent at once, in the caller's transaction."""
        now = self._clock.now()
        await uow.execute(
            insert(messages).values(row | {"state": DUE, "attempts": 0, "due_at": now, "created_at": now})
        )
        uow.record(SmsDemanded(at=now, by="robot", message_id=row["id"], **_named(row)))

    async def due(self) -> Sequence[Row]:
        """What is to be sent now, the oldest first."""
        query = select(messages).where(messages.c.state == DUE, messages.c.due_at <= self._clock.now())
        async with self._database.reading() as connection:
            found = await connection.execute(query.order_by(messages.c.due_at, messages.c.id).limit(_AT_ONCE))
            return [dict(row) for row in found.mappings()]

    async def next_due(self) -> datetime | None:
        """When the next message is to be sent."""
        async with self._database.reading() as connection:
            query = select(func.min(messages.c.due_at)).where(messages.c.state == DUE)
            found: datetime | None = await connection.scalar(query)
        return found

    async def claim(self, row: Row) -> Row | None:
        """Take a message for one attempt; None when somebody else has it."""
        changes = {"attempts": row["attempts"] + 1, "due_at": self._clock.now() + LEASE}
        async with self._database.unit_of_work() as uow:
            return row | changes if await self._change(uow, row, changes) else None

    async def sent(self, row: Row, way: str) -> None:
        """It is gone."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            if await self._change(uow, row, {"state": SENT, "sent_at": now, "failure": None, "body": ""}):
                uow.record(SmsSent(at=now, message_id=row["id"], way=way, attempts=row["attempts"], **_named(row)))

    async def failed(self, row: Row, why: str) -> bool:
        """It was not taken. Returns whether it is tried again."""
        now, pause = self._clock.now(), pause_after(row["attempts"], self._attempts)
        changes = {"state": GIVEN_UP} if pause is None else {"due_at": now + timedelta(seconds=pause)}
        async with self._database.unit_of_work() as uow:
            done = await self._change(uow, row, changes | {"failure": why[:500]})
            if done and pause is None:
                named = {"message_id": row["id"], "attempts": row["attempts"]} | _named(row)
                uow.record(SmsGivenUp(at=now, why=why[:500], **named))
        return pause is not None

    async def forget(self, before: datetime) -> int:
        """Strike out the numbers of messages from before that are not to be sent any more. How many."""
        old = (messages.c.created_at < before, messages.c.state != DUE, messages.c.phone != "")
        async with self._database.unit_of_work() as uow:
            done = await uow.execute(update(messages).where(*old).values(phone="", body=""))
        return done.rowcount

    async def send_again(self, message_id: str, by: str, deed: Deed | None = None) -> Row:
        """Try a message anew that was given up. Raises NotFound, RuleBroken."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            given_up = (messages.c.id == message_id, messages.c.state == GIVEN_UP, messages.c.phone != "")
            done = await uow.execute(
                update(messages).where(*given_up).values(state=DUE, attempts=0, due_at=now, failure=None)
            )
            row = (await uow.execute(select(messages).where(messages.c.id == message_id))).mappings().one_or_none()
            if row is None:
                raise NotFound("没有这条短信", "there is no such message")
            if done.rowcount != 1:
                raise RuleBroken("这条短信无需重发", "this message needs no sending again", code="not_given_up")
            uow.record(SmsDemanded(at=now, by=by, message_id=row["id"], **_named(dict(row))))
            await append_deed(uow, deed, now)
            return _shape(dict(row))

    async def page(self, *, state: str | None, page: int, size: int) -> Row:
        """{items, total}, newest first; neither numbers nor words in full."""
        page, size = max(page, 1), min(max(size, 1), 200)
        where = [messages.c.state == state] if state else []
        query = select(messages).where(*where).order_by(messages.c.created_at.desc(), messages.c.id)
        async with self._database.reading() as connection:
            found = await connection.execute(query.limit(size).offset((page - 1) * size))
            items = [_shape(dict(row)) for row in found.mappings()]
            total = await connection.scalar(select(func.count()).select_from(messages).where(*where))
        return {"items": items, "total": total or 0}

    async def of_task(self, task_id: str) -> Sequence[Row]:
        """The messages of one return visit, oldest first."""
        query = select(messages).where(messages.c.task_id == task_id).order_by(messages.c.created_at)
        async with self._database.reading() as connection:
            return [_shape(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def _change(self, uow: UnitOfWork, row: Row, changes: Row) -> bool:
        held = (messages.c.id == row["id"], messages.c.state == DUE, messages.c.attempts == row["attempts"])
        return bool((await uow.execute(update(messages).where(*held).values(changes))).rowcount)


def _named(row: Row) -> dict[str, str]:
    return {"task_id": row["task_id"], "ticket_id": row["ticket_id"]}


def _shape(row: Row) -> Row:
    names = ("id", "task_id", "ticket_id", "state", "attempts", "created_at", "sent_at", "failure")
    return {name: row[name] for name in names} | {"phone_masked": mask_phone(row["phone"])}
