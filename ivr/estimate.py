"""How long a citizen will wait: from the place in the line, what the seats at work do and how long calls took lately.

Each busy seat has a chance of being free within the next t seconds: as often as recent talks that had gone on for as
long ended within the rest of t, and their wrap-ups after them. A seat that became free is given the next citizen and
becomes free again and again as renewal theory says: x seconds later x/h + (v − 1)/2 times, where h is the mean handle
time and v its squared coefficient of variation. The estimate is the t at which the sum over the seats reaches the
citizen's place. Its error, beside that of the rule of thumb, is measured by ``hotline simulate``.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from statistics import fmean, pvariance

KEPT = 100
ASSUMED_TALK_SECONDS = 150.0
"""Before the first talk ended."""
LONGEST_TOLD = 4 * 3600.0
PRECISION = 0.5
"""Seconds."""
GRID = 12
"""Steps in which the past is summed up when seats become free more than once."""
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

    @property
    def variation(self) -> float:
        """Squared coefficient of variation of talk and wrap-up together."""
        if len(self._talks) < 2:
            return 0.5
        both = [talked + wrapped_up for talked, wrapped_up in zip(self._talks, self._wrap_ups, strict=True)]
        return pvariance(both) / max(1.0, fmean(both)) ** 2

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


class Outlook:
    """What the seats of a group will do from now on.

    ``seats``: of each working seat the chance of being free, None for one that is free now.
    """

    def __init__(self, seats: Sequence[Chance | None], recent: RecentTimes) -> None:
        self._busy = [chance for chance in seats if chance is not None]
        self._seats = len(seats)
        self._free = self._seats - len(self._busy)
        self._handle = max(recent.handle, 1.0)
        self._late = self._handle * max(0.0, 1 - recent.variation) / 2

    def freed(self, seconds: float) -> float:
        """How many citizens the seats can have taken up ``seconds`` from now."""
        freed = self._free + self._first_freed(seconds)
        if seconds <= self._late:
            return freed
        freed += self._free * self._again(seconds)
        step, before = seconds / GRID, 0.0
        for number in range(1, GRID + 1):
            after = self._first_freed(step * number)
            freed += (after - before) * self._again(seconds - step * (number - 0.5))
            before = after
        return freed

    def wait(self, place: int) -> float | None:
        """Seconds until the citizen at ``place`` (1 is the next) gets a seat; None when no seat works."""
        if not self._seats:
            return None
        if place <= self._free:
            return 0.0
        low, high = 0.0, self._handle
        while self.freed(high) < place - 0.5 and high < LONGEST_TOLD:
            low, high = high, high * 2
        while high - low > PRECISION:
            middle = (low + high) / 2
            low, high = (middle, high) if self.freed(middle) < place - 0.5 else (low, middle)
        return (low + high) / 2

    def _first_freed(self, seconds: float) -> float:
        return sum(chance(seconds) for chance in self._busy)

    def _again(self, seconds: float) -> float:
        """How often a seat that was given a citizen has become free again after ``seconds``."""
        return max(0.0, (seconds - self._late) / self._handle)


def plain_expected_wait(place: int, seats: int, handle: float) -> float | None:
    """The rule of thumb: place × mean handle time / seats. What the estimate is measured against."""
    return place * handle / seats if seats else None
