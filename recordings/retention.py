"""Retention: when a recording has been kept long enough, and when a failed one is tried again. Pure.

The site sets the period; no law found names one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """What the rule needs to know of a recording."""

    recording_id: str
    call_id: str
    ended_at: datetime
    kind: str = "call"
    held: bool = False
    """Somebody set a legal hold."""


def is_expired(ended_at: datetime, now: datetime, retention_days: int) -> bool:
    """Whether the last day of keeping is over. Days are counted as 24 hours from the call's end."""
    return now - ended_at >= timedelta(days=retention_days)


def kind_of(call_id: str) -> str:
    """``return_visit``: the robot's call; ``unseen``: taken by Asterisk without the engine; else ``call``."""
    if call_id.startswith("callback_"):
        return "return_visit"
    return "unseen" if call_id.startswith("unseen-") else "call"


def expired(recordings: Iterable[Kept], now: datetime, days_of: Callable[[str], int]) -> list[Kept]:
    """Those to be deleted now, oldest first; ``days_of`` tells the period of a kind. What is held never goes."""
    over = (kept for kept in recordings if not kept.held and is_expired(kept.ended_at, now, days_of(kept.kind)))
    return sorted(over, key=lambda kept: (kept.ended_at, kept.recording_id))


def retry_delay(tries: int) -> float:
    """Seconds until a failed recording is tried again, after so many failures before: 15 s, doubling to an hour."""
    return float(min(15 * 2 ** min(tries, 8), 3600))
