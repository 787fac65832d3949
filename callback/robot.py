"""The robot: dials what is due, never twice, never at a bad hour, never somebody who is talking to us.

Theory of operation. One loop sleeps until something can have changed: a task fell due, a call ended, a line came free,
the link to Asterisk came back, a window opens. It then claims as many due tasks as lines are free, each by one
conditional UPDATE, and hands each to ``calls``.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from callback.calls import LOOK_AGAIN_SECONDS, Calls, Dialler, DiallingRules
from callback.hearing import Ears, Hearing, Presser
from callback.pacing import Pace
from callback.port import VISIT, Conclusions
from callback.tasks import CallbackTasks
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.errors import HotlineError
from hotline.facts.callbacks import CallbackDue
from hotline.facts.calls import CallEnded
from telephony.observations import LegGone, LinkUp
from telephony.port import CallerSession

_log = structlog.get_logger()
_LONGEST_SLEEP_SECONDS = 300.0


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
    ) -> None:
        self._tasks = tasks
        self._dialler = dialler
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._is_on_the_line = is_on_the_line
        tasks.conclusions[VISIT] = conclusions
        self._calls = Calls(tasks, dialler, clock, pace, rules, is_on_the_line, self.wake)
        self._woken = asyncio.Event()

    def hear(self, ears: Ears, presser: Presser) -> None:
        """From now on answers may be spoken too."""
        self._calls.hear(Hearing(self._bus, presser, ears))

    def wake(self) -> None:
        """Something may have changed: look again now."""
        self._woken.set()

    async def run(self) -> None:
        """Dial until cancelled. Calls that are up then live on in Asterisk and are settled at the next start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                self._woken.clear()
                try:
                    pause = await self._dial_due(group)
                except HotlineError as failure:  # the database or Asterisk is away: later
                    _log.warning("robot waits", problem=failure.en)
                    pause = LOOK_AGAIN_SECONDS
                await self._sleep(pause)

    async def survey(self, session: CallerSession) -> None:
        """A citizen picked up: FastAGI ``/callback?task=…``."""
        await self._calls.survey(session)

    async def _listen(self) -> None:
        while True:
            with self._bus.subscribe("callback", CallbackDue, CallEnded, LegGone, LinkUp) as subscription:
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
                case LinkUp():
                    self._calls.recovered = False
                    self.wake()
                case _:
                    self.wake()

    async def _dial_due(self, group: asyncio.TaskGroup) -> float:
        """Start what may start now; returns how long to sleep unless woken, in seconds."""
        if not self._calls.recovered:
            await self._calls.recover(group)
        now = self._clock.now()
        opens = self._pace.opens_at(now)
        if opens is None or opens > now:
            return (opens - now).total_seconds() if opens else _LONGEST_SLEEP_SECONDS
        if not self._dialler.up:
            return LOOK_AGAIN_SECONDS
        skipped = False
        free = self._pace.free_lines(len(self._calls))
        for row in await self._tasks.due(now, limit=50 + free) if free else []:
            if self._is_on_the_line(row["phone"]):
                skipped = True
            elif claimed := await self._tasks.claim(row):
                self._calls.make(claimed, group)
                await asyncio.sleep(self._pace.gap_seconds)
            if not self._pace.free_lines(len(self._calls)):
                break
        return LOOK_AGAIN_SECONDS if skipped else await self._until_next_due(now)

    async def _until_next_due(self, looked_at: datetime) -> float:
        """Seconds until the next task falls due later than ``looked_at``, when the due ones were fetched."""
        following = await self._tasks.next_due(looked_at)
        return (following - self._clock.now()).total_seconds() if following else _LONGEST_SLEEP_SECONDS

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_SLEEP_SECONDS)):
                await self._woken.wait()
        except TimeoutError:
            pass
