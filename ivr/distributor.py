"""Who answers next: a pure function from a snapshot of waiting calls and free seats to offers.

Citizens are served by how long they have waited; a point of priority is a head start of one minute, so that every
priority is overtaken in time and nobody starves. One that lost its seat through no fault of its own is first.
A seat fits when it serves the citizen's group (or one that the citizen overflowed to), has the skills needed and is
not reserved for others. Each strategy names the order in which fit seats are asked; a seat on duty for the group
is asked before all, the citizen's own group before others. Every offer carries why this seat was chosen.

Calls alike in group, skills and priority share one sorted list of seats, so a decision costs one sort per kind of
call and not one search per call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from ivr.explanations import explain
from ivr.strategies import LAST_AGENT, RING_ALL, STRATEGIES, FreeSeat, Turn, WaitingCall, fits, served_before, turn

__all__ = [
    "LAST_AGENT",
    "RING_ALL",
    "STRATEGIES",
    "FreeSeat",
    "Proposal",
    "Turn",
    "WaitingCall",
    "distribute",
    "distribute_in_turn",
    "fits",
    "served_before",
    "turn",
]

_NOBODY: Mapping[str, str] = MappingProxyType({})
_NO_DUTY: Mapping[tuple[str, str], str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Proposal:
    """Offer this call to this seat, because."""

    call_id: str
    seat: str
    reason: str
    duty: str | None = None
    """The duty session in whose turn the seat is asked."""


def distribute(
    calls: Iterable[WaitingCall],
    seats: Sequence[FreeSeat],
    strategy_of: Callable[[str], str],
    *,
    asked_last: Mapping[str, str] = _NOBODY,
    duty: Mapping[tuple[str, str], str] = _NO_DUTY,
    now: datetime | None = None,
) -> list[Proposal]:
    """Pair waiting calls with free seats; no seat twice, no call twice except where the strategy rings all.

    ``strategy_of`` maps a group to a name, ``asked_last`` a group to the seat asked last (round robin), ``duty``
    (group, seat) to the name of a session that goes on now. ``now`` only serves the explanation.
    """
    line = sorted(calls, key=lambda call: (call.ringing, served_before(call)))
    return distribute_in_turn(line, seats, strategy_of, asked_last=asked_last, duty=duty, now=now)


def distribute_in_turn(
    calls: Iterable[WaitingCall],
    seats: Sequence[FreeSeat],
    strategy_of: Callable[[str], str],
    *,
    asked_last: Mapping[str, str] = _NOBODY,
    duty: Mapping[tuple[str, str], str] = _NO_DUTY,
    now: datetime | None = None,
) -> list[Proposal]:
    """``distribute`` for calls that come in their turn already; no more of them are taken than there are seats for."""
    table = _Table(seats, asked_last, duty, now)
    reach = {group for seat in seats for group in seat.groups}
    proposals: list[Proposal] = []
    for call in calls:
        if call.group in reach or not reach.isdisjoint(call.overflow):
            proposals += table.serve(call, strategy_of(call.group))
            if not table.free:
                break
    return proposals


@dataclass(slots=True)
class _Row:
    """The seats that fit one kind of call, in the order of asking. ``at`` is where the free ones begin."""

    seats: list[FreeSeat]
    left: int
    members: frozenset[str]
    at: int = 0


@dataclass(slots=True)
class _Table:
    seats: Sequence[FreeSeat]
    asked_last: Mapping[str, str]
    duty: Mapping[tuple[str, str], str]
    now: datetime | None
    free: dict[str, FreeSeat] = field(init=False)
    _rows: dict[tuple[object, ...], _Row] = field(default_factory=dict)
    _orders: dict[tuple[object, object], list[FreeSeat]] = field(default_factory=dict)
    _by_account: dict[str | None, FreeSeat] | None = None
    _any_reserved: bool = field(init=False)
    _by_priority: bool = field(init=False)

    def __post_init__(self) -> None:
        self.free = {seat.seat: seat for seat in self.seats}
        self._by_priority = any(seat.reserved_priority is not None for seat in self.seats)
        self._any_reserved = self._by_priority or any(seat.reserved_groups for seat in self.seats)

    def serve(self, call: WaitingCall, strategy: str) -> list[Proposal]:
        row = self._row(call, strategy)
        if row.left == 0:
            return []
        fit = row.left
        if strategy == RING_ALL:
            chosen = [seat for seat in row.seats if seat.seat in self.free]
        else:
            chosen = [self._agent_of_last_time(call, row, strategy) or self._next(row)]
        for seat in chosen:
            self._take(seat)
        return [
            Proposal(
                call.call_id,
                seat.seat,
                explain(strategy, seat, call, fit, self.duty.get((call.group, seat.seat)), self.now),
                self.duty.get((call.group, seat.seat)),
            )
            for seat in chosen
        ]

    def _agent_of_last_time(self, call: WaitingCall, row: _Row, strategy: str) -> FreeSeat | None:
        if strategy != LAST_AGENT or call.last_agent is None:
            return None
        if self._by_account is None:
            self._by_account = {seat.account: seat for seat in self.seats}
        seat = self._by_account.get(call.last_agent)
        return seat if seat is not None and seat.seat in self.free and seat.seat in row.members else None

    def _next(self, row: _Row) -> FreeSeat:
        while row.seats[row.at].seat not in self.free:
            row.at += 1
        return row.seats[row.at]

    def _take(self, seat: FreeSeat) -> None:
        del self.free[seat.seat]
        for row in self._rows.values():
            row.left -= seat.seat in row.members

    def _row(self, call: WaitingCall, strategy: str) -> _Row:
        priority = call.priority if self._by_priority else 0
        kind = (call.group, call.overflow, tuple(call.needs.items()), priority, strategy)
        row = self._rows.get(kind)
        if row is None:
            row = self._rows[kind] = self._seat_row(call, strategy)
        return row

    def _seat_row(self, call: WaitingCall, strategy: str) -> _Row:
        groups = (call.group, *call.overflow)
        ordered = self._in_order(call, strategy)
        if call.overflow:
            seats = [s for s in ordered if not self._is_far(s, groups)]
            seats.sort(key=lambda seat: next(place for place, group in enumerate(groups) if group in seat.groups))
        else:
            seats = [s for s in ordered if call.group in s.groups]
        if call.needs or self._any_reserved:
            seats = [seat for seat in seats if fits(seat, call)]
        if any(group == call.group for group, _ in self.duty):
            seats.sort(key=lambda seat: (call.group, seat.seat) not in self.duty)
        return _Row(seats, sum(seat.seat in self.free for seat in seats), frozenset(seat.seat for seat in seats))

    def _in_order(self, call: WaitingCall, strategy: str) -> list[FreeSeat]:
        depends_on, key = STRATEGIES[strategy](call, self.asked_last.get(call.group, ""))
        name = (STRATEGIES[strategy], depends_on)
        if name not in self._orders:
            self._orders[name] = sorted(self.seats, key=key)
        return self._orders[name]

    @staticmethod
    def _is_far(seat: FreeSeat, groups: tuple[str, ...]) -> bool:
        return not any(group in seat.groups for group in groups)
