"""Who answers next: a pure function from a snapshot of waiting calls and free seats to offers.

Calls are served in the order in which they began to wait; one that lost its seat through no fault of its own is
first. Each strategy names the order in which free seats are asked. Every offer carries why this seat was chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A citizen in the waiting room."""

    call_id: str
    group: str
    waiting_since: datetime
    first: bool = False
    """Returned to the front: a seat was lost or did not answer."""


@dataclass(frozen=True, slots=True)
class FreeSeat:
    """A seat that is ready and idle."""

    seat: str
    groups: tuple[str, ...]
    idle_since: datetime
    calls_taken: int
    """Calls connected in the last 24 hours."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Offer this call to this seat, because."""

    call_id: str
    seat: str
    reason: str


SeatOrder = Callable[[FreeSeat], tuple[float, str]]


def _longest_idle(seat: FreeSeat) -> tuple[float, str]:
    return seat.idle_since.timestamp(), seat.seat


def _fewest_calls(seat: FreeSeat) -> tuple[float, str]:
    return seat.calls_taken, seat.seat


STRATEGIES: dict[str, tuple[SeatOrder, str]] = {
    "longest_idle": (_longest_idle, "空闲最久 / idle longest"),
    "fewest_calls": (_fewest_calls, "接听最少 / fewest calls"),
}


def distribute(
    calls: Iterable[WaitingCall], seats: Sequence[FreeSeat], strategy_of: Callable[[str], str]
) -> list[Proposal]:
    """Pair waiting calls with free seats; no seat twice, no call twice. ``strategy_of`` maps a group to a name."""
    free = {seat.seat: seat for seat in seats}
    proposals: list[Proposal] = []
    for call in sorted(calls, key=lambda c: (not c.first, c.waiting_since, c.call_id)):
        if not free:
            break
        order, why = STRATEGIES[strategy_of(call.group)]
        fit = [seat for seat in free.values() if call.group in seat.groups]
        if fit:
            chosen = min(fit, key=order)
            del free[chosen.seat]
            proposals.append(Proposal(call.call_id, chosen.seat, f"{why} ({len(fit)})"))
    return proposals
