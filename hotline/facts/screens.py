"""Signals for whoever looks at a screen: what changed, not what it is now; the reader asks for that."""

from dataclasses import dataclass

from hotline.facts import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChanged(Signal):
    """A seat's status, state or call changed."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged(Signal):
    """A call changed; ``seat`` is the one that has it, if any."""

    call_id: str
    seat: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(Signal):
    """A seat has an offer on its screen."""

    seat: str
    offer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferGone(Signal):
    """The offer left the seat's screen."""

    seat: str
    offer_id: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingChanged(Signal):
    """A group's line of waiting citizens changed."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresChanged(Signal):
    """Counters on the supervisor's page changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionChanged(Signal):
    """Live transcription follows more or fewer voices, left one out, or lost or found a machine or its model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChanged(Signal):
    """What goes on at a seat besides the plain talk changed: hold, parties, mute, a supervisor, a raised hand."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedChanged(Signal):
    """A citizen was parked, picked up, or is gone: what every desk shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToSeat(Signal):
    """A supervisor's message for the screen of a seat."""

    seat: str
    text: str
    by: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyChanged(Signal):
    """How far a hand-over to 110, 119, 120 … has come."""

    seat: str
    call_id: str
    platform: str
    label: str
    stage: str
    """``calling``, ``answered``, or why it was not (``busy``, ``no_answer`` …); empty: as before."""
    push: str
    """``due``, ``sent``, ``given_up`` or ``lost``; empty: as before."""
