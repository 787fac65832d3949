"""The hands for desk phones: ring one, and find out why it was not picked up.

That it was picked up is seen, not told: its leg parks (``SeatParked``). Why it was not stands in the leg's own end
(``LegGone``), which may come before or after the answer to our dialling, which knows the least.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from hotline.clock import Clock
from hotline.errors import HotlineError
from ivr.floor import Floor
from ivr.floor_phones import RingEnd
from ivr.orders import Ring, Step
from ivr.people import RING
from telephony.observations import GoneReason, LegGone
from telephony.port import Dial, Result, Telephony
from telephony.verbs import phone_endpoint

_log = structlog.get_logger()
_NEWS_SECONDS = 1.0
"""How long the news of a leg's end may be behind what else tells of it."""
_BY_CAUSE = {17: RingEnd.BUSY, 21: RingEnd.REJECTED, 18: RingEnd.NO_ANSWER, 19: RingEnd.NO_ANSWER}
_BY_RESULT = {Result.BUSY: RingEnd.BUSY, Result.NO_ANSWER: RingEnd.NO_ANSWER}
_PUT_DOWN = frozenset({0, 16})
"""Q.850 causes of a receiver put down; a leg without sound is hung up by Asterisk with 44."""


def is_put_down(gone: LegGone) -> bool:
    """Whether the phone's user hung up, rather than its line being lost."""
    return gone.reason is GoneReason.HUNG_UP and gone.cause in _PUT_DOWN


class PhoneHands:
    """Rings phones for one floor; ``do`` writes, tells and carries out its steps."""

    def __init__(
        self,
        floor: Floor,
        telephone: Telephony,
        clock: Clock,
        shown: str,
        ready: asyncio.Event,
        do: Callable[[Step], object],
    ) -> None:
        self._floor = floor
        self._telephone = telephone
        self._clock = clock
        self._shown = shown
        """The number that a phone shows for a citizen who withheld his own."""
        self._ready = ready
        """Set while the link is up and what lived before it was taken up."""
        self._do = do
        self._ends: dict[str, asyncio.Event] = {}

    async def ring(self, order: Ring) -> None:
        """Ring until it is picked up, refused, or not wanted any more."""
        await self._ready.wait()
        if not self._floor.expects_ring(order.ring_id):
            return  # withdrawn before it was begun
        caller = self._floor.calls[order.call_id].caller
        dial = Dial(
            endpoint=phone_endpoint(order.seat),
            context="seat-loop",
            exten="parked",
            channel_id=order.ring_id,
            caller_id=caller or self._shown,
            ring_seconds=order.seconds,
            variables={"HOTLINE_RUNG": "1"},
        )
        ended = self._ends[order.ring_id] = asyncio.Event()
        try:
            result = (await self._telephone.originate(dial)).result
            if result is Result.ANSWERED:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_NEWS_SECONDS):
                    await ended.wait()  # it knows better why
            self._tell(order.ring_id, _BY_RESULT.get(result, RingEnd.UNREACHABLE))
        except HotlineError as failure:
            _log.warning("a phone could not be rung", seat=order.seat, why=failure.en)
            self._tell(order.ring_id, RingEnd.UNREACHABLE)
        finally:
            self._ends.pop(order.ring_id, None)

    def leg_seen(self, uniqueid: str) -> bool:
        """A leg is new; True when it rings a phone for an offer that is over: then it is to be hung up."""
        return uniqueid.startswith(RING) and not self._floor.expects_ring(uniqueid)

    def leg_gone(self, gone: LegGone) -> None:
        """A leg has ended; perhaps one that rang."""
        if gone.uniqueid.startswith(RING):
            self._tell(gone.uniqueid, _BY_CAUSE.get(gone.cause, RingEnd.UNREACHABLE))
        if (ended := self._ends.get(gone.uniqueid)) is not None:
            ended.set()

    async def until_told(self, uniqueid: str) -> None:
        """A citizen comes back from a talk over a phone: if that leg is gone, until the news of how is taken in."""
        try:
            if await self._telephone.ask_leg(uniqueid) is not None:
                return
        except HotlineError:
            return
        if self._floor.seat_with_leg(uniqueid) is None:
            return  # the news was quicker than the answer
        ended = self._ends.setdefault(uniqueid, asyncio.Event())
        with suppress(TimeoutError):
            async with asyncio.timeout(_NEWS_SECONDS):
                await ended.wait()
        self._ends.pop(uniqueid, None)

    def _tell(self, ring_id: str, why: RingEnd) -> None:
        if self._floor.expects_ring(ring_id):
            self._do(self._floor.ring_ended(ring_id, why, self._clock.now()))
