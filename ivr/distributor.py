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
from datetime import datetime, timedelta
from types import MappingProxyType

from ivr.explanations import explain

RING_ALL = "ring_all"
LAST_AGENT = "last_agent"
_NOBODY: Mapping[str, str] = MappingProxyType({})
_NO_DUTY: Mapping[tuple[str, str], str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A citizen in the waiting room."""

    call_id: str
    group: str
    waiting_since: datetime
    first: bool = False
    """Returned to the front: a seat was lost or did not answer."""
    priority: int = 0
    """Minutes of head start."""
    needs: Mapping[str, int] = field(default_factory=dict)
    """Skills with the least level."""
    overflow: tuple[str, ...] = ()
    """Other groups whose seats may answer too, the preferred one first."""
    last_agent: str | None = None
    """Account of the agent who talked with this citizen last."""
    ringing: bool = False
    """Some seats have an open offer of it already (ring_all); more may be asked, after everybody else."""


@dataclass(frozen=True, slots=True)
class FreeSeat:
    """A seat that is ready and idle."""

    seat: str
    groups: tuple[str, ...]
    idle_since: datetime
    calls_taken: int
    """Calls connected in the last 24 hours."""
    account: str | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    reserved_groups: tuple[str, ...] = ()
    reserved_priority: int | None = None

    def open_to(self, call: WaitingCall) -> bool:
        """Whether the seat is not kept for others."""
        if not self.reserved_groups and self.reserved_priority is None:
            return True
        return call.group in self.reserved_groups or (
            self.reserved_priority is not None and call.priority >= self.reserved_priority
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """Offer this call to this seat, because."""

    call_id: str
    seat: str
    reason: str
    duty: str | None = None
    """The duty session in whose turn the seat is asked."""


SeatKey = Callable[[FreeSeat, WaitingCall, str], tuple[float | str, ...]]
"""(seat, call, seat asked last in the group) → sort key; the least is asked first."""


def _longest_idle(seat: FreeSeat, call: WaitingCall, last: str) -> tuple[float | str, ...]:
    return (seat.idle_since.timestamp(),)


def _fewest_calls(seat: FreeSeat, call: WaitingCall, last: str) -> tuple[float | str, ...]:
    return (seat.calls_taken,)


def _round_robin(seat: FreeSeat, call: WaitingCall, last: str) -> tuple[float | str, ...]:
    return seat.seat <= last, seat.seat


def _skill_level_first(seat: FreeSeat, call: WaitingCall, last: str) -> tuple[float | str, ...]:
    wanted = call.needs or seat.skills
    return -sum(seat.skills.get(skill, 0) for skill in wanted), seat.idle_since.timestamp()


STRATEGIES: Mapping[str, SeatKey] = MappingProxyType(
    {
        "longest_idle": _longest_idle,
        "fewest_calls": _fewest_calls,
        LAST_AGENT: _longest_idle,  # after the agent of last time, who is asked first
        "round_robin": _round_robin,
        RING_ALL: _longest_idle,
        "skill_level_first": _skill_level_first,
    }
)


def served_before(call: WaitingCall) -> tuple[bool, datetime, str]:
    """The order of the line: sort by it. It does not depend on the time of asking."""
    return not call.first, call.waiting_since - timedelta(minutes=call.priority), call.call_id


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
    table = _Table(seats, asked_last, duty, now)
    proposals: list[Proposal] = []
    for call in sorted(calls, key=lambda c: (c.ringing, *served_before(c))):
        if not table.free:
            break
        proposals += table.serve(call, strategy_of(call.group))
    return proposals


@dataclass(slots=True)
class _Row:
    """The seats that fit one kind of call, in the order of asking. ``at`` is where the free ones begin."""

    seats: list[FreeSeat]
    left: int
    at: int = 0
    members: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Table:
    seats: Sequence[FreeSeat]
    asked_last: Mapping[str, str]
    duty: Mapping[tuple[str, str], str]
    now: datetime | None
    free: dict[str, FreeSeat] = field(init=False)
    _rows: dict[tuple[object, ...], _Row] = field(default_factory=dict)
    _by_account: dict[str | None, FreeSeat] | None = None

    def __post_init__(self) -> None:
        self.free = {seat.seat: seat for seat in self.seats}

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
        kind = (call.group, call.overflow, tuple(call.needs.items()), call.priority, strategy)
        row = self._rows.get(kind)
        if row is None:
            row = self._rows[kind] = self._seat_row(call, STRATEGIES[strategy])
        return row

    def _seat_row(self, call: WaitingCall, key: SeatKey) -> _Row:
        last = self.asked_last.get(call.group, "")
        groups = (call.group, *call.overflow)
        keyed = []
        for seat in self.free.values():
            distance = next((place for place, group in enumerate(groups) if group in seat.groups), None)
            if distance is not None and fits(seat, call):
                off_duty = (call.group, seat.seat) not in self.duty
                keyed.append(((off_duty, distance, *key(seat, call, last), seat.seat), seat))
        keyed.sort(key=lambda pair: pair[0])
        row = [seat for _, seat in keyed]
        return _Row(row, len(row), members=frozenset(seat.seat for seat in row))


def fits(seat: FreeSeat, call: WaitingCall) -> bool:
    """Whether the seat has the skills and is not kept for others; groups are the caller's to compare."""
    if not seat.open_to(call):
        return False
    return all(seat.skills.get(skill, 0) >= level for skill, level in call.needs.items())
