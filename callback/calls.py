"""The robot's calls: one attempt per task, from the claim until the leg is gone, and what a crash left behind.

An attempt writes ``dialling`` with a channel id of our own, asks Asterisk to dial, and waits until the conversation
(``survey``, called by the FastAGI server) is over or the leg is gone. After a crash or a lost link nothing is dialled
on belief: ``recovery`` asks Asterisk for the channel id first.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from callback.answers import ending
from callback.breaker import is_no_number, is_trunk_failure
from callback.conversation import Conversation, Notes
from callback.lifecycle import Event, State
from callback.pacing import Pace, wanted_time
from callback.port import LiveCall, Row
from callback.tasks import CallbackTasks
from callback.trunk import Trunk
from hotline.clock import Clock
from hotline.errors import HotlineError, NotFound, RuleBroken, Unavailable
from telephony.legs import Leg
from telephony.port import CallerGone, CallerSession, Dial, OriginateOutcome, Result

_log = structlog.get_logger()
LOOK_AGAIN_SECONDS = 20.0
"""How long a citizen who is on the line, or a silent Asterisk, is left alone before the robot looks again."""


class Dialler(Protocol):
    """The part of the telephone that the robot needs; ``telephony.port.Telephony`` has it."""

    @property
    def up(self) -> bool:
        """True while Asterisk can be asked."""
        ...

    async def originate(self, dial: Dial) -> OriginateOutcome:
        """Dial once and wait for the outcome. ``Unavailable`` only when nothing was sent."""
        ...

    async def ask_leg(self, uniqueid: str) -> Leg | None:
        """The leg as Asterisk shows it now; None when it is not there."""
        ...

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        """End a leg."""
        ...


@dataclass(frozen=True)
class DiallingRules:
    """How a return visit is dialled. ``endpoint_of`` raises ``RuleBroken`` for what is no number."""

    endpoint_of: Callable[[str], str]
    caller_id: str
    ring_seconds: float
    listen_seconds: float = 0.0
    """How long the first words are listened to for an answering machine; 0: not at all."""
    longest_seconds: float = 300.0
    """A call that lasts longer without a conversation is ended."""


@dataclass
class _Call:
    """One call that is up or being set up."""

    row: Row
    since: datetime
    over: asyncio.Event = field(default_factory=asyncio.Event)
    talking: bool = False
    notes: Notes | None = None


class Calls:
    """All calls of one robot. ``freed`` is called whenever something of them changed."""

    def __init__(
        self,
        tasks: CallbackTasks,
        dialler: Dialler,
        clock: Clock,
        pace: Pace,
        rules: DiallingRules,
        trunk: Trunk,
        conversation: Conversation,
        is_on_the_line: Callable[[str], bool],
        freed: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._dialler = dialler
        self._clock = clock
        self._pace = pace
        self._rules = rules
        self._trunk = trunk
        self._conversation = conversation
        self._is_on_the_line = is_on_the_line
        self._freed = freed
        self._live: dict[str, _Call] = {}
        self.recovered = False
        """False while something may stand in the ledger as "on the phone" that is not."""

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._live

    @property
    def on_their_way(self) -> int:
        """Calls in which nobody talks, or not yet."""
        return sum(1 for call in self._live.values() if not call.talking)

    def by_unit(self) -> Mapping[str, int]:
        """Unit → its calls."""
        return Counter(str(call.row["unit"]) for call in self._live.values())

    def has(self, phone: str) -> bool:
        """Whether this citizen is on one of our calls."""
        return any(call.row["phone"] == phone for call in self._live.values())

    def live(self) -> tuple[LiveCall, ...]:
        """Each call as it stands."""
        return tuple(_shown(call) for call in list(self._live.values()))

    def leg_gone(self, uniqueid: str) -> None:
        """A leg has ended; one in conversation ends by itself."""
        for call in self._live.values():
            if call.row["channel_id"] == uniqueid and not call.talking:
                call.over.set()

    async def claim(self, row: Row, engine: str, group: asyncio.TaskGroup) -> bool:
        """Take a due task and dial it in the background. False when somebody else was faster."""
        call = self._live[row["id"]] = _Call(
            row, self._clock.now()
        )  # before the claim: recovery must not find it alone
        try:
            claimed = await self._tasks.claim(row, engine)
        except BaseException:
            self._give_back(call)
            raise
        if claimed is None:
            self._give_back(call)
            return False
        call.row = claimed
        group.create_task(self.watch(self._dial, call))
        return True

    async def take_up(self, row: Row, group: asyncio.TaskGroup) -> None:
        """A call that somebody else began is up: wait for its end."""
        call = self._live[row["id"]] = _Call(row, self._clock.now())
        group.create_task(self.watch(self._wait_for_the_end, call))

    async def survey(self, session: CallerSession) -> None:
        """A citizen picked up. A leg that is not the one we dialled for this task is hung up."""
        row = await self._expected(session)
        if row is None:
            with suppress(CallerGone):
                await session.hang_up()
            return
        call = self._live.setdefault(row["id"], _Call(row, self._clock.now()))
        call.talking = True
        try:
            await self._conversation.hold(row, session, self.settle, lambda notes: self._begun(call, notes))
        except HotlineError as failure:  # settled from another side in this very moment, or it cannot be written
            _log.warning("conversation left to recovery", task=row["id"], problem=failure.en)
            self.recovered = False
            with suppress(CallerGone):
                await session.hang_up()
        finally:
            call.talking = False
            self._give_back(call)

    async def settle(self, row: Row, event: Event, answers: Mapping[str, str] = {}) -> None:
        """End an attempt whose conversation is over."""
        if event in (Event.SURVEY, Event.REFUSE):
            await self._tasks.finish(row, event)
        else:
            at = wanted_time(answers.get("later", ""), self._clock.now(), self._pace)
            await self._tasks.fail(row, event, self._pace, at=at)

    async def settle_gone(self, row: Row) -> None:
        """End a task whose leg is gone, with whatever was said."""
        if row["state"] == State.ANSWERED and any(row["answers"].values()):
            await self._tasks.finish(row, ending(row["answers"]))
        else:
            event = Event.NO_ANSWER if row["state"] == State.DIALLING else Event.FAIL
            await self._tasks.fail(row, event, self._pace)

    async def watch(self, work: Callable[[_Call], Awaitable[None]], call: _Call) -> None:
        """Do it, and give the line back, whatever happens."""
        try:
            await work(call)
        except HotlineError as failure:  # the task stays as written down; recovery asks Asterisk and settles it
            _log.error("call left to recovery", task=call.row["id"], problem=failure.en)
            self.recovered = False
        finally:
            if not call.talking:
                self._give_back(call)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _dial(self, call: _Call) -> None:
        row, now = call.row, self._clock.now()
        later = now + timedelta(seconds=LOOK_AGAIN_SECONDS)
        try:
            endpoint = self._rules.endpoint_of(row["phone"])
        except RuleBroken:
            await self._tasks.fail(row, Event.INVALID, self._pace)
            return
        if self._is_on_the_line(row["phone"]) or not self._pace.is_open(now):  # called us in this very moment
            await self._tasks.release(row, later)
            return
        call.row = row = await self._tasks.dial(row)
        if not self._trunk.may_send():  # somebody else may have taken our tasks meanwhile
            await self._tasks.release(row, later)
            return
        self._freed()
        try:
            outcome = await self._dialler.originate(self._dialling(endpoint, row))
        except Unavailable:
            self._trunk.unknown()
            await self._tasks.release(row, later)
            return
        _log.info("return visit dialled", task=row["id"], attempt=row["attempt"], result=outcome.result.value)
        await self._take(call, outcome, later)

    async def _take(self, call: _Call, outcome: OriginateOutcome, later: datetime) -> None:
        row = call.row
        if outcome.result is Result.ANSWERED or call.talking:
            await self._trunk.worked()
            await self._wait_for_the_end(call)
        elif outcome.result is Result.REJECTED and is_trunk_failure(outcome.cause):
            await self._trunk.failed()
            await self._tasks.release(row, later, outcome.cause)
        elif outcome.result is Result.UNKNOWN:  # the link was lost: it may have rung
            self._trunk.unknown()
            await self._tasks.fail(row, Event.FAIL, self._pace)
        else:
            await self._trunk.worked()
            await self._tasks.fail(row, _event_of(outcome), self._pace)

    def _dialling(self, endpoint: str, row: Row) -> Dial:
        return Dial(
            endpoint=endpoint,
            context="survey",
            exten="s",
            channel_id=row["channel_id"],
            caller_id=self._rules.caller_id,
            ring_seconds=self._rules.ring_seconds,
            variables={
                "HOTLINE_TASK": row["id"],
                "HOTLINE_LISTEN_MS": str(int(self._rules.listen_seconds * 1000)),
            },
        )

    async def _wait_for_the_end(self, call: _Call) -> None:
        """Until the conversation is over. A leg that is gone without one is settled here."""
        task_id, fence, channel = call.row["id"], call.row["fence"], call.row["channel_id"]
        while True:
            try:
                async with asyncio.timeout(self._rules.longest_seconds):
                    await call.over.wait()
                break
            except TimeoutError:
                if call.talking:
                    continue
                if await self._dialler.ask_leg(channel) is None:
                    break
                await self._dialler.hang_up(channel)  # nobody talks with it: the line is wanted
        row = await self._tasks.get(task_id)
        if row["fence"] == fence and row["state"] in (State.DIALLING, State.ANSWERED):
            await self.settle_gone(row)

    def _begun(self, call: _Call, notes: Notes) -> None:
        call.notes, notes.changed = notes, self._freed
        self._freed()

    async def _expected(self, session: CallerSession) -> Row | None:
        try:
            row = await self._tasks.get(session.query.get("task", ""))
        except NotFound:
            row = None
        if row is None or row["channel_id"] != session.uniqueid or row["state"] not in (State.DIALLING, State.ANSWERED):
            _log.warning("a survey leg that nobody waits for", uniqueid=session.uniqueid)
            return None
        return row

    def _give_back(self, call: _Call) -> None:
        call.over.set()
        if self._live.get(call.row["id"]) is call:
            del self._live[call.row["id"]]
        self._freed()


def _event_of(outcome: OriginateOutcome) -> Event:
    match outcome.result:
        case Result.BUSY:
            return Event.BUSY
        case Result.NO_ANSWER:
            return Event.NO_ANSWER
        case _:
            return Event.INVALID if is_no_number(outcome.cause) else Event.FAIL


def _shown(call: _Call) -> LiveCall:
    row = call.notes.row if call.notes is not None else call.row
    question = call.notes.question if call.notes is not None else ""
    named = {name: str(row[name] or "") for name in ("kind", "channel_id", "number", "phone", "state")}
    return LiveCall(task_id=row["id"], since=call.since, question=question, **named)
