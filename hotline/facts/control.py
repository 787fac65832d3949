"""Facts of call control: who came into a conversation, who left it and why, who listened to it."""

from dataclasses import dataclass

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Fact):
    """The citizen hears music; the agent is free to talk with others."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(Fact):
    """The citizen hears no music any more and talks: with the agent, with all, or with whom the call went to."""

    call_id: str
    seat: str
    reason: str
    """``resumed``, ``merged``, ``transferred``, ``picked_up``, ``cancelled``, ``busy``, ``no_answer``, ``rejected``,
    ``unknown``, ``party_left``, ``swapped`` or ``by_exchange``: Asterisk did it while the engine was away."""
    held_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCalled(Fact):
    """Another party is dialled or, a seat, spoken to."""

    call_id: str
    party_id: str
    uniqueid: str
    kind: str
    """``phone`` or ``seat``."""
    target: str
    name: str
    why: str
    """``consult``, ``conference`` or ``transfer``. Told anew, with the next number, when one did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyJoined(Fact):
    """The party talks from now on."""

    call_id: str
    party_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLeft(Fact):
    """The party is out."""

    call_id: str
    party_id: str
    reason: str
    """``hung_up``, ``dismissed``, ``busy``, ``no_answer``, ``rejected``, ``unknown``, ``citizen_gone``, ``seat_gone``,
    ``citizen_returned`` or ``took_over`` (the party has the call from now on)."""
    talked_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLeftCall(Fact):
    """The agent left; the citizen talks, or is being connected, with somebody else."""

    call_id: str
    seat: str
    reason: str
    """``transferred``, ``left``, ``parked``, ``taken_over``; or, unasked: ``leg_lost``, ``broke_off`` (the citizen is
    in front of the line), ``fell_back`` (to Asterisk's own queue), ``replaced`` (bridged with somebody else)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRejoined(Fact):
    """The agent came back into a conversation that he had left."""

    call_id: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Fact):
    """The citizen was passed on."""

    call_id: str
    seat: str
    how: str
    """``warm`` or ``blind``."""
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRecorded(Fact):
    """What a seat says in this call is recorded by itself from now on, until the seat talks with nobody."""

    call_id: str
    uniqueid: str
    """The name under which the recording lies in the spool."""
    leg: str
    """Uniqueid of the seat's channel."""
    seat: str
    name: str
    """Who speaks, as people read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSupervised(Fact):
    """A supervisor began to listen, whisper, barge in or take over; ``ended`` closes it."""

    seat: str
    call_id: str | None
    supervisor_seat: str
    mode: str
    """``listen``, ``whisper``, ``barge``, ``takeover`` or ``ended``."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatForced(Fact):
    """A supervisor chose a seat's status."""

    seat: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMessaged(Fact):
    """A supervisor wrote to a seat."""

    seat: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaised(Fact):
    """An agent asks for help, or no longer."""

    seat: str
    call_id: str | None
    raised: bool
    note: str
