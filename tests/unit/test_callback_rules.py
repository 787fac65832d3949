"""The callback room's pure rules: lifecycle, pace, survey."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.lifecycle import STATE_ZH, TABLE, Event, State, follow
from callback.pacing import Pace
from hotline.errors import RuleBroken

ZONE = ZoneInfo("Asia/Shanghai")
WINDOWS = ((time(8), time(12)), (time(14), time(18)))


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def pace(**changes: object) -> Pace:
    values: dict[str, object] = {
        "zone": ZONE, "windows": WINDOWS, "works": weekdays, "lines": 2, "calls_per_second": 4.0,
        "retry_minutes": (30, 240),
    }  # fmt: skip
    return Pace(**(values | changes))  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


# ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_good_way_and_the_way_to_a_person() -> None:
    assert follow(State.DUE, Event.CLAIM, Event.DIAL, Event.ANSWER, Event.SURVEY, Event.CLOSE) is State.CLOSED
    assert follow(State.DIALLING, Event.NO_ANSWER, Event.RETRY) is State.DUE
    assert follow(State.DIALLING, Event.BUSY, Event.GIVE_UP) is State.HUMAN
    assert follow(State.HUMAN, Event.CLOSE) is State.CLOSED


def test_a_missing_cell_is_refused() -> None:
    for state, event in product(State, Event):
        if event not in TABLE[state]:
            with pytest.raises(RuleBroken):
                follow(state, event)


def test_no_way_leads_to_closed_but_by_a_disposition() -> None:
    into = {state for state, cells in TABLE.items() if State.CLOSED in cells.values()}
    assert into == {State.DUE, State.SURVEYED, State.REFUSED, State.CONNECTED, State.HUMAN, State.BY_HAND}
    assert set(TABLE) == set(State) == set(STATE_ZH)


def test_an_invalid_number_is_never_retried() -> None:
    assert Event.RETRY not in TABLE[State.INVALID_NUMBER]


# ── pace ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-20T09:00", "2026-11-20T09:00"),
        ("2026-11-20T07:59", "2026-11-20T08:00"),
        ("2026-11-20T12:00", "2026-11-20T14:00"),
        ("2026-11-20T18:00", "2026-11-23T08:00"),
        ("2026-11-22T10:00", "2026-11-23T08:00"),
    ],
)
def test_windows(now: str, opens: str) -> None:
    assert pace().opens_at(local(now)) == local(opens)


def test_round_the_clock_and_never() -> None:
    always = pace(windows=((time(0), time(0)),), works=lambda _: True)
    assert always.opens_at(local("2026-11-22T23:59:59")) == local("2026-11-22T23:59:59")
    assert pace(works=lambda _: False).opens_at(local("2026-11-20T09:00")) is None


@given(st.integers(0, 30 * 86400))
def test_what_opens_is_inside_a_window_of_a_working_day(seconds: int) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    opens = pace().opens_at(now)
    assert opens is not None
    assert opens >= now
    here = opens.astimezone(ZONE)
    assert weekdays(here.date())
    assert any(start <= here.time() < end for start, end in WINDOWS)
    minute = now
    while minute < opens:  # nothing earlier would have done
        at = minute.astimezone(ZONE)
        assert not (weekdays(at.date()) and any(start <= at.time() < end for start, end in WINDOWS))
        minute += timedelta(minutes=7)


def test_the_retry_plan() -> None:
    now = local("2026-11-20T09:00")
    assert pace().retry_at(Event.NO_ANSWER, 1, now) == now + timedelta(minutes=30)
    assert pace().retry_at(Event.BUSY, 2, now) == now + timedelta(minutes=240)
    assert pace().retry_at(Event.FAIL, 3, now) is None
    assert pace().retry_at(Event.INVALID, 1, now) is None
    assert (pace().free_lines(0), pace().free_lines(5), pace().gap_seconds) == (2, 0, 0.25)
