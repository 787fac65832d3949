"""The line of ended calls: whose turn it is, and when a file that was never finished is taken as it is."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recordings.line import AT_ONCE, Line, Waiting
from recordings.spool import Patience

ENDED = datetime(2026, 5, 1, tzinfo=UTC)
PATIENCE = Patience(still=3.0, limit=10.0)


def waiting() -> Waiting:
    return Waiting("call_1", ENDED, since=100.0, still_since=100.0)


def test_a_file_that_stands_still_for_three_seconds_is_taken_as_it_is() -> None:
    one = waiting()
    one.seen(500, 100.5, PATIENCE)
    one.seen(500, 103.4, PATIENCE)
    assert not one.as_they_are
    one.seen(500, 103.5, PATIENCE)
    assert one.as_they_are


@given(st.lists(st.floats(0.05, 2.0), min_size=1, max_size=200))
def test_a_file_that_grows_is_waited_for_but_not_for_ever(pauses: list[float]) -> None:
    one, now = waiting(), 100.0
    for number, pause in enumerate(pauses, start=1):
        now += pause
        one.seen(number * 100, now, PATIENCE)
        assert one.as_they_are == (now - 100.0 >= PATIENCE.limit)


def test_whose_files_are_not_finished_do_not_hold_up_the_others() -> None:
    line = Line()
    for number in range(AT_ONCE + 2):
        line.join(f"call_{number}", ENDED, 0.0)
    first = line.first()
    assert [one.call_id for one in first] == [f"call_{number}" for number in range(AT_ONCE)]
    assert "call_0" in line, "the sweep leaves them alone while they are kept"
    line.leave(first, first[:1])
    assert [one.call_id for one in line.first()] == [f"call_{AT_ONCE}", f"call_{AT_ONCE + 1}", "call_0"]
    assert "call_1" not in line


def test_a_call_that_is_told_twice_waits_once() -> None:
    line = Line()
    line.join("call_1", ENDED, 0.0)
    line.join("call_1", ENDED, 1.0)
    assert len(line) == 1
