"""One decision of the distributor: 300 free seats, 100 waiting citizens, groups, skills and priorities mixed.

Beside it the distributor as one would write it first, and as ours was: for each citizen in the order of the line, the
seats that fit are looked through and the best is taken. Both must propose the same pairs. Rounds alternate, the median
counts. The second row is what happens all day: every citizen waits for one seat that becomes free.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from bench.registry import Tell
from bench.rows import Row
from ivr.distributor import FreeSeat, Proposal, WaitingCall, distribute, fits, served_before

COMMAND = "make bench ONLY=acd.decision_300_seats"
SEATS, CALLS, ROUNDS = 300, 100, 60
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEER = "search per call, plain Python"
Pairs = list[tuple[str, str]]


async def run(tell: Tell) -> list[Row]:
    """Measure; about a second."""
    calls, seats = draw_room(seed=1)
    tell(f"{ROUNDS} decisions of {CALLS} calls and {SEATS} seats")
    return [
        _row("acd.decision_300_seats", calls, seats),
        _row("acd.decision_300_seats.one_free", calls, seats[:1]),
    ]


def draw_room(seed: int) -> tuple[list[WaitingCall], list[FreeSeat]]:
    """A busy room: three groups that share seats, a third of the calls need a skill, some have priority."""
    random = Random(seed)
    seats = [
        FreeSeat(
            str(1001 + number),
            tuple(random.sample(("general", "traffic", "english"), k=random.choice((1, 2, 3)))),
            NOON - timedelta(seconds=random.randrange(600)),
            random.randrange(80),
            f"agent{number}",
            {"交通": random.randint(1, 5)} if random.random() < 0.5 else {},
        )
        for number in range(SEATS)
    ]
    calls = [
        WaitingCall(
            f"call{number}",
            random.choice(("general", "general", "traffic", "english")),
            NOON - timedelta(seconds=random.randrange(300)),
            priority=random.choice((0, 0, 0, 5)),
            needs={"交通": 2} if random.random() < 0.3 else {},
        )
        for number in range(CALLS)
    ]
    return calls, seats


def search_per_call(calls: list[WaitingCall], seats: list[FreeSeat]) -> Pairs:
    """The peer: longest idle, a search through the free seats for each call."""
    free = {seat.seat: seat for seat in seats}
    pairs: Pairs = []
    for call in sorted(calls, key=served_before):
        fit = [seat for seat in free.values() if call.group in seat.groups and fits(seat, call)]
        if fit:
            chosen = min(fit, key=lambda seat: (seat.idle_since, seat.seat))
            del free[chosen.seat]
            pairs.append((call.call_id, chosen.seat))
    return pairs


def _row(name: str, calls: list[WaitingCall], seats: list[FreeSeat]) -> Row:
    def ours() -> list[Proposal]:
        return distribute(calls, seats, lambda _: "longest_idle", now=NOON)

    def peer() -> Pairs:
        return search_per_call(calls, seats)

    if [(p.call_id, p.seat) for p in ours()] != peer():
        raise RuntimeError("the two do not propose the same pairs: nothing to compare")
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(_milliseconds(ours))
        theirs.append(_milliseconds(peer))
    return Row(name, "ms", round(statistics.median(mine), 3), round(statistics.median(theirs), 3), PEER, COMMAND)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
