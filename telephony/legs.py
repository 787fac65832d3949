"""Legs and bridges as pure state: what is known about every channel of Asterisk."""

from dataclasses import dataclass
from enum import StrEnum


class LegState(StrEnum):
    """How far a leg has come."""

    DOWN = "down"
    RINGING = "ringing"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel."""

    uniqueid: str
    channel: str
    linkedid: str = ""
    state: LegState = LegState.DOWN
    caller: str = ""
    context: str = ""
    exten: str = ""
    bridge_id: str | None = None
    call: str | None = None
    """Channel variable HOTLINE_CALL."""
    seat: str | None = None
    """Channel variable HOTLINE_SEAT."""

    @property
    def parked(self) -> bool:
        """True for a seat's own leg that stands in its parking loop."""
        return (
            self.seat is not None
            and self.state is LegState.UP
            and self.bridge_id is None
            and self.channel.startswith(f"PJSIP/{self.seat}-")
        )
