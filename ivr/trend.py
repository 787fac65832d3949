"""The last hour of a group in a few figures: how many citizens waited at once, for the small line in its row."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ivr.kpi import CallOutcome

SPAN = timedelta(hours=1)
STEPS = 30
"""Two minutes each."""


def waiting_trend(calls: Iterable[CallOutcome], now: datetime) -> tuple[int, ...]:
    """For each step of the last hour, oldest first: how many citizens were in the line during it."""
    begins, step = now - SPAN, SPAN / STEPS
    waiting = [0] * STEPS
    for call in calls:
        left = call.connected_at or call.ended_at or now
        if call.queued_at is None or left < begins or call.queued_at > now:
            continue
        first = max(0, int((call.queued_at - begins) / step))
        last = min(STEPS - 1, int((left - begins) / step))
        for index in range(first, last + 1):
            waiting[index] += 1
    return tuple(waiting)
