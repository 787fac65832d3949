"""The calls that we owe: to citizens who asked for one, found nobody there at night, or gave up waiting.

A promise keeps the place in the line: ``turns`` says when it is reached, ``promise_dialler`` rings the citizen then.
One open promise per number, held by the database itself: who asks twice, or gives up twice, is phoned once. None is
made while the citizen is in another call with us, and being answered in any later call keeps an open one. Both follow
from facts in the very transaction that writes these, so that a killed engine leaves no promise behind.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Insert, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import CallConnected, CallEnded, CallPromised, PromiseDialled, PromiseKept, PromiseMissed
from hotline.ids import new_id
from ivr.people import Call
from ivr.services import NoLedger, OwedLedger
from ivr.tables import calls, owed_calls
from ivr.views import CallState

Row = dict[str, Any]
ABANDONED = "abandoned"
"""The reason of a promise to a citizen who gave up waiting; also of the end of that call."""
_SHOWN_AT_MOST = 500
_ANOTHERS = timedelta(seconds=20)
"""How long a citizen is left alone who is on another of our calls."""
WAITING, DIALLING, BY_HAND = "waiting", "dialling", "hand"
"""Stages of an open promise: its turn has not come, the citizen is rung, people are to phone."""


class OwedCalls:
    """The list of promises."""

    def __init__(self, database: Database, clock: Clock, ledger: OwedLedger | None = None) -> None:
        self._database = database
        self._clock = clock
        self._ledger: OwedLedger = ledger or NoLedger()

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
            "due_at": now,
        }
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(owed_calls).values(row))
                uow.record(CallPromised(at=now, call_id=call.call_id, task_id=row["id"], reason=reason))
                await self._ledger.owe(uow, row)
        except IntegrityError:
            pass  # promised already
        return True

    async def open(self, group: str | None = None) -> Sequence[Row]:
        """Promises not yet kept, who has waited longest first."""
        query = select(owed_calls).where(owed_calls.c.state == "open").order_by(owed_calls.c.since, owed_calls.c.id)
        query = query.where(owed_calls.c.group == group) if group is not None else query
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def listed(self, state: str, groups: Sequence[str] | None = None) -> Sequence[Row]:
        """Promises in ``state``, of these groups or of all: open ones oldest first, done ones newest first."""
        order = owed_calls.c.since if state == "open" else owed_calls.c.done_at.desc()
        query = select(owed_calls).where(owed_calls.c.state == state).order_by(order, owed_calls.c.id)
        query = query.where(owed_calls.c.group.in_(groups)) if groups is not None else query
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query.limit(_SHOWN_AT_MOST))).mappings()]

    async def keep(self, task_id: str, by: str, groups: Sequence[str] | None = None) -> Row:
        """Somebody phoned back. Raises NotFound for what is not open, or not of ``groups``. Returns the promise."""
        now = self._clock.now()
        still_open = [owed_calls.c.id == task_id, owed_calls.c.state == "open", owed_calls.c.stage != DIALLING]
        if groups is not None:
            still_open.append(owed_calls.c.group.in_(groups))
        async with self._database.unit_of_work() as uow:
            done = await uow.execute(update(owed_calls).where(*still_open).values(state="done", done_at=now, by=by))
            if done.rowcount != 1:
                raise NotFound("没有这条待回电记录", "there is no such open promise of a call")
            uow.record(PromiseKept(at=now, by=by, task_id=task_id))
            await self._ledger.keep(uow, task_id, by)
            kept = await uow.execute(select(owed_calls).where(owed_calls.c.id == task_id))
            return dict(kept.mappings().one())

    async def conclude(
        self, uow: UnitOfWork, ticket_id: str, *, disposition: str, solved: bool | None, satisfaction: int | None,
        manner: int | None = None, by: str = "robot", first: tuple[bool | None, int | None] | None = None,
    ) -> None:  # fmt: skip
        """Somebody wrote down what came of it: nothing is owed any more. ``ticket_id`` is the promise's."""
        still_open = (owed_calls.c.id == ticket_id, owed_calls.c.state == "open")
        now = self._clock.now()
        done = await uow.execute(update(owed_calls).where(*still_open).values(state="done", done_at=now, by=by[:64]))
        if done.rowcount:
            uow.record(PromiseKept(at=now, by=by, task_id=ticket_id))

    # -- ringing the citizen when the turn has come ---------------------------------------------------------------

    async def dialable(self) -> Sequence[Row]:
        """Promises whose turn is awaited, who has waited longest first."""
        return await self.in_stage(WAITING)

    async def in_stage(self, stage: str) -> Sequence[Row]:
        """Open promises in this stage, who has waited longest first."""
        query = select(owed_calls).where(owed_calls.c.state == "open", owed_calls.c.stage == stage)
        query = query.order_by(owed_calls.c.since, owed_calls.c.id).limit(_SHOWN_AT_MOST)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def claim(self, row: Row, channel_id: str, engine: str = "") -> Row | None:
        """Write down that the citizen is about to be rung; None when somebody else was faster, or has him."""
        now = self._clock.now()
        changes = {"stage": DIALLING, "attempt": row["attempt"] + 1, "channel_id": channel_id}
        changes |= {"engine": engine, "dialled_at": now}
        try:
            async with self._database.unit_of_work() as uow:
                if not await self._move(uow, row, WAITING, changes):
                    return None
                await self._ledger.dial(uow, row["id"], channel_id)
                told = {"task_id": row["id"], "attempt": row["attempt"] + 1, "channel_id": channel_id}
                uow.record(PromiseDialled(at=now, by="robot", **told))
        except (IntegrityError, RuleBroken):  # the robot, or a person, is on the phone with this citizen
            await self._put_off(row, now + _ANOTHERS)
            return None
        return row | changes

    async def _put_off(self, row: Row, due_at: datetime) -> None:
        async with self._database.unit_of_work() as uow:
            await self._move(uow, row, WAITING, {"due_at": due_at})

    async def give_back(self, row: Row) -> None:
        """Nothing was dialled after all: the attempt does not count."""
        changes = {"stage": WAITING, "attempt": row["attempt"] - 1, "channel_id": None}
        async with self._database.unit_of_work() as uow:
            if await self._move(uow, row, DIALLING, changes):
                await self._ledger.give_back(uow, row["id"])

    async def miss(self, row: Row, outcome: str, again: datetime | None) -> None:
        """The attempt did not bring citizen and agent together: again then, or (None) by people."""
        stage = {"stage": BY_HAND} if again is None else {"stage": WAITING, "due_at": again}
        async with self._database.unit_of_work() as uow:
            if await self._move(uow, row, DIALLING, stage):
                missed = PromiseMissed(
                    at=self._clock.now(), by="robot", task_id=row["id"], outcome=outcome, by_hand=again is None
                )
                uow.record(missed)
                await self._ledger.miss(uow, row["id"], outcome, again)

    async def rung(self, task_id: str, channel_id: str) -> Row | None:
        """The promise for which this channel was rung, while it is still to be kept, with the number once dialled."""
        of_channel = (owed_calls.c.state == "open", owed_calls.c.stage == DIALLING)
        query = select(owed_calls, calls.c.dialled).join(calls, calls.c.call_id == owed_calls.c.call_id, isouter=True)
        query = query.where(owed_calls.c.id == task_id, owed_calls.c.channel_id == channel_id, *of_channel)
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).mappings().one_or_none()
        return dict(found) if found is not None else None

    async def _move(self, uow: UnitOfWork, row: Row, stage: str, changes: Row) -> bool:
        held = [owed_calls.c.id == row["id"], owed_calls.c.state == "open", owed_calls.c.stage == stage]
        held.append(owed_calls.c.attempt == row["attempt"])
        return bool((await uow.execute(update(owed_calls).where(*held).values(changes))).rowcount)


async def follow(uow: UnitOfWork, facts: Iterable[Fact], ledger: OwedLedger) -> None:
    """What promises follow from ``facts``, whose calls are written by now: owed to who gave up, kept by an answer."""
    for fact in facts:
        match fact:
            case CallConnected():
                await _keep_by_answer(uow, fact, ledger)
            case CallEnded(reason=reason) if reason == ABANDONED:
                await _owe(uow, fact, ledger)
            case _:
                pass


async def _keep_by_answer(uow: UnitOfWork, answered: CallConnected, ledger: OwedLedger) -> None:
    caller = select(calls.c.caller).where(calls.c.call_id == answered.call_id).scalar_subquery()
    query = select(owed_calls.c.id).where(owed_calls.c.state == "open", owed_calls.c.phone == caller)
    for task_id in (await uow.execute(query)).scalars().all():
        done = {"state": "done", "done_at": answered.at, "by": answered.account}
        await uow.execute(update(owed_calls).where(owed_calls.c.id == task_id).values(done))
        uow.record(PromiseKept(at=answered.at, by=answered.account, task_id=task_id, call_id=answered.call_id))
        await ledger.keep(uow, task_id, answered.account)


async def _owe(uow: UnitOfWork, ended: CallEnded, ledger: OwedLedger) -> None:
    columns = (calls.c.caller, calls.c.line, calls.c.group, calls.c.queued_at)
    call = (await uow.execute(select(*columns).where(calls.c.call_id == ended.call_id))).first()
    if call is None or not call.caller:
        return
    others = (calls.c.caller == call.caller, calls.c.call_id != ended.call_id, calls.c.state != CallState.ENDED.value)
    if (await uow.execute(select(calls.c.call_id).where(*others).limit(1))).first() is not None:
        return  # that call decides
    row: Row = {"id": new_id("owed"), "phone": call.caller, "call_id": ended.call_id, "line": call.line}
    row |= {"group": call.group, "reason": ABANDONED, "state": "open"}
    row |= {"since": call.queued_at or ended.at, "created_at": ended.at, "due_at": ended.at}
    if (await uow.execute(_insert_if_none_open(uow, row))).rowcount == 1:
        uow.record(CallPromised(at=ended.at, call_id=ended.call_id, task_id=row["id"], reason=ABANDONED))
        await ledger.owe(uow, row)


def _insert_if_none_open(uow: UnitOfWork, row: Row) -> Insert:
    """The database's own rule decides; an error would spoil the transaction of the facts."""
    if uow.connection.dialect.name == "postgresql":
        return postgresql.insert(owed_calls).values(row).on_conflict_do_nothing()
    return sqlite.insert(owed_calls).values(row).on_conflict_do_nothing()
