"""What an agent is told of the number that calls."""

from datetime import UTC, datetime, timedelta

from ivr.callers import record_of
from ivr.people import Call

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def call(minutes_ago: float, reason: str, account: str | None = None) -> Call:
    ended = NOON - timedelta(minutes=minutes_ago)
    made = Call(f"c{minutes_ago}", "138", "12345", "l", "a", "ch", f"u{minutes_ago}", ended - timedelta(seconds=40))
    made.ended_at, made.end_reason, made.account = ended, reason, account
    return made


def test_who_gave_up_a_moment_ago_calls_for_the_same_need() -> None:
    record = record_of([call(5, "abandoned"), call(3000, "citizen_hung_up", "xiaoli")], 3, NOON, 30)
    assert (record.calls_this_month, record.last_account, record.gave_up_at) == (
        3,
        "xiaoli",
        NOON - timedelta(minutes=5),
    )


def test_what_is_long_ago_or_was_answered_is_another_need() -> None:
    assert record_of([call(31, "abandoned")], 1, NOON, 30).gave_up_at is None
    answered = record_of([call(2, "citizen_hung_up", "xiaoli"), call(5, "abandoned")], 1, NOON, 30)
    assert (answered.gave_up_at, answered.last_account) == (None, "xiaoli")
    assert record_of([], 1, NOON, 30).last_at is None
