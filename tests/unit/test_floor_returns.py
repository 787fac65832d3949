"""A talk survives its seat's leg: a page reloaded, a network gone for a moment. And nobody waits for a seat in vain."""

from hotline.facts.calls import CallConnected, OfferEnded
from hotline.facts.seats import SeatStateObserved
from ivr.floor import UNWATCHED_GRACE
from ivr.floor_returns import RESUMED, RETURN_GRACE
from ivr.orders import Connect, HangUp, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatState, SeatStatus
from tests.unit.test_floor import World


def connect_order(step: Step) -> Connect:
    (order,) = [order for order in step.orders if isinstance(order, Connect)]
    return order


def connects(world: World, step: Step) -> Step:
    order = connect_order(step)
    return world.floor.connected(order.call_id, order.offer_id, order.seat, world.now)


def new_leg(world: World, seat: str = "1001") -> Step:
    return world.floor.leg_parked(seat, SeatLeg(f"PJSIP/{seat}-2", f"new-{seat}"), world.now)


def test_the_new_leg_gets_the_citizen_back_without_an_offer() -> None:
    world = World()
    call = world.talk("1001")
    world.agent_ready("1002")
    world.floor.leg_gone("leg-1001", world.now)
    assert (call.state, call.ringing) == (CallState.WAITING, set())  # the other seat is free, and not asked
    assert world.floor.seats["1001"].view().call_id == call.call_id  # the page goes on showing it
    world.passes(1)
    world.floor.call_returned(call.call_id, world.now)
    step = new_leg(world)
    assert connect_order(step).seat_channel == "PJSIP/1001-2"
    assert world.floor.seats["1001"].offer is not None
    again = connects(world, step)
    (fact,) = [fact for fact in again.facts if isinstance(fact, CallConnected)]
    assert (fact.seat, fact.seat_uniqueid) == ("1001", "new-1001")
    assert [f.outcome for f in again.facts if isinstance(f, OfferEnded)] == ["accepted"]
    assert (call.state, call.seat, world.state("1001")) == (CallState.TALKING, "1001", SeatState.TALKING)
    assert world.floor.next_due() is None


def test_a_leg_that_came_before_the_old_one_died_gets_the_citizen_when_he_falls_back() -> None:
    world = World()
    call = world.talk("1001")
    world.floor.status_chosen("1001", SeatStatus.NOT_READY, "小休", "agent1001", "小李", world.now)
    new_leg(world)
    world.floor.leg_gone("leg-1001", world.now)
    assert call.state is CallState.TALKING  # as far as anybody knows
    step = world.floor.call_returned(call.call_id, world.now)
    connects(world, step)
    assert (call.state, call.seat) == (CallState.TALKING, "1001")
    offers = [fact for fact in step.facts if getattr(fact, "reason", "") == RESUMED]
    assert len(offers) == 1


def test_the_citizen_may_be_back_before_anything_is_heard_of_the_legs() -> None:
    world = World(seats=1)
    call = world.talk("1001")
    other, _ = world.citizen()
    world.floor.call_returned(call.call_id, world.now)
    assert (call.state, call.ringing) == (CallState.WAITING, set())  # the seat looks free, with a leg that is dead
    assert other.ringing == set()
    world.floor.leg_gone("leg-1001", world.now)
    connects(world, new_leg(world))
    assert (call.state, call.seat) == (CallState.TALKING, "1001")

    world.floor.call_returned(call.call_id, world.now)
    step = world.floor.leg_parked("1001", SeatLeg("PJSIP/1001-2", "new-1001"), world.now)  # alive: together again
    connects(world, step)
    assert (call.state, call.seat) == (CallState.TALKING, "1001")


def test_a_leg_that_does_not_come_back_costs_the_citizen_seconds_only() -> None:
    world = World()
    call = world.talk("1001")
    world.agent_ready("1002")
    world.floor.leg_gone("leg-1001", world.now)
    assert world.floor.next_due() == world.now + RETURN_GRACE
    world.passes(RETURN_GRACE.total_seconds())
    assert call.ringing == {"1002"}
    assert world.floor.seats["1001"].view().call_id is None
    assert not [order for order in new_leg(world).orders if isinstance(order, Connect)]


def test_nobody_is_kept_for_a_seat_without_a_screen_or_with_another_agent() -> None:
    world = World()
    call = world.talk("1001")
    world.agent_ready("1002")
    world.floor.screen_closed("1001", world.now)
    world.floor.leg_gone("leg-1001", world.now)
    assert call.ringing == {"1002"}

    world = World()
    other: Call = world.talk("1001")
    world.floor.leg_gone("leg-1001", world.now)
    world.floor.screen_opened("1001", "relief1001", "小王", world.now)
    assert not [order for order in new_leg(world).orders if isinstance(order, Connect)]
    assert other.returns_to is None


def test_a_network_gone_for_ten_seconds_costs_neither_call_nor_status() -> None:
    world = World()
    call = world.talk("1001")
    world.floor.screen_closed("1001", world.now)
    world.passes(10)
    world.floor.screen_opened("1001", "agent1001", "小李", world.now)
    world.passes(60)
    assert (call.state, world.floor.seats["1001"].status) == (CallState.TALKING, SeatStatus.READY)


def test_a_browser_cut_off_in_a_talk_is_seen_at_once_and_the_talk_outlives_ten_seconds() -> None:
    """Two timers: what is observed changes with the screen's last sign; the leg is Asterisk's to let go, later."""
    world = World()
    call = world.talk("1001")
    seat = world.floor.seats["1001"]
    step = world.floor.screen_closed("1001", world.now)
    assert [fact.state for fact in step.facts if isinstance(fact, SeatStateObserved)] == ["unreachable"]
    assert (world.state("1001"), call.state, seat.call_id) == (SeatState.UNREACHABLE, CallState.TALKING, call.call_id)
    assert not seat.staffed  # nobody who waits is told to count on it
    assert world.passes(9.9).orders == []
    step = world.floor.screen_opened("1001", "agent1001", "小李", world.now)
    assert [fact.state for fact in step.facts if isinstance(fact, SeatStateObserved)] == ["talking"]
    assert (call.state, call.seat, seat.status) == (CallState.TALKING, "1001", SeatStatus.READY)


def test_a_browser_that_stays_away_costs_the_citizen_no_place() -> None:
    world = World()
    call = world.talk("1001")
    world.agent_ready("1002")
    world.floor.screen_closed("1001", world.now)
    step = world.passes(UNWATCHED_GRACE.total_seconds() + 60)  # where no sound is awaited, Asterisk keeps the leg
    assert not [order for order in step.orders if isinstance(order, HangUp)]
    assert (call.state, world.floor.seats["1001"].status) == (CallState.TALKING, SeatStatus.OFFLINE)
    world.floor.leg_gone("leg-1001", world.now)
    assert (call.first, call.ringing, world.state("1001")) == (True, {"1002"}, SeatState.UNREACHABLE)


def test_who_talks_by_a_phone_talks_on_without_a_screen() -> None:
    world = World()
    call = world.talk("1001")
    world.floor.seats["1001"].leg = SeatLeg("PJSIP/1001-sip-00000001", "leg-1001")
    world.floor.screen_closed("1001", world.now)
    assert (world.state("1001"), call.state) == (SeatState.TALKING, CallState.TALKING)


def test_a_citizen_who_hangs_up_meanwhile_is_gone() -> None:
    world = World()
    call = world.talk("1001")
    world.floor.leg_gone("leg-1001", world.now)
    world.floor.call_gone(call.call_id, world.now)
    step = new_leg(world)
    assert not [order for order in step.orders if isinstance(order, Connect)]
    assert world.state("1001") is SeatState.IDLE
    assert world.floor.seats["1001"].returning is None


def test_connecting_again_fails_and_the_line_goes_on() -> None:
    world = World()
    call = world.talk("1001")
    world.floor.leg_gone("leg-1001", world.now)
    order = connect_order(new_leg(world))
    world.floor.connect_failed(call.call_id, order.offer_id, "1001", world.now)
    assert call.first
    assert call.ringing == {"1001"}  # offered as any other, for the seat is ready
