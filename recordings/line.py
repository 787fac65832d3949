"""The line in which calls that have ended wait until their recordings are kept. Pure.

They are taken in rounds, many at a time: in a rush one reading, one piece of work and one transaction serve all that
ended since the last round, and the time between belongs to the citizens who wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from recordings.spool import Patience

AT_ONCE = 32
"""Calls in a round; the others are taken in the next."""


@dataclass(slots=True)
class Waiting:
    """A call that has ended."""

    call_id: str
    ended_at: datetime
    since: float
    """When its files were first looked at, and ``still_since`` when they last grew; in seconds of any steady clock."""
    still_since: float
    size: int = 0
    as_they_are: bool = False
    """Nobody writes to its files any more, though they were never finished."""

    def seen(self, size: int, now: float, patience: Patience) -> None:
        """Its files are not finished, and so big."""
        if size != self.size:
            self.size, self.still_since = size, now
        self.as_they_are = now - self.still_since >= patience.still or now - self.since >= patience.limit


class Line:
    """See the module's docstring."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, call_id: str, ended_at: datetime, now: float) -> None:
        """The call has ended."""
        self._waiting.setdefault(call_id, Waiting(call_id, ended_at, now, now))

    def first(self) -> list[Waiting]:
        """Those of the next round. They stay in the line, so that nobody else takes their files."""
        return list(islice(self._waiting.values(), AT_ONCE))

    def leave(self, round_of: Sequence[Waiting], again: Iterable[Waiting]) -> None:
        """A round is over: all leave, and whose files were not finished go to the end."""
        for one in round_of:
            del self._waiting[one.call_id]
        self._waiting |= {one.call_id: one for one in again}
