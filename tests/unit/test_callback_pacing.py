"""Never at a bad hour: windows, wishes, holidays, make-up days under any clock; fair turns; plans by outcome."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.lifecycle import Event
from callback.pacing import MOST_POSTPONED, Pace, in_turn, read_hours, wanted_time
from hotline.errors import RuleBroken
from tickets.deadlines import calendar_of

ZONE = ZoneInfo("Asia/Shanghai")
WINDOWS = ((time(8), time(12)), (time(14), time(18)))
CALENDAR = calendar_of(ZONE, [(time(8, 30), time(12)), (time(14), time(17, 30))], {}).provisional()
PACE = Pace(ZONE, WINDOWS, CALENDAR.is_working, 4, 2.0, (30, 240), {"busy": (10, 20, 30)})
NIGHT = Pace(ZONE, ((time(20), time(0)), (time(0), time(2))), CALENDAR.is_working, 4, 2.0, ())
instants = st.integers(0, 2 * 365 * 86400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
hours = (
    st.tuples(st.integers(0, 23), st.integers(1, 24))
    .map(lambda pair: f"{min(pair):02}:00-{max(pair):02}:00")
    .filter(lambda text: text[:2] < text[6:8])
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def allowed(at: datetime, windows: tuple[tuple[time, time], ...], wish: str = "") -> bool:
    """Written again, by the letter: a working day, inside a window, inside the wish; midnight ends the day."""
    here = at.astimezone(ZONE)
    spans = [span for span in windows if span[0] <= here.time() and (span[1] == time() or here.time() < span[1])]
    start, end = read_hours(wish)
    wished = start <= here.time() and (end == time() or here.time() < end)
    return CALENDAR.is_working(here.date()) and bool(spans) and wished


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-10-01T10:00", "2026-10-08T08:00"),  # National Day: a week of holidays
        ("2026-10-10T09:00", "2026-10-10T09:00"),  # a Saturday that is worked, to make up for it
        ("2026-10-11T09:00", "2026-10-12T08:00"),  # the Sunday after it is not
        ("2026-02-14T11:59:59", "2026-02-14T11:59:59"),  # worked before the Spring Festival
        ("2026-02-14T18:00", "2026-02-24T08:00"),
        ("2026-11-20T12:00", "2026-11-20T14:00"),
        ("2026-11-20T23:59:59", "2026-11-23T08:00"),
        ("2026-11-23T00:00", "2026-11-23T08:00"),
    ],
)
def test_holidays_make_up_days_and_midnight(now: str, opens: str) -> None:
    assert PACE.opens_at(local(now)) == local(opens)


@pytest.mark.parametrize(
    ("now", "wish", "opens"),
    [
        ("2026-11-20T09:00", "10:00-11:30", "2026-11-20T10:00"),
        ("2026-11-20T11:30", "10:00-11:30", "2026-11-23T10:00"),
        ("2026-11-20T09:00", "11:00-15:00", "2026-11-20T11:00"),
        ("2026-11-20T12:30", "11:00-15:00", "2026-11-20T14:00"),
        ("2026-11-20T09:00", "19:00-21:00", None),
    ],
)
def test_a_citizens_own_hours(now: str, wish: str, opens: str | None) -> None:
    assert PACE.opens_at(local(now), wish) == (local(opens) if opens else None)


@given(instants, st.one_of(st.just(""), hours), st.sampled_from([(PACE, WINDOWS), (NIGHT, NIGHT.windows)]))
def test_never_outside_a_window_whatever_the_clock_says(
    now: datetime, wish: str, site: tuple[Pace, tuple[tuple[time, time], ...]]
) -> None:
    pace, windows = site
    assert pace.is_open(now, wish) == allowed(now, windows, wish)
    opens = pace.opens_at(now, wish)
    if opens is None:
        return
    assert opens >= now
    assert allowed(opens, windows, wish)
    assert pace.is_open(opens, wish)
    for minutes in range(0, int((opens - now).total_seconds() // 60), 13):  # nothing earlier would have done
        assert not allowed(now + timedelta(minutes=minutes), windows, wish)


@given(instants, st.sampled_from([Event.BUSY, Event.NO_ANSWER, Event.MACHINE, Event.FAIL]))
def test_the_plan_of_an_outcome_ends_with_a_person(now: datetime, event: Event) -> None:
    plan = PACE.retry_by_outcome.get(event.value, PACE.retry_minutes)
    for attempt, minutes in enumerate(plan, 1):
        assert PACE.again_at(event, attempt, 0, now) == now + timedelta(minutes=minutes)
    assert PACE.again_at(event, len(plan) + 1, 0, now) is None
    assert PACE.again_at(Event.STRANGER, 1, 0, now) is None
    assert PACE.again_at(Event.INVALID, 1, 0, now) is None


@given(instants, st.sampled_from(["", "1", "2", "3", "4", "9"]))
def test_later_is_later_and_uses_no_try_up(now: datetime, choice: str) -> None:
    at = PACE.again_at(Event.POSTPONE, 1, 1, now, wanted_time(choice, now, PACE))
    assert at is not None
    assert at > now
    assert PACE.again_at(Event.POSTPONE, 9, MOST_POSTPONED + 1, now) is None
    assert PACE.again_at(Event.NO_ANSWER, 2, 1, now) == now + timedelta(minutes=30)
    if choice in ("3", "4"):
        assert CALENDAR.is_working(at.astimezone(ZONE).date())
        assert at.astimezone(ZONE).date() > now.astimezone(ZONE).date()


@pytest.mark.parametrize("text", ["9:00-10:00", "10:00-09:00", "10:00-10:00", "08:00-25:00", "08:00-24:30", "x"])
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(RuleBroken):
        read_hours(text)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), max_size=40),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)),
)
def test_turns_are_fair_among_units_and_by_age_within_one(tasks: list[tuple[str, int]], in_use: dict[str, int]) -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    rows: list[dict[str, Any]] = [
        {"id": f"{n:03}", "unit": unit, "due_at": start + timedelta(minutes=age)} for n, (unit, age) in enumerate(tasks)
    ]
    turns = in_turn(rows, in_use)
    assert sorted(row["id"] for row in turns) == [row["id"] for row in rows]
    counted, left = Counter(in_use), Counter(row["unit"] for row in rows)
    for row in turns:
        assert counted[row["unit"]] == min(counted[unit] for unit in left if left[unit])
        counted[row["unit"]] += 1
        left[row["unit"]] -= 1
    for unit in "abc":
        mine = [(row["due_at"], row["id"]) for row in turns if row["unit"] == unit]
        assert mine == sorted(mine)


def test_one_citizen_waits_no_longer_for_a_unit_with_ten_thousand() -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    big = [{"id": f"a{n}", "unit": "a", "due_at": start} for n in range(10_000)]
    turns = in_turn([*big, {"id": "b0", "unit": "b", "due_at": start + timedelta(days=1)}], {"a": 3})
    assert turns[0]["id"] == "b0"
