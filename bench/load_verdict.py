"""What a ledger says of a time of load: was any call lost, doubled, stuck, or given to two?"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallFellBack, WaitForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Calls, and what must be empty."""

    arrived: int
    connected: int
    gave_up: int
    """Ended in the line without an agent."""
    fell_back: int
    """Went to Asterisk's own queue though the engine was there."""
    stuck: frozenset[str]
    """Arrived and never ended."""
    doubled: frozenset[str]
    """Connected or ended more than once."""
    overlapping: tuple[tuple[str, str, str], ...]
    """(seat, call, next call) that a seat had at one time."""
    waits: tuple[float, ...]
    """Seconds from a call's arrival to its agent, of all connected, in order of arrival."""
    forecast_errors: tuple[float, ...]
    """Seconds by which the wait forecast to a citizen who was then connected was too long (above 0) or too short."""

    @property
    def clean(self) -> bool:
        """Nothing stuck, doubled or given to two."""
        return not (self.stuck or self.doubled or self.overlapping or self.fell_back)


def judge(facts: Iterable[Fact]) -> Verdict:
    """Read facts in the order of the ledger."""
    arrived: dict[str, datetime] = {}
    connected: dict[str, CallConnected] = {}
    ended: dict[str, datetime] = {}
    forecasts: list[WaitForecast] = []
    times: Counter[tuple[str, str]] = Counter()
    fell_back = 0
    for fact in facts:
        match fact:
            case CallArrived(at=at, call_id=call):
                arrived[call] = at
            case CallConnected(call_id=call):
                connected.setdefault(call, fact)
                times["connected", call] += 1
            case CallEnded(at=at, call_id=call):
                ended[call] = at
                times["ended", call] += 1
            case WaitForecast():
                forecasts.append(fact)
            case CallFellBack():
                fell_back += 1
            case _:
                pass
    return Verdict(
        arrived=len(arrived),
        connected=len(connected),
        gave_up=len(ended.keys() - connected.keys()),
        fell_back=fell_back,
        stuck=frozenset(arrived.keys() - ended.keys()),
        doubled=frozenset(call for (_, call), number in times.items() if number > 1),
        overlapping=_overlapping(connected, ended),
        waits=tuple((connected[c].at - at).total_seconds() for c, at in arrived.items() if c in connected),
        forecast_errors=tuple(
            told.seconds - (connected[told.call_id].at - told.at).total_seconds()
            for told in forecasts
            if told.call_id in connected
        ),
    )


def _overlapping(connected: dict[str, CallConnected], ended: dict[str, datetime]) -> tuple[tuple[str, str, str], ...]:
    by_seat: dict[str, list[CallConnected]] = defaultdict(list)
    for fact in connected.values():
        by_seat[fact.seat].append(fact)
    found = []
    for seat, talks in by_seat.items():
        talks.sort(key=lambda fact: fact.at)
        for talk, following in itertools.pairwise(talks):
            until = ended.get(talk.call_id, talk.at + timedelta(days=1))
            if following.at < until:
                found.append((seat, talk.call_id, following.call_id))
    return tuple(found)
