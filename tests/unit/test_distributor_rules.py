"""Who answers next, by strategy, skill, priority, overflow, reservation and duty."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.distributor import STRATEGIES, FreeSeat, Proposal, WaitingCall, distribute, fits

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def seat(
    name: str,
    *groups: str,
    idle: float = 0,
    taken: int = 0,
    skills: dict[str, int] | None = None,
    reserved: tuple[str, ...] = (),
    reserved_priority: int | None = None,
) -> FreeSeat:
    return FreeSeat(
        name,
        groups or ("a",),
        NOON - timedelta(seconds=idle),
        taken,
        f"agent{name}",
        skills or {},
        reserved,
        reserved_priority,
    )


def call(
    name: str,
    waited: float = 0,
    *,
    group: str = "a",
    priority: int = 0,
    needs: dict[str, int] | None = None,
    overflow: tuple[str, ...] = (),
    last: str | None = None,
    ringing: bool = False,
    first: bool = False,
) -> WaitingCall:
    since = NOON - timedelta(seconds=waited)
    return WaitingCall(name, group, since, first, priority, needs or {}, overflow, last, ringing)


def proposed(calls: list[WaitingCall], seats: list[FreeSeat], strategy: str = "longest_idle") -> list[Proposal]:
    return distribute(calls, seats, lambda _: strategy, now=NOON)


def pairs(calls: list[WaitingCall], seats: list[FreeSeat], strategy: str = "longest_idle") -> list[tuple[str, str]]:
    return [(p.call_id, p.seat) for p in proposed(calls, seats, strategy)]


def test_last_agent_is_asked_though_another_is_idle_for_longer() -> None:
    seats = [seat("1", idle=500), seat("2", idle=1)]
    (proposal,) = proposed([call("c", last="agent2")], seats, "last_agent")
    assert proposal.seat == "2"
    assert "上次接听" in proposal.reason
    assert pairs([call("c", last="agent9")], seats, "last_agent") == [("c", "1")]


def test_the_last_agent_without_the_skill_is_not_asked() -> None:
    seats = [seat("1", skills={"交通": 2}), seat("2")]
    assert pairs([call("c", last="agent2", needs={"交通": 1})], seats, "last_agent") == [("c", "1")]


def test_round_robin_goes_on_after_the_seat_asked_last() -> None:
    seats = [seat("1"), seat("2"), seat("3")]
    asked = distribute([call("c1", 9), call("c2", 5)], seats, lambda _: "round_robin", asked_last={"a": "2"})
    assert [(p.call_id, p.seat) for p in asked] == [("c1", "3"), ("c2", "1")]


def test_ring_all_asks_every_fit_seat() -> None:
    seats = [seat("1"), seat("2", "b"), seat("3")]
    assert pairs([call("c")], seats, "ring_all") == [("c", "1"), ("c", "3")]


def test_a_call_that_rings_already_takes_only_what_is_left() -> None:
    assert pairs([call("rings", 90, ringing=True), call("new")], [seat("1")], "ring_all") == [("new", "1")]


def test_skill_level_first() -> None:
    seats = [seat("1", idle=99, skills={"交通": 2}), seat("2", skills={"交通": 5}), seat("3", skills={"电力": 9})]
    (proposal,) = proposed([call("c", needs={"交通": 2})], seats, "skill_level_first")
    assert proposal.seat == "2"
    assert "交通 5" in proposal.reason


def test_a_skill_below_the_level_does_not_fit() -> None:
    assert pairs([call("c", needs={"交通": 3})], [seat("1", skills={"交通": 2})]) == []


def test_priority_is_a_head_start_that_waiting_overtakes() -> None:
    urgent = call("urgent", 0, priority=2)
    assert pairs([call("plain", 119), urgent], [seat("1")]) == [("urgent", "1")]
    assert pairs([call("plain", 121), urgent], [seat("1")]) == [("plain", "1")]


def test_own_group_before_the_one_overflowed_to() -> None:
    seats = [seat("1", "b", idle=99), seat("2", "a")]
    overflowing = [call("c1", 9, overflow=("b",)), call("c2", 5, overflow=("b",))]
    first, second = proposed(overflowing, seats)
    assert (first.seat, second.seat) == ("2", "1")
    assert "溢出自 a" in second.reason
    assert pairs([call("c")], [seat("1", "b")]) == []


@pytest.mark.parametrize(
    ("waiting", "taken"),
    [
        (call("c"), False),
        (call("c", priority=5), True),
        (call("c", group="vip", overflow=("a",)), True),
        (call("c", group="other", overflow=("a",)), False),
    ],
)
def test_a_reserved_seat_is_for_its_groups_and_priorities_only(waiting: WaitingCall, taken: bool) -> None:
    assert bool(proposed([waiting], [seat("1", reserved=("vip",), reserved_priority=5)])) is taken


def test_the_seat_on_duty_is_asked_before_all_in_its_group() -> None:
    seats = [seat("1", idle=999), seat("8", "a", "b", idle=1)]
    duty = {("a", "8"): "局长接听"}
    (proposal,) = distribute([call("c")], seats, lambda _: "longest_idle", duty=duty)
    assert (proposal.seat, proposal.duty) == ("8", "局长接听")
    assert "值班接听:局长接听" in proposal.reason
    (proposal,) = distribute([call("c", group="b", overflow=("a",))], seats, lambda _: "longest_idle", duty=duty)
    assert proposal.duty is None


def test_every_strategy_explains_itself_in_both_languages() -> None:
    for strategy in STRATEGIES:
        (proposal,) = proposed([call("c", priority=1)], [seat("1", idle=30)], strategy)
        zh, en = proposal.reason.split(" / ")
        assert "1 席可选,优先 1 分钟" in zh
        assert "of 1 fit, 1 minutes ahead" in en
    (proposal,) = proposed([call("c", priority=-30)], [seat("1", idle=30)], "longest_idle")
    assert proposal.reason.partition(" / ")[0].endswith("靠后 30 分钟")


groups = st.sampled_from(["a", "b", "c"])
skills = st.dictionaries(st.sampled_from(["交通", "电力"]), st.integers(1, 3), max_size=2)
waiting_calls = st.builds(
    call,
    st.uuids().map(str),
    st.integers(0, 300),
    group=groups,
    priority=st.integers(0, 3),
    needs=skills,
    overflow=st.lists(groups, max_size=2, unique=True).map(tuple),
    last=st.sampled_from([None, "agent1", "agent2"]),
    first=st.booleans(),
)
free_seats = st.builds(
    lambda name, served, *rest: (name, served, rest),
    st.integers(1, 9).map(str),
    st.sets(groups, min_size=1),
    st.integers(0, 300),
    st.integers(0, 5),
    skills,
    st.lists(groups, max_size=1).map(tuple),
)


@given(st.lists(waiting_calls, max_size=10), st.lists(free_seats, max_size=9), st.sampled_from(sorted(STRATEGIES)))
def test_nobody_twice_and_nobody_left_while_a_fit_seat_is_free(
    calls: list[WaitingCall],
    shapes: list[tuple[str, set[str], tuple[int, int, dict[str, int], tuple[str, ...]]]],
    strategy: str,
) -> None:
    named = {name: (served, rest) for name, served, rest in shapes}
    seats = [
        seat(name, *sorted(served), idle=idle, taken=taken, skills=has, reserved=kept)
        for name, (served, (idle, taken, has, kept)) in named.items()
    ]
    proposals = proposed(calls, seats, strategy)
    taken_seats = [p.seat for p in proposals]
    assert len(taken_seats) == len(set(taken_seats))
    if strategy != "ring_all":
        assert len({p.call_id for p in proposals}) == len(proposals)
    by_id, by_seat = {c.call_id: c for c in calls}, {s.seat: s for s in seats}

    def fit(one: FreeSeat, waiting: WaitingCall) -> bool:
        return bool({waiting.group, *waiting.overflow} & set(one.groups)) and fits(one, waiting)

    assert all(fit(by_seat[p.seat], by_id[p.call_id]) for p in proposals)
    left = [c for c in calls if c.call_id not in {p.call_id for p in proposals}]
    idle_ones = [s for s in seats if s.seat not in taken_seats]
    assert not any(fit(one, waiting) for one in idle_ones for waiting in left)
