"""Which claims wait to be asked about, and which questions are open.

One question answers every claim about its leg that was made before it was sent; a claim made later needs a new one, for
the answer may be older than the event. News that moves nothing by itself waits a little for what comes with it.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from telephony.claims import Claim

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A claim that waits until ``when`` (loop time), after ``asked`` answers that did not bear it out."""

    claim: Claim
    when: float
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """One leg to be asked about now, and what for."""

    uniqueid: str
    doubts: tuple[Doubt, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is claimed."""
        return tuple(doubt.claim for doubt in self.doubts)


class Questions(Generic[Asked]):
    """Claims by leg; and the open questions, the oldest first, each with what the asker needs for its answer."""

    def __init__(self) -> None:
        self.open: deque[tuple[Due, Asked]] = deque()
        self._waiting: dict[str, list[Doubt]] = {}

    def __len__(self) -> int:
        return len(self.open) + len(self._waiting)

    def add(self, claim: Claim, when: float, asked: int = 0) -> None:
        """Ask about it at ``when``, or before that when its leg is asked about anyhow."""
        self._waiting.setdefault(claim.uniqueid, []).append(Doubt(claim, when, asked))

    def take_due(self, now: float) -> list[Due]:
        """The legs to be asked about now. What was asked about before keeps its own time: it waits for a change."""
        due = []
        for uniqueid, doubts in list(self._waiting.items()):
            if any(doubt.when <= now for doubt in doubts):
                taken = [doubt for doubt in doubts if doubt.when <= now or not doubt.asked]
                self._keep(uniqueid, [doubt for doubt in doubts if doubt not in taken])
                due.append(Due(uniqueid, tuple(taken)))
        return due

    def wake_at(self) -> float:
        """When the next one is due."""
        return min((doubt.when for doubts in self._waiting.values() for doubt in doubts), default=float("inf"))

    def is_open(self, uniqueid: str) -> bool:
        """Whether Asterisk is being asked about this leg."""
        return any(due.uniqueid == uniqueid for due, _ in self.open)

    def concerned(self) -> Collection[str]:
        """The legs that are, or will be, asked about."""
        return {due.uniqueid for due, _ in self.open} | self._waiting.keys()

    def forget(self, uniqueid: str) -> None:
        """The leg is gone: nothing that waits matters any more."""
        self._waiting.pop(uniqueid, None)

    def clear(self) -> None:
        """Something newer than all of it is about to be known."""
        self.open.clear()
        self._waiting.clear()

    def _keep(self, uniqueid: str, doubts: list[Doubt]) -> None:
        if doubts:
            self._waiting[uniqueid] = doubts
        else:
            del self._waiting[uniqueid]
