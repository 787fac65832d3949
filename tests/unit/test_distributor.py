"""Who answers next."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.distributor import FreeSeat, WaitingCall, distribute

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def seat(name: str, idle: float = 0, taken: int = 0, groups: tuple[str, ...] = ("a",)) -> FreeSeat:
    return FreeSeat(name, groups, NOON - timedelta(seconds=idle), taken)


def call(name: str, waited: float = 0, group: str = "a", first: bool = False) -> WaitingCall:
    return WaitingCall(name, group, NOON - timedelta(seconds=waited), first)


def pairs(calls: list[WaitingCall], seats: list[FreeSeat], strategy: str = "longest_idle") -> list[tuple[str, str]]:
    return [(p.call_id, p.seat) for p in distribute(calls, seats, lambda _: strategy)]


def test_the_longest_waiting_citizen_gets_the_longest_idle_seat() -> None:
    assert pairs([call("new", 1), call("old", 9)], [seat("1", 5), seat("2", 50)]) == [("old", "2"), ("new", "1")]


def test_fewest_calls() -> None:
    assert pairs([call("c")], [seat("1", 500, taken=9), seat("2", 1, taken=3)], "fewest_calls") == [("c", "2")]


def test_one_that_lost_its_seat_is_first() -> None:
    assert pairs([call("old", 99), call("back", 1, first=True)], [seat("1")]) == [("back", "1")]


def test_a_seat_of_another_group_is_not_asked() -> None:
    assert pairs([call("c", group="b")], [seat("1"), seat("2", groups=("a", "b"))]) == [("c", "2")]


def test_a_citizen_nobody_fits_does_not_block_the_next() -> None:
    assert pairs([call("b", 99, group="b"), call("a", 1)], [seat("1")]) == [("a", "1")]


def test_every_proposal_says_why() -> None:
    (proposal,) = distribute([call("c")], [seat("1")], lambda _: "longest_idle")
    assert "空闲最久" in proposal.reason


groups = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.tuples(st.integers(0, 100), groups, st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 5), st.sets(groups, min_size=1)), max_size=12),
    st.sampled_from(["longest_idle", "fewest_calls"]),
)
def test_nobody_twice_and_nobody_left_while_a_fit_seat_is_free(
    waiting: list[tuple[int, str, bool]], idle: list[tuple[int, int, set[str]]], strategy: str
) -> None:
    calls = [call(f"c{i}", w, g, f) for i, (w, g, f) in enumerate(waiting)]
    seats = [seat(f"s{i}", s, t, tuple(sorted(g))) for i, (s, t, g) in enumerate(idle)]
    proposals = distribute(calls, seats, lambda _: strategy)
    taken_calls, taken_seats = {p.call_id for p in proposals}, {p.seat for p in proposals}
    assert len(taken_calls) == len(taken_seats) == len(proposals)
    group_of = {c.call_id: c.group for c in calls}
    groups_of = {s.seat: s.groups for s in seats}
    assert all(group_of[p.call_id] in groups_of[p.seat] for p in proposals)
    left = {c.group for c in calls if c.call_id not in taken_calls}
    assert not any(left & set(s.groups) for s in seats if s.seat not in taken_seats)
