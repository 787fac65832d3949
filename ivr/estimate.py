"""How long a citizen will wait: from the place in the line, what the seats at work do and how long calls took lately.

Each busy seat has a chance of being free within the next t seconds: as often as recent talks that had gone on for as
long ended within the rest of t, and their wrap-ups after them. The sum over the seats says how many will have become
free by t; one that was given a citizen becomes free again a mean handle time later. The estimate is the t at which
that sum reaches the citizen's place. Its error, beside that of the rule of thumb, is measured by ``hotline simulate``.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from statistics import fmean

KEPT = 100
ASSUMED_TALK_SECONDS = 150.0
"""Before the first talk ended."""
LONGEST_TOLD = 4 * 3600.0
PRECISION = 0.5
"""Seconds."""
Chance = Callable[[float], float]
"""Seconds from now → chance, 0–1, that a seat has become free by then."""


class RecentTimes:
    """Seconds of the last talks and wrap-ups of one group."""

    def __init__(self, wrap_up_seconds: float) -> None:
        self._talks: deque[float] = deque(maxlen=KEPT)
        self._wrap_ups: deque[float] = deque(maxlen=KEPT)
        self._assumed_wrap_up = wrap_up_seconds
        self._sorted_talks = [ASSUMED_TALK_SECONDS / 2, ASSUMED_TALK_SECONDS * 3 / 2]
        self._sorted_wrap_ups = [float(wrap_up_seconds)]

    def add(self, talked: float, wrapped_up: float) -> None:
        """A seat is done with a call."""
        self._talks.append(talked)
        self._wrap_ups.append(wrapped_up)
        self._sorted_talks, self._sorted_wrap_ups = sorted(self._talks), sorted(self._wrap_ups)

    @property
    def wrap_up(self) -> float:
        """Mean seconds of wrap-up."""
        return fmean(self._wrap_ups) if self._wrap_ups else self._assumed_wrap_up

    @property
    def handle(self) -> float:
        """Mean seconds of talk and wrap-up."""
        return (fmean(self._talks) if self._talks else ASSUMED_TALK_SECONDS) + self.wrap_up

    def free_after_talk(self, talked: float) -> Chance:
        """Of a seat that has talked for so long."""
        talks, wrap_up = self._sorted_talks, self.wrap_up
        return lambda seconds: ended_share(talks, talked, seconds - wrap_up)

    def free_after_wrap_up(self, wrapped_up: float) -> Chance:
        """Of a seat that has been wrapping up for so long."""
        wrap_ups = self._sorted_wrap_ups
        return lambda seconds: ended_share(wrap_ups, wrapped_up, seconds)


def ended_share(lengths: Sequence[float], gone_on: float, seconds: float) -> float:
    """Share of those of the sorted ``lengths`` that exceed ``gone_on`` which end within ``seconds`` more.

    What has gone on for longer than all of them ends soon: half as likely as not within the length of the middle one.
    """
    if seconds < 0:
        return 0.0
    shorter = bisect_right(lengths, gone_on)
    if shorter == len(lengths):
        return min(1.0, seconds / max(PRECISION, lengths[len(lengths) // 2]))
    return (bisect_right(lengths, gone_on + seconds) - shorter) / (len(lengths) - shorter)


def expected_wait(place: int, seats: Sequence[Chance | None], handle: float) -> float | None:
    """Seconds until the citizen at ``place`` (1 is the next) gets a seat; None when no seat works.

    ``seats``: of each working seat the chance of being free, None for one that is free now. ``handle``: mean seconds
    that a seat is busy with one call.
    """
    if not seats:
        return None
    busy = [chance for chance in seats if chance is not None]
    wanted = place - (len(seats) - len(busy))
    if wanted <= 0:
        return 0.0
    handle = max(handle, 1.0)
    rounds, wanted = divmod(wanted - 1, len(seats))  # whole rounds of all seats take a handle time each
    low, high = 0.0, handle
    while _freed(busy, high) <= wanted and high < LONGEST_TOLD:
        low, high = high, high * 2
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if _freed(busy, middle) <= wanted + 0.5 else (low, middle)
    return rounds * handle + (low + high) / 2


def _freed(busy: Sequence[Chance], seconds: float) -> float:
    return sum(chance(seconds) for chance in busy)


def plain_expected_wait(place: int, seats: int, handle: float) -> float | None:
    """The rule of thumb: place × mean handle time / seats. What the estimate is measured against."""
    return place * handle / seats if seats else None
