"""Ten thousand shifts of forty random events each: too long for ``make check``, no I/O all the same."""

import pytest

from tests.unit.random_shift import play_shift

SHIFTS = 10_000
PART = 1_000


@pytest.mark.parametrize("first", range(0, SHIFTS, PART))
def test_ten_thousand_shifts_keep_the_promises(first: int) -> None:
    for seed in range(first, first + PART):
        play_shift(seed, 40)
