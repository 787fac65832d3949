"""The counts on the supervisor's page, over the last 24 hours. They never reset at midnight.

人工接通率 = answered / queued; 15 s 应答率 = answered within 15 s / answered. Both are printed beside their formula.
"""

from collections import Counter, deque
from datetime import datetime, timedelta
from enum import StrEnum

from ivr.views import FiguresView

WINDOW = timedelta(hours=24)
PROMPT_ANSWER_SECONDS = 15.0


class Counted(StrEnum):
    """What is counted."""

    ARRIVED = "arrived"
    ANSWERED = "answered"
    WITHIN_15S = "within_15s"
    ABANDONED = "abandoned"


class RollingFigures:
    """Counts by group over the last 24 hours."""

    def __init__(self) -> None:
        self._events: deque[tuple[datetime, str, Counted]] = deque()
        self._counts: Counter[tuple[str, Counted]] = Counter()

    def count(self, what: Counted, group: str, at: datetime) -> None:
        """Count one event. Events come in the order of time."""
        self._events.append((at, group, what))
        self._counts[group, what] += 1

    def answered(self, group: str, at: datetime, waited_seconds: float) -> None:
        """Count an answer, and whether it was prompt."""
        self.count(Counted.ANSWERED, group, at)
        if waited_seconds <= PROMPT_ANSWER_SECONDS:
            self.count(Counted.WITHIN_15S, group, at)

    def of_group(self, group: str, what: Counted, now: datetime) -> int:
        """One group's count at ``now``."""
        self._forget(now)
        return self._counts[group, what]

    def prompt_rate(self, group: str, now: datetime) -> float | None:
        """15 s 应答率 of a group, 0–1; None before its first answer."""
        answered = self.of_group(group, Counted.ANSWERED, now)
        return self._counts[group, Counted.WITHIN_15S] / answered if answered else None

    def read(self, now: datetime) -> FiguresView:
        """All groups together."""
        self._forget(now)
        total: Counter[Counted] = Counter()
        for (_, what), number in self._counts.items():
            total[what] += number
        return FiguresView(**{what.value: total[what] for what in Counted})

    def _forget(self, now: datetime) -> None:
        while self._events and self._events[0][0] <= now - WINDOW:
            _, group, what = self._events.popleft()
            self._counts[group, what] -= 1
