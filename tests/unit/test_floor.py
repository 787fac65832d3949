"""The floor: what events do to calls and seats, walked by hand and in random order."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hotline.errors import RuleBroken
from hotline.facts.calls import CallConnected, CallEnded, CallOffered, OfferEnded
from hotline.settings import Group, Seat
from ivr.floor import MISSED, REJECTED, UNWATCHED_GRACE, Floor
from ivr.orders import Connect, HangUp, MirrorReadiness, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatState, SeatStatus

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class World:
    """A floor with a clock, and the shorthand of a shift."""

    def __init__(self, seats: int = 2, wrap_up_seconds: int = 30) -> None:
        group = Group(id="general", name="综合", wrap_up_seconds=wrap_up_seconds, offer_seconds=20)
        self.now = NOON
        self.floor = Floor([group], [Seat(id=f"100{i}", groups=["general"]) for i in range(1, seats + 1)], NOON)
        self._numbers = count(1)

    def passes(self, seconds: float) -> Step:
        self.now += timedelta(seconds=seconds)
        return self.floor.tick(self.now)

    def agent_ready(self, seat: str) -> Step:
        self.floor.screen_opened(seat, f"agent{seat}", "小李", self.now)
        self.floor.leg_parked(seat, SeatLeg(f"PJSIP/{seat}-1", f"leg-{seat}"), self.now)
        return self.floor.status_chosen(seat, SeatStatus.READY, None, f"agent{seat}", "小李", self.now)

    def citizen(self, queued: bool = True) -> tuple[Call, Step]:
        number = next(self._numbers)
        call = Call(
            call_id=f"call{number}",
            caller=f"1380000{number:04d}",
            dialled="12345",
            line="12345",
            group="general",
            channel=f"PJSIP/trunk-{number}",
            uniqueid=f"u{number}",
            arrived_at=self.now,
        )
        step = self.floor.call_arrived(call, self.now)
        if queued:
            step = self.floor.call_queued(call.call_id, self.now)
        return call, step

    def talk(self, seat: str = "1001") -> Call:
        self.agent_ready(seat)
        call, _ = self.citizen()
        offer = self.offer_id(seat)
        self.floor.accept(seat, offer, f"agent{seat}", self.now)
        self.floor.connected(call.call_id, offer, seat, self.now)
        return call

    def offer_id(self, seat: str) -> int:
        offer = self.floor.seats[seat].offer
        assert offer is not None
        return offer.offer_id

    def state(self, seat: str) -> SeatState:
        return self.floor.seats[seat].state


def test_a_waiting_citizen_is_offered_to_the_seat_that_becomes_ready() -> None:
    world = World()
    call, _ = world.citizen()
    step = world.agent_ready("1001")
    assert [type(fact) for fact in step.facts if isinstance(fact, CallOffered)] == [CallOffered]
    assert call.state is CallState.OFFERED
    assert world.state("1001") is SeatState.OFFERED
    assert MirrorReadiness("1001", True) in step.orders


def test_accept_orders_one_bridge_and_closes_the_fence() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen()
    offer = world.offer_id("1001")
    step = world.floor.accept("1001", offer, "agent1001", world.now)
    assert step.orders == [Connect(call.call_id, offer, "1001", call.channel, "PJSIP/1001-1")]
    with pytest.raises(RuleBroken):
        world.floor.accept("1001", offer, "agent1001", world.now)


def test_accept_after_the_time_ran_out_is_refused_and_the_seat_goes_not_ready() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen()
    offer = world.offer_id("1001")
    step = world.passes(21)
    assert [f.outcome for f in step.facts if isinstance(f, OfferEnded)] == ["timed_out"]
    assert (world.floor.seats["1001"].status, world.floor.seats["1001"].reason) == (SeatStatus.NOT_READY, MISSED)
    assert call.first
    with pytest.raises(RuleBroken):
        world.floor.accept("1001", offer, "agent1001", world.now)


def test_a_missed_citizen_goes_to_the_next_seat_before_those_who_came_later() -> None:
    world = World()
    world.agent_ready("1001")
    missed, _ = world.citizen()
    world.passes(1)
    later, _ = world.citizen()
    world.passes(20)
    world.agent_ready("1002")
    assert missed.state is CallState.OFFERED
    assert later.state is CallState.WAITING


def test_reject_gives_the_citizen_back_and_the_seat_a_reason() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen()
    world.floor.reject("1001", world.offer_id("1001"), world.now)
    assert call.state is CallState.WAITING
    assert world.floor.seats["1001"].reason == REJECTED


def test_citizen_hangs_up_before_the_offer_is_accepted() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen()
    offer = world.offer_id("1001")
    world.passes(7)
    step = world.floor.call_gone(call.call_id, world.now)
    (ended,) = [f for f in step.facts if isinstance(f, CallEnded)]
    assert (ended.reason, ended.waited_seconds) == ("abandoned", 7.0)
    assert world.state("1001") is SeatState.IDLE
    with pytest.raises(RuleBroken):
        world.floor.accept("1001", offer, "agent1001", world.now)


def test_talk_hang_up_wrap_up_and_the_next_citizen() -> None:
    world = World(seats=1)
    call = world.talk()
    following, _ = world.citizen()
    world.passes(100)
    step = world.floor.hang_up("1001", call.call_id, world.now)
    assert step.orders == [HangUp(call.channel)]
    step = world.floor.call_gone(call.call_id, world.now)
    (ended,) = [f for f in step.facts if isinstance(f, CallEnded)]
    assert (ended.reason, ended.talked_seconds) == ("agent_hung_up", 100.0)
    assert world.state("1001") is SeatState.WRAP_UP
    assert following.call_id in [call.call_id for call in world.floor.waiting()]
    assert world.floor.seats["1001"].offer is None
    world.floor.end_wrap_up("1001", world.now)
    assert following.state is CallState.OFFERED


def test_a_lost_seat_leg_sends_the_citizen_to_the_front() -> None:
    world = World()
    world.citizen()  # nobody is ready yet
    call = world.talk("1001") if world.floor.waiting() == [] else None
    assert call is None
    waiting = world.floor.waiting()[0]
    world.agent_ready("1001")
    offer = world.offer_id("1001")
    world.floor.accept("1001", offer, "agent1001", world.now)
    world.floor.connected(waiting.call_id, offer, "1001", world.now)
    others = [world.citizen()[0] for _ in range(3)]
    world.floor.leg_gone("leg-1001", world.now)
    assert world.state("1001") is SeatState.UNREACHABLE
    assert world.floor.position(waiting.call_id) == 1
    assert [world.floor.position(call.call_id) for call in others] == [2, 3, 4]


def test_connecting_fails_and_everybody_is_back_where_they_were() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen()
    offer = world.offer_id("1001")
    world.floor.accept("1001", offer, "agent1001", world.now)
    step = world.floor.connect_failed(call.call_id, offer, "1001", world.now)
    assert [f.outcome for f in step.facts if isinstance(f, OfferEnded)] == ["failed"]
    assert call.state is CallState.OFFERED  # offered anew at once, with a new number
    assert world.offer_id("1001") > offer


def test_a_reload_of_the_page_keeps_the_status_a_closed_one_does_not() -> None:
    world = World()
    world.agent_ready("1001")
    world.floor.screen_closed("1001", world.now)
    world.passes(3)
    world.floor.screen_opened("1001", "agent1001", "小李", world.now)
    assert world.floor.seats["1001"].status == "ready"
    world.floor.screen_closed("1001", world.now)
    step = world.passes(UNWATCHED_GRACE.total_seconds())
    assert world.floor.seats["1001"].status == "offline"
    assert HangUp("PJSIP/1001-1") in step.orders


def test_who_comes_back_at_the_last_moment_keeps_the_leg_while_signing_in() -> None:
    world = World()
    world.agent_ready("1001")
    world.floor.screen_closed("1001", world.now)
    world.passes(UNWATCHED_GRACE.total_seconds() - 0.1)
    world.floor.leg_parked("1001", SeatLeg("PJSIP/1001-2", "leg-new"), world.now)
    assert world.passes(1).orders == []
    world.floor.screen_opened("1001", "agent1001", "小李", world.now)
    assert world.passes(60).orders == []
    world.floor.screen_closed("1001", world.now)
    world.floor.leg_parked("1001", SeatLeg("PJSIP/1001-3", "leg-alone"), world.now)
    assert HangUp("PJSIP/1001-3") in world.passes(UNWATCHED_GRACE.total_seconds()).orders, "a leg alone is no agent"


def test_a_closed_page_does_not_end_the_talk() -> None:
    world = World()
    call = world.talk()
    world.floor.screen_closed("1001", world.now)
    step = world.passes(60)
    assert not [order for order in step.orders if isinstance(order, HangUp)]
    assert call.state is CallState.TALKING


def test_a_second_leg_replaces_the_first() -> None:
    world = World()
    world.agent_ready("1001")
    step = world.floor.leg_parked("1001", SeatLeg("PJSIP/1001-2", "leg-new"), world.now)
    # the first one's end takes the seat out of the fallback queue: Asterisk is told again
    assert step.orders == [HangUp("PJSIP/1001-1"), MirrorReadiness("1001", True)]
    world.floor.leg_gone("leg-1001", world.now)
    assert world.floor.seats["1001"].leg == SeatLeg("PJSIP/1001-2", "leg-new")


def test_asterisks_own_queue_joins_and_we_follow() -> None:
    world = World()
    world.agent_ready("1001")
    call, _ = world.citizen(queued=False)
    world.floor.call_fell_back(call.call_id, world.now)
    step = world.floor.join(call, world.floor.seats["1001"], world.now)
    assert [type(f) for f in step.facts if isinstance(f, CallConnected)] == [CallConnected]
    assert world.state("1001") is SeatState.TALKING


def test_figures_count_prompt_answers_and_abandons() -> None:
    world = World(wrap_up_seconds=0)
    world.talk()
    world.floor.call_gone("call1", world.now)
    gone, _ = world.citizen()
    world.floor.call_gone(gone.call_id, world.now)
    figures = world.floor.figures.read(world.now)
    assert (figures.arrived, figures.answered, figures.within_15s, figures.abandoned) == (2, 1, 1, 1)
    later = world.floor.figures.read(world.now + timedelta(hours=24))
    assert (later.arrived, later.answered) == (0, 0)


class RandomShift(RuleBasedStateMachine):
    """Any event at any time: whatever comes, the promises hold."""

    seats = st.sampled_from(["1001", "1002", "1003"])
    calls = st.integers(1, 8).map("call{}".format)

    def __init__(self) -> None:
        super().__init__()
        self.world = World(seats=3)
        self.floor = self.world.floor
        self.connecting: list[Connect] = []
        self.bridged: dict[str, int] = {}

    def tried(self, step: Step) -> None:
        self.connecting += [order for order in step.orders if isinstance(order, Connect)]

    @rule(queued=st.booleans())
    def arrives(self, queued: bool) -> None:
        if len(self.floor.calls) < 8:
            self.world.citizen(queued)

    @rule(call=calls)
    def queued(self, call: str) -> None:
        self.floor.call_queued(call, self.world.now)

    @rule(call=calls)
    def falls_back(self, call: str) -> None:
        self.floor.call_fell_back(call, self.world.now)

    @rule(call=calls)
    def comes_back(self, call: str) -> None:
        self.floor.call_returned(call, self.world.now)

    @rule(call=calls)
    def gone(self, call: str) -> None:
        self.floor.call_gone(call, self.world.now)

    @rule(seat=seats)
    def ready(self, seat: str) -> None:
        self.world.agent_ready(seat)

    @rule(seat=seats)
    def not_ready(self, seat: str) -> None:
        self.floor.status_chosen(seat, SeatStatus.NOT_READY, "小休", f"agent{seat}", "小李", self.world.now)

    @rule(seat=seats, opened=st.booleans())
    def screen(self, seat: str, opened: bool) -> None:
        if opened:
            self.floor.screen_opened(seat, f"agent{seat}", "小李", self.world.now)
        else:
            self.floor.screen_closed(seat, self.world.now)

    @rule(seat=seats)
    def seat_leg_gone(self, seat: str) -> None:
        self.floor.leg_gone(f"leg-{seat}", self.world.now)

    @rule(seat=seats, late=st.integers(0, 2))
    def accepts(self, seat: str, late: int) -> None:
        offer = self.floor.seats[seat].offer
        number = (offer.offer_id if offer else 1) - late
        try:
            self.tried(self.floor.accept(seat, number, f"agent{seat}", self.world.now))
        except RuleBroken:
            assert offer is None or late or offer.taken or self.floor.seats[seat].leg is None

    @rule(seat=seats)
    def rejects(self, seat: str) -> None:
        offer = self.floor.seats[seat].offer
        if offer is not None and not offer.taken:
            self.floor.reject(seat, offer.offer_id, self.world.now)

    @rule(works=st.booleans())
    def bridge_answers(self, works: bool) -> None:
        if self.connecting:
            order = self.connecting.pop(0)
            report = self.floor.connected if works else self.floor.connect_failed
            report(order.call_id, order.offer_id, order.seat, self.world.now)

    @rule(seconds=st.integers(0, 40))
    def time(self, seconds: int) -> None:
        self.world.passes(seconds)

    @invariant()
    def no_seat_two_calls_no_call_two_seats(self) -> None:
        talking = [seat.call_id for seat in self.floor.seats.values() if seat.call_id]
        assert len(talking) == len(set(talking))
        offered = [seat.offer.call_id for seat in self.floor.seats.values() if seat.offer]
        assert len(offered) == len(set(offered))
        assert not any(seat.offer and seat.call_id for seat in self.floor.seats.values())
        assert not set(talking) & set(offered)

    @invariant()
    def nobody_waits_while_a_fit_seat_is_free(self) -> None:
        waiting = [c for c in self.floor.calls.values() if c.state is CallState.WAITING and c.queued_at is not None]
        kept = [c for c in waiting if c.returns_to is not None]  # for the seat whose leg broke, some seconds long
        assert all(self.floor.seats[call.returns_to or ""].returning == call.call_id for call in kept)
        assert len(waiting) == len(kept) or not any(seat.free for seat in self.floor.seats.values())

    @invariant()
    def states_agree(self) -> None:
        for seat in self.floor.seats.values():
            if seat.call_id:
                assert self.floor.calls[seat.call_id].state is CallState.TALKING
            if seat.offer:
                assert self.floor.calls[seat.offer.call_id].state is CallState.OFFERED
            assert seat.shown_state is seat.state
        for call in self.floor.calls.values():
            if call.state is CallState.OFFERED:
                assert any(seat.offer and seat.offer.call_id == call.call_id for seat in self.floor.seats.values())
            if call.state is CallState.TALKING:
                assert any(seat.call_id == call.call_id for seat in self.floor.seats.values())


TestRandomShift = RandomShift.TestCase
TestRandomShift.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
