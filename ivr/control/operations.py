"""An operation at work: an event goes through the saga, is written down, and its orders are carried out.

The order of things, as everywhere: state, row and facts in one transaction, then the orders. One lock per call keeps
the orders of one event together.
"""

import asyncio
from collections.abc import Coroutine
from weakref import WeakValueDictionary

import structlog

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, Unavailable
from hotline.facts.screens import ControlChanged, ParkedChanged
from hotline.settings import Settings
from ivr.control import store
from ivr.control.hands import Hands
from ivr.control.parts import (
    OUR_SEATS,
    Event,
    Order,
    Outcome,
    Party,
    PartyAnswered,
    PartyFailed,
    PartyGone,
    PartyKind,
    PartyTried,
    Saga,
    Stage,
)
from ivr.control.saga import ACCOMPANIED_STAGES, apply
from ivr.orders import Step
from ivr.people import SeatLeg
from ivr.service import CallCentre
from telephony.legs import Leg
from telephony.port import Dial, Result, Telephony
from telephony.verbs import outside_line, phone_endpoint

_log = structlog.get_logger()
_DIALS = {
    Order.DIAL_FOR_SEAT: "talk",
    Order.DIAL_FOR_ALL: "add",
    Order.DIAL_AND_WAIT: "wait",
}
_RINGS = {
    Order.DIAL_FOR_SEAT: "meet",
    Order.DIAL_FOR_ALL: "join",
    Order.DIAL_AND_WAIT: "parked",
}
"""Where a desk phone of ours goes when it is picked up: where nailed-up seats are sent to."""


class Operations:
    """The operations under way, and what happens to them."""

    def __init__(
        self, settings: Settings, database: Database, bus: Bus, telephone: Telephony, clock: Clock, centre: CallCentre
    ) -> None:
        self._settings = settings
        self._database = database
        self._bus = bus
        self._telephone = telephone
        self._clock = clock
        self._centre = centre
        self._hands = Hands(telephone)
        self.sagas: dict[str, Saga] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Each lives while somebody holds it or waits for it."""
        self._dialling: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def keeps(self, call_id: str) -> bool:
        """Whether an operation is under way: then this room brings the citizen back, nobody else."""
        return call_id in self.sagas

    async def at_rest(self, call_id: str) -> None:
        """Until nothing is being done to the call that has been begun by now."""
        async with self._lock(call_id):
            return

    def busy(self, call_id: str) -> asyncio.Lock:
        """Hold it while you bring a citizen to another seat and say so: ``at_rest`` waits until both are done."""
        return self._lock(call_id)

    def accompanied(self, call_id: str) -> bool:
        """Whether another party is with the citizen."""
        saga = self.sagas.get(call_id)
        return saga is not None and saga.stage in ACCOMPANIED_STAGES

    def owner_of(self, uniqueid: str) -> str | None:
        """The call that this party's channel belongs to, while it lives."""
        return next((s.call_id for s in self.sagas.values() if s.party and s.party.uniqueid == uniqueid), None)

    def _lock(self, call_id: str) -> asyncio.Lock:
        return self._locks.setdefault(call_id, asyncio.Lock())

    async def _happened(self, call_id: str, event: Event, party: Party | None = None) -> None:
        """``party``: whom it happened to; void when the operation is about somebody else by now."""
        async with self._lock(call_id):
            saga = self.sagas.get(call_id)
            if saga is None or (party is not None and (saga.party is None or saga.party.party_id != party.party_id)):
                return
            await self._apply(saga, event)

    async def _apply(self, saga: Saga, event: Event) -> None:
        outcome = apply(saga, event)
        if outcome.saga == saga:
            return
        after = outcome.saga
        if after.stage is Stage.OVER:
            self.sagas.pop(saga.call_id, None)
        else:
            self.sagas[saga.call_id] = after
        if after.party is None and outcome.party is not None:
            self._forget_dial(outcome.party, keep=Order.HAND_OVER in outcome.orders)
        if outcome.party is not None and outcome.party.kind is PartyKind.RUNG and isinstance(event, PartyAnswered):
            await self._know_leg(outcome.party)
        _log.info("call control", call=saga.call_id, stage=after.stage.value, after=type(event).__name__)
        await self._write(outcome)
        self._centre.floor.accompany(saga.call_id, after.stage in ACCOMPANIED_STAGES)
        party = after.party or outcome.party
        for order in outcome.orders:
            await self._carry_out(order, outcome, party)
        was_reserved = outcome.party is not None and outcome.party.kind in OUR_SEATS
        if was_reserved and after.party is None and outcome.party is not None:
            self._centre.do(self._centre.floor.release(outcome.party.target, saga.call_id, self._clock.now()))
        self._bus.publish(ControlChanged(seat=saga.seat))
        if Stage.PARKED in (saga.stage, after.stage):
            self._bus.publish(ParkedChanged())

    async def _write(self, outcome: Outcome) -> None:
        try:
            async with self._database.unit_of_work() as uow:
                await store.keep(uow, outcome.saga, self._clock.now())
                for fact in outcome.facts:
                    uow.record(fact)
        except Unavailable as failure:  # calls go on; what was not written is lost with this engine only
            _log.error("call control could not be written", call=outcome.saga.call_id, why=failure.en)

    async def _carry_out(self, order: Order, outcome: Outcome, party: Party | None) -> None:
        saga, floor, now = outcome.saga, self._centre.floor, self._clock.now()
        step: Step | None = None
        match order:
            case Order.DIAL_FOR_SEAT | Order.DIAL_FOR_ALL | Order.DIAL_AND_WAIT if party is not None:
                self._dialling[party.party_id] = self._spawn(self._dial(saga, party, order))
            case Order.SEAT_LEFT:
                step = floor.seat_left(saga.call_id, now)
            case Order.SEAT_BACK:
                step = floor.seat_back(saga.call_id, saga.seat, now)
            case Order.RESERVE_SEAT if party is not None:
                step = floor.reserve(party.target, saga.call_id, now)
            case Order.HAND_OVER if party is not None:
                step = floor.hand_over(saga.call_id, party.target, now)
            case Order.REGROUP:
                step = floor.regroup(saga.call_id, outcome.details["group"], now)
            case Order.ENTER_FLOW:
                await self._centre.do(floor.into_flow(saga.call_id, now))
                await self._hands.carry_out(order, saga, party, outcome.details)
            case _:
                await self._hands.carry_out(order, saga, party)
        if step is not None:
            await self._centre.do(step)

    async def _dial(self, saga: Saga, party: Party, order: Order) -> None:
        """Try the party's numbers one after the other; the last one's outcome is the party's."""
        join = self._telephone.legs.get(saga.citizen if order is not Order.DIAL_FOR_SEAT else saga.seat_leg)
        result = Result.REJECTED
        for number in (party.target, *party.fallback):
            if join is None or self.owner_of(party.uniqueid) is None:
                break
            if number != party.target:
                await self._happened(saga.call_id, PartyTried(at=self._clock.now(), number=number), party)
            try:
                result = (await self._telephone.originate(self._dial_of(saga, party, number, order, join))).result
            except HotlineError as failure:
                _log.warning("a party could not be dialled", call=saga.call_id, why=failure.en)
                result = Result.REJECTED
            if result is Result.ANSWERED:
                break
        self._dialling.pop(party.party_id, None)
        now = self._clock.now()
        if result is not Result.ANSWERED:
            await self._happened(saga.call_id, PartyFailed(at=now, why=result.value), party)
            return
        await self._happened(saga.call_id, PartyAnswered(at=now), party)
        if await self._is_gone(party.uniqueid):
            await self._happened(saga.call_id, PartyGone(at=self._clock.now()), party)

    def _dial_of(self, saga: Saga, party: Party, number: str, order: Order, join: Leg) -> Dial:
        seconds, variables = float(self._settings.asterisk.party_ring_seconds), {"HOTLINE_JOIN": join.channel}
        if party.kind is PartyKind.RUNG:
            endpoint, variables = phone_endpoint(party.target), {**variables, "HOTLINE_RUNG": "1"}
            return Dial(endpoint, "seat-loop", _RINGS[order], party.uniqueid, saga.seat, seconds, variables)
        endpoint, shown = outside_line("trunk", number), self._settings.lines[0].number
        return Dial(endpoint, "party", _DIALS[order], party.uniqueid, shown, seconds, variables)

    async def _know_leg(self, party: Party) -> None:
        """A desk phone that was picked up is its seat's leg from now on."""
        leg = self._telephone.legs.get(party.uniqueid) or await self._telephone.ask_leg(party.uniqueid)
        if leg is not None:
            step = self._centre.floor.leg_parked(party.target, SeatLeg(leg.channel, leg.uniqueid), self._clock.now())
            await self._centre.do(step)

    async def _is_gone(self, uniqueid: str) -> bool:
        try:
            return await self._telephone.ask_leg(uniqueid) is None
        except HotlineError:
            return False  # the link is down: its coming up compares everything

    def _forget_dial(self, party: Party, *, keep: bool) -> None:
        """It goes on to its end, which is nobody's news any more; but it may not have a channel to hang up yet.

        ``keep``: it was picked up, and has the call from now on.
        """
        if self._dialling.pop(party.party_id, None) is not None and not keep:
            self._spawn(self._hang_up_what_comes(party.uniqueid))

    async def _hang_up_what_comes(self, uniqueid: str) -> None:
        for seconds in (0.05, 0.2, 1.0):
            await asyncio.sleep(seconds)
            try:
                if await self._telephone.hang_up(uniqueid):
                    return
            except HotlineError as failure:
                _log.info("a party could not be hung up", party=uniqueid, why=failure.en)

    def _spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _guarded(work: Coroutine[object, object, None]) -> None:
    """A loop's edge: what nobody awaits is told to the log, and the next event finds everything as it is."""
    try:
        await work
    except Exception:
        _log.exception("call control failed at something nobody waits for")
