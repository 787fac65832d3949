"""When the robot may dial, whom first, and when it tries again. Pure: ``now`` is passed in, nothing is remembered."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callback.lifecycle import Event
from hotline.errors import RuleBroken

_HORIZON_DAYS = 400
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")
MOST_POSTPONED = 3
"""How often a citizen may say "later" before a person takes over."""
Span = tuple[time, time]
"""Local times, the start included and the end excluded; an end of 00:00 is midnight at the day's end."""


@dataclass(frozen=True)
class Pace:
    """One site's pace. ``works`` tells on which days citizens may be phoned."""

    zone: ZoneInfo
    windows: Sequence[Span]
    works: Callable[[date], bool]
    lines: int
    calls_per_second: float
    retry_minutes: Sequence[int]
    retry_by_outcome: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Event's value (``busy``, ``no_answer``, ``machine``, ``fail``) → a plan of its own."""
    later_minutes: int = 120
    """How much later a citizen is phoned again who only says "later"."""

    def opens_at(self, now: datetime, *hours: str) -> datetime | None:
        """``now`` where all allow it: the windows and each of ``hours``; else the next instant that does, or None."""
        today = now.astimezone(self.zone).date()
        narrowing = [read_hours(wish) for wish in hours if wish]
        for offset in range(_HORIZON_DAYS):
            day = today + timedelta(days=offset)
            if not self.works(day):
                continue
            for start, end in sorted(self.windows):
                spans = [self._span(day, *span) for span in ((start, end), *narrowing)]
                opens, closes = max(span[0] for span in spans), min(span[1] for span in spans)
                if max(now, opens) < closes:
                    return max(now, opens)
        return None

    def is_open(self, now: datetime, *hours: str) -> bool:
        """Whether a citizen with these hours may be phoned now."""
        return self.opens_at(now, *hours) == now

    def free_lines(self, in_use: int) -> int:
        """How many more calls may be up."""
        return max(0, self.lines - in_use)

    def again_at(
        self, event: Event, attempts: int, postponed: int, now: datetime, wanted: datetime | None = None
    ) -> datetime | None:
        """When to try again; None: a person takes over.

        ``attempts`` counts all, ``postponed`` those that ended with "later" (this one included), which use no try up.
        """
        if event is Event.POSTPONE:
            later = wanted if wanted is not None and wanted > now else now + timedelta(minutes=self.later_minutes)
            return later if postponed <= MOST_POSTPONED else None
        return self.retry_at(event, attempts - postponed, now)

    def retry_at(self, event: Event, attempts: int, now: datetime) -> datetime | None:
        """When to try again after ``attempts`` attempts, the last of which ended so; None: a person takes over."""
        plan = self.retry_by_outcome.get(event.value, self.retry_minutes)
        if event in (Event.INVALID, Event.STRANGER) or not 1 <= attempts <= len(plan):
            return None
        return now + timedelta(minutes=plan[attempts - 1])

    @property
    def gap_seconds(self) -> float:
        """The least time between two dialling attempts."""
        return 1.0 / self.calls_per_second

    def _span(self, day: date, start: time, end: time) -> tuple[datetime, datetime]:
        last = day + timedelta(days=1) if end == time() else day
        opens = datetime.combine(day, start, tzinfo=self.zone).astimezone(UTC)
        return opens, datetime.combine(last, end, tzinfo=self.zone).astimezone(UTC)


def read_hours(text: str) -> Span:
    """``09:00-11:30`` of every day; empty is the whole day. Raises ``RuleBroken``."""
    if not text:
        return time(), time()
    found = _HOURS.fullmatch(text)
    start, end = (text[:5], text[6:]) if found else ("", "")
    if not found or end <= start or (end > "24:00"):
        raise RuleBroken("时段应写作 09:00-11:30", "hours are written 09:00-11:30", code="bad_field")
    return time.fromisoformat(start), time() if end == "24:00" else time.fromisoformat(end)


def wanted_time(choice: str, now: datetime, pace: Pace) -> datetime | None:
    """When a citizen wants to be phoned who said "later".

    1 in an hour, 2 this afternoon, 3 tomorrow morning, 4 tomorrow afternoon; "tomorrow" is the next day on which
    citizens are phoned at all. None: did not say.
    """
    here = now.astimezone(pace.zone)
    afternoon, morning = time(14, 30), time(9, 0)
    match choice:
        case "1":
            return now + timedelta(hours=1)
        case "2":
            return max(now + timedelta(hours=1), datetime.combine(here.date(), afternoon, pace.zone).astimezone(UTC))
        case "3" | "4":
            at = morning if choice == "3" else afternoon
            days = (here.date() + timedelta(days=offset) for offset in range(1, _HORIZON_DAYS))
            day = next((day for day in days if pace.works(day)), None)
            return datetime.combine(day, at, pace.zone).astimezone(UTC) if day else None
        case _:
            return None


def in_turn(rows: Iterable[Mapping[str, Any]], in_use: Mapping[str, int]) -> list[Mapping[str, Any]]:
    """The rows in the order in which they are dialled: the unit with the fewest calls next, then who waits longest.

    ``in_use``: unit → its calls that are up. A unit with ten thousand citizens to ask does not keep out one with ten.
    """
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]), reverse=True):
        waiting.setdefault(row["unit"], []).append(row)
    counted, ordered = Counter(in_use), []
    while waiting:
        unit = min(waiting, key=lambda unit: (counted[unit], waiting[unit][-1]["due_at"], unit))
        ordered.append(waiting[unit].pop())
        counted[unit] += 1
        if not waiting[unit]:
            del waiting[unit]
    return ordered
