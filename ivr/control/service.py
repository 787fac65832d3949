"""Call control at work: agents' wishes and what the telephone shows become events of the operations under way."""

import asyncio

import structlog

from hotline import ledger
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, RuleBroken, Unavailable
from hotline.facts.calls import CallEnded
from hotline.facts.screens import ControlChanged
from hotline.ids import new_id
from hotline.settings import Settings
from ivr.control.aftercare import Aftercare
from ivr.control.course import COURSE_FACTS, CallLeg, course_of
from ivr.control.parts import (
    Add,
    Cancel,
    CitizenGone,
    CitizenReturned,
    Event,
    Order,
    Party,
    PartyAnswered,
    PartyGone,
    PartyKind,
    PickUp,
    Resume,
    Saga,
    SeatGone,
    Stage,
)
from ivr.control.saga import apply
from ivr.control.views import ControlView, ParkedView, view_of
from ivr.people import Seat
from ivr.reception import FlowPlace
from ivr.service import CallCentre, Person
from ivr.views import CallState
from telephony.observations import LegAnswered, LegGone, SeatParked
from telephony.port import Telephony
from telephony.verbs import outside_line

_log = structlog.get_logger()
_ANSWERABLE = frozenset({Stage.CALLING, Stage.ADDING, Stage.SENDING})


class CallControl(Aftercare):
    """Operations on calls that are being talked in."""

    def __init__(
        self, settings: Settings, database: Database, bus: Bus, telephone: Telephony, clock: Clock, centre: CallCentre
    ) -> None:
        super().__init__(settings, database, bus, telephone, clock, centre)
        self._muted: dict[str, str] = {}
        """Seat → Uniqueid of its leg."""
        self._seen = self._subscribe()

    async def run(self) -> None:
        """Follow the telephone until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look_after())
            try:
                await self._follow()
            finally:
                looking.cancel()

    # -- what agents do -------------------------------------------------------------------------------------------

    async def wish(self, seat: str, call_id: str, event: Event, by: Person) -> ControlView:
        """Carry an agent's wish out. Raises RuleBroken when the seat is not in the call or it makes no sense now."""
        self._centre.require_own(seat, by)
        async with self._lock(call_id):
            saga = self.sagas.get(call_id) or self._begin(seat, call_id)
            if saga.seat != seat:
                raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
            self._require_possible(saga, event)
            await self._apply(saga, event)
        return self.view(seat)

    async def pick_up(self, seat: str, call_id: str, by: Person) -> ControlView:
        """The seat takes a parked citizen. RuleBroken when somebody was quicker, or the seat cannot talk now."""
        self._centre.require_own(seat, by)
        floor = self._centre.floor
        async with self._lock(call_id):
            saga = self.sagas.get(call_id)
            if saga is None or saga.stage is not Stage.PARKED:
                raise RuleBroken("该来电已被取走", "that citizen is not parked any more", code="not_parked")
            leg = floor.require_open(seat)
            party = Party(party_id=new_id("party"), kind=PartyKind.SEAT, target=seat, name=seat, uniqueid=leg.uniqueid)
            event = PickUp(at=self._clock.now(), by=by.account, party=party)
            self._require_possible(saga, event)
            await self._apply(saga, event)
        return self.view(seat)

    async def bring_in(self, seat: str, call_id: str, party: Party, by: Person) -> ControlView:
        """Three parties, whatever goes on: who is on hold comes back, who else was asked is let go. As ``wish``."""
        saga, now = self.sagas.get(call_id), self._clock.now()
        if saga is not None:
            first = Resume if saga.stage is Stage.HELD else Cancel
            await self.wish(seat, call_id, first(at=now, by=by.account), by)
        return await self.wish(seat, call_id, Add(at=now, by=by.account, party=party), by)

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

    # -- readings -------------------------------------------------------------------------------------------------

    def view(self, seat: str) -> ControlView:
        """What goes on at this seat."""
        return view_of(seat, self._of_seat(seat), muted=seat in self._muted)

    def _of_seat(self, seat: str) -> Saga | None:
        """The operation on the call that the seat talks in; of a free seat, the one that it has left last."""
        call_id = self._centre.floor.seat(seat).call_id
        mine = [saga for saga in self.sagas.values() if saga.seat == seat and saga.stage is not Stage.PARKED]
        fits = [saga for saga in mine if call_id in (None, saga.call_id)]
        return fits[-1] if fits else None

    def parked(self) -> list[ParkedView]:
        """The citizens who may be picked up, the one parked first in front."""
        found = [saga for saga in self.sagas.values() if saga.stage is Stage.PARKED and saga.held_since is not None]
        calls = self._centre.floor.calls
        return [
            ParkedView(call_id=s.call_id, caller=calls[s.call_id].caller, group=calls[s.call_id].group,
                       seat=s.seat, since=s.held_since)
            for s in sorted(found, key=lambda saga: (saga.held_since, saga.call_id))
            if s.call_id in calls and s.held_since is not None
        ]  # fmt: skip

    async def course(self, call_id: str) -> list[CallLeg]:
        """Who was or is in the call, from when to when, and why they left."""
        facts = [entry.fact async for entry in ledger.read(self._database, call_id=call_id, kinds=COURSE_FACTS)]
        return course_of(facts)

    def flow_places(self) -> list[FlowPlace]:
        """The nodes of flows that agents may pass citizens on to: those that have a title."""
        return self._centre.reception.places()

    def party(self, kind: PartyKind, target: str, name: str = "", fallback: tuple[str, ...] = ()) -> Party:
        """A party to be asked. Raises RuleBroken for what is no number, NotFound for a seat that there is not."""
        if kind is PartyKind.SEAT:
            self._centre.floor.require_free(target)
            return self._seat_as_party(self._centre.floor.seat(target), name or target)
        for number in (target, *fallback):
            outside_line("trunk", number)
        party_id = new_id("party")
        return Party(
            party_id=party_id, kind=kind, target=target, name=name or target, uniqueid=party_id, fallback=fallback
        )

    def _seat_as_party(self, seat: Seat, name: str) -> Party:
        """A parked leg is joined; a desk phone is rung, under an id that outlives the operation as the seat's leg."""
        kind, uniqueid = (PartyKind.RUNG, new_id("asked")) if seat.leg is None else (PartyKind.SEAT, seat.leg.uniqueid)
        return Party(party_id=new_id("party"), kind=kind, target=seat.id, name=name, uniqueid=uniqueid)

    # -- what the call centre asks and tells ----------------------------------------------------------------------

    def returned(self, call_id: str) -> None:
        """The citizen stands in front of the line."""
        self._tell(call_id, CitizenReturned(at=self._clock.now()))

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
        takes_seat = bool({Order.RESERVE_SEAT, Order.HAND_OVER} & set(outcome.orders)) and not isinstance(event, PickUp)
        if takes_seat and outcome.party is not None and floor.seat(outcome.party.target).call_id != saga.call_id:
            floor.require_free(outcome.party.target)
        if Order.REGROUP in outcome.orders and outcome.details["group"] not in floor.groups:
            raise RuleBroken("没有这个技能组", "there is no such group", code="unknown_group")
        if Order.ENTER_FLOW in outcome.orders:
            self._centre.reception.require_place(outcome.details["place"])
        if Order.ADD_SEAT in outcome.orders and saga.seat_leg not in self._telephone.legs:
            raise RuleBroken("您的话机已挂断,不能重新加入", "your phone has been hung up", code="no_leg")
        if Order.ADD_SEAT in outcome.orders and floor.seat(saga.seat).call_id is not None:
            raise RuleBroken("您正在另一通电话中", "this seat is in another call", code="seat_busy")

    async def _follow(self) -> None:
        while True:
            try:
                async for seen in self._seen:
                    self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()
                await self.take_up()

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
                self._tell(saga.call_id, PartyGone(at=now), saga.party)
            elif not gone and saga.stage in _ANSWERABLE:
                self._tell(saga.call_id, PartyAnswered(at=now), saga.party)
        elif gone and uniqueid == saga.citizen:
            self._tell(saga.call_id, CitizenGone(at=now))
        elif gone and uniqueid == saga.seat_leg:
            self._tell(saga.call_id, SeatGone(at=now))

    def _tell(self, call_id: str, event: Event, party: Party | None = None) -> None:
        if call_id in self.sagas:
            self._spawn(self._happened(call_id, event, party))

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
