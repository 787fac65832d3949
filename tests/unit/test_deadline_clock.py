"""The deadline's clock against a slow and obvious reference: it counts working minutes one by one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.deadline_clock import Clock, Tick, later, replay, turn
from tickets.deadlines import DeadlineRules, WorkCalendar
from tickets.states import ClockEffect

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = ((8 * 60 + 30, 12 * 60), (14 * 60, 17 * 60 + 30))
CALENDAR = WorkCalendar(ZONE, HOURS, {})
RULES = DeadlineRules(CALENDAR, {"特急": 1, "紧急": 3, "一般": 5})
MINUTE = timedelta(minutes=1)
START = datetime(2026, 9, 1, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def works(instant: datetime) -> bool:
    """Whether the minute that begins at ``instant`` is worked."""
    here = instant.astimezone(ZONE)
    minutes = here.hour * 60 + here.minute
    return CALENDAR.is_working(here.date()) and any(start <= minutes < end for start, end in HOURS)


class SlowClock:
    """What the clock means, minute by minute: a deadline, and working minutes put aside while it stands still."""

    def __init__(self, urgency: str) -> None:
        self.days = RULES.days[urgency]
        self.due: datetime | None = None
        self.stopped: datetime | None = None

    def take(self, tick: Tick) -> None:
        match tick.effect:
            case ClockEffect.START if self.due is not None and self.stopped is None:
                pass
            case ClockEffect.START | ClockEffect.RENEW:
                self.due, self.stopped = self.end_of_day(tick.at, self.days), None
            case ClockEffect.STOP if self.due is not None and self.stopped is None:
                self.stopped = tick.at
            case ClockEffect.RESTORE if self.due is not None and self.stopped is not None:
                self.give_back(self.due, self.stopped, tick.at)
            case ClockEffect.EXTEND if self.due is not None:
                self.due = self.same_time_later(self.due, tick.days)
            case ClockEffect.CLEAR:
                self.due = self.stopped = None
            case _:
                pass

    def give_back(self, due: datetime, stopped: datetime, now: datetime) -> None:
        self.stopped = None
        if stopped >= due:
            return
        unused, minute = 0, stopped
        while minute < due:
            unused += works(minute)
            minute += MINUTE
        minute = now
        while unused:
            unused -= works(minute)
            minute += MINUTE
        self.due = minute

    def end_of_day(self, at: datetime, days: int) -> datetime:
        day = self.walk(at.astimezone(ZONE).date(), days)
        return datetime(day.year, day.month, day.day, 17, 30, tzinfo=ZONE).astimezone(UTC)

    def same_time_later(self, at: datetime, days: int) -> datetime:
        here = at.astimezone(ZONE)
        day = self.walk(here.date(), days)
        return here.replace(year=day.year, month=day.month, day=day.day).astimezone(UTC)

    def walk(self, day: date, days: int) -> date:
        while days:
            day += timedelta(days=1)
            days -= CALENDAR.is_working(day)
        return day


EFFECTS = st.sampled_from([effect for effect in ClockEffect if effect is not ClockEffect.KEEP])
STEPS = st.lists(st.tuples(st.integers(0, 4000), EFFECTS, st.integers(1, 10)), max_size=7)


@given(STEPS, st.sampled_from(sorted(RULES.days)))
@settings(max_examples=60, deadline=None)
def test_pause_extension_and_rework_agree_with_the_slow_clock(
    steps: list[tuple[int, ClockEffect, int]], urgency: str
) -> None:
    now, clock, slow = START, Clock(), SlowClock(urgency)
    ticks = [Tick(now, ClockEffect.START)]
    for minutes, effect, days in steps:
        now += minutes * MINUTE
        ticks.append(Tick(now, effect, days))
    for tick in ticks:
        clock = turn(clock, tick, RULES, urgency)
        slow.take(tick)
        assert (clock.due_at, clock.stopped_at) == (slow.due, slow.stopped)
    assert replay(ticks, RULES, urgency) == clock


def test_pausing_costs_nothing_and_gains_nothing() -> None:
    start = Tick(local("2026-11-16T10:00"), ClockEffect.START)
    stop, resume = (
        Tick(local("2026-11-17T11:00"), ClockEffect.STOP),
        Tick(local("2026-11-17T11:00"), ClockEffect.RESTORE),
    )
    assert replay([start, stop, resume], RULES, "一般").due_at == local("2026-11-23T17:30")
    over_night = [start, Tick(local("2026-11-17T18:00"), ClockEffect.STOP)]
    morning = Tick(local("2026-11-18T08:00"), ClockEffect.RESTORE)
    assert replay([*over_night, morning], RULES, "一般").due_at == local("2026-11-23T17:30")


def test_a_clock_that_ran_out_stays_run_out() -> None:
    start, stop = Tick(local("2026-11-16T10:00"), ClockEffect.START), Tick(local("2026-12-01T10:00"), ClockEffect.STOP)
    back = Tick(local("2026-12-03T10:00"), ClockEffect.RESTORE)
    assert replay([start, stop, back], RULES, "一般") == Clock(local("2026-11-23T17:30"))


def test_an_extension_skips_days_off() -> None:
    assert later(CALENDAR, local("2026-09-30T17:30"), 1) == local("2026-10-08T17:30")
    assert later(CALENDAR, local("2026-09-30T10:15"), 3) == local("2026-10-10T10:15")


def test_a_sub_order_never_runs_past_its_parent() -> None:
    limit = local("2026-11-18T17:30")
    start = Tick(local("2026-11-16T10:00"), ClockEffect.START, limit=limit)
    stop = Tick(local("2026-11-17T10:00"), ClockEffect.STOP)
    back = Tick(local("2026-11-18T16:00"), ClockEffect.RESTORE, limit=limit)
    assert replay([start, stop, back], RULES, "一般").due_at == limit


def test_an_unknown_year_makes_it_provisional_and_never_stops_the_work() -> None:
    start = Tick(local("2026-12-29T10:00"), ClockEffect.START)
    clock = replay([start], RULES, "一般")
    assert clock.provisional
    extended = turn(clock, Tick(start.at, ClockEffect.EXTEND, 2), RULES, "一般")
    assert extended.provisional
    assert extended.due_at == local("2027-01-07T17:30")
    known = DeadlineRules(
        WorkCalendar(ZONE, HOURS, {date(2027, 1, 1) + timedelta(days=n): False for n in range(13)}), RULES.days
    )
    assert replay([start], known, "一般") == Clock(local("2027-01-18T17:30"))
