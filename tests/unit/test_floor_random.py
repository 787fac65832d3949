"""The full distributor under random events, chosen by hypothesis so that a failure shrinks to its cause."""

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.unit.random_shift import EVENTS, RandomShift

happening = st.tuples(st.sampled_from(sorted(set(EVENTS))), st.integers(0, 63), st.integers(0, 63))


@given(st.lists(happening, max_size=50))
@hypothesis_settings(max_examples=150, deadline=None)
def test_whatever_happens_the_promises_hold(happenings: list[tuple[str, int, int]]) -> None:
    shift = RandomShift()
    for name, first, second in happenings:
        shift.happen(name, first, second)
        shift.check()
    shift.end()
