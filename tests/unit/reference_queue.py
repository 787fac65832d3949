"""A hotline's day by hand, slowly: citizens in the order of arrival, each to the seat that has been idle longest.

It knows nothing of the engine: no events, no offers, only instants in milliseconds. With one group, first come first
served, a citizen's turn comes at the first instant at which somebody is free after all who came before were dealt with.
"""

from dataclasses import dataclass

from ivr.demand import Citizen


@dataclass
class ReferenceSeat:
    name: str
    free_from: int = 0
    idle_since: int = 0
    calls: int = 0


@dataclass(frozen=True)
class ReferenceDay:
    waits_ms: dict[int, int]
    """Of citizens who were answered."""
    gave_up_ms: dict[int, int]
    """Of citizens who were not."""
    calls_by_seat: dict[str, int]


def replay(citizens: list[Citizen], seats: int, accept_ms: int) -> ReferenceDay:
    table = [ReferenceSeat(str(1001 + number)) for number in range(seats)]
    waits: dict[int, int] = {}
    gave_up: dict[int, int] = {}
    for citizen in citizens:
        turn = max(citizen.arrives_ms, min(seat.free_from for seat in table))
        leaves = float("inf") if citizen.patience_ms is None else citizen.arrives_ms + citizen.patience_ms
        if leaves < turn:
            gave_up[citizen.number] = citizen.patience_ms or 0
            continue
        seat = min((s for s in table if s.free_from <= turn), key=lambda s: (s.idle_since, s.name))
        if leaves < turn + accept_ms:  # gone while it rings; the seat keeps its turn
            gave_up[citizen.number] = citizen.patience_ms or 0
            seat.free_from = citizen.arrives_ms + (citizen.patience_ms or 0)
            continue
        waits[citizen.number] = turn + accept_ms - citizen.arrives_ms
        seat.free_from = seat.idle_since = turn + accept_ms + citizen.talks_ms + citizen.wraps_ms
        seat.calls += 1
    return ReferenceDay(waits, gave_up, {seat.name: seat.calls for seat in table})
