"""Aftercare: an engine that was killed, a link that was lost, an order that failed leave nobody where they belong not.

Everything is compared with the legs there are: after the link came up at once, and every few seconds, where only what
differs twice counts and is asked about anew. What is then to happen is decided in ``takeup``.
"""

import asyncio
from dataclasses import replace

import structlog

from hotline.errors import HotlineError
from hotline.facts.calls import CallAdopted
from ivr.control import store
from ivr.control.operations import Operations
from ivr.control.parts import (
    OUR_SEATS,
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Event,
    Order,
    PartyAnswered,
    PartyGone,
    Saga,
)
from ivr.control.saga import ACCOMPANIED_STAGES, SEAT_OUT_STAGES, apply
from ivr.control.takeup import (
    ASKED_LEG,
    PARTY_LEG,
    Seen,
    Way,
    events_seen,
    left_on_hold,
    orders_owed,
    see,
    stray_parties,
    stray_seats,
    way_back,
)
from ivr.orders import Step

_log = structlog.get_logger()
LOOK_SECONDS = 3.0
"""Between two looks at whether everybody is where the operations say; what differs twice is put right."""


class Aftercare(Operations):
    """Takes up, undoes, brings back."""

    async def load(self) -> None:
        """What the last engine had under way."""
        self.sagas = await store.load(self._database)

    async def take_up(self) -> None:
        """Compare every operation with the legs there are; go on with it or undo it."""
        for call_id in list(self.sagas):
            async with self._lock(call_id):
                if (saga := self.sagas.get(call_id)) is not None:
                    await self._take_up(saga)
        for party in self._stray_parties():  # before the citizens: a seat that talks with one is not free for its own
            await self._telephone.hang_up(party)
        for seat in self._stray_seats():
            await self._part(seat)
        for stray in self._strays():
            await self._bring_back(stray)

    async def _take_up(self, saga: Saga) -> None:
        now, floor = self._clock.now(), self._centre.floor
        seen = see(saga, self._telephone.legs)
        call, seat = floor.calls.live.get(saga.call_id), floor.seats.get(saga.seat)
        gone = seen.citizen and saga.stage in SEAT_OUT_STAGES
        if call is not None and seat is not None and seen.seat and not gone and seat.call_id is None:
            await self._centre.do(floor.join(call, seat, now))
        if saga.party is not None and saga.party.kind in OUR_SEATS:
            await self._centre.do(floor.keep_reserved(saga.party.target, saga.call_id, now))
        events = await self._put_right(saga, seen)
        current = self.sagas.get(saga.call_id)
        if current is not None:
            floor.accompany(saga.call_id, current.stage in ACCOMPANIED_STAGES)
        if not any(isinstance(event, CitizenGone | CitizenReturned) for event in events):
            state = "talking" if any(isinstance(event, CitizenBack) for event in events) else saga.stage.value
            await self._centre.do(Step(facts=[CallAdopted(at=now, call_id=saga.call_id, state=state)]))

    def _news(self, saga: Saga, seen: Seen) -> list[Event]:
        """What is seen and would change the operation. A number that is being dialled is told of by its dialling."""
        dialled = saga.party is not None and saga.party.party_id in self._dialling
        events = events_seen(saga, seen, self._clock.now())
        events = [event for event in events if not (dialled and isinstance(event, PartyGone | PartyAnswered))]
        return [event for event in events if apply(saga, event).saga != saga]

    async def _put_right(self, saga: Saga, seen: Seen) -> list[Event]:
        """Let what is seen happen, or else do what the stage promises and is not so. The caller holds the lock."""
        events = self._news(saga, seen)
        for event in events:
            if (current := self.sagas.get(saga.call_id)) is not None:
                await self._apply(current, event)
        current = self.sagas.get(saga.call_id)
        if current is not None and not events:
            for order in orders_owed(current, seen):
                await self._hands.carry_out(order, current, current.party)
        return events

    async def _look_after(self) -> None:
        """Every few seconds: an order that failed, or was lost with a link, leaves nobody waiting for ever."""
        before: set[Saga | str] = set()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            legs = self._telephone.legs
            differing: set[Saga | str] = {
                saga
                for saga in self.sagas.values()
                if self._news(saga, see(saga, legs)) or orders_owed(saga, see(saga, legs))
            }
            differing |= {*self._strays(), *self._stray_parties(), *self._stray_seats()}
            for doubt in differing & before if self._telephone.up else ():
                try:
                    await self._settle_doubt(doubt)
                except HotlineError as failure:
                    _log.warning("call control could not put a call right", why=failure.en)
            before = differing

    async def _settle_doubt(self, doubt: Saga | str) -> None:
        """Asked anew, for the legs known may be some seconds old."""
        if isinstance(doubt, str) and doubt.startswith((PARTY_LEG, ASKED_LEG)):
            if doubt in self._stray_parties():
                await self._telephone.hang_up(doubt)
        elif isinstance(doubt, str) and doubt in self._stray_seats():
            await self._part(doubt)
        elif isinstance(doubt, str):
            await self._bring_back(doubt)
        else:
            async with self._lock(doubt.call_id):
                if self.sagas.get(doubt.call_id) == doubt:
                    names = [doubt.citizen, doubt.seat_leg, *([doubt.party.uniqueid] if doubt.party else [])]
                    legs = {name: leg for name in names if (leg := await self._telephone.ask_leg(name)) is not None}
                    await self._put_right(doubt, see(doubt, legs))

    def _strays(self) -> list[str]:
        """Calls whose citizen hears music on behalf of no operation."""
        calls, legs = self._centre.floor.calls.live.values(), self._telephone.legs
        return [c.call_id for c in calls if c.call_id not in self.sagas and left_on_hold(legs.get(c.uniqueid))]

    def _stray_parties(self) -> list[str]:
        owned = {saga.party.uniqueid for saga in self.sagas.values() if saga.party is not None} | set(self._dialling)
        return [leg.uniqueid for leg in stray_parties(self._telephone.legs.values(), owned)]

    def _stray_seats(self) -> list[str]:
        owned = {saga.seat_leg for saga in self.sagas.values()}
        owned |= {saga.party.uniqueid for saga in self.sagas.values() if saga.party is not None}
        return [leg.uniqueid for leg in stray_seats(self._telephone.legs.values(), owned)]

    async def _part(self, seat_leg: str) -> None:
        """A seat that was left in talk with another one stands alone again, free for the next citizen."""
        _log.warning("a seat was left in talk with another one", leg=seat_leg)
        await self._hands.carry_out(Order.PARK_SEAT, Saga(call_id="", citizen="", seat="", seat_leg=seat_leg), None)

    async def _bring_back(self, call_id: str) -> None:
        async with self._lock(call_id):
            floor, now = self._centre.floor, self._clock.now()
            call = floor.calls.live.get(call_id)
            leg = await self._telephone.ask_leg(call.uniqueid) if call is not None else None
            if call is None or leg is None or call_id in self.sagas or not left_on_hold(leg):
                return
            seat = floor.seats.get(call.seat or "")
            there = await self._telephone.settled(seat.leg.uniqueid) if seat is not None and seat.leg else None
            way = way_back(leg, call, seat, there)
            _log.warning("a citizen was left on hold", call=call_id, brought=way.name.lower())
            saga = Saga(call_id=call_id, citizen=call.uniqueid, seat="", seat_leg="")
            if way is Way.TO_SEAT and seat is not None and seat.leg is not None:
                saga = replace(saga, seat=seat.id, seat_leg=seat.leg.uniqueid)
                await self._hands.carry_out(Order.CITIZEN_TO_SEAT, saga, None)
                await self._centre.do(floor.join(call, seat, now))
            else:
                await self._hands.carry_out(Order.RETURN_CITIZEN, saga, None)
