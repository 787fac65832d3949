"""The unit's deadline as a clock that is started, stopped, given back, extended. Pure, and replayable.

A work order's clock is the fold of its steps: when the calendar changes, the same steps are folded again and the new
deadline is what it would always have been. Nothing is patched.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tickets.deadlines import (
    DeadlineRules,
    UnknownCalendarYear,
    WorkCalendar,
    restore,
    step,
)
from tickets.states import ClockEffect


@dataclass(frozen=True, slots=True)
class Clock:
    """``due_at`` while it has been started; ``stopped_at`` while it stands still."""

    due_at: datetime | None = None
    stopped_at: datetime | None = None
    provisional: bool = False
    """Weekends alone stood in for a year that nobody has entered yet."""

    @property
    def running(self) -> bool:
        return self.due_at is not None and self.stopped_at is None


@dataclass(frozen=True, slots=True)
class Tick:
    """One step that touched the clock. ``days``: of an extension. ``limit``: a sub-order's latest deadline."""

    at: datetime
    effect: ClockEffect
    days: int = 0
    limit: datetime | None = None


def turn(clock: Clock, tick: Tick, rules: DeadlineRules, urgency: str) -> Clock:
    """The clock after one step. An unknown calendar year makes it provisional, never an error."""
    match tick.effect:
        case ClockEffect.START if clock.running:
            return clock
        case ClockEffect.START | ClockEffect.RENEW:
            due = rules.due(urgency, tick.at)
            if tick.limit is not None:
                return Clock(tick.limit)
            return Clock(due.at, provisional=due.provisional)
        case ClockEffect.STOP if clock.running:
            return replace(clock, stopped_at=tick.at)
        case ClockEffect.RESTORE if clock.stopped_at is not None and clock.due_at is not None:
            return _restored(clock, clock.due_at, clock.stopped_at, tick, rules.calendar)
        case ClockEffect.EXTEND if clock.due_at is not None:
            due_at, provisional = _firmly(rules.calendar, lambda known: later(known, clock.due_at, tick.days))
            return Clock(due_at, clock.stopped_at, clock.provisional or provisional)
        case ClockEffect.CLEAR:
            return Clock()
        case _:
            return clock


def replay(ticks: Iterable[Tick], rules: DeadlineRules, urgency: str) -> Clock:
    """The clock after all steps, oldest first."""
    clock = Clock()
    for tick in ticks:
        clock = turn(clock, tick, rules, urgency)
    return clock


def later(calendar: WorkCalendar, due_at: datetime | None, days: int) -> datetime:
    """``days`` working days after ``due_at``, at the same time of day. Raises ``UnknownCalendarYear``."""
    assert due_at is not None
    day = calendar.local_day(due_at)
    since_midnight = due_at - calendar.at(day, 0)
    return calendar.at(step(calendar, day, days), 0) + since_midnight


def _restored(clock: Clock, due_at: datetime, stopped_at: datetime, tick: Tick, calendar: WorkCalendar) -> Clock:
    fresh, provisional = _firmly(calendar, lambda known: restore(known, stopped_at, due_at, tick.at))
    if tick.limit is not None:
        fresh = min(fresh, tick.limit)
    return Clock(fresh, None, clock.provisional or provisional)


def _firmly(calendar: WorkCalendar, compute: Callable[[WorkCalendar], datetime]) -> tuple[datetime, bool]:
    try:
        return compute(calendar), False
    except UnknownCalendarYear:
        return compute(calendar.provisional()), True
