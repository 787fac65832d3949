"""Whose turn it is among those who were promised a call. Pure: who waits, what the seats do, and ``now`` are passed in.

A promise keeps the place that the citizen had in the line: it is served as if the citizen had waited on. The citizen is
rung when the place is reached, or so shortly before that the telephone rings while the seat is becoming free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

WaitOf = Callable[[str, datetime, Sequence[str]], float | None]
"""(group, waiting since, groups of others who are served first) → seconds to be expected; None: nobody works."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A promise that may be kept now."""

    promise_id: str
    group: str
    since: datetime


def reached(
    turns: Sequence[Turn], wait_of: WaitOf, *, lead_seconds: float, under_way: Sequence[str]
) -> tuple[list[Turn], float | None]:
    """Those to ring now, and in how many seconds the next one's turn may come; None: not by the passing of time.

    ``under_way``: the groups of promises that ring already, or whose citizen was just connected with us.
    """
    ahead, chosen, soonest = list(under_way), [], None
    for turn in sorted(turns, key=lambda one: (one.since, one.promise_id)):
        wait = wait_of(turn.group, turn.since, ahead)
        if wait is None:
            continue
        if wait <= lead_seconds:
            chosen.append(turn)
        else:
            left = wait - lead_seconds
            soonest = left if soonest is None else min(soonest, left)
        ahead.append(turn.group)
    return chosen, soonest


def seconds_until_open(local: datetime, windows: Sequence[tuple[time, time]]) -> float:
    """0 inside a window, else the seconds until the next one begins. No windows: always open. Over midnight is fine."""
    if not windows:
        return 0.0
    moment = _seconds(local.time())
    waits = []
    for begins, ends in windows:
        start, end = _seconds(begins), _seconds(ends)
        if start <= moment < end if start < end else moment >= start or moment < end:
            return 0.0
        waits.append((start - moment) % 86_400)
    return min(waits)


def _seconds(moment: time) -> float:
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
