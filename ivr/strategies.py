"""The waiting call and the free seat as the distributor sees them, and the orders in which free seats are asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

RING_ALL = "ring_all"
LAST_AGENT = "last_agent"


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


SeatKey = Callable[[FreeSeat], tuple[float | str, ...]]
"""Sort key; the least is asked first."""
Strategy = Callable[[WaitingCall, str], tuple[object, SeatKey]]
"""(call, seat asked last in the group) → what of these the order depends on, and the order."""


def _idle_key(seat: FreeSeat) -> tuple[float | str, ...]:
    return seat.idle_since.timestamp(), seat.seat


def _calls_key(seat: FreeSeat) -> tuple[float | str, ...]:
    return seat.calls_taken, seat.seat


def _longest_idle(call: WaitingCall, last: str) -> tuple[object, SeatKey]:
    return "idle", _idle_key


def _fewest_calls(call: WaitingCall, last: str) -> tuple[object, SeatKey]:
    return "calls", _calls_key


def _round_robin(call: WaitingCall, last: str) -> tuple[object, SeatKey]:
    return last, lambda seat: (seat.seat <= last, seat.seat)


def _skill_level_first(call: WaitingCall, last: str) -> tuple[object, SeatKey]:
    def key(seat: FreeSeat) -> tuple[float | str, ...]:
        return -sum(seat.skills.get(skill, 0) for skill in call.needs or seat.skills), *_idle_key(seat)

    return tuple(call.needs), key


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "longest_idle": _longest_idle,
        "fewest_calls": _fewest_calls,
        LAST_AGENT: _longest_idle,  # after the agent of last time, who is asked first
        "round_robin": _round_robin,
        RING_ALL: _longest_idle,
        "skill_level_first": _skill_level_first,
    }
)


Turn = tuple[bool, datetime, str]


def turn(call_id: str, since: datetime, first: bool, priority: int) -> Turn:
    """The order of the line: sort by it. It does not depend on the time of asking."""
    return not first, since - timedelta(minutes=priority) if priority else since, call_id


def served_before(call: WaitingCall) -> Turn:
    """The same of a call as the distributor sees it."""
    return turn(call.call_id, call.waiting_since, call.first, call.priority)


def fits(seat: FreeSeat, call: WaitingCall) -> bool:
    """Whether the seat has the skills and is not kept for others; groups are the caller's to compare."""
    if not seat.open_to(call):
        return False
    return all(seat.skills.get(skill, 0) >= level for skill, level in call.needs.items())
