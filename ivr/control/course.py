"""The course of a call: who was in it, from when to when, how long they talked, and why they left. A reading. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallOffered
from hotline.facts.control import (
    CallHeld,
    CallResumed,
    PartyCalled,
    PartyJoined,
    PartyLeft,
    SeatLeftCall,
    SeatRejoined,
    SeatSupervised,
)

COURSE_FACTS = (
    CallArrived, CallConnected, CallEnded, CallHeld, CallOffered, CallResumed, PartyCalled, PartyJoined, PartyLeft,
    SeatLeftCall, SeatRejoined, SeatSupervised,
)  # fmt: skip
ENDED = "call_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeg:
    """One stay of somebody in a call."""

    kind: str
    """``citizen``, ``seat``, ``party`` (a department, a number) or ``supervisor``."""
    who: str
    """The number, or the seat."""
    name: str = ""
    purpose: str = ""
    """Of a party: ``consult``, ``conference``, ``transfer``; of a supervisor: ``listen``, ``whisper``, ``barge``."""
    since: datetime
    """When they were called or came."""
    joined_at: datetime | None = None
    """When they could talk; None for a party who never answered."""
    left_at: datetime | None = None
    why: str = ""
    """Why they left: a reason of the fact that says so, or ``call_ended``."""
    talked_seconds: float = 0.0
    held_seconds: float = 0.0
    """Of the citizen: with music, while others talked."""


class _Course:
    """Legs by key, while the facts are read."""

    def __init__(self) -> None:
        self.legs: list[CallLeg] = []
        self._open: dict[str, int] = {}
        self._held_since: datetime | None = None

    def come(self, key: str, leg: CallLeg) -> None:
        if key not in self._open:
            self._open[key] = len(self.legs)
            self.legs.append(leg)

    def change(self, key: str, **values: object) -> None:
        if (place := self._open.get(key)) is not None:
            self.legs[place] = replace(self.legs[place], **values)  # type: ignore[arg-type]

    def go(self, key: str, at: datetime, why: str, talked: float | None = None) -> None:
        if (place := self._open.pop(key, None)) is None:
            return
        leg = self.legs[place]
        stayed = (at - leg.joined_at).total_seconds() if leg.joined_at is not None else 0.0
        seconds = round(stayed if talked is None else talked, 3)
        self.legs[place] = replace(leg, left_at=at, why=why, talked_seconds=seconds)

    def meet(self, at: datetime) -> None:
        """The citizen talks with a seat: for the first time, or once more."""
        self.end_hold(at)
        if (place := self._open.get("citizen")) is not None and self.legs[place].joined_at is None:
            self.change("citizen", joined_at=at)

    def hold(self, at: datetime) -> None:
        self._held_since = at

    def end_hold(self, at: datetime) -> None:
        """The music is over, or goes on as that of the line."""
        if self._held_since is not None and (place := self._open.get("citizen")) is not None:
            held = self.legs[place].held_seconds + (at - self._held_since).total_seconds()
            self.change("citizen", held_seconds=round(held, 3))
        self._held_since = None

    def end(self, at: datetime, why: str, talked: float) -> None:
        """``talked``: what the call's end says, music in between included."""
        self.end_hold(at)
        for key in self.staying:
            if key == "citizen":
                held = self.legs[self._open[key]].held_seconds
                self.go(key, at, why, max(0.0, talked - held))
            else:
                self.go(key, at, ENDED)

    @property
    def staying(self) -> list[str]:
        return list(self._open)


def course_of(facts: Iterable[Fact]) -> list[CallLeg]:
    """The stays in one call, in the order of coming. ``facts`` in the ledger's order."""
    course = _Course()
    for fact in facts:
        _take(course, fact)
    return course.legs


def _take(course: _Course, fact: Fact) -> None:
    match fact:
        case CallArrived(at=at):
            course.come("citizen", CallLeg(kind="citizen", who=fact.caller, since=at))
        case CallConnected(at=at, seat=seat):
            course.meet(at)
            course.come(f"seat {seat}", CallLeg(kind="seat", who=seat, name=fact.account, since=at, joined_at=at))
        case SeatRejoined(at=at, seat=seat):
            course.come(f"seat {seat}", CallLeg(kind="seat", who=seat, name=fact.by, since=at, joined_at=at))
        case SeatLeftCall(at=at, seat=seat):
            course.go(f"seat {seat}", at, fact.reason)
        case PartyCalled(at=at, party_id=key):
            course.come(key, CallLeg(kind="party", who=fact.target, name=fact.name, purpose=fact.why, since=at))
            course.change(key, who=fact.target)
        case PartyJoined(at=at, party_id=key):
            course.change(key, joined_at=at)
        case PartyLeft(at=at, party_id=key):
            course.go(key, at, fact.reason, fact.talked_seconds)
        case CallHeld(at=at):
            course.hold(at)
        case CallResumed(at=at) | CallOffered(at=at):
            course.end_hold(at)
        case SeatSupervised(at=at, supervisor_seat=seat, mode="ended" | "takeover"):
            course.go(f"supervisor {seat}", at, "taken_over" if fact.mode == "takeover" else "ended")
        case SeatSupervised(at=at, supervisor_seat=seat):
            key = f"supervisor {seat}"
            course.come(key, CallLeg(kind="supervisor", who=seat, name=fact.by, since=at, joined_at=at))
            course.change(key, purpose=fact.mode)
        case CallEnded(at=at):
            course.end(at, fact.reason, fact.talked_seconds)
        case _:
            pass
