"""When a work order is due. Every peer got working time wrong first: so pure, and tested against a slow reference.

A deadline of *n* working days ends at the close of work on the n-th working day **after** the day of dispatch: the
first day does not count, and the last one ends when business stops (Civil Code, arts. 201 and 203).
Working days come from the site's own table, then from ``chinesecalendar``, which knows published years only. A year
that neither knows raises ``UnknownCalendarYear``: never a silent guess. ``due`` turns that alarm into a date that is
*marked* provisional, so that the work order goes on while somebody enters the calendar.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar

from hotline.errors import ConfigurationError, RuleBroken

STATUTORY_HOLIDAYS = 13
"""Statutory days off in a year since 2025. A site's table with fewer holidays of a year is not a whole year's table."""
_HORIZON_DAYS = 3660
_DAY_MINUTES = 24 * 60


class UnknownCalendarYear(ConfigurationError):
    """Nobody has said which days of ``year`` are working days. The site must enter them."""

    code = "unknown_calendar_year"

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year}年的工作日历尚未录入，期限只能暂定；请在 config.yaml 的 tickets.calendar 中录入该年放假调休安排",
            f"the working days of {year} are not known: enter them in config.yaml under tickets.calendar",
        )
        self.year = year


class Lamp(StrEnum):
    """The card that a work order carries: computed, never stored."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline. ``provisional`` with ``unknown_year`` when weekends alone had to stand in for the calendar."""

    at: datetime
    provisional: bool = False
    unknown_year: int | None = None


@lru_cache(maxsize=4096)
def published(day: date) -> bool | None:
    """Whether the State Council's published calendar makes ``day`` a working day; None for a year it lacks."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@dataclass(frozen=True)
class WorkCalendar:
    """One site's working time. ``hours``: sorted, disjoint minutes since local midnight, 1440 = 24:00."""

    zone: ZoneInfo
    hours: tuple[tuple[int, int], ...]
    site_days: Mapping[date, bool]
    published: Callable[[date], bool | None] = published
    weekdays_for_unknown: bool = False
    _declared: frozenset[int] = field(init=False, repr=False, default=frozenset())

    def __post_init__(self) -> None:
        edges = [edge for pair in self.hours for edge in pair]
        if not edges or edges[0] < 0 or edges[-1] > _DAY_MINUTES or any(a >= b for a, b in pairwise(edges)):
            raise ConfigurationError(
                "工作时间必须非空、按先后排列且互不重叠", "working hours must be present, in order and disjoint"
            )
        holidays: dict[int, int] = {}
        for day, working in self.site_days.items():
            holidays[day.year] = holidays.get(day.year, 0) + (not working)
        whole = frozenset(year for year, count in holidays.items() if count >= STATUTORY_HOLIDAYS)
        object.__setattr__(self, "_declared", whole)

    def is_working(self, day: date) -> bool:
        """Whether people work on ``day``. Raises ``UnknownCalendarYear``."""
        stated = self.site_days.get(day)
        if stated is None:
            stated = self.published(day)
        if stated is not None:
            return stated
        if day.year in self._declared or self.weekdays_for_unknown:
            return day.weekday() < 5
        raise UnknownCalendarYear(day.year)

    def provisional(self) -> "WorkCalendar":
        """The same calendar with Monday to Friday standing in for unknown years. What it says must be marked so."""
        return replace(self, weekdays_for_unknown=True)

    def local_day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def closing(self, day: date) -> datetime:
        """The close of work on ``day``, in UTC."""
        return self.at(day, self.hours[-1][1])

    def at(self, day: date, minutes: int) -> datetime:
        """``minutes`` after local midnight of ``day``, in UTC."""
        local = datetime.combine(day, time(), tzinfo=self.zone) + timedelta(minutes=minutes)
        return local.astimezone(UTC)

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working spans of ``day`` in UTC; none on a day off."""
        if not self.is_working(day):
            return []
        return [(self.at(day, start), self.at(day, end)) for start, end in self.hours]


def step(calendar: WorkCalendar, day: date, days: int) -> date:
    """The working day that lies ``days`` working days after (negative: before) ``day``."""
    stride = timedelta(days=1 if days > 0 else -1)
    left = abs(days)
    for _ in range(_HORIZON_DAYS):
        if left == 0:
            return day
        day += stride
        left -= calendar.is_working(day)
    raise ConfigurationError("日历中十年内没有足够的工作日", "the calendar has too few working days within ten years")


def due_at(calendar: WorkCalendar, start: datetime, days: int) -> datetime:
    """The close of work on the ``days``-th working day after ``start``'s day. Raises ``UnknownCalendarYear``."""
    return calendar.closing(step(calendar, calendar.local_day(start), days))


def due(calendar: WorkCalendar, start: datetime, days: int) -> Due:
    """``due_at``, or a marked provisional date where the calendar does not reach."""
    try:
        return Due(due_at(calendar, start, days))
    except UnknownCalendarYear as alarm:
        return Due(due_at(calendar.provisional(), start, days), provisional=True, unknown_year=alarm.year)


def yellow_at(calendar: WorkCalendar, due_at: datetime) -> datetime:
    """When the yellow card falls: the close of the working day before the due day."""
    return calendar.closing(step(calendar, calendar.local_day(due_at), -1))


def lamp(calendar: WorkCalendar, now: datetime, due_at: datetime | None) -> Lamp:
    """Green, yellow from one working day before due, red once due has passed. Never raises on an unknown year."""
    if due_at is None:
        return Lamp.NONE
    if now > due_at:
        return Lamp.RED
    return Lamp.YELLOW if now >= yellow_at(calendar.provisional(), due_at) else Lamp.GREEN


def working_time_between(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """Working time from ``start`` to ``end``; zero when ``end`` is not later. Raises ``UnknownCalendarYear``."""
    total = timedelta()
    day, last = calendar.local_day(start), calendar.local_day(end)
    while day <= last:
        for opens, closes in calendar.spans(day):
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


def add_working_time(calendar: WorkCalendar, start: datetime, amount: timedelta) -> datetime:
    """The first instant by which ``amount`` of working time has passed since ``start``."""
    if amount <= timedelta():
        return start
    day = calendar.local_day(start)
    for _ in range(_HORIZON_DAYS):
        for opens, closes in calendar.spans(day):
            begin = max(opens, start)
            if begin < closes:
                if begin + amount <= closes:
                    return begin + amount
                amount -= closes - begin
        day += timedelta(days=1)
    raise ConfigurationError(
        "日历中十年内没有足够的工作时间", "the calendar has too little working time within ten years"
    )


def restore(calendar: WorkCalendar, stopped_at: datetime, due_at: datetime, now: datetime) -> datetime:
    """The new deadline when a stopped clock runs on at ``now``: working time unused at ``stopped_at`` is given back.

    A clock that had already run out stays where it was. Raises ``UnknownCalendarYear``.
    """
    if stopped_at >= due_at:
        return due_at
    return add_working_time(calendar, now, working_time_between(calendar, stopped_at, due_at))


def dispatch_due_at(accepted_at: datetime, minutes: int) -> datetime:
    """The end of the dispatch clock (3 minutes of real time: the hotline works round the clock)."""
    return accepted_at + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """One site's promises: working days by urgency, and the minutes in which a work order must be dispatched."""

    calendar: WorkCalendar
    days: Mapping[str, int]
    dispatch_minutes: int = 3

    def due(self, urgency: str, start: datetime) -> Due:
        """When a work order of this urgency, dispatched at ``start``, is due. Raises ``RuleBroken``."""
        if urgency not in self.days:
            raise RuleBroken(f"没有“{urgency}”这一紧急程度", f"there is no urgency {urgency!r}", code="unknown_urgency")
        return due(self.calendar, start, self.days[urgency])


def calendar_of(zone: ZoneInfo, hours: Sequence[tuple[time, time]], site_days: Mapping[date, str]) -> WorkCalendar:
    """The calendar of a site's settings. An end of 00:00 means midnight at the day's end."""
    spans = tuple((_minutes(start), _minutes(end) or _DAY_MINUTES) for start, end in hours)
    return WorkCalendar(zone, spans, {day: kind == "working" for day, kind in site_days.items()})


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
