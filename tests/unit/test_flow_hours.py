"""Day, night, holiday, emergency."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.events import ANSWERS, Subject
from ivr.flow.hours import Notice, OpeningHours, within

SHANGHAI = ZoneInfo("Asia/Shanghai")
STORM = Notice("notice-busy", datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC), ("12319",))
HOURS = OpeningHours(SHANGHAI, [(time(8), time(20))], lambda day: day != date(2026, 10, 1), [STORM])


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        ("2026-11-20T12:00+08:00", "open"), ("2026-11-20T03:00+08:00", "closed"), ("2026-11-20T08:00+08:00", "open"),
        ("2026-11-20T20:00+08:00", "closed"),
        ("2026-10-01T12:00+08:00", "holiday"), ("2026-10-01T23:00+08:00", "closed"),
    ],
)  # fmt: skip
def test_the_calendar_answers(moment: str, answer: str) -> None:
    found = HOURS.judge(datetime.fromisoformat(moment), "12345").answer
    assert found == answer
    assert found in ANSWERS[Subject.CALENDAR]


def test_a_notice_holds_for_its_lines_and_its_time() -> None:
    storm = datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert HOURS.judge(storm, "12319").values == {"notice": "notice-busy"}
    assert HOURS.judge(storm, "12345").answer == "open"
    assert HOURS.judge(datetime(2026, 7, 2, 4, tzinfo=UTC), "12319").answer == "open"


def test_without_hours_day_and_night_are_alike() -> None:
    hours = OpeningHours(SHANGHAI, [], lambda day: True)
    assert hours.judge(datetime(2026, 11, 20, 19, tzinfo=UTC), "12345").answer == "open"


def test_a_window_may_run_over_midnight() -> None:
    late = [(time(20), time(2))]
    assert within(time(23), late)
    assert within(time(1, 59), late)
    assert not within(time(2), late)
    assert within(time(5), [(time(0), time(0))])
