"""The echo test: an agent whose seat is idle hears himself, to try the headset before a citizen has to.

The seat's leg stands in Asterisk's Echo() meanwhile. It can be bridged there as anywhere, so an offered citizen is
taken as always and the test is over; an engine that dies leaves a leg that the next citizen takes out of it.
"""

import asyncio

import structlog

from hotline.errors import HotlineError, RuleBroken
from ivr.service import CallCentre, Person
from ivr.views import SeatState
from telephony.port import Telephony

_log = structlog.get_logger()
LONGEST_SECONDS = 30.0


class EchoTest:
    """Seats that hear themselves now."""

    def __init__(self, telephone: Telephony, centre: CallCentre, longest: float = LONGEST_SECONDS) -> None:
        self._telephone = telephone
        self._centre = centre
        self._longest = longest
        self._ends: dict[str, asyncio.Task[None]] = {}

    async def start(self, seat: str, by: Person) -> None:
        """Let the seat hear itself, for half a minute at most. Raises RuleBroken unless it is idle."""
        self._centre.require_own(seat, by)
        place = self._centre.floor.seat(seat)
        if place.leg is None or place.state is not SeatState.IDLE:
            raise RuleBroken("话机未接通或正忙,不能做回声测试", "the phone is busy or not connected", code="seat_busy")
        await self._telephone.redirect(place.leg.uniqueid, "seat-loop", "echo")
        self._forget(seat)
        self._ends[seat] = asyncio.get_running_loop().create_task(self._end_in_time(seat))

    async def stop(self, seat: str, by: Person) -> None:
        """Back to waiting. A seat that talks is left alone: its citizen has ended the test."""
        self._centre.require_own(seat, by)
        self._forget(seat)
        await self._park(seat)

    async def _end_in_time(self, seat: str) -> None:
        await asyncio.sleep(self._longest)
        self._ends.pop(seat, None)
        try:
            await self._park(seat)
        except HotlineError as failure:  # the leg is gone, or the link: then nobody hears an echo either
            _log.info("an echo test was not ended", seat=seat, why=failure.en)

    async def _park(self, seat: str) -> None:
        place = self._centre.floor.seat(seat)
        taken = place.offer is not None and place.offer.taken
        if place.leg is not None and place.call_id is None and not taken:
            await self._telephone.redirect(place.leg.uniqueid, "seat-loop", "parked")

    def _forget(self, seat: str) -> None:
        if (task := self._ends.pop(seat, None)) is not None:
            task.cancel()
