"""Call control at work: agents' wishes and what the telephone shows go through the saga; its orders go to the hands.

The order of things, as everywhere: state, row and facts in one transaction, then the orders. One lock per call keeps
the orders of one event together.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Mapping

import structlog

from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, RuleBroken, Unavailable
from hotline.facts.calls import CallAdopted, CallEnded
from hotline.facts.screens import ControlChanged
from hotline.ids import new_id
from hotline.settings import Settings
from ivr.control import store
from ivr.control.hands import Hands
from ivr.control.parts import (
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Event,
    Order,
    Outcome,
    Party,
    PartyAnswered,
    PartyFailed,
    PartyGone,
    PartyKind,
    Saga,
    SeatGone,
    Stage,
)
from ivr.control.saga import ACCOMPANIED_STAGES, apply
from ivr.control.takeup import Seen, events_seen, orders_owed
from ivr.control.views import ControlView, view_of
from ivr.orders import Step
from ivr.service import CallCentre, Person
from ivr.views import CallState
from telephony.legs import Leg, LegState
from telephony.observations import LegAnswered, LegGone, SeatParked
from telephony.port import Dial, Result, Telephony
from telephony.verbs import outside_line

_log = structlog.get_logger()
RING_SECONDS = 25.0
_DIALS = {
    Order.DIAL_FOR_SEAT: "talk",
    Order.DIAL_FOR_ALL: "add",
    Order.DIAL_AND_WAIT: "wait",
}
_ANSWERABLE = frozenset({Stage.CALLING, Stage.ADDING, Stage.SENDING})
_SEAT_IS_OUT = frozenset({Stage.SENDING, Stage.TOGETHER})


class CallControl:
    """Operations on calls that are being talked in."""

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
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._dialling: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._muted: dict[str, str] = {}
        """Seat → Uniqueid of its leg."""
        self._seen = self._subscribe()

    async def load(self) -> None:
        """What the last engine had under way."""
        self.sagas = await store.load(self._database)

    async def run(self) -> None:
        """Follow the telephone until cancelled."""
        while True:
            try:
                async for seen in self._seen:
                    self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()
                await self.take_up()

    # -- what agents do -------------------------------------------------------------------------------------------

    async def wish(self, seat: str, call_id: str, event: Event, by: Person) -> ControlView:
        """Carry an agent's wish out. Raises RuleBroken when the seat is not in the call or it makes no sense now."""
        self._centre.require_own(seat, by)
        async with self._locks[call_id]:
            saga = self.sagas.get(call_id) or self._begin(seat, call_id)
            if saga.seat != seat:
                raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
            self._require_possible(saga, event)
            await self._apply(saga, event)
        return self.view(seat)

    async def mute(self, seat: str, muted: bool, by: Person) -> ControlView:
        """Let the citizen not hear the seat; ends by itself with the talk."""
        self._centre.require_own(seat, by)
        leg = self._centre.floor.seat(seat).leg
        if leg is None or self._centre.floor.seat(seat).call_id is None:
            raise RuleBroken("您不在通话中", "this seat is in no call", code="not_in_call")
        await self._telephone.mute(leg.uniqueid, muted)
        if muted:
            self._muted[seat] = leg.uniqueid
        else:
            self._muted.pop(seat, None)
        self._bus.publish(ControlChanged(seat=seat))
        return self.view(seat)

    async def press_keys(self, seat: str, call_id: str, keys: str, by: Person) -> None:
        """Keypad tones to the party spoken with: the department in a consultation, otherwise the citizen."""
        self._centre.require_own(seat, by)
        saga = self.sagas.get(call_id) or self._begin(seat, call_id)
        to_party = saga.stage is Stage.CONSULTING and saga.party is not None
        await self._telephone.press_keys(saga.party.uniqueid if to_party and saga.party else saga.citizen, keys)

    def view(self, seat: str) -> ControlView:
        """What goes on at this seat."""
        saga = next((saga for saga in self.sagas.values() if saga.seat == seat), None)
        return view_of(seat, saga, muted=seat in self._muted)

    def party(self, kind: PartyKind, target: str, name: str = "", fallback: tuple[str, ...] = ()) -> Party:
        """A party to be asked. Raises RuleBroken for what is no number, NotFound for a seat that there is not."""
        if kind is PartyKind.SEAT:
            leg = self._centre.floor.seat(target).leg
            self._centre.floor.require_free(target)
            if leg is None:
                raise RuleBroken("该座席使用桌面话机,不能咨询", "that seat uses a desk phone", code="rung_seat")
            return Party(party_id=new_id("party"), kind=kind, target=target, name=name or target, uniqueid=leg.uniqueid)
        for number in (target, *fallback):
            outside_line("trunk", number)
        party_id = new_id("party")
        return Party(
            party_id=party_id, kind=kind, target=target, name=name or target, uniqueid=party_id, fallback=fallback
        )

    # -- what the call centre asks and tells ----------------------------------------------------------------------

    def keeps(self, call_id: str) -> bool:
        """Whether an operation is under way: then this room brings the citizen back, nobody else."""
        return call_id in self.sagas

    def accompanied(self, call_id: str) -> bool:
        """Whether another party is with the citizen."""
        saga = self.sagas.get(call_id)
        return saga is not None and saga.stage in ACCOMPANIED_STAGES

    def returned(self, call_id: str) -> None:
        """The citizen stands in front of the line."""
        self._tell(call_id, CitizenReturned(at=self._clock.now()))

    def owner_of(self, uniqueid: str) -> str | None:
        """The call that this party's channel belongs to, while it lives."""
        return next((s.call_id for s in self.sagas.values() if s.party and s.party.uniqueid == uniqueid), None)

    async def take_up(self) -> None:
        """Compare every operation with the legs there are; go on with it or undo it."""
        for call_id in list(self.sagas):
            async with self._locks[call_id]:
                if (saga := self.sagas.get(call_id)) is not None:
                    await self._take_up(saga)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _begin(self, seat: str, call_id: str) -> Saga:
        call = self._centre.floor.calls.live.get(call_id)
        leg = self._centre.floor.seat(seat).leg
        if call is None or call.state is not CallState.TALKING or call.seat != seat or leg is None:
            raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
        if self._centre.floor.seat(seat).call_id != call_id or call.uniqueid not in self._telephone.legs:
            raise RuleBroken("通话已结束", "the call is over", code="not_in_call")
        return Saga(call_id=call_id, citizen=call.uniqueid, seat=seat, seat_leg=leg.uniqueid)

    def _require_possible(self, saga: Saga, event: Event) -> None:
        """Ask again at the very instant: what the event needs must be there before anything is written."""
        outcome = apply(saga, event)
        floor = self._centre.floor
        if not self._telephone.up:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
        takes_seat = bool({Order.RESERVE_SEAT, Order.HAND_OVER} & set(outcome.orders))
        if takes_seat and outcome.party is not None and floor.seat(outcome.party.target).call_id != saga.call_id:
            floor.require_free(outcome.party.target)
        if Order.REGROUP in outcome.orders and outcome.details["group"] not in floor.groups:
            raise RuleBroken("没有这个技能组", "there is no such group", code="unknown_group")
        if Order.ADD_SEAT in outcome.orders and floor.seat(saga.seat).call_id is not None:
            raise RuleBroken("您正在另一通电话中", "this seat is in another call", code="seat_busy")

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
            self._forget_dial(outcome.party.party_id)
        _log.info("call control", call=saga.call_id, stage=after.stage.value, after=type(event).__name__)
        await self._write(outcome)
        self._centre.floor.accompany(saga.call_id, after.stage in ACCOMPANIED_STAGES)
        party = after.party or outcome.party
        for order in outcome.orders:
            await self._carry_out(order, outcome, party)
        was_reserved = outcome.party is not None and outcome.party.kind is PartyKind.SEAT
        if was_reserved and after.party is None and outcome.party is not None:
            self._centre.do(self._centre.floor.release(outcome.party.target, saga.call_id, self._clock.now()))
        self._bus.publish(ControlChanged(seat=saga.seat))

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
            dial = Dial(
                endpoint=outside_line("trunk", number),
                context="party",
                exten=_DIALS[order],
                channel_id=party.uniqueid,
                caller_id=self._settings.lines[0].number,
                ring_seconds=RING_SECONDS,
                variables={"HOTLINE_JOIN": join.channel},
            )
            try:
                result = (await self._telephone.originate(dial)).result
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

    async def _is_gone(self, uniqueid: str) -> bool:
        try:
            return await self._telephone.ask_leg(uniqueid) is None
        except HotlineError:
            return False  # the link is down: its coming up compares everything

    def _forget_dial(self, party_id: str) -> None:
        self._dialling.pop(party_id, None)  # it goes on to its end, which is nobody's news any more

    def _observe(self, seen: object) -> None:
        now = self._clock.now()
        match seen:
            case CallEnded(call_id=call_id):
                self._tell(call_id, CitizenGone(at=now))
            case SeatParked(seat=seat) if seat in self._muted:
                self._spawn(self._unmute(seat))
            case LegGone(uniqueid=uniqueid) | LegAnswered(uniqueid=uniqueid):
                for saga in list(self.sagas.values()):
                    self._observe_leg(saga, uniqueid, isinstance(seen, LegGone))
            case _:
                pass

    def _observe_leg(self, saga: Saga, uniqueid: str, gone: bool) -> None:
        now = self._clock.now()
        if saga.party is not None and uniqueid == saga.party.uniqueid:
            if gone and saga.party.party_id not in self._dialling:  # else the dialling's outcome tells, and why
                self._tell(saga.call_id, PartyGone(at=now))
            elif not gone and saga.stage in _ANSWERABLE:
                self._tell(saga.call_id, PartyAnswered(at=now))
        elif gone and uniqueid == saga.citizen:
            self._tell(saga.call_id, CitizenGone(at=now))
        elif gone and uniqueid == saga.seat_leg:
            self._tell(saga.call_id, SeatGone(at=now))

    def _tell(self, call_id: str, event: Event) -> None:
        if call_id in self.sagas:
            self._spawn(self._happened(call_id, event))

    async def _happened(self, call_id: str, event: Event, party: Party | None = None) -> None:
        async with self._locks[call_id]:
            saga = self.sagas.get(call_id)
            if saga is None or (party is not None and (saga.party is None or saga.party.party_id != party.party_id)):
                return
            await self._apply(saga, event)
        if not self.keeps(call_id):
            self._locks.pop(call_id, None)

    async def _take_up(self, saga: Saga) -> None:
        legs, now, floor = self._telephone.legs, self._clock.now(), self._centre.floor
        seen = _see(saga, legs)
        call, seat = floor.calls.live.get(saga.call_id), floor.seats.get(saga.seat)
        gone = seen.citizen and saga.stage in _SEAT_IS_OUT
        if call is not None and seat is not None and seen.seat and not gone and seat.call_id is None:
            await self._centre.do(floor.join(call, seat, now))
        events = events_seen(saga, seen, now)
        for event in events:
            if (current := self.sagas.get(saga.call_id)) is not None:
                await self._apply(current, event)
        current = self.sagas.get(saga.call_id)
        if current is not None:
            floor.accompany(saga.call_id, current.stage in ACCOMPANIED_STAGES)
            for order in orders_owed(current, seen) if not events else ():
                await self._hands.carry_out(order, current, current.party)
        if not any(isinstance(event, CitizenGone | CitizenReturned) for event in events):
            state = "talking" if any(isinstance(event, CitizenBack) for event in events) else saga.stage.value
            await self._centre.do(Step(facts=[CallAdopted(at=now, call_id=saga.call_id, state=state)]))

    async def _unmute(self, seat: str) -> None:
        uniqueid = self._muted.pop(seat, None)
        if uniqueid is None:
            return
        try:
            await self._telephone.mute(uniqueid, False)
        except HotlineError as failure:
            _log.info("a seat could not be unmuted", seat=seat, why=failure.en)
        self._bus.publish(ControlChanged(seat=seat))

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("call control", LegGone, LegAnswered, SeatParked, CallEnded, capacity=100_000)

    def _spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _see(saga: Saga, legs: Mapping[str, Leg]) -> Seen:
    citizen, seat = legs.get(saga.citizen), legs.get(saga.seat_leg)
    party = legs.get(saga.party.uniqueid) if saga.party is not None else None

    def together(one: Leg | None, other: Leg | None) -> bool:
        return one is not None and other is not None and one.bridge_id is not None and one.bridge_id == other.bridge_id

    return Seen(
        citizen=citizen is not None,
        seat=seat is not None,
        party=party is not None,
        party_up=party is not None and party.state is LegState.UP,
        citizen_held=citizen is not None and (citizen.context == "held" or citizen.bridge_id is not None),
        citizen_with_seat=together(citizen, seat),
        citizen_with_party=together(citizen, party),
        seat_with_party=together(seat, party),
    )


async def _guarded(work: Coroutine[object, object, None]) -> None:
    """A loop's edge: what nobody awaits is told to the log, and the next event finds everything as it is."""
    try:
        await work
    except Exception:
        _log.exception("call control failed at something nobody waits for")
