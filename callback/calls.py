"""The robot's calls: one attempt per task, from the claim until the leg is gone, and what a crash left behind.

An attempt writes ``dialling`` with a channel id of our own, asks Asterisk to dial, and waits until the conversation
(``survey``, called by the FastAGI server) is over or the leg is gone. After a crash or a lost link nothing is dialled
on belief: ``recover`` asks Asterisk for the channel id first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from callback.conversation import Conversation
from callback.hearing import Hearing
from callback.lifecycle import Event, State
from callback.pacing import Pace
from callback.port import Row
from callback.survey import ending, resume, said_anything
from callback.tasks import CallbackTasks
from hotline.clock import Clock
from hotline.errors import HotlineError, RuleBroken, Unavailable
from telephony.legs import Leg
from telephony.port import CallerGone, CallerSession, Dial, OriginateOutcome, Result

_log = structlog.get_logger()
LOOK_AGAIN_SECONDS = 20.0
"""How long a citizen who is on the line, or a silent Asterisk, is left alone before the robot looks again."""
_EVENTS = {
    Result.BUSY: Event.BUSY,
    Result.NO_ANSWER: Event.NO_ANSWER,
    Result.REJECTED: Event.FAIL,
    Result.UNKNOWN: Event.FAIL,
}


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


@dataclass(frozen=True)
class DiallingRules:
    """How a return visit is dialled. ``endpoint_of`` raises ``RuleBroken`` for what is no number."""

    endpoint_of: Callable[[str], str]
    caller_id: str
    ring_seconds: float
    key_seconds: float
    longest_seconds: float = 300.0
    """A call that lasts longer is looked after."""


@dataclass
class _Call:
    """One call that is up or being set up."""

    channel_id: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    talking: bool = False


class Calls:
    """All calls of one robot. ``freed`` is called whenever a line came free."""

    def __init__(
        self,
        tasks: CallbackTasks,
        dialler: Dialler,
        clock: Clock,
        pace: Pace,
        rules: DiallingRules,
        is_on_the_line: Callable[[str], bool],
        freed: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._dialler = dialler
        self._clock = clock
        self._pace = pace
        self._rules = rules
        self._is_on_the_line = is_on_the_line
        self._freed = freed
        self._conversation = Conversation(tasks, rules.key_seconds)
        self._live: dict[str, _Call] = {}
        self.recovered = False
        """False while something may stand in the ledger as "on the phone" that is not."""

    def hear(self, hearing: Hearing) -> None:
        """From now on answers may be spoken too."""
        self._conversation.hearing = hearing

    def __len__(self) -> int:
        return len(self._live)

    def leg_gone(self, uniqueid: str) -> None:
        """A leg has ended; one in conversation ends by itself."""
        for call in self._live.values():
            if call.channel_id == uniqueid and not call.talking:
                call.over.set()

    def make(self, claimed: Row, group: asyncio.TaskGroup) -> None:
        """Dial a claimed task, in the background."""
        call = self._live[claimed["id"]] = _Call(claimed["channel_id"])
        group.create_task(self._watch(self._dial, claimed, call))

    async def survey(self, session: CallerSession) -> None:
        """A citizen picked up. A leg that is not the one we dialled for this task is hung up."""
        row = await self._expected(session)
        if row is None:
            await _hang_up(session)
            return
        call = self._live.setdefault(row["id"], _Call(row["channel_id"]))
        call.talking = True
        try:
            await self._conversation.hold(row, session)
        except RuleBroken as failure:  # settled from another side in this very moment
            _log.warning("conversation overtaken", task=row["id"], problem=failure.en)
            self.recovered = False
            await _hang_up(session)
        finally:
            call.talking = False
            self._give_back(row["id"], call)

    async def recover(self, group: asyncio.TaskGroup) -> None:
        """Settle what an earlier life of the engine, or a lost link, left on the phone. Raises ``Unavailable``."""
        self.recovered = True
        try:
            for row in await self._tasks.unsettled("", self._clock.now()):
                if row["id"] not in self._live:
                    await self._look_after(row, group)
        except HotlineError:
            self.recovered = False
            raise

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _look_after(self, row: Row, group: asyncio.TaskGroup) -> None:
        if row["state"] == State.CLAIMED:
            await self._tasks.release(row, row["due_at"])
        elif await self._dialler.ask_leg(row["channel_id"]) is None:
            await self._settle(row, row["fence"])
        else:
            call = self._live[row["id"]] = _Call(row["channel_id"])
            group.create_task(self._watch(self._wait_for_the_end, row, call))

    async def _watch(self, work: Callable[[Row, _Call], Awaitable[None]], row: Row, call: _Call) -> None:
        try:
            await work(row, call)
        except HotlineError as failure:  # the task stays as written down; recovery asks Asterisk and settles it
            _log.error("call left to recovery", task=row["id"], problem=failure.en)
            self.recovered = False
        finally:
            if not call.talking:
                self._give_back(row["id"], call)

    async def _dial(self, row: Row, call: _Call) -> None:
        try:
            endpoint = self._rules.endpoint_of(row["phone"])
        except RuleBroken:
            await self._tasks.fail(row, Event.INVALID, self._pace)
            return
        later = self._clock.now() + timedelta(seconds=LOOK_AGAIN_SECONDS)
        if self._is_on_the_line(row["phone"]):  # called us in this very moment
            await self._tasks.release(row, later)
            return
        row = await self._tasks.dial(row)
        try:
            outcome = await self._dialler.originate(self._dialling(endpoint, row))
        except Unavailable:
            await self._tasks.release(row, later)
            return
        _log.info("return visit dialled", task=row["id"], attempt=row["attempt"], result=outcome.result.value)
        if outcome.result is Result.ANSWERED or call.talking:
            await self._wait_for_the_end(row, call)
        else:
            await self._tasks.fail(row, _EVENTS[outcome.result], self._pace)

    def _dialling(self, endpoint: str, row: Row) -> Dial:
        return Dial(
            endpoint=endpoint,
            context="survey",
            exten="s",
            channel_id=row["channel_id"],
            caller_id=self._rules.caller_id,
            ring_seconds=self._rules.ring_seconds,
            variables={"HOTLINE_TASK": row["id"]},
        )

    async def _wait_for_the_end(self, row: Row, call: _Call) -> None:
        """Until the conversation is over. A leg that is gone without one is settled here."""
        while True:
            try:
                async with asyncio.timeout(self._rules.longest_seconds):
                    await call.over.wait()
                break
            except TimeoutError:
                if not call.talking and await self._dialler.ask_leg(row["channel_id"]) is None:
                    break
        await self._settle(await self._tasks.get(row["id"]), row["fence"])

    async def _settle(self, row: Row, fence: int) -> None:
        """End a task whose leg is gone, with whatever was said. Nothing to do when the conversation has ended it."""
        if row["fence"] != fence or row["state"] not in (State.DIALLING, State.ANSWERED):
            return
        survey = resume(row["solved"], row["satisfaction"])
        if row["state"] == State.ANSWERED and said_anything(survey):
            await self._tasks.finish(row, ending(survey))
        else:
            event = Event.NO_ANSWER if row["state"] == State.DIALLING else Event.FAIL
            await self._tasks.fail(row, event, self._pace)

    async def _expected(self, session: CallerSession) -> Row | None:
        try:
            row = await self._tasks.get(session.query.get("task", ""))
        except RuleBroken:
            row = None
        if row is None or row["channel_id"] != session.uniqueid or row["state"] not in (State.DIALLING, State.ANSWERED):
            _log.warning("a survey leg that nobody waits for", uniqueid=session.uniqueid)
            return None
        return row

    def _give_back(self, task_id: str, call: _Call) -> None:
        call.over.set()
        if self._live.get(task_id) is call:
            del self._live[task_id]
        self._freed()


async def _hang_up(session: CallerSession) -> None:
    try:
        await session.hang_up()
    except CallerGone:
        _log.debug("gone already")
