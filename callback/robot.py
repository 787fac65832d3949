"""The robot: dials what is due, never twice, never at a bad hour, never somebody who is talking to us.

Theory of operation. One loop sleeps until something can have changed: a task fell due, a call ended, a line came free,
the link to Asterisk came back, a window opens. It renews its lease, looks after what was left on the phone, then claims
due tasks in fair turn while lines are free, each by one conditional UPDATE, and hands each to ``calls``.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callback.breaker import Phase
from callback.calls import LOOK_AGAIN_SECONDS, Calls, Dialler, DiallingRules
from callback.conversation import Conversation, Interviews
from callback.hearing import Ears, Hearing, Presser
from callback.pacing import Pace, in_turn
from callback.port import VISIT, Conclusions, Engine, RobotStatus, Row
from callback.recovery import Recovery
from callback.tasks import CallbackTasks
from callback.trunk import Trunk
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.errors import HotlineError
from hotline.facts.callbacks import CallbackDue, RobotChanged, RobotPaused, RobotResumed
from hotline.facts.calls import CallEnded
from hotline.security import Deed
from telephony.observations import LegGone, LinkUp
from telephony.port import CallerSession

_log = structlog.get_logger()
LEASE_SECONDS = 30.0
_LOOK_ROUND_SECONDS = 10.0
"""Between two renewals of the lease, looks after others' calls, and at what was paused elsewhere."""
_MOST_OF_A_UNIT = 50


class CallbackRobot:
    """Phones citizens back: ``run`` for ever, ``survey`` for each citizen who picked up."""

    def __init__(
        self,
        tasks: CallbackTasks,
        conclusions: Conclusions,
        dialler: Dialler,
        bus: Bus,
        clock: Clock,
        pace: Pace,
        rules: DiallingRules,
        is_on_the_line: Callable[[str], bool],
        interviews: Interviews,
        *,
        engine: Engine = Engine(),
        folder: Path = Path("var/spool/words"),
    ) -> None:
        tasks.conclusions[VISIT] = conclusions
        self._tasks = tasks
        self._dialler = dialler
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._is_on_the_line = is_on_the_line
        self._engine = engine
        self._trunk = Trunk(tasks, clock, self._changed)
        self._conversation = Conversation(tasks, interviews, folder)
        self._calls = Calls(
            tasks, dialler, clock, pace, rules, self._trunk, self._conversation, is_on_the_line, self._changed
        )
        self._recovery = Recovery(tasks, dialler, clock, self._calls, rules, engine)
        self._woken = asyncio.Event()
        self._waiting: list[Row] = []
        """Due tasks that were read and not yet looked at. A claim finds out which are still there."""
        self._stale = True
        """There may be due tasks that were not read."""
        self._read_at = clock.now()
        self._pauses: dict[str, str] = {}
        self._round_at: datetime | None = None

    def hear(self, ears: Ears, presser: Presser) -> None:
        """From now on answers may be spoken too."""
        self._conversation.hearing = Hearing(self._bus, presser, ears)

    def wake(self) -> None:
        """Something may have changed: look again now."""
        self._stale = True
        self._woken.set()

    def has_on_the_phone(self, phone: str) -> bool:
        """Whether this citizen is on one of the robot's calls."""
        return self._calls.has(phone)

    async def pause(self, by: str, reason: str = "", deed: Deed | None = None) -> None:
        """Dial nothing any more, over a restart too; calls that are up go on."""
        await self._tasks.pause("", by, reason, deed)

    async def resume(self, by: str, deed: Deed | None = None) -> None:
        """Dial again."""
        await self._tasks.resume("", by, deed)

    def status(self) -> RobotStatus:
        """The robot now."""
        now = self._clock.now()
        return RobotStatus(
            paused="" in self._pauses,
            paused_by=self._pauses.get("", ""),
            breaker=self._trunk.phase.value,
            breaker_until=self._trunk.breaker.until,
            lines=self._pace.lines,
            in_use=len(self._calls),
            per_second=self._pace.calls_per_second,
            opens_at=self._pace.opens_at(now),
            live=self._calls.live(),
        )

    async def run(self) -> None:
        """Dial until cancelled. Calls that are up then live on in Asterisk and are settled at the next start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                self._woken.clear()
                try:
                    await self._look_round(group)
                    pause = await self._dial_due(group)
                except HotlineError as failure:  # the database or Asterisk is away: later
                    _log.warning("robot waits", problem=failure.en)
                    self._round_at, pause = None, LOOK_AGAIN_SECONDS
                await self._sleep(pause)

    async def survey(self, session: CallerSession) -> None:
        """A citizen picked up: FastAGI ``/callback?task=…``."""
        await self._calls.survey(session)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _listen(self) -> None:
        kinds = (CallbackDue, CallEnded, LegGone, LinkUp, RobotPaused, RobotResumed)
        while True:
            with self._bus.subscribe("callback", *kinds) as subscription:
                try:
                    await self._hear(subscription)
                except SubscriberTooSlow:
                    self._calls.recovered = False
                    self.wake()

    async def _hear(self, subscription: Subscription) -> None:
        async for message in subscription:
            match message:
                case LegGone():
                    self._calls.leg_gone(message.uniqueid)
                    continue
                case LinkUp():
                    self._calls.recovered = False
                case RobotPaused() | RobotResumed():
                    self._round_at = None
                case _:
                    pass
            self.wake()

    def _changed(self) -> None:
        """A call, a line or the trunk is not what it was."""
        self._woken.set()
        self._bus.publish(RobotChanged())

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _look_round(self, group: asyncio.TaskGroup) -> None:
        """Now and then: the lease, what was paused, what others left behind. After a lost link at once."""
        now = self._clock.now()
        if self._is_round_due():
            until = now + timedelta(seconds=LEASE_SECONDS)
            await self._tasks.keep_lease(self._engine.id, self._engine.asterisk, until)
            self._trunk.leased_until = until
            await self._read_pauses()
            self._round_at = now + timedelta(seconds=_LOOK_ROUND_SECONDS)
            self._calls.recovered, self._stale = False, True
        if not self._calls.recovered and self._dialler.up:
            await self._recovery.run(group)

    def _is_round_due(self) -> bool:
        return self._round_at is None or self._clock.now() >= self._round_at

    async def _read_pauses(self) -> None:
        before, self._pauses = self._pauses, await self._tasks.pauses()
        if self._pauses != before:
            self._bus.publish(RobotChanged())

    async def _dial_due(self, group: asyncio.TaskGroup) -> float:
        """Start what may start now; returns how long to sleep unless woken, in seconds."""
        skipped, fruitful = False, True
        while (pause := self._pause()) is None:
            if self._is_round_due():  # lines that never fill must not keep the lease from being renewed
                return 0.0
            if self._stale or (fruitful and not self._waiting):
                await self._read()
                fruitful = False
            if not self._waiting:
                return LOOK_AGAIN_SECONDS if skipped else await self._until_next_due()
            row = self._waiting.pop()
            if await self._may_dial(row) and await self._calls.claim(row, self._engine.id, group):
                fruitful = True
                await asyncio.sleep(self._pace.gap_seconds)
            else:
                skipped = True
        return pause

    def _pause(self) -> float | None:
        """How long nothing may be dialled at all; None: it may be now."""
        now = self._clock.now()
        opens = self._pace.opens_at(now)
        if opens is None or "" in self._pauses or not self._dialler.up:
            return LOOK_AGAIN_SECONDS
        if opens > now:
            return (opens - now).total_seconds()
        phase, breaker = self._trunk.phase, self._trunk.breaker
        if phase is Phase.OPEN and breaker.until is not None:
            return LOOK_AGAIN_SECONDS if breaker.trying else max(0.1, (breaker.until - now).total_seconds())
        tried_already = phase is Phase.HALF_OPEN and self._calls.on_their_way > 0
        return None if self._pace.free_lines(len(self._calls)) and not tried_already else LOOK_AGAIN_SECONDS

    async def _read(self) -> None:
        """What is due, in the order in which it is dialled, the next one last."""
        self._stale, self._read_at = False, self._clock.now()
        found = await self._tasks.due(self._read_at, _MOST_OF_A_UNIT)
        self._waiting = [dict(row) for row in reversed(in_turn(found, self._calls.by_unit()))]

    async def _may_dial(self, row: Row) -> bool:
        """Whether this citizen may be phoned now. One with hours of his own is put off to them."""
        now = self._clock.now()
        if row["campaign_id"] is not None:
            if row["campaign_id"] in self._pauses:
                return False
            gate = self._tasks.gate
            if gate is not None and not gate.is_open(row["campaign_id"], now):
                return False
        opens = self._pace.opens_at(now, row["hours"], row["wish"] or "")
        if opens != now:
            await self._tasks.defer(row, opens or now + timedelta(days=1))
            return False
        return not self._is_on_the_line(row["phone"]) and not self._calls.has(row["phone"])

    async def _until_next_due(self) -> float:
        following = await self._tasks.next_due(self._read_at)
        return (following - self._clock.now()).total_seconds() if following else _LOOK_ROUND_SECONDS

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), _LOOK_ROUND_SECONDS)):
                await self._woken.wait()
        except TimeoutError:
            self._stale = True
