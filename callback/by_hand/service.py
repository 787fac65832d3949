"""The human callback list: take a task, phone the citizen from the desk, write down what came of it.

The order of a call: the seat is kept, the task is written down as ``by_hand`` and the call with its channel's id, and
only then the citizen is rung. While the task is ``by_hand`` the database lets nobody else be on the phone with that
citizen, the robots of other engines included. When the call is over, or an engine that died had it and Asterisk does
not know the channel any more, the task is a person's again; the claim stays.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from callback.by_hand.claims import Claims
from callback.by_hand.readings import HandReadings
from callback.by_hand.results import HandResult, check, grounds_text
from callback.by_hand.tables import hand_calls as calls
from callback.port import MISSED, Engine
from hotline.bus import Bus, SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import Forbidden, HotlineError, RuleBroken
from hotline.facts.outreach import HandCallChanged, HandCallEnded, HandCallMade, HandListChanged
from hotline.outreach import ByHand
from hotline.security import Deed, Person, append_deed, may
from telephony.observations import LegGone, LinkUp

_log = structlog.get_logger()
Row = dict[str, Any]
HUMAN, BY_HAND = "human", "by_hand"
TALKED, LOST, NOT_SENT = "talked", "lost", "not_sent"
_LABEL = "人工回访"
_LOOK_AGAIN_SECONDS = 20.0
_ANOTHERS_LONGEST = timedelta(hours=2)
"""A call that another engine made is over after so long, whatever became of that engine."""


class Tasks(Protocol):
    """The ledger of return visits."""

    async def get(self, task_id: str) -> Row: ...
    async def attempts(self, task_id: str) -> Sequence[Row]: ...
    async def take_up(self, task_id: str, by: str, uow: UnitOfWork | None = None) -> Row: ...
    async def put_down(self, task_id: str, by: str) -> Row: ...

    async def settle_by(
        self, task_id: str, *, disposition: str, solved: bool | None = None, satisfaction: int | None = None,
        manner: int | None = None, words: str = "", grounds: str = "", by: str, uow: UnitOfWork | None = None,
    ) -> Row: ...  # fmt: skip


class Made(Protocol):
    """A seat that is kept for a citizen."""

    @property
    def channel_id(self) -> str: ...
    @property
    def call_id(self) -> str: ...


class Line(Protocol):
    """The call centre's calls for seats. ``give_up`` and ``ring`` take the channel that ``keep`` named."""

    def keep(self, seat: str, phone: str, label: str, by: Person) -> Made: ...
    def give_up(self, channel_id: str) -> None: ...
    async def ring(self, channel_id: str) -> str: ...
    async def until_over(self, channel_id: str) -> None: ...
    async def is_up(self, channel_id: str) -> bool: ...
    async def hang_up(self, channel_id: str) -> None: ...


class HandList:
    """Return visits for people. ``line`` is None where nobody can be phoned from a desk."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, tasks: Tasks, rules: ByHand, line: Line,
        engine: Engine = Engine(),
    ) -> None:  # fmt: skip
        self._database = database
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._rules = rules
        self._line = line
        self._engine = engine.id
        self._claims = Claims(database, rules.claim_minutes)
        self.readings = HandReadings(database, clock, self._claims)
        self._ours: set[str] = set()
        """Channels that this engine has in hand."""
        self._orphans: dict[str, Row] = {}
        """Channel → the call of an engine that died, while Asterisk still has it."""
        self._work: set[asyncio.Task[None]] = set()

    async def task(self, task_id: str) -> Row:
        """One task, whoever's it is. Raises NotFound."""
        return await self._tasks.get(task_id)

    # -- what people do -------------------------------------------------------------------------------------------

    async def take(self, task_id: str, by: Person, deed: Deed | None = None) -> None:
        """It is this person's. Raises RuleBroken: another's, or done meanwhile."""
        self._demand_open(await self._tasks.get(task_id))
        async with self._database.unit_of_work() as uow:
            await self._claims.take(uow, task_id, by, self._clock.now())
            await append_deed(uow, deed, self._clock.now())
        self._tell()

    async def release(self, task_id: str, by: Person, deed: Deed | None = None) -> None:
        """Anybody may take it; a supervisor may release anybody's. Raises Forbidden, RuleBroken while it is phoned."""
        if (await self._tasks.get(task_id))["state"] == BY_HAND:
            raise RuleBroken("通话中不能退回", "not while the citizen is on the phone", code="on_the_line")
        async with self._database.unit_of_work() as uow:
            if not await self._claims.give_back(uow, task_id, None if may(by, "callback.pause") else by.account):
                raise Forbidden("该任务不是您领取的", "this task is not yours")
            await append_deed(uow, deed, self._clock.now())
        self._tell()

    async def dial(self, task_id: str, by: Person, deed: Deed | None = None) -> str:
        """Ring the citizen for this person's seat; returns the id that the call will have. Goes on by itself."""
        if by.seat is None:
            raise Forbidden("您没有座席,不能外呼", "your account has no seat")
        row = await self._tasks.get(task_id)
        self._demand_open(row)
        await self._demand_claim(task_id, by)
        if not row["phone"]:
            raise RuleBroken("该市民没有留下电话", "there is no number", code="no_number")
        made = self._line.keep(by.seat, row["phone"], _LABEL, by)
        try:
            await self._write_down(row, made, by, deed and replace(deed, detail={"call_id": made.call_id}))
        except HotlineError:
            self._line.give_up(made.channel_id)
            raise
        self._spawn(self._call(row, made, by))
        return made.call_id

    async def stop(self, task_id: str, by: Person, deed: Deed | None = None) -> None:
        """Stop ringing. One who has picked up is hung up at the desk."""
        await self._demand_claim(task_id, by, deed)
        for row in await self.readings.open_calls(task_id):
            await self._line.hang_up(row["channel_id"])

    async def record(self, task_id: str, result: HandResult, by: Person, deed: Deed | None = None) -> Row:
        """Write down what came of it; the work order is closed, or redone, in the same transaction."""
        tried = [*await self._tasks.attempts(task_id), *await self.readings.calls_of(task_id)]
        calls_made = sum(one["outcome"] != NOT_SENT for one in tried)
        missed = (await self._tasks.get(task_id))["kind"] == MISSED
        check(result, self._rules.grounds, calls=calls_made, missed=missed)
        async with self._database.unit_of_work() as uow:
            await self._claims.demand(uow, task_id, by, self._clock.now())
            row = await self._tasks.settle_by(
                task_id, disposition=result.disposition, solved=result.solved, satisfaction=result.satisfaction,
                manner=result.manner, words=result.words, grounds=grounds_text(result, self._rules.grounds),
                by=by.account, uow=uow,
            )  # fmt: skip
            await self._claims.give_back(uow, task_id, by.account)
            await append_deed(uow, deed, self._clock.now())
        self._tell()
        return row

    # -- life -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look after calls that an earlier engine left, until cancelled. Raises nothing but that."""
        while True:
            with self._bus.subscribe("calls by hand", LegGone, LinkUp) as seen:
                try:
                    await self._recover()
                    async for message in seen:
                        await self._hear(message)
                except SubscriberTooSlow:
                    continue
                except HotlineError as failure:
                    _log.warning("calls by hand are looked after later", why=failure.en)
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _hear(self, message: object) -> None:
        match message:
            case LinkUp():
                await self._recover()
            case LegGone(uniqueid=uniqueid) if (row := self._orphans.pop(uniqueid, None)) is not None:
                await self._end(row, TALKED if row["outcome"] == TALKED else LOST)
            case _:
                pass

    async def _recover(self) -> None:
        for row in await self.readings.open_calls():
            if row["channel_id"] in self._ours or self._is_anothers(row):
                continue
            if await self._line.is_up(row["channel_id"]):
                self._orphans[row["channel_id"]] = row
            else:
                await self._end(row, LOST)
        for task_id in await self.readings.stranded():
            if not await self.readings.open_calls(task_id):
                await self._put_down(task_id)

    def _is_anothers(self, row: Row) -> bool:
        """On another engine's Asterisk, which cannot be asked here; it settles it, unless it is gone for good."""
        recent = self._clock.now() - row["dialled_at"] < _ANOTHERS_LONGEST
        return row["engine"] not in (None, "", self._engine) and recent

    # -- one call -------------------------------------------------------------------------------------------------

    async def _write_down(self, row: Row, made: Made, by: Person, deed: Deed | None) -> None:
        """Before anything is dialled: the call, and that nobody else phones this citizen meanwhile."""
        now = self._clock.now()
        seat = by.seat or ""
        named = {"channel_id": made.channel_id, "task_id": row["id"], "ticket_id": row["ticket_id"], "seat": seat}
        told = {"call_id": made.call_id, "phone": row["phone"], "account": by.account, "dialled_at": now}
        told["engine"] = self._engine
        busy = RuleBroken("该市民正在通话中,请稍后再拨", "this citizen is on the line", code="on_the_line")
        self._ours.add(made.channel_id)
        try:
            async with self._database.unit_of_work() as uow:
                await self._tasks.take_up(row["id"], by.account, uow)
                await uow.execute(insert(calls).values(named | told))
                uow.record(HandCallMade(at=now, by=by.account, **named))
                await append_deed(uow, deed, now)
        except (HotlineError, IntegrityError) as failure:
            self._ours.discard(made.channel_id)
            if isinstance(failure, IntegrityError):
                raise busy from None
            raise
        self._tell()

    async def _call(self, row: Row, made: Made, by: Person) -> None:
        seat, channel = by.seat or "", made.channel_id
        self._show(seat, row["id"], "ringing", made.call_id)
        call: Row = {"channel_id": channel, "task_id": row["id"], "ticket_id": row["ticket_id"], "seat": seat}
        call |= {"account": by.account, "call_id": made.call_id}
        try:
            outcome = await self._line.ring(channel)
            if outcome == TALKED:
                await self._note(channel, TALKED)
                self._show(seat, row["id"], "talking", made.call_id)
                await self._line.until_over(channel)
            await self._end(call, outcome)
        except HotlineError as failure:  # what was written stands; recovery asks Asterisk and ends it
            _log.error("a call by hand is left to recovery", task=row["id"], why=failure.en)
            outcome = LOST
        finally:
            self._ours.discard(channel)
        self._show(seat, row["id"], "over" if outcome == TALKED else outcome, None)

    async def _note(self, channel_id: str, outcome: str) -> None:
        async with self._database.unit_of_work() as uow:
            await uow.execute(update(calls).where(calls.c.channel_id == channel_id).values(outcome=outcome))

    async def _end(self, call: Row, outcome: str) -> None:
        now = self._clock.now()
        named = {name: call[name] for name in ("task_id", "ticket_id", "seat", "channel_id")}
        async with self._database.unit_of_work() as uow:
            still = (calls.c.channel_id == call["channel_id"], calls.c.ended_at.is_(None))
            if (await uow.execute(update(calls).where(*still).values(ended_at=now, outcome=outcome))).rowcount:
                told = call["call_id"] if outcome == TALKED else None
                uow.record(HandCallEnded(at=now, by=call["account"], outcome=outcome, call_id=told, **named))
        await self._put_down(call["task_id"])

    async def _put_down(self, task_id: str) -> None:
        try:
            await self._tasks.put_down(task_id, "")
        except RuleBroken:
            _log.debug("settled meanwhile", task=task_id)
        self._tell()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _demand_open(self, row: Row) -> None:
        if row["state"] == BY_HAND:
            raise RuleBroken("该市民正在通话中", "this citizen is on the phone", code="on_the_line")
        if row["state"] != HUMAN:
            raise RuleBroken("该任务不在人工回访列表中", "this one is not for people", code="conflict")

    async def _demand_claim(self, task_id: str, by: Person, deed: Deed | None = None) -> None:
        async with self._database.unit_of_work() as uow:
            await self._claims.demand(uow, task_id, by, self._clock.now())
            await append_deed(uow, deed, self._clock.now())

    def _tell(self) -> None:
        self._bus.publish(HandListChanged())

    def _show(self, seat: str, task_id: str, stage: str, call_id: str | None) -> None:
        self._bus.publish(HandCallChanged(seat=seat, task_id=task_id, stage=stage, call_id=call_id))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
