"""How long a citizen will wait: from the place in the line, the seats at work and how long calls took lately.

A seat that has been busy for some time will be free in about as long as recent calls of at least that length went
on; the seats together free up at the sum of the inverse of these. The place divided by that rate is the estimate.
With exponential handle times this is exact. Its error is measured by ``hotline simulate``.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import accumulate

KEPT = 100
LEAST_REST = 5.0
"""Seconds; nobody is believed to be done in less."""


class HandleTimes:
    """Seconds of talk and wrap-up of the last calls, by group."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}

    def add(self, group: str, seconds: float) -> None:
        """A seat is done with a call of this group."""
        self._recent.setdefault(group, deque(maxlen=KEPT)).append(seconds)

    def recent(self, group: str) -> Sequence[float]:
        """The last ones of this group."""
        return self._recent.get(group, ())


def expected_wait(
    place: int, busy_for: Sequence[float | None], handled: Sequence[float], default: float
) -> float | None:
    """Seconds until the citizen at ``place`` (1 is the next) gets a seat; None when no seat works.

    ``busy_for``: for each seat how long it has been busy, None when free. ``handled``: seconds that recent calls took;
    ``default`` serves while there are none.
    """
    if not busy_for:
        return None
    free = sum(busy is None for busy in busy_for)
    if place <= free:
        return 0.0
    rest = RestTable(handled or (default,))
    rate = sum(1 / rest.after(busy or 0.0) for busy in busy_for)
    return (place - free) / rate


def plain_expected_wait(place: int, seats: int, mean_handle: float) -> float | None:
    """Little's law and nothing else: place × mean handle time / seats. What the estimate is measured against."""
    return place * mean_handle / seats if seats else None


class RestTable:
    """How much longer calls go on that went on for so long already."""

    def __init__(self, handled: Sequence[float]) -> None:
        self._sorted = sorted(handled)
        self._sums = [0.0, *accumulate(self._sorted)]

    def after(self, busy: float) -> float:
        """Mean seconds left after ``busy`` seconds."""
        shorter = bisect_right(self._sorted, busy)
        longer = len(self._sorted) - shorter
        if not longer:
            return max(LEAST_REST, self._sums[-1] / len(self._sorted) / 4)  # longer than any: it will end some time
        return max(LEAST_REST, (self._sums[-1] - self._sums[shorter]) / longer - busy)
