"""Keeps promises: rings the citizen when the place in the line is reached, and leads him to the front of it.

At most once: the attempt is written down, with a channel id of our own, before Asterisk hears of it; after a crash or
a lost link Asterisk is asked about that id, nothing is dialled on belief. Who cannot be reached is tried again by the
plan, then left to people. Nothing is polled: what can change a turn is an event, or a moment that is known.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta

import structlog

from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.errors import HotlineError, RuleBroken, Unavailable
from hotline.facts import Message
from hotline.facts.calls import (
    CallConnected,
    CallEnded,
    CallPromised,
    CallQueued,
    OfferEnded,
    PromiseKept,
    PromiseMissed,
)
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from hotline.ids import new_id
from hotline.settings import Settings
from ivr.owed_calls import DIALLING, Row
from ivr.service import CallCentre
from ivr.turns import Turn, reached, seconds_until_open
from telephony.observations import LegGone, LinkUp
from telephony.port import Dial, Result, Telephony
from telephony.verbs import outside_line

_log = structlog.get_logger()
GATHER_SECONDS = 0.1
"""Events of one moment are looked at together."""
_LOOK_AGAIN_SECONDS = 15.0
_ANOTHERS_LONGEST = timedelta(minutes=30)
"""Another engine's ringing, and waiting with it, is over after so long, whatever became of that engine."""
_NEWS: tuple[type[Message], ...] = (
    CallPromised, PromiseKept, PromiseMissed, CallQueued, CallConnected, CallEnded, OfferEnded,
    SeatStateObserved, SeatStatusChosen, LegGone, LinkUp,
)  # fmt: skip
_LIST_CHANGED = (CallPromised, PromiseKept, PromiseMissed, LinkUp)


class PromiseDialler:
    """One engine's calls to citizens who were promised one."""

    def __init__(
        self, settings: Settings, bus: Bus, clock: Clock, telephone: Telephony, centre: CallCentre, engine: str = ""
    ) -> None:
        self._rules = settings.promises
        self._zone = settings.site.zone
        self._bus = bus
        self._clock = clock
        self._telephone = telephone
        self._centre = centre
        self._engine = engine
        """Who we are among engines that share the database."""
        self._open: Sequence[Row] = ()
        """Promises that may be dialled some time."""
        self._stale = True
        """They are to be read anew."""
        self._live: dict[str, Row] = {}
        """Channel → the promise for which it is rung, or for which its citizen waits."""
        self._up: set[str] = set()
        """Channels whose citizen has picked up."""
        self._recovered = False
        self.elsewhere: Callable[[str], bool] = lambda _: False
        """Whether somebody else of us has this citizen on the phone: the callback robot."""
        self._woken = asyncio.Event()
        self._seen = self._subscribe()

    def rings(self, phone: str) -> bool:
        """Whether this citizen is being rung to keep a promise."""
        return any(row["phone"] == phone for row in self._live.values())

    async def run(self) -> None:
        """Until cancelled. Calls that are up then live on in Asterisk and are settled at the next start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(group))
            while self._rules.dial:
                self._woken.clear()
                try:
                    pause = await self._look(group)
                except HotlineError as failure:
                    _log.warning("promised calls wait", why=failure.en)
                    self._recovered, pause = False, _LOOK_AGAIN_SECONDS
                await self._sleep(pause)

    # -- looking --------------------------------------------------------------------------------------------------

    async def _look(self, group: asyncio.TaskGroup) -> float | None:
        """Ring those whose turn it is; in how many seconds to look again, None: when something happens."""
        now = self._clock.now()
        if not self._telephone.up:
            return None
        if not self._recovered:
            await self._recover()
        if closed := seconds_until_open(now.astimezone(self._zone), self._rules.windows):
            return closed
        if self._stale:
            self._stale = False
            self._open = await self._centre.owed.dialable()
        known = [(row, self._due_at(row)) for row in self._open]
        due = {row["id"]: row for row, at in known if at <= now and self._may_ring(row)}
        turns = [Turn(row["id"], row["group"], row["since"]) for row in due.values()]
        under_way = [row["group"] for row in self._live.values()]
        chosen, soonest = reached(turns, self._wait, lead_seconds=self._rules.lead_seconds, under_way=under_way)
        for turn in chosen[: max(0, self._rules.lines - len(self._live))]:
            await self._ring(due[turn.promise_id], group)
        later = [(at - now).total_seconds() for _, at in known if at > now]
        return min([*later, *([max(1.0, soonest)] if soonest is not None else [])], default=None)

    def _due_at(self, row: Row) -> datetime:
        begins: datetime = row["created_at"] + timedelta(seconds=self._rules.pause_seconds)
        due: datetime = row["due_at"]
        return max(due, begins)

    def _may_ring(self, row: Row) -> bool:
        busy = self._centre.is_on_the_line(row["phone"]) or self.elsewhere(row["phone"])
        return row["group"] in self._centre.floor.groups and not busy

    def _wait(self, group: str, since: datetime, also: Sequence[str]) -> float | None:
        return self._centre.floor.expected_wait_since(group, since, also, self._clock.now())

    async def _ring(self, row: Row, group: asyncio.TaskGroup) -> None:
        channel = new_id("promise")
        self._stale = True
        claimed = await self._centre.owed.claim(row, channel, self._engine)
        if claimed is not None:
            self._live[channel] = claimed
            group.create_task(self._guarded(self._dial(claimed)))

    # -- dialling -------------------------------------------------------------------------------------------------

    async def _dial(self, row: Row) -> None:
        channel = row["channel_id"]
        try:
            dial = Dial(
                endpoint=outside_line("trunk", row["phone"]),
                context="promised",
                exten="s",
                channel_id=channel,
                caller_id=self._rules.caller_id,
                ring_seconds=self._rules.ring_seconds,
                variables={"HOTLINE_PROMISE": row["id"], "HOTLINE_PHONE": row["phone"]},
            )
            outcome = await self._telephone.originate(dial)
        except RuleBroken:
            await self._settle(row, "invalid")
            return
        except Unavailable:  # nothing was sent
            self._live.pop(channel, None)
            await self._centre.owed.give_back(row)
            return
        _log.info("promised call dialled", promise=row["id"], attempt=row["attempt"], result=outcome.result.value)
        if outcome.result is not Result.ANSWERED:
            await self._settle(row, outcome.result.value)
            return
        self._up.add(channel)
        if await self._telephone.ask_leg(channel) is None:
            await self._settle(row, "hung_up")

    async def _settle(self, row: Row, outcome: str) -> None:
        """The attempt is over. Where an agent has the citizen the promise is kept, and this changes nothing."""
        self._live.pop(row["channel_id"], None)
        self._up.discard(row["channel_id"])
        plan = self._rules.retry_minutes
        again = outcome != "invalid" and row["attempt"] <= len(plan)
        due = self._clock.now() + timedelta(minutes=plan[row["attempt"] - 1]) if again else None
        await self._centre.owed.miss(row, outcome, due)
        self._woken.set()

    async def _recover(self) -> None:
        """Settle what an earlier engine, or a lost link, left on the telephone."""
        self._stale = True
        for row in await self._centre.owed.in_stage(DIALLING):
            if row["channel_id"] in self._live and row["channel_id"] not in self._up:
                continue  # its own dialling tells
            if self._is_anothers(row):
                continue
            if await self._telephone.ask_leg(row["channel_id"]) is None:
                await self._settle(row, "unknown")
            else:
                self._live[row["channel_id"]] = row
                self._up.add(row["channel_id"])
        self._recovered = True

    def _is_anothers(self, row: Row) -> bool:
        """On another engine's Asterisk, which cannot be asked here; it settles it, unless it is gone for good."""
        at = row["dialled_at"]
        recent = at is not None and self._clock.now() - at < _ANOTHERS_LONGEST
        return row["engine"] not in (None, "", self._engine) and recent

    # -- events ---------------------------------------------------------------------------------------------------

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        while True:
            try:
                async for message in self._seen:
                    self._hear(message, group)
            except SubscriberTooSlow:
                self._seen, self._recovered = self._subscribe(), False
                self._woken.set()

    def _hear(self, message: object, group: asyncio.TaskGroup) -> None:
        match message:
            case LegGone(uniqueid=uniqueid):
                if uniqueid in self._up and (row := self._live.get(uniqueid)) is not None:
                    group.create_task(self._guarded(self._settle(row, "hung_up")))
                return
            case LinkUp():
                self._recovered = False
            case CallConnected(citizen_uniqueid=uniqueid):
                self._live.pop(uniqueid, None)
                self._up.discard(uniqueid)
            case _:
                pass
        if isinstance(message, _LIST_CHANGED):
            self._stale = True
        self._woken.set()

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except HotlineError as failure:  # what was written stands; recovery asks Asterisk and settles it
            _log.error("a promised call is left to recovery", why=failure.en)
            self._recovered = False
            self._woken.set()

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
        except TimeoutError:
            pass

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("promised calls", *_NEWS, capacity=100_000)
