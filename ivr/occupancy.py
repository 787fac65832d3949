"""How much of the time that agents were there they worked: from the facts of seats, live and past alike."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.facts import Fact
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen

BUSY = frozenset({"offered", "talking", "wrap_up"})


@dataclass(frozen=True, slots=True)
class SeatMoment:
    """From ``at`` on, the seat works, or is there ready to; until its next moment."""

    at: datetime
    seat: str
    busy: bool
    staffed: bool


class SeatTimes:
    """Moments of all seats, oldest first, of at least ``kept``."""

    def __init__(self, kept: timedelta = timedelta(hours=24)) -> None:
        self._kept = kept
        self._status: dict[str, str] = {}
        self._state: dict[str, str] = {}
        self._last: dict[str, SeatMoment] = {}
        self._moments: deque[SeatMoment] = deque()
        self._before: dict[str, SeatMoment] = {}
        """What was so when the oldest kept moment came."""

    def note(self, facts: Iterable[Fact]) -> None:
        """Take in facts in the order of time; those of other things are passed over."""
        for fact in facts:
            match fact:
                case SeatStatusChosen(seat=seat, status=status):
                    self._status[seat] = status
                case SeatStateObserved(seat=seat, state=state):
                    self._state[seat] = state
                case _:
                    continue
            self._add(seat, fact.at)

    def present(self) -> list[str]:
        """Seats last seen in any state but unreachable."""
        return sorted(seat for seat, state in self._state.items() if state != "unreachable")

    def occupancy(self, begins: datetime, ends: datetime, seats: Iterable[str] | None = None) -> float | None:
        """Share of staffed time that was work, 0–1; None when nobody was there."""
        return occupancy(self._before, self._moments, begins, ends, None if seats is None else frozenset(seats))

    def _add(self, seat: str, at: datetime) -> None:
        state, status = self._state.get(seat, "unreachable"), self._status.get(seat, "offline")
        busy = state in BUSY
        moment = SeatMoment(at, seat, busy, busy or (state == "idle" and status == "ready"))
        last = self._last.get(seat)
        if last is not None and (last.busy, last.staffed) == (moment.busy, moment.staffed):
            return
        self._last[seat] = moment
        self._moments.append(moment)
        while self._moments and self._moments[0].at <= at - self._kept:
            old = self._moments.popleft()
            self._before[old.seat] = old


def occupancy(
    before: Mapping[str, SeatMoment],
    moments: Iterable[SeatMoment],
    begins: datetime,
    ends: datetime,
    seats: frozenset[str] | None = None,
) -> float | None:
    """Busy time / staffed time within [begins, ends). ``before`` is each seat's last moment ahead of ``moments``."""
    busy = staffed = timedelta()
    now_so = dict(before)
    for moment in moments:
        if (last := now_so.get(moment.seat)) is not None and (seats is None or moment.seat in seats):
            lasted = _overlap(last.at, moment.at, begins, ends)
            busy, staffed = busy + lasted * last.busy, staffed + lasted * last.staffed
        now_so[moment.seat] = moment
    for seat, last in now_so.items():
        if seats is None or seat in seats:
            lasted = _overlap(last.at, ends, begins, ends)
            busy, staffed = busy + lasted * last.busy, staffed + lasted * last.staffed
    return busy / staffed if staffed else None


def _overlap(start: datetime, stop: datetime, begins: datetime, ends: datetime) -> timedelta:
    return max(timedelta(), min(stop, ends) - max(start, begins))
