"""What is known of a number that calls: how often, who talked with it last, whether it just gave up waiting. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.people import Call

GAVE_UP = frozenset({"abandoned", "hung_up_in_greeting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRecord:
    """One number's past with us, as an agent needs it in the first second."""

    calls_this_month: int
    """This one included."""
    last_at: datetime | None = None
    """When it called before this."""
    last_account: str | None = None
    """Who talked with it last."""
    last_call_id: str | None = None
    gave_up_at: datetime | None = None
    """It gave up waiting then, so recently that this is the same need."""


def record_of(calls: Sequence[Call], this_month: int, now: datetime, repeat_minutes: int) -> CallerRecord:
    """``calls``: the number's earlier calls, newest first, without those that we made."""
    answered = next((call for call in calls if call.account), None)
    last = calls[0] if calls else None
    recent = timedelta(minutes=repeat_minutes)
    given_up = last is not None and last.end_reason in GAVE_UP and last.ended_at is not None
    gave_up_at = last.ended_at if last is not None and given_up and now - (last.ended_at or now) <= recent else None
    return CallerRecord(
        calls_this_month=this_month,
        last_at=last.arrived_at if last else None,
        last_account=answered.account if answered else None,
        last_call_id=answered.call_id if answered else None,
        gave_up_at=gave_up_at,
    )
