"""Citizens whom agents have rung: the seat is kept, the citizen rung, and who picks up is with that seat at once.

The seat is kept under the id that the call will have, so nobody else is offered to it while it rings; everything after
the citizen has picked up is a call like any other: hold, transfer, recording, wrap-up. Nothing is dialled twice: the
channel's id is the caller's, who writes it down before he asks here, and asks Asterisk about it after a crash.
"""

import asyncio
from dataclasses import dataclass, field

import structlog

from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.errors import HotlineError, RuleBroken, Unavailable
from hotline.facts.calls import CallEnded
from hotline.ids import new_id
from hotline.settings import Settings
from ivr.service import CallCentre, Person
from ivr.views import SeatKind, SeatState
from telephony.observations import LegGone
from telephony.port import Dial, Result, Telephony
from telephony.verbs import outside_line

_log = structlog.get_logger()
_ADMISSION_SECONDS = 15.0
"""From picking up to standing before the engine; then Asterisk is asked whether anybody is there."""
TALKED, HUNG_UP, NOT_SENT = "talked", "hung_up", "not_sent"


@dataclass(slots=True)
class MadeCall:
    """One citizen rung for one seat."""

    channel_id: str
    call_id: str
    seat: str
    phone: str
    label: str
    here: asyncio.Event = field(default_factory=asyncio.Event)
    """The citizen stands before the engine, or the leg is gone."""
    admitted: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Outbound:
    """One engine's calls made for seats."""

    def __init__(self, settings: Settings, bus: Bus, clock: Clock, telephone: Telephony, centre: CallCentre) -> None:
        self._rules = settings.callback
        self._bus = bus
        self._clock = clock
        self._telephone = telephone
        self._centre = centre
        self._live: dict[str, MadeCall] = {}
        """By channel."""
        self._seen = self._subscribe()

    def rings(self, phone: str) -> bool:
        """Whether this citizen is being rung for a seat, or talks with it."""
        return any(made.phone == phone for made in self._live.values())

    def picked_up(self, uniqueid: str) -> MadeCall | None:
        """The citizen of this channel is here. For the call centre."""
        made = self._live.get(uniqueid)
        if made is not None:
            made.admitted = True
            made.here.set()
        return made

    def keep(self, seat: str, phone: str, label: str, by: Person) -> MadeCall:
        """Keep the seat for this citizen. RuleBroken: no number, busy, on the line already, a desk phone."""
        outside_line("trunk", phone)
        self._centre.require_own(seat, by)
        floor = self._centre.floor
        if floor.seat(seat).kind is SeatKind.RUNG:
            raise RuleBroken("桌面话机不能外呼,请切换到浏览器", "use the browser for that", code="rung_seat")
        if self._centre.is_on_the_line(phone) or self.rings(phone):
            raise RuleBroken("该市民正在通话中,请稍后再拨", "this citizen is on the line now", code="on_the_line")
        if floor.seat(seat).state is SeatState.WRAP_UP:  # who phones somebody is done with it
            self._centre.do(floor.end_wrap_up(seat, self._clock.now()))
        made = MadeCall(new_id("hand"), new_id("call"), seat, phone, label)
        step = floor.reserve(seat, made.call_id, self._clock.now())
        self._live[made.channel_id] = made
        self._centre.do(step)
        return made

    def give_up(self, channel_id: str) -> None:
        """Nobody comes: the seat is free again."""
        made = self._live.pop(channel_id, None)
        if made is not None and not made.admitted:
            self._centre.do(self._centre.floor.release(made.seat, made.call_id, self._clock.now()))

    async def ring(self, channel_id: str) -> str:
        """Ring the citizen and wait until it is clear what comes of it: ``talked``, ``busy``, ``no_answer`` …"""
        made = self._live[channel_id]
        try:
            outcome = await self._telephone.originate(self._dialling(made))
        except Unavailable as failure:  # nothing was sent
            _log.warning("a citizen could not be rung", why=failure.en)
            self.give_up(channel_id)
            return NOT_SENT
        except HotlineError:
            self.give_up(channel_id)
            raise
        if outcome.result is not Result.ANSWERED and not made.admitted:
            self.give_up(channel_id)
            return outcome.result.value
        if not await self._is_here(made):
            self.give_up(channel_id)
            return HUNG_UP
        return TALKED

    async def hang_up(self, channel_id: str) -> None:
        """Stop ringing. Gone already is as good."""
        await self._telephone.hang_up(channel_id)

    async def until_over(self, channel_id: str) -> None:
        """Until the call of a citizen who has picked up has ended."""
        if (made := self._live.get(channel_id)) is not None:
            await made.over.wait()

    async def is_up(self, channel_id: str) -> bool:
        """Whether Asterisk has this channel, for one that an earlier engine rang. Raises Unavailable."""
        return await self._telephone.ask_leg(channel_id) is not None

    async def run(self) -> None:
        """Follow the telephone until cancelled."""
        while True:
            try:
                async for seen in self._seen:
                    self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()
                for made in list(self._live.values()):
                    made.here.set()  # whoever waits asks Asterisk

    def _dialling(self, made: MadeCall) -> Dial:
        return Dial(
            endpoint=outside_line("trunk", made.phone),
            context="by-hand",
            exten="s",
            channel_id=made.channel_id,
            caller_id=self._rules.caller_id,
            ring_seconds=self._rules.by_hand.ring_seconds,
            variables={"HOTLINE_PHONE": made.phone},
        )

    async def _is_here(self, made: MadeCall) -> bool:
        while not made.admitted:
            try:
                async with asyncio.timeout(_ADMISSION_SECONDS):
                    await made.here.wait()
            except TimeoutError:
                pass
            if not made.admitted and await self._telephone.ask_leg(made.channel_id) is None:
                return False
            made.here.clear()
        return True

    def _observe(self, seen: object) -> None:
        match seen:
            case LegGone(uniqueid=uniqueid) if (made := self._live.get(uniqueid)) is not None:
                made.here.set()
            case CallEnded(call_id=call_id):
                for made in [one for one in self._live.values() if one.call_id == call_id]:
                    del self._live[made.channel_id]
                    made.over.set()
            case _:
                pass

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("outbound", LegGone, CallEnded, capacity=100_000)
