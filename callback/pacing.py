"""When the robot may dial, and when it tries again. Pure: ``now`` is passed in, nothing is remembered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callback.lifecycle import Event

_HORIZON_DAYS = 400


@dataclass(frozen=True)
class Pace:
    """One site's pace. ``works`` tells on which days citizens may be phoned."""

    zone: ZoneInfo
    windows: Sequence[tuple[time, time]]
    """Local times, each start included and end excluded; an end of 00:00 is midnight at the day's end."""
    works: Callable[[date], bool]
    lines: int
    calls_per_second: float
    retry_minutes: Sequence[int]

    def opens_at(self, now: datetime) -> datetime | None:
        """``now`` inside a window, else the next opening; None when no window opens within a year."""
        today = now.astimezone(self.zone).date()
        for offset in range(_HORIZON_DAYS):
            day = today + timedelta(days=offset)
            if not self.works(day):
                continue
            for start, end in sorted(self.windows):
                opens, closes = self._span(day, start, end)
                if now < closes:
                    return max(now, opens)
        return None

    def free_lines(self, in_use: int) -> int:
        """How many more calls may be up."""
        return max(0, self.lines - in_use)

    def retry_at(self, event: Event, attempts: int, now: datetime) -> datetime | None:
        """When to try again after ``attempts`` attempts, the last of which ended so; None: a person takes over."""
        if event is Event.INVALID or attempts > len(self.retry_minutes):
            return None
        return now + timedelta(minutes=self.retry_minutes[attempts - 1])

    @property
    def gap_seconds(self) -> float:
        """The least time between two dialling attempts."""
        return 1.0 / self.calls_per_second

    def _span(self, day: date, start: time, end: time) -> tuple[datetime, datetime]:
        last = day + timedelta(days=1) if end == time() else day
        opens = datetime.combine(day, start, tzinfo=self.zone).astimezone(UTC)
        return opens, datetime.combine(last, end, tzinfo=self.zone).astimezone(UTC)
