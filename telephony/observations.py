"""What the telephone side saw happen, as signals for the bus.

Nothing here is taken from an AMI event alone: a SIP caller can forge whole events, so every observation that
ends, moves or bills a call was confirmed by asking Asterisk (see ``legs``). Keyed by Uniqueid, which lives as long
as the leg; channel names can change.
"""

from dataclasses import dataclass
from enum import StrEnum

from hotline.facts import Signal


class GoneReason(StrEnum):
    """Why a leg is gone."""

    HUNG_UP = "hung_up"
    MISSING = "missing"
    """A snapshot no longer showed it; we did not see it hang up (the link was down)."""
    ASTERISK_RESTARTED = "asterisk_restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Signal):
    """Root of everything the telephone side reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSeen(Observation):
    """Root of what happened to one leg."""

    uniqueid: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLeg(LegSeen):
    """A leg that we did not know. After a (re)connect there is one for each leg that lives already."""

    caller: str
    call: str | None
    """Channel variable HOTLINE_CALL when it was seen; None on a fresh leg."""
    seat: str | None
    """Channel variable HOTLINE_SEAT when it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(LegSeen):
    """The leg is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegBridged(LegSeen):
    """The leg is in a bridge: it hears the others there."""

    bridge_id: str
    others: tuple[str, ...]
    """Uniqueids of the legs known to be in that bridge already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUnbridged(LegSeen):
    """The leg left its bridge and lives on."""

    bridge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegGone(LegSeen):
    """The leg has ended. Published once per leg."""

    reason: GoneReason
    cause: int
    """Q.850 cause of the hang-up (16 normal, 17 busy); 0 when unknown."""
    call: str | None
    seat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatParked(LegSeen):
    """A seat's leg stands in its parking loop, in no bridge: it can be given a citizen now. Again after each call."""

    seat: str


class PhoneState(StrEnum):
    """What a seat's desk phone can be asked for."""

    ABSENT = "absent"
    """Not registered, or silent when asked: it cannot be rung."""
    FREE = "free"
    BUSY = "busy"
    """It rings or talks, for whomever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSeen(Observation):
    """A seat's desk phone is in another state than before."""

    seat: str
    state: PhoneState


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenFellBack(LegSeen):
    """A citizen whom we had, or should have had, is now in the fallback queue's hands."""

    call: str | None
    """Channel variable HOTLINE_CALL: None when we never had him."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp(Observation):
    """Connected, logged in, and a snapshot was taken: the legs known now are the legs there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(Observation):
    """Asterisk cannot be asked. Calls go on without us; nothing about them is known until ``LinkUp``."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskRestarted(Observation):
    """Another Asterisk process answers: every leg of the old one ended (a ``LegGone`` each follows)."""
