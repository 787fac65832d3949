"""Legs as plain data: what Asterisk shows of a channel, one or all at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telephony.messages import AmiMessage

PARKED = "parked"
"""The extension of the dialplan that is the seats' parking loop."""


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
    application: str = ""
    """The dialplan application it stands in (``AGI``, ``Queue``, ``Wait``), as a snapshot showed it."""
    bridge_id: str | None = None
    call: str | None = None
    """Channel variable HOTLINE_CALL."""
    seat: str | None = None
    """Channel variable HOTLINE_SEAT."""
    voice: str | None = None
    """Channel variable HOTLINE_VOICE: set while a seat's own voice is being recorded."""

    @property
    def parked(self) -> bool:
        """True for a seat's own leg that stands in its parking loop."""
        return (
            self.seat is not None
            and self.state is LegState.UP
            and self.bridge_id is None
            and self.exten == PARKED
            and self.channel.startswith(f"PJSIP/{self.seat}-")
        )

    @property
    def in_transit(self) -> bool:
        """True for the few milliseconds between leaving a bridge and standing in the dialplan again.

        Who is taken into a bridge just then may be lost to it. Only a fresh answer of ``Status`` tells.
        """
        return self.bridge_id is None and self.context in _PLACES and self.application in _BRIDGING


_PLACES = frozenset({"seat-loop", "party", "held"})
_BRIDGING = frozenset({"", "Bridge", "BridgeAdd"})
Legs = Mapping[str, Leg]
"""The legs believed to live, by Uniqueid. Never changed in place."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All legs as Asterisk showed them at one moment."""

    legs: Legs
    unreadable: frozenset[str] = field(default=frozenset())
    """Uniqueids named in lines whose shape was wrong: they live, but nothing said about them is believed."""


def read_leg(message: AmiMessage) -> Leg:
    """A leg from a channel event or an item of ``Status`` (which alone knows bridge and variables)."""
    state = {"6": LegState.UP, "4": LegState.RINGING, "5": LegState.RINGING}.get(message.get("ChannelState"))
    return Leg(
        uniqueid=message.get("Uniqueid"),
        channel=message.get("Channel"),
        linkedid=message.get("Linkedid"),
        state=state or LegState.DOWN,
        caller=message.get("CallerIDNum"),
        context=message.get("Context"),
        exten=message.get("Exten"),
        application=message.get("Application"),
        bridge_id=message.get("BridgeID") or None,
        call=message.variable("HOTLINE_CALL"),
        seat=message.variable("HOTLINE_SEAT"),
        voice=message.variable("HOTLINE_VOICE"),
    )
