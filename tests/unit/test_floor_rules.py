"""The floor's rules of a site: ring all, breaks, overflow, duty sessions, alarms, the expected wait."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from hotline.errors import RuleBroken
from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.facts.calls import CallConnected, CallOverflowed, OfferEnded
from hotline.facts.seats import RestDecided
from hotline.settings import Alarm, DutySession, Group, Overflow, Seat
from ivr.alarms import Watch
from ivr.duty import DutyRoster
from ivr.floor import FORCED_BREAK, MISSED, Floor
from ivr.floor_offers import FAILED
from ivr.moves import CONNECTING_GRACE
from ivr.orders import Connect, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatState, SeatStatus

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GENERAL = Group(id="a", name="综合", wrap_up_seconds=10, offer_seconds=20)


class Room:
    def __init__(
        self,
        groups: list[Group],
        seats: list[Seat],
        roster: DutyRoster | None = None,
        rest_minutes: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.now = NOON
        self.floor = Floor(groups, seats, NOON, roster, rest_minutes)
        self._numbers = count(1)
        for seat in seats:
            self.floor.screen_opened(seat.id, f"agent{seat.id}", "小李", self.now)
            self.floor.leg_parked(seat.id, SeatLeg(f"PJSIP/{seat.id}", f"leg{seat.id}"), self.now)
            self.floor.status_chosen(seat.id, SeatStatus.READY, None, None, None, self.now)

    def passes(self, seconds: float) -> Step:
        self.now += timedelta(seconds=seconds)
        return self.floor.tick(self.now)

    def calls(self, group: str = "a", priority: int = 0) -> Call:
        name = f"c{next(self._numbers)}"
        call = Call(name, "138", "12345", "12345", group, f"PJSIP/t-{name}", f"u{name}", self.now, priority=priority)
        self.floor.call_arrived(call, self.now)
        self.floor.call_queued(name, self.now)
        return call

    def accepts(self, seat: str) -> Step:
        offer = self.floor.seats[seat].offer
        assert offer is not None
        return self.floor.accept(seat, offer.offer_id, f"agent{seat}", self.now)

    def answers(self, seat: str) -> Step:
        (order,) = [o for o in self.accepts(seat).orders if isinstance(o, Connect)]
        return self.floor.connected(order.call_id, order.offer_id, order.seat, self.now)

    def rejects(self, seat: str) -> Step:
        offer = self.floor.seats[seat].offer
        assert offer is not None
        return self.floor.reject(seat, offer.offer_id, self.now)

    def talks(self, seat: str, seconds: float) -> None:
        self.answers(seat)
        self.passes(seconds)
        self.floor.call_gone(self.floor.seats[seat].call_id or "", self.now)

    def state(self, seat: str) -> SeatState:
        return self.floor.seats[seat].state


def ring_all(seats: int) -> Room:
    return Room(
        [Group(id="a", name="齐振", strategy="ring_all", wrap_up_seconds=0, offer_seconds=20)],
        [Seat(id=f"100{number}", groups=["a"]) for number in range(1, seats + 1)],
    )


def test_ring_all_rings_everywhere_and_the_first_accept_closes_every_fence() -> None:
    room = ring_all(3)
    call = room.calls()
    assert [room.state(s) for s in ("1001", "1002", "1003")] == [SeatState.OFFERED] * 3
    late = room.floor.seats["1003"].offer
    assert late is not None
    step = room.accepts("1002")
    assert [o.seat for o in step.orders if isinstance(o, Connect)] == ["1002"]
    assert [(f.seat, f.outcome) for f in step.facts if isinstance(f, OfferEnded)] == [
        ("1001", "withdrawn"),
        ("1003", "withdrawn"),
    ]
    with pytest.raises(RuleBroken):
        room.floor.accept("1003", late.offer_id, "agent1003", room.now)
    assert (room.state("1001"), call.state) == (SeatState.IDLE, CallState.OFFERED)


def test_ring_all_gives_the_freed_seats_to_the_next_citizen_at_once() -> None:
    room = ring_all(2)
    room.calls()
    following = room.calls()
    assert following.state is CallState.WAITING
    room.accepts("1001")
    assert following.ringing == {"1002"}


def test_ring_all_a_seat_that_becomes_ready_rings_too_and_nobody_who_rejects_stops_the_others() -> None:
    room = ring_all(2)
    room.floor.status_chosen("1002", SeatStatus.NOT_READY, "小休", None, None, room.now)
    call = room.calls()
    room.floor.status_chosen("1002", SeatStatus.READY, None, None, None, room.now)
    assert call.ringing == {"1001", "1002"}
    offer = room.floor.seats["1001"].offer
    assert offer is not None
    room.floor.reject("1001", offer.offer_id, room.now)
    assert (call.ringing, call.state) == ({"1002"}, CallState.OFFERED)
    room.passes(20)
    assert (room.floor.seats["1002"].reason, call.state, call.first) == (MISSED, CallState.WAITING, True)


def test_ring_all_a_citizen_given_to_one_seat_by_hand_rings_there_alone() -> None:
    room = ring_all(3)
    call = room.calls()
    step = room.floor.move_to_seat(call.call_id, "1002", "chief", "熟悉情况", room.now)
    assert [(f.seat, f.outcome) for f in step.facts if isinstance(f, OfferEnded)] == [
        ("1001", "withdrawn"),
        ("1003", "withdrawn"),
    ]
    assert call.ringing == {"1002"}
    following = room.calls()
    assert (call.ringing, following.ringing) == ({"1002"}, {"1001", "1003"})  # nor is he asked of who is free now
    room.floor.move_to_seat(following.call_id, "1003", "chief", "", room.now)
    assert (following.ringing, room.state("1001")) == ({"1003"}, SeatState.IDLE)
    room.rejects("1002")
    assert call.ringing == {"1001"}  # the hand's wish is over: as the strategy has it


def test_ring_all_a_citizen_who_waits_is_given_to_a_seat_that_does_not_ring() -> None:
    room = ring_all(2)
    room.floor.status_chosen("1002", SeatStatus.NOT_READY, "小休", None, None, room.now)
    call = room.calls()
    assert call.ringing == {"1001"}
    room.floor.move_to_seat(call.call_id, "1002", "chief", "", room.now)
    assert (call.ringing, room.state("1001")) == ({"1002"}, SeatState.IDLE)
    room.passes(5)
    assert call.ringing == {"1002"}
    room.passes(15)
    assert call.ringing == {"1001"}
    assert call.first


def test_an_accept_of_which_nothing_is_heard_fails_within_ten_seconds() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])])
    call = room.calls()
    step = room.accepts("1001")
    (order,) = [o for o in step.orders if isinstance(o, Connect)]
    step = room.passes(CONNECTING_GRACE.total_seconds())
    assert [f.outcome for f in step.facts if isinstance(f, OfferEnded)] == ["failed"]
    assert call.state is CallState.OFFERED  # anew, with another number
    room.floor.connected(order.call_id, order.offer_id, order.seat, room.now)  # it was only late
    assert (call.state, call.ringing) == (CallState.TALKING, set())


def test_an_offer_that_came_to_nothing_does_not_cost_the_seat_its_turn() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"]), Seat(id="1002", groups=["a"])])
    gone = room.calls()
    assert gone.ringing == {"1001"}
    room.passes(5)
    room.floor.call_gone(gone.call_id, room.now)
    assert room.calls().ringing == {"1001"}


def test_a_seat_rests_after_so_many_calls_and_works_again_by_itself() -> None:
    group = GENERAL.model_copy(update={"break_after_calls": 2, "break_seconds": 60})
    room = Room([group], [Seat(id="1001", groups=["a"])])
    for _ in range(2):
        room.calls()
        room.talks("1001", 100)
        room.passes(10)
    seat = room.floor.seats["1001"]
    assert (seat.status, seat.reason) == (SeatStatus.NOT_READY, FORCED_BREAK)
    with pytest.raises(RuleBroken, match="forced break"):
        room.floor.status_chosen("1001", SeatStatus.READY, None, "agent1001", "小李", room.now)
    waiting = room.calls()
    assert room.floor.next_due() == room.now + timedelta(seconds=60)
    room.passes(60)
    assert waiting.state is CallState.OFFERED


def test_a_supervisor_sends_to_rest_when_the_talk_is_done_and_may_end_it() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])])
    call = room.calls()
    room.answers("1001")
    room.floor.force_break("1001", 300, room.now, "supervisor")
    assert room.state("1001") is SeatState.TALKING
    room.floor.call_gone(call.call_id, room.now)
    room.passes(10)
    assert room.floor.seats["1001"].reason == FORCED_BREAK
    room.floor.end_break("1001", room.now, "supervisor")
    assert room.floor.seats["1001"].status is SeatStatus.READY


def test_a_rest_that_is_granted_begins_after_the_work_and_counts_down_and_is_the_agents_to_end() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])], rest_minutes={"小休": 10})
    call = room.calls()
    room.answers("1001")
    room.floor.ask_rest("1001", "小休", room.now)
    assert room.floor.seat("1001").view().rest_asked == "小休"
    step = room.floor.decide_rest("1001", True, "supervisor", room.now)
    assert [(f.reason, f.granted, f.by) for f in step.facts if isinstance(f, RestDecided)] == [
        ("小休", True, "supervisor")
    ]
    with pytest.raises(RuleBroken):
        room.floor.decide_rest("1001", True, "supervisor", room.now)
    view = room.floor.seat("1001").view()
    assert (view.status, view.rest_owed, view.rest_until) == (SeatStatus.READY, True, None)
    room.floor.call_gone(call.call_id, room.now)
    room.passes(10)
    view = room.floor.seat("1001").view()
    assert (view.status, view.reason, view.rest_owed) == (SeatStatus.NOT_READY, "小休", False)
    assert view.rest_until == room.now + timedelta(minutes=10)
    room.passes(900)  # late: nobody is offered to an agent who is not there
    assert room.floor.seat("1001").status is SeatStatus.NOT_READY
    room.floor.status_chosen("1001", SeatStatus.READY, None, None, None, room.now)
    assert room.floor.seat("1001").view().rest_until is None


def test_a_rest_that_is_declined_or_no_longer_asked_for_changes_nothing() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])])
    for _ in range(2):
        room.floor.ask_rest("1001", "小休", room.now)
    room.floor.decide_rest("1001", False, "supervisor", room.now)
    room.floor.ask_rest("1001", "小休", room.now)
    room.floor.ask_rest("1001", None, room.now)
    assert room.calls().state is CallState.OFFERED
    room.passes(20)  # not answered: not ready, and what was asked is void
    with pytest.raises(RuleBroken):
        room.floor.ask_rest("1001", "小休", room.now)


def test_a_rest_takes_an_open_offer_back() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])])
    call = room.calls()
    step = room.floor.force_break("1001", 60, room.now, "supervisor")
    assert [f.outcome for f in step.facts if isinstance(f, OfferEnded)] == ["withdrawn"]
    assert call.state is CallState.WAITING


def test_overflow_after_a_time() -> None:
    groups = [GENERAL.model_copy(update={"overflow": [Overflow(to="b", after_seconds=30)]}), Group(id="b", name="乙")]
    room = Room(groups, [Seat(id="1001", groups=["b"])])
    call = room.calls()
    assert room.floor.next_due() == NOON + timedelta(seconds=30)
    step = room.passes(30)
    (fact,) = [f for f in step.facts if isinstance(f, CallOverflowed)]
    assert (fact.to, fact.because, fact.waited_seconds) == ("b", "waited", 30)
    assert call.ringing == {"1001"}


def test_overflow_by_the_expected_wait() -> None:
    groups = [
        GENERAL.model_copy(update={"overflow": [Overflow(to="b", expected_wait_over=120)]}),
        Group(id="b", name="乙"),
    ]
    room = Room(groups, [Seat(id="1001", groups=["a"]), Seat(id="2001", groups=["b"])])
    talking = room.calls()
    room.answers("1001")
    lined = [room.calls() for _ in range(3)]
    assert talking.state is CallState.TALKING
    assert [bool(call.overflow) for call in lined] == [False, True, True]
    assert lined[1].ringing == {"2001"}


def test_nobody_works_for_the_group_so_everybody_overflows() -> None:
    groups = [
        GENERAL.model_copy(update={"overflow": [Overflow(to="b", expected_wait_over=600)]}),
        Group(id="b", name="乙"),
    ]
    room = Room(groups, [Seat(id="2001", groups=["b"])])
    assert room.calls().ringing == {"2001"}


def test_the_expected_wait_grows_with_the_place_and_shrinks_with_time() -> None:
    room = Room([GENERAL], [Seat(id="1001", groups=["a"])])
    assert room.floor.expected_wait("nobody", room.now) is None
    offered = room.calls()
    assert room.floor.expected_wait(offered.call_id, room.now) == 0
    room.answers("1001")
    first, second = room.calls(), room.calls()
    waits = [room.floor.expected_wait(call.call_id, room.now) for call in (first, second)]
    assert waits[0] is not None
    assert waits[1] is not None
    assert 60 < waits[0] < waits[1] < 600
    later = room.floor.expected_wait(first.call_id, room.now + timedelta(seconds=60))
    assert later is not None
    assert later < waits[0]


def test_a_leader_on_duty_answers_first_and_the_call_says_so() -> None:
    session = DutySession(
        name="局长接听", group="a", seat="1009", dates=[date(2026, 11, 20)], window=(time(19), time(21))
    )
    roster = DutyRoster([session], ZoneInfo("Asia/Shanghai"))  # noon UTC is eight in the evening
    room = Room([GENERAL], [Seat(id="1001", groups=["a"]), Seat(id="1009", groups=["a"])], roster)
    call = room.calls()
    assert call.ringing == {"1009"}
    (fact,) = [f for f in room.answers("1009").facts if isinstance(f, CallConnected)]
    assert (fact.duty, call.duty) == ("局长接听", "局长接听")
    room.passes(3600)
    room.floor.call_gone(call.call_id, room.now)
    room.passes(10)
    plain = room.calls()
    assert plain.ringing == {"1001"}
    room.answers("1001")
    assert plain.duty is None


def test_duty_by_weekday() -> None:
    session = DutySession(name="交通局轮值", group="a", seat="1", weekdays=["fri"], window=(time(9), time(12)))
    roster = DutyRoster([session])
    assert roster.active(datetime(2026, 11, 20, 9, tzinfo=UTC)) == {("a", "1"): "交通局轮值"}
    assert roster.active(datetime(2026, 11, 20, 12, tzinfo=UTC)) == {}
    assert roster.active(datetime(2026, 11, 21, 9, tzinfo=UTC)) == {}


def test_alarms_are_raised_once_and_cleared_once() -> None:
    room = Room([GENERAL], [])
    watch = Watch(
        room.floor,
        [
            Alarm(name="等候过久", figure="longest_wait", above=30),
            Alarm(name="接通率低", figure="answer_rate", below=0.95, least_calls=1, window_minutes=10),
            Alarm(name="排队过长", figure="waiting", group="a", above=5),
            Alarm(name="空闲", figure="occupancy", below=0.1),
        ],
    )
    call = room.calls()
    facts = watch.judge(room.now).facts
    assert [(f.name, f.value, f.threshold) for f in facts if isinstance(f, AlarmRaised)] == [("接通率低", 0.0, 0.95)]
    room.passes(31)
    (raised,) = watch.judge(room.now).facts
    assert isinstance(raised, AlarmRaised)
    assert (raised.name, raised.value) == ("等候过久", 31)
    assert watch.judge(room.now).facts == []
    room.floor.call_gone(call.call_id, room.now)
    room.passes(600)
    assert [type(f) for f in watch.judge(room.now).facts] == [AlarmCleared, AlarmCleared]


def test_a_group_that_answers_by_itself_connects_at_once_and_the_fence_is_closed() -> None:
    auto = Group(id="a", name="综合", answer="auto", wrap_up_seconds=0)
    room = Room([auto], [Seat(id="1001", groups=["a"])])
    call = room.calls()
    offer = room.floor.seats["1001"].offer
    assert offer is not None
    assert offer.taken
    with pytest.raises(RuleBroken):
        room.accepts("1001")
    room.floor.connected(call.call_id, offer.offer_id, "1001", room.now)
    assert room.state("1001") is SeatState.TALKING
    room.floor.call_gone(call.call_id, room.now)
    assert room.state("1001") is SeatState.IDLE


def test_an_automatic_answer_that_fails_is_not_tried_without_end() -> None:
    auto = Group(id="a", name="综合", answer="auto")
    room = Room([auto], [Seat(id="1001", groups=["a"]), Seat(id="1002", groups=["a"])])
    call = room.calls()
    first = room.floor.seats["1001"].offer
    assert first is not None
    step = room.floor.connect_failed(call.call_id, first.offer_id, "1001", room.now)
    assert (room.floor.seats["1001"].status, room.floor.seats["1001"].reason) == (SeatStatus.NOT_READY, FAILED)
    (again,) = [order for order in step.orders if isinstance(order, Connect)]
    assert again.seat == "1002"


def test_who_was_promised_a_call_or_left_a_message_did_not_give_up() -> None:
    room = Room([GENERAL], [])
    asked, told, gave_up = room.calls(), room.calls(), room.calls()
    room.floor.call_ending(asked.call_id, "callback_promised", room.now)
    told.settled = "message_left"  # and hung up before the flow did
    room.passes(30)
    for call in (asked, told, gave_up):
        room.floor.call_gone(call.call_id, room.now)
    assert [call.end_reason for call in (asked, told, gave_up)] == ["callback_promised", "message_left", "abandoned"]
    kpi = room.floor.figures.over(timedelta(hours=1), room.now)
    assert (kpi.queued, kpi.abandoned, kpi.abandon_rate) == (3, 1, 1 / 3)
