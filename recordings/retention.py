"""Retention: when a recording has been kept long enough, and when a failed one is tried again. Pure.

The site sets the period; no law found names one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """What the rule needs to know of a recording."""

    recording_id: str
    call_id: str
    ended_at: datetime


def is_expired(ended_at: datetime, now: datetime, retention_days: int) -> bool:
    """Whether the last day of keeping is over. Days are counted as 24 hours from the call's end."""
    return now - ended_at >= timedelta(days=retention_days)


def expired(recordings: Iterable[Kept], now: datetime, retention_days: int) -> list[Kept]:
    """Those to be deleted now, oldest first."""
    over = (kept for kept in recordings if is_expired(kept.ended_at, now, retention_days))
    return sorted(over, key=lambda kept: (kept.ended_at, kept.recording_id))


def retry_delay(tries: int) -> float:
    """Seconds until a failed recording is tried again, after so many failures before: 15 s, doubling to an hour."""
    return float(min(15 * 2 ** min(tries, 8), 3600))
