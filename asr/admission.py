"""Which legs are transcribed live when there are more than the machine can follow? Pure.

What the citizen says makes the ticket, so the agents' legs give way first, those of the oldest calls before others:
most of their ticket is written. What is skipped here is left to transcription after the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """A leg that is transcribed now, or would like to be. ``who`` is ``citizen`` or ``agent``."""

    call_id: str
    who: str


@dataclass(frozen=True, slots=True)
class Admission:
    """What to do about a leg that asks: let it in or not, and which live leg must go for it."""

    admitted: bool
    instead_of: Stream | None = None


def admit(wanted: Stream, live: Sequence[Stream], limit: int) -> Admission:
    """``live`` is in the order of starting, oldest first."""
    if len(live) < limit:
        return Admission(True)
    if wanted.who == "citizen":
        for stream in live:
            if stream.who == "agent":
                return Admission(True, instead_of=stream)
    return Admission(False)
