"""The figures on the supervisor's page: over the last 24 hours at any instant, never reset at midnight.

Kept up to date call by call; the definitions are ``ivr/kpi.py``'s, so that a reading of the past from the table of
calls gives the same numbers.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from ivr.kpi import CallOutcome, Kpi, Tally, kpi_of, tally
from ivr.trend import SPAN, STEPS, waiting_trend
from ivr.views import FiguresView

WINDOW = timedelta(hours=24)


class CountedCall(Protocol):
    """As much of a call as figures need."""

    @property
    def call_id(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def arrived_at(self) -> datetime: ...
    @property
    def queued_at(self) -> datetime | None: ...
    @property
    def connected_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def seat(self) -> str | None: ...
    @property
    def duty(self) -> str | None: ...
    @property
    def end_reason(self) -> str | None: ...
    @property
    def promise(self) -> str | None: ...
    @property
    def told_wait(self) -> float | None: ...
    @property
    def told_at(self) -> datetime | None: ...


def outcome_of(call: CountedCall) -> CallOutcome:
    """What figures remember of a call."""
    return CallOutcome(
        call.call_id,
        call.group,
        call.arrived_at,
        call.queued_at,
        call.connected_at,
        call.ended_at,
        call.seat,
        call.duty,
        call.end_reason,
        call.promise,
        call.told_wait,
        call.told_at,
    )


class RollingFigures:
    """Figures by group over the last 24 hours. Calls are first noted in the order of arrival."""

    def __init__(self) -> None:
        self._calls: dict[str, CallOutcome] = {}
        self._groups: dict[str, Tally] = {}
        self._taken: Counter[str] = Counter()
        self._trends: dict[str, tuple[int, tuple[int, ...]]] = {}

    def note(self, call: CountedCall) -> None:
        """A call arrived, or something happened to it."""
        known = self._calls.get(call.call_id)
        outcome = outcome_of(call)
        if known is not None:
            self._count(known, -1)
            if outcome.seat is None and known.seat is not None:
                outcome = replace(outcome, seat=known.seat)  # parted: it keeps who answered
        self._calls[call.call_id] = outcome
        self._count(outcome, 1)

    def of_group(self, group: str, now: datetime) -> Kpi:
        """One group's figures of the last 24 hours."""
        self._forget(now)
        return kpi_of(self._groups.get(group, Tally()))

    def taken_by(self, seat: str) -> int:
        """Calls of the last 24 hours that this seat answered."""
        return self._taken[seat]

    def over(self, window: timedelta, now: datetime, group: str | None = None) -> Kpi:
        """Figures of the last ``window`` (at most 24 hours), of one group or of all."""
        self._forget(now)
        if window >= WINDOW:
            groups = [counts for name, counts in self._groups.items() if group in (None, name)]
            return kpi_of(sum(groups, Tally()))
        return kpi_of(tally(self._since(now - window, group)))

    def waiting_trend(self, group: str, now: datetime) -> tuple[int, ...]:
        """The group's line over the last hour; counted anew once in a step, however often it is asked for."""
        step = int(now.timestamp() / (SPAN / STEPS).total_seconds())
        known = self._trends.get(group)
        if known is None or known[0] != step:
            known = self._trends[group] = (step, waiting_trend(self._since(now - 2 * SPAN, group), now))
        return known[1]

    def read(self, now: datetime) -> FiguresView:
        """All groups together, for the screens."""
        kpi = self.over(WINDOW, now)
        return FiguresView(
            arrived=kpi.arrived, answered=kpi.answered, abandoned=kpi.abandoned, within_15s=kpi.within_15s
        )

    def _since(self, begins: datetime, group: str | None) -> list[CallOutcome]:
        found = []
        for outcome in reversed(self._calls.values()):
            if outcome.arrived_at <= begins:
                break
            if group in (None, outcome.group):
                found.append(outcome)
        return found

    def _count(self, outcome: CallOutcome, times: int) -> None:
        self._groups.setdefault(outcome.group, Tally()).add(outcome, times)
        if outcome.connected_at is not None and outcome.seat is not None:
            self._taken[outcome.seat] += times

    def _forget(self, now: datetime) -> None:
        while self._calls:
            oldest = next(iter(self._calls.values()))
            if oldest.arrived_at > now - WINDOW:
                return
            self._count(oldest, -1)
            del self._calls[oldest.call_id]
