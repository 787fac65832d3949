"""Seats whose desk phone is rung per call, walked by hand: the fence, the ways of not answering, moving over."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.errors import RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import CallConnected, OfferEnded
from hotline.facts.seats import SeatKindChosen
from hotline.settings import Group, Seat
from ivr.floor import MISSED, UNWATCHED_GRACE, Floor
from ivr.floor_phones import RingEnd
from ivr.orders import Connect, HangUp, MirrorReadiness, Ring, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatKind, SeatState, SeatStatus
from telephony.observations import PhoneState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BROWSER = SeatLeg("PJSIP/1001-00000001", "1700000000.1")
AWAY, FREE, BUSY = PhoneState.ABSENT, PhoneState.FREE, PhoneState.BUSY


class World:
    """One seat with a desk phone, and citizens."""

    def __init__(self, *, rings: str = "accepted", desk: bool = True, kind: str = "rung", wrap_up: int = 30) -> None:
        group = Group(id="general", name="综合", wrap_up_seconds=wrap_up, offer_seconds=20)
        seat = Seat(id="1001", groups=["general"], kind=kind, rings=rings, desk=desk)  # type: ignore[arg-type]
        self.now = NOON
        self.floor = Floor([group], [seat], NOON)
        self.seat = self.floor.seats["1001"]
        self.calls = 0
        if desk:
            self.floor.screen_opened("1001", "xiaoli", "小李", self.now)
        self.floor.phone_seen("1001", FREE, self.now)

    def ready(self) -> Step:
        return self.floor.status_chosen("1001", SeatStatus.READY, None, "xiaoli", "小李", self.now)

    def citizen(self) -> tuple[Call, Step]:
        self.calls += 1
        number = self.calls
        call = Call(
            f"call{number}", f"1380000{number:04d}", "12345", "12345", "general", f"PJSIP/trunk-{number}",
            f"u{number}", self.now,
        )  # fmt: skip
        self.floor.call_arrived(call, self.now)
        return call, self.floor.call_queued(call.call_id, self.now)

    def state(self) -> SeatState:
        return self.seat.state

    def passes(self, seconds: float) -> Step:
        self.now += timedelta(seconds=seconds)
        return self.floor.tick(self.now)

    @property
    def offer_id(self) -> int:
        assert self.seat.offer is not None
        return self.seat.offer.offer_id

    def accept(self) -> Step:
        return self.floor.accept("1001", self.offer_id, "xiaoli", self.now)

    def rings(self) -> tuple[Call, SeatLeg]:
        """An offer is accepted and the phone rings; the leg that will be there once it is picked up."""
        self.ready()
        call, _ = self.citizen()
        (ring,) = self.accept().orders
        assert isinstance(ring, Ring)
        return call, SeatLeg(f"PJSIP/1001-sip-{ring.ring_id}", ring.ring_id)

    def talks(self) -> tuple[Call, SeatLeg]:
        call, leg = self.rings()
        offer_id = self.offer_id
        self.floor.leg_parked("1001", leg, self.now)
        self.floor.connected(call.call_id, offer_id, "1001", self.now)
        assert self.state() is SeatState.TALKING
        return call, leg


def state_of(call: Call) -> CallState:
    return call.state


def kind_of(world: World) -> SeatKind:
    return world.seat.kind


def outcomes(step: Step) -> list[str]:
    return [fact.outcome for fact in step.facts if isinstance(fact, OfferEnded)]


def kinds(facts: list[Fact]) -> list[type[Fact]]:
    return [type(fact) for fact in facts]


def test_accepting_rings_the_phone_and_picking_it_up_connects() -> None:
    world = World()
    world.ready()
    call, step = world.citizen()
    assert not step.orders
    offer_id = world.offer_id
    step = world.accept()
    (ring,) = step.orders
    assert ring == Ring(call.call_id, "1001", f"ring_1001_{offer_id}", 20)
    with pytest.raises(RuleBroken):
        world.floor.accept("1001", offer_id, "xiaoli", world.now)
    leg = SeatLeg("PJSIP/1001-sip-1", f"ring_1001_{offer_id}")
    assert world.floor.leg_parked("1001", leg, world.now).orders == [
        Connect(call.call_id, offer_id, "1001", call.channel, leg.channel)
    ]
    assert not world.floor.leg_parked("1001", leg, world.now).orders, "doubled events connect once"
    step = world.floor.connected(call.call_id, offer_id, "1001", world.now)
    assert CallConnected in kinds(step.facts)
    assert world.state() is SeatState.TALKING
    step = world.floor.call_gone(call.call_id, world.now)
    assert HangUp(leg.channel) in step.orders, "after the call the phone's leg goes"
    assert world.state() is SeatState.WRAP_UP


def test_the_phone_may_ring_with_the_offer_and_picking_it_up_accepts() -> None:
    world = World(rings="offered")
    world.ready()
    call, step = world.citizen()
    (ring,) = step.orders
    assert isinstance(ring, Ring)
    offer_id = world.offer_id
    assert not [order for order in world.accept().orders if isinstance(order, Ring)], "accepted at the desk: rings on"
    leg = SeatLeg("PJSIP/1001-sip-1", ring.ring_id)
    (connect,) = world.floor.leg_parked("1001", leg, world.now).orders
    assert connect == Connect(call.call_id, offer_id, "1001", call.channel, leg.channel)


def test_picked_up_after_the_citizen_hung_up_nobody_is_there() -> None:
    world = World()
    call, leg = world.rings()
    step = world.floor.call_gone(call.call_id, world.now)
    assert HangUp(leg.uniqueid) in step.orders, "the phone stops ringing"
    assert world.floor.leg_parked("1001", leg, world.now).orders == [HangUp(leg.channel)]
    assert world.seat.leg is None
    assert world.seat.free


def test_two_phones_ring_and_the_first_one_picked_up_has_the_citizen() -> None:
    group = Group(id="general", name="综合", strategy="ring_all", offer_seconds=20)
    seats = [Seat(id=s, groups=["general"], kind="rung", rings="offered", desk=False) for s in ("1001", "1002")]
    floor = Floor([group], seats, NOON)
    for seat in ("1001", "1002"):
        floor.phone_seen(seat, FREE, NOON)
        floor.status_by_phone(seat, SeatStatus.READY, NOON)
    call = Call("call1", "13800000001", "12345", "12345", "general", "PJSIP/trunk-1", "u1", NOON)
    floor.call_arrived(call, NOON)
    rings = {o.seat: o.ring_id for o in floor.call_queued("call1", NOON).orders if isinstance(o, Ring)}
    assert set(rings) == {"1001", "1002"}
    first, second = SeatLeg("PJSIP/1001-sip-1", rings["1001"]), SeatLeg("PJSIP/1002-sip-1", rings["1002"])
    orders = floor.leg_parked("1001", first, NOON).orders
    assert [o.seat for o in orders if isinstance(o, Connect)] == ["1001"]
    assert HangUp(rings["1002"]) in orders
    assert floor.leg_parked("1002", second, NOON).orders == [HangUp(second.channel)]


@pytest.mark.parametrize(
    ("why", "outcome", "reason"),
    [
        (RingEnd.NO_ANSWER, "timed_out", MISSED),
        (RingEnd.BUSY, "rejected", "话机占线"),
        (RingEnd.REJECTED, "rejected", "话机拒接"),
        (RingEnd.UNREACHABLE, "failed", "话机不通"),
    ],
)
def test_a_phone_not_picked_up_leaves_the_citizen_in_front(why: RingEnd, outcome: str, reason: str) -> None:
    world = World()
    call, leg = world.rings()
    world.passes(1)
    later, _ = world.citizen()
    step = world.floor.ring_ended(leg.uniqueid, why, world.now)
    assert outcomes(step) == [outcome]
    assert (world.seat.status, world.seat.reason) == (SeatStatus.NOT_READY, reason)
    assert [one.call_id for one in world.floor.waiting()] == [call.call_id, later.call_id]
    assert not world.floor.ring_ended(leg.uniqueid, why, world.now).facts, "told twice"


def test_whoever_lets_it_ring_has_missed_it() -> None:
    world = World(rings="offered")
    world.ready()
    call, step = world.citizen()
    (ring,) = step.orders
    assert isinstance(ring, Ring)
    step = world.passes(21)
    assert outcomes(step) == ["timed_out"]
    assert HangUp(ring.ring_id) in step.orders
    assert world.seat.reason == MISSED
    assert call.first


def test_an_accepted_citizen_is_given_back_while_the_phone_rings() -> None:
    world = World()
    call, leg = world.rings()
    step = world.floor.reject("1001", world.offer_id, world.now)
    assert HangUp(leg.uniqueid) in step.orders
    assert state_of(call) is CallState.WAITING
    assert world.floor.leg_parked("1001", leg, world.now).orders == [HangUp(leg.channel)]


def test_the_receiver_put_down_ends_the_call_a_lost_phone_does_not() -> None:
    world = World()
    call, leg = world.talks()
    step = world.floor.leg_gone(leg.uniqueid, world.now, put_down=True)
    assert step.orders == [HangUp(call.channel)]
    world.floor.call_returned(call.call_id, world.now)  # the citizen's channel is on its way out
    world.floor.call_gone(call.call_id, world.now)
    assert call.end_reason == "agent_hung_up"
    assert world.state() is SeatState.WRAP_UP

    world = World()
    call, leg = world.talks()
    later, _ = world.citizen()
    world.floor.leg_gone(leg.uniqueid, world.now)
    assert call.call_id in (world.floor.waiting()[0].call_id, world.seat.offer and world.seat.offer.call_id)
    assert state_of(later) is CallState.WAITING


def test_a_screen_that_closes_while_the_phone_rings_takes_the_offer_with_it() -> None:
    world = World(rings="offered")
    world.ready()
    call, step = world.citizen()
    (ring,) = step.orders
    assert isinstance(ring, Ring)
    step = world.floor.screen_closed("1001", world.now)
    assert HangUp(ring.ring_id) in step.orders
    assert (state_of(call), world.state()) == (CallState.WAITING, SeatState.UNREACHABLE)
    world.passes(UNWATCHED_GRACE.total_seconds())
    assert world.seat.status is SeatStatus.OFFLINE
    without = World(rings="offered", desk=False)
    without.floor.status_by_phone("1001", SeatStatus.READY, NOON)
    without.citizen()
    assert not without.floor.screen_closed("1001", NOON).orders, "a phone that needs no screen rings on"


def test_forced_not_ready_while_the_phone_rings_gives_the_citizen_back() -> None:
    world = World(rings="offered", desk=False)
    world.floor.status_by_phone("1001", SeatStatus.READY, NOON)
    call, step = world.citizen()
    (ring,) = step.orders
    assert isinstance(ring, Ring)
    step = world.floor.status_chosen("1001", SeatStatus.NOT_READY, "会议", None, None, NOON)
    assert HangUp(ring.ring_id) in step.orders
    assert state_of(call) is CallState.WAITING


def test_a_phone_that_is_unregistered_is_unreachable_and_comes_back() -> None:
    world = World()
    world.ready()
    world.floor.phone_seen("1001", AWAY, world.now)
    assert world.state() is SeatState.UNREACHABLE
    call, _ = world.citizen()
    assert state_of(call) is CallState.WAITING
    world.floor.phone_seen("1001", FREE, world.now)
    assert state_of(call) is CallState.OFFERED, "its agent is still ready"


def test_a_phone_cut_off_while_it_rings_gives_the_citizen_back() -> None:
    world = World()
    call, leg = world.rings()
    step = world.floor.phone_seen("1001", AWAY, world.now)
    assert outcomes(step) == ["withdrawn"]
    assert HangUp(leg.uniqueid) in step.orders
    assert (call.state, call.first) == (CallState.WAITING, True)
    assert world.seat.status is SeatStatus.READY


def test_a_phone_in_use_is_not_disturbed() -> None:
    world = World()
    world.ready()
    world.floor.phone_seen("1001", BUSY, world.now)
    call, _ = world.citizen()
    assert state_of(call) is CallState.WAITING
    world.floor.phone_seen("1001", FREE, world.now)
    assert state_of(call) is CallState.OFFERED


def test_the_next_citizen_waits_until_the_last_leg_is_gone() -> None:
    world = World(wrap_up=0)
    call, leg = world.talks()
    following, _ = world.citizen()
    world.floor.call_gone(call.call_id, world.now)
    assert state_of(following) is CallState.WAITING
    world.floor.leg_gone(leg.uniqueid, world.now, put_down=True)
    assert state_of(following) is CallState.OFFERED


def test_moving_over_hangs_the_old_leg_up_and_tells_the_fallback_queue() -> None:
    world = World(kind="nailed")
    world.floor.leg_parked("1001", BROWSER, world.now)
    world.ready()
    step = world.floor.kind_chosen("1001", SeatKind.RUNG, "xiaoli", world.now)
    assert step.orders == [
        MirrorReadiness("1001", ready=False),
        HangUp(BROWSER.channel),
        MirrorReadiness("1001", ready=True, phone=True),
    ]
    assert [fact.kind for fact in step.facts if isinstance(fact, SeatKindChosen)] == ["rung"]
    assert world.seat.free
    assert world.floor.leg_parked("1001", BROWSER, world.now).orders == [HangUp(BROWSER.channel)], "it dials on"
    step = world.floor.kind_chosen("1001", SeatKind.NAILED, "xiaoli", world.now)
    assert world.state() is SeatState.UNREACHABLE
    world.floor.leg_parked("1001", BROWSER, world.now)
    assert world.seat.free


def test_moving_over_is_refused_during_a_call_and_an_offer() -> None:
    world = World()
    world.rings()
    with pytest.raises(RuleBroken, match="not during a call"):
        world.floor.kind_chosen("1001", SeatKind.NAILED, "xiaoli", world.now)
    world = World()
    world.talks()
    with pytest.raises(RuleBroken, match="not during a call"):
        world.floor.kind_chosen("1001", SeatKind.NAILED, "xiaoli", world.now)
    assert kind_of(world) is SeatKind.RUNG


def test_somebody_else_who_sits_down_begins_with_the_seats_own_kind() -> None:
    world = World(kind="nailed")
    world.floor.kind_chosen("1001", SeatKind.RUNG, "xiaoli", world.now)
    world.floor.screen_closed("1001", world.now)
    world.floor.screen_opened("1001", "xiaoli", "小李", world.now)
    assert kind_of(world) is SeatKind.RUNG
    world.floor.screen_closed("1001", world.now)
    world.floor.screen_opened("1001", "xiaowang", "小王", world.now)
    assert kind_of(world) is SeatKind.NAILED


def test_a_seat_without_a_desk_chooses_by_its_phones_keys() -> None:
    world = World(rings="offered", desk=False)
    world.floor.status_by_phone("1001", SeatStatus.READY, world.now)
    assert world.seat.free
    world.floor.status_by_phone("1001", SeatStatus.NOT_READY, world.now)
    assert not world.seat.free
    with_desk = World()
    with_desk.floor.screen_closed("1001", NOON)
    with pytest.raises(RuleBroken, match="sign in"):
        with_desk.floor.status_by_phone("1001", SeatStatus.READY, NOON)


def test_an_engine_that_finds_a_phone_alone_hangs_it_up_and_one_that_talks_is_kept() -> None:
    world = World()
    alone = SeatLeg("PJSIP/1001-sip-1", "ring_1001_1")
    step = world.floor.leg_found("1001", alone, parked=False, bridged=False, now=NOON)
    assert step.orders == [HangUp(alone.uniqueid)], "it rings for an offer of an engine that died"
    world.floor.leg_found("1001", alone, parked=True, bridged=False, now=NOON)
    assert HangUp(alone.channel) in world.floor.let_phones_go(NOON).orders
    world = World()
    world.floor.leg_found("1001", alone, parked=False, bridged=True, now=NOON)
    call = Call("call1", "13800000001", "12345", "12345", "general", "PJSIP/trunk-1", "u1", NOON)
    world.floor.call_arrived(call, NOON)
    world.floor.join(call, world.seat, NOON)
    assert not world.floor.let_phones_go(NOON).orders
    assert world.state() is SeatState.TALKING
