"""Day, night, holiday or emergency: what the calendar answers to a flow. Pure, ``now`` passed in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ivr.flow.events import Answered


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement for a time: a storm, a burst main. ``lines`` empty: on every line."""

    prompt: str
    since: datetime
    until: datetime
    lines: tuple[str, ...] = ()

    def holds(self, now: datetime, dialled: str) -> bool:
        """Whether a caller of this line hears it now."""
        return self.since <= now < self.until and (not self.lines or dialled in self.lines)


@dataclass(frozen=True)
class OpeningHours:
    """A site's day. No windows: day and night alike. A window may run over midnight (20:00–02:00)."""

    zone: ZoneInfo
    windows: Sequence[tuple[time, time]]
    is_working_day: Callable[[date], bool]
    notices: Sequence[Notice] = ()

    def judge(self, now: datetime, dialled: str) -> Answered:
        """``notice`` before ``closed`` before ``holiday`` before ``open``; a notice names its prompt."""
        for notice in self.notices:
            if notice.holds(now, dialled):
                return Answered("notice", {"notice": notice.prompt})
        local = now.astimezone(self.zone)
        if self.windows and not within(local.time(), self.windows):
            return Answered("closed")
        return Answered("open" if self.is_working_day(local.date()) else "holiday")


def within(moment: time, windows: Iterable[tuple[time, time]]) -> bool:
    """Whether a local time lies in one of the windows; equal ends mean the whole day."""
    return any(
        start <= moment < end if start < end else moment >= start or moment < end or start == end
        for start, end in windows
    )
