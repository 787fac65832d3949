"""What supervisors see and move: why a citizen waits, the line of the last hour, a waiting citizen given to a seat."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import RuleBroken
from hotline.facts.calls import CallMoved, CallOffered, OfferEnded
from hotline.settings import Group, Seat
from ivr.floor import Floor
from ivr.kpi import CallOutcome
from ivr.people import Call, SeatLeg
from ivr.trend import STEPS, waiting_trend
from ivr.views import CallState, SeatStatus
from ivr.waiting_reasons import why_waiting
from tests.unit.test_floor import NOON, World


def because(world: World, call: Call) -> str:
    return why_waiting(call, world.floor, call.needs)


def test_the_reason_follows_what_the_seats_do() -> None:
    world = World(seats=1)
    call, _ = world.citizen()
    assert because(world, call) == "无人值守 / nobody works for this group"
    world.floor.screen_opened("1001", "agent1001", "小李", world.now)
    world.floor.leg_parked("1001", SeatLeg("PJSIP/1001-1", "leg-1001"), world.now)
    assert because(world, call).startswith("1 席在席但未就绪")
    world.agent_ready("1001")
    assert because(world, call).startswith("正在振铃 1001")
    later, _ = world.citizen()
    assert because(world, later).startswith("1 席全忙")
    world.floor.reject("1001", world.offer_id("1001"), world.now)
    assert because(world, call).startswith("退回,排在最前")


def test_a_skill_that_nobody_has_is_named() -> None:
    world = World(seats=1)
    world.agent_ready("1001")
    call, _ = world.citizen()
    later, _ = world.citizen()
    later.needs = {"英语": 2}
    assert "没有具备技能“英语”的座席" in because(world, later)
    assert call.state is CallState.OFFERED


def outcome(begins: float, ends: float | None) -> CallOutcome:
    """Waited from ``begins`` to ``ends`` minutes ago; None: waits still."""
    queued = NOON - timedelta(minutes=begins)
    ended = None if ends is None else NOON - timedelta(minutes=ends)
    return CallOutcome("call", "general", queued, queued, ended)


def test_the_line_of_the_last_hour() -> None:
    trend = waiting_trend([outcome(90, 61), outcome(59, 55), outcome(1, None), outcome(70, None)], NOON)
    assert len(trend) == STEPS
    assert (trend[0], trend[1], trend[5], trend[-1]) == (2, 2, 1, 2)


@given(st.lists(st.tuples(st.floats(0, 180), st.floats(0, 180))))
def test_no_step_shows_more_citizens_than_there_were(waits: list[tuple[float, float]]) -> None:
    calls = [outcome(max(wait), min(wait)) for wait in waits]
    trend = waiting_trend(calls, NOON)
    assert len(trend) == STEPS
    assert all(0 <= waiting <= len(calls) for waiting in trend)


def test_a_waiting_citizen_is_given_to_a_seat_that_is_not_even_ready() -> None:
    world = World()
    call, _ = world.citizen()
    world.agent_ready("1002")
    world.agent_ready("1001")
    world.floor.status_chosen("1001", SeatStatus.NOT_READY, "培训", "agent1001", "小李", world.now)
    assert call.ringing == {"1002"}
    step = world.floor.move_to_seat(call.call_id, "1001", "chief", "点名", world.now)
    (moved,) = [fact for fact in step.facts if isinstance(fact, CallMoved)]
    assert (moved.by, moved.seat, moved.reason) == ("chief", "1001", "点名")
    assert [f.outcome for f in step.facts if isinstance(f, OfferEnded)] == ["withdrawn"]
    (offered,) = [fact for fact in step.facts if isinstance(fact, CallOffered)]
    assert (offered.seat, "班长指定" in offered.reason) == ("1001", True)
    world.floor.accept("1001", world.offer_id("1001"), "agent1001", world.now)
    with pytest.raises(RuleBroken, match="being connected"):
        world.floor.move_to_seat(call.call_id, "1002", "chief", "", world.now)


def test_who_does_not_wait_and_who_is_busy_are_refused() -> None:
    world = World()
    talking = world.talk("1001")
    waiting, _ = world.citizen()
    for call, seat in ((talking, "1002"), (waiting, "1001"), (waiting, "1002")):
        with pytest.raises(RuleBroken):
            world.floor.move_to_seat(call.call_id, seat, "chief", "", world.now)
    with pytest.raises(RuleBroken):
        world.floor.move_to_group(waiting.call_id, "nowhere", "chief", "", world.now)


def test_a_citizen_moved_to_another_group_keeps_the_time_waited() -> None:
    groups = [Group(id="general", name="综合"), Group(id="other", name="专席")]
    floor = Floor(groups, [Seat(id="1001", groups=["general"]), Seat(id="1002", groups=["other"])], NOON)
    world = World()
    world.floor = floor
    call, _ = world.citizen()
    world.passes(40)
    world.agent_ready("1002")
    assert call.state is CallState.WAITING
    floor.move_to_group(call.call_id, "other", "chief", "", world.now)
    assert call.ringing == {"1002"}
    assert call.waited(world.now) == 40
    assert floor.figures.of_group("other", world.now).queued == 1
    assert floor.figures.of_group("general", world.now).queued == 0
