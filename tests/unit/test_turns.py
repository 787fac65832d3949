"""Whose turn it is among the promised: the place in the line is kept, whatever the seats do."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline.settings import Group, Seat
from ivr.turns import Turn, WaitOf, reached, seconds_until_open
from tests.unit.test_floor_rules import Room

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def turn(name: str, minutes: float, group: str = "a") -> Turn:
    return Turn(name, group, NOON + timedelta(minutes=minutes))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute)


def line_of(waits: Sequence[float | None]) -> WaitOf:
    """The wait at each place of the line; every other promised one before pushes back by one."""

    def wait(group: str, since: datetime, also: Sequence[str]) -> float | None:
        return waits[min(len(also), len(waits) - 1)]

    return wait


def test_those_whose_place_is_reached_are_rung_in_the_order_of_the_line() -> None:
    turns = [turn("later", 5), turn("first", 0), turn("second", 1)]
    chosen, soonest = reached(turns, line_of([0.0, 12.0, 80.0]), lead_seconds=15, under_way=[])
    assert [one.promise_id for one in chosen] == ["first", "second"]
    assert soonest == 65.0


def test_who_is_rung_already_stands_before_them_and_nobody_at_work_means_nobody_is_rung() -> None:
    chosen, soonest = reached([turn("a", 0)], line_of([0.0, 40.0]), lead_seconds=15, under_way=["a"])
    assert (chosen, soonest) == ([], 25.0)
    assert reached([turn("a", 0)], line_of([None]), lead_seconds=15, under_way=[]) == ([], None)


def test_windows() -> None:
    day = [(time(8), time(12)), (time(14), time(21))]
    assert [seconds_until_open(at(*moment), day) for moment in ((8,), (11, 59), (12,), (21,), (7, 30))] == [
        0.0, 0.0, 7200.0, 11 * 3600.0, 1800.0,
    ]  # fmt: skip
    assert seconds_until_open(at(3), []) == 0.0
    assert seconds_until_open(at(1), [(time(20), time(2))]) == 0.0


@given(st.integers(0, 86_399), st.lists(st.tuples(st.times(), st.times()), min_size=1, max_size=4))
def test_at_the_time_told_a_window_is_open(second: int, windows: list[tuple[time, time]]) -> None:
    now = datetime(2026, 11, 20) + timedelta(seconds=second)
    wait = seconds_until_open(now, windows)
    assert 0 <= wait < 86_400
    opens = now + timedelta(seconds=wait)
    begins = [b for b, e in windows if b != e] or [b for b, _ in windows]
    assert (
        wait == 0
        or any(abs((datetime.combine(opens.date(), b) - opens).total_seconds()) < 0.01 for b in begins)
        or (any(b == e for b, e in windows))
    )


def test_the_floor_puts_a_promise_where_the_citizen_stood() -> None:
    room = Room([Group(id="a", name="综合", wrap_up_seconds=0)], [Seat(id="1001", groups=["a"])])
    floor = room.floor
    assert floor.expected_wait_since("a", room.now, [], room.now) == 0.0  # a free seat, nobody waits
    talking = room.calls()
    room.answers("1001")
    since = room.now
    alone = floor.expected_wait_since("a", since, [], room.now)
    room.passes(30)
    for _ in range(3):
        room.calls()  # they came after the promise was made
    assert alone is not None
    assert floor.expected_wait_since("a", since, [], room.now) <= alone  # type: ignore[operator]
    late = floor.expected_wait_since("a", room.now + timedelta(seconds=1), [], room.now)
    assert late is not None
    assert late > alone
    assert floor.expected_wait_since("a", since, ["a", "a"], room.now) > alone  # type: ignore[operator]
    assert talking.seat == "1001"
