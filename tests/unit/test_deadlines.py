"""Working time, against a slow and obvious reference that walks minute by minute or day by day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.errors import ConfigurationError, RuleBroken
from tickets.deadlines import (
    DeadlineRules,
    Lamp,
    UnknownCalendarYear,
    WorkCalendar,
    add_working_time,
    calendar_of,
    dispatch_due_at,
    due,
    due_at,
    lamp,
    restore,
    working_time_between,
    yellow_at,
)

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = ((8 * 60 + 30, 12 * 60), (14 * 60, 17 * 60 + 30))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def site(days: dict[date, bool] | None = None) -> WorkCalendar:
    return WorkCalendar(ZONE, HOURS, days or {})


def test_friday_evening_general_is_due_on_the_fifth_working_day() -> None:
    assert due_at(site(), local("2026-11-13T17:00"), 5) == local("2026-11-20T17:30")


def test_holidays_are_skipped_and_make_up_days_count() -> None:
    # National Day 2026: 1 to 7 October off, Saturday 10 October worked (and Sunday 20 September)
    assert due_at(site(), local("2026-09-30T10:00"), 1) == local("2026-10-08T17:30")
    assert due_at(site(), local("2026-09-30T10:00"), 3) == local("2026-10-10T17:30")
    assert due_at(site(), local("2026-09-18T10:00"), 1) == local("2026-09-20T17:30")


def test_the_day_is_the_local_day() -> None:
    # 17:00 UTC is already the next day in Shanghai
    assert due_at(site(), datetime(2026, 11, 16, 17, 0, tzinfo=UTC), 1) == local("2026-11-18T17:30")


def test_the_sites_own_table_wins() -> None:
    closed = site({date(2026, 11, 16): False, date(2026, 11, 14): True})
    assert due_at(closed, local("2026-11-13T10:00"), 1) == local("2026-11-14T17:30")
    assert due_at(closed, local("2026-11-14T10:00"), 1) == local("2026-11-17T17:30")


def test_an_unknown_year_is_an_alarm_and_never_a_guess() -> None:
    with pytest.raises(UnknownCalendarYear) as alarm:
        due_at(site(), local("2026-12-29T10:00"), 5)
    assert alarm.value.year == 2027
    assert "2027" in alarm.value.zh


def test_the_work_order_goes_on_with_a_marked_deadline() -> None:
    found = due(site(), local("2026-12-29T10:00"), 5)
    assert found.provisional
    assert found.unknown_year == 2027
    assert found.at == local("2027-01-05T17:30")
    assert not due(site(), local("2026-11-10T10:00"), 5).provisional


def test_half_a_table_is_no_calendar_a_whole_one_is() -> None:
    holidays = [date(2027, 1, 1) + timedelta(days=n) for n in range(13)]
    half = site(dict.fromkeys(holidays[:3], False))
    with pytest.raises(UnknownCalendarYear):
        due_at(half, local("2026-12-29T10:00"), 5)
    whole = site(dict.fromkeys(holidays, False))
    assert due_at(whole, local("2026-12-29T10:00"), 5) == local("2027-01-18T17:30")


def test_days_that_are_stated_one_by_one_are_known() -> None:
    stated = site({date(2027, 1, day): day not in (1, 2, 3) for day in range(1, 6)})
    assert due_at(stated, local("2026-12-29T10:00"), 4) == local("2027-01-05T17:30")


@pytest.mark.parametrize(
    ("now", "card"),
    [
        ("2026-11-19T17:29", Lamp.GREEN),
        ("2026-11-19T17:30", Lamp.YELLOW),
        ("2026-11-20T17:30", Lamp.YELLOW),
        ("2026-11-20T17:31", Lamp.RED),
    ],
)
def test_cards(now: str, card: Lamp) -> None:
    assert lamp(site(), local(now), local("2026-11-20T17:30")) is card


def test_yellow_skips_a_weekend_and_lamps_never_raise() -> None:
    assert yellow_at(site(), local("2026-11-16T17:30")) == local("2026-11-13T17:30")
    assert lamp(site(), local("2026-12-31T18:00"), local("2027-01-01T17:30")) is Lamp.YELLOW
    assert lamp(site(), local("2026-11-20T17:30"), None) is Lamp.NONE


def test_lunch_is_no_working_time() -> None:
    start = local("2026-11-18T11:30")
    assert add_working_time(site(), start, timedelta(hours=1)) == local("2026-11-18T14:30")
    assert working_time_between(site(), start, local("2026-11-18T14:30")) == timedelta(hours=1)


def test_unused_time_is_restored_and_used_up_time_is_not() -> None:
    due_on = local("2026-11-20T17:30")
    later = restore(site(), local("2026-11-20T15:30"), due_on, local("2026-11-23T09:00"))
    assert later == local("2026-11-23T11:00")
    assert restore(site(), local("2026-11-23T09:00"), due_on, local("2026-11-24T09:00")) == due_on


def test_rules_know_their_urgencies_and_the_three_minutes() -> None:
    rules = DeadlineRules(site(), {"特急": 1, "紧急": 3, "一般": 5})
    assert rules.due("特急", local("2026-11-18T09:00")).at == local("2026-11-19T17:30")
    with pytest.raises(RuleBroken):
        rules.due("很急", local("2026-11-18T09:00"))
    assert dispatch_due_at(local("2026-11-18T23:59"), 3) == local("2026-11-19T00:02")


def test_settings_become_a_calendar() -> None:
    made = calendar_of(ZONE, [(time(0), time(0))], {date(2026, 11, 22): "working"})
    assert made.closing(date(2026, 11, 22)) == local("2026-11-23T00:00")
    assert made.is_working(date(2026, 11, 22))
    with pytest.raises(ConfigurationError):
        calendar_of(ZONE, [(time(14), time(17)), (time(8), time(12))], {})
    with pytest.raises(ConfigurationError):
        calendar_of(ZONE, [], {})


# ── properties, against the slow reference ──────────────────────────────────────────────────────────────────────

minutes = st.integers(0, 60 * 24 * 40).map(lambda n: local("2026-09-15T00:00") + timedelta(minutes=n))
overrides = st.dictionaries(st.dates(date(2026, 9, 15), date(2026, 12, 31)), st.booleans(), max_size=12)


def obvious_is_working_minute(calendar: WorkCalendar, minute: datetime) -> bool:
    here = minute.astimezone(ZONE)
    of_day = here.hour * 60 + here.minute
    return calendar.is_working(here.date()) and any(a <= of_day < b for a, b in HOURS)


@given(start=minutes, days=st.integers(1, 12), table=overrides)
@settings(max_examples=150, deadline=None)
def test_due_at_counts_days_like_a_finger_on_the_calendar(start: datetime, days: int, table: dict[date, bool]) -> None:
    calendar = site(table)
    finger, counted = start.astimezone(ZONE).date(), 0
    while counted < days:
        finger += timedelta(days=1)
        counted += 1 if calendar.is_working(finger) else 0
    assert due_at(calendar, start, days) == calendar.closing(finger)


@given(start=minutes, length=st.integers(0, 60 * 24 * 6), table=overrides)
@settings(max_examples=60, deadline=None)
def test_working_time_is_the_working_minutes(start: datetime, length: int, table: dict[date, bool]) -> None:
    calendar = site(table)
    walked = sum(obvious_is_working_minute(calendar, start + timedelta(minutes=n)) for n in range(length))
    assert working_time_between(calendar, start, start + timedelta(minutes=length)) == timedelta(minutes=walked)


@given(start=minutes, amount=st.integers(1, 60 * 40), table=overrides)
@settings(max_examples=150, deadline=None)
def test_adding_and_measuring_agree(start: datetime, amount: int, table: dict[date, bool]) -> None:
    calendar = site(table)
    end = add_working_time(calendar, start, timedelta(minutes=amount))
    assert working_time_between(calendar, start, end) == timedelta(minutes=amount)
    assert working_time_between(calendar, start, end - timedelta(minutes=1)) == timedelta(minutes=amount - 1)
