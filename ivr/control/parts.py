"""The parts of a call-control operation: who is in it, what may happen, what is to be done. Frozen data, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotline.facts import Fact


class Stage(StrEnum):
    """How far an operation has come. Who hears whom stands beside each; C citizen, S seat, P other party."""

    TALKING = "talking"
    """C+S. Nothing is under way; no row is kept."""
    HELD = "held"
    """C music."""
    CALLING = "calling"
    """C music; P rings, for S."""
    CONSULTING = "consulting"
    """C music; S+P."""
    SWAPPED = "swapped"
    """C+S; P music."""
    ADDING = "adding"
    """C+S; P rings, for both."""
    CONFERENCE = "conference"
    """C+S+P."""
    SENDING = "sending"
    """C music; P rings; S is out of it."""
    TOGETHER = "together"
    """C+P; S is out of it."""
    PARKED = "parked"
    """C music; S is out of it; whoever picks up has the citizen."""
    OVER = "over"
    """Nothing is under way any more; the row goes."""


class PartyKind(StrEnum):
    """How a party is reached."""

    PHONE = "phone"
    """Dialled through the trunk."""
    SEAT = "seat"
    """Another seat's leg, nailed up already."""
    RUNG = "rung"
    """Another seat's desk phone: dialled like a phone, and its seat takes the call over like a seat."""


OUR_SEATS = frozenset({PartyKind.SEAT, PartyKind.RUNG})


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody besides citizen and agent."""

    party_id: str
    """For a phone also the Uniqueid of its channel, chosen before it is dialled."""
    kind: PartyKind
    target: str
    """The number, or the seat."""
    name: str
    uniqueid: str
    fallback: tuple[str, ...] = ()
    """Numbers tried in this order when the target does not answer."""
    joined_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saga:
    """One operation on one call: this is the row."""

    call_id: str
    citizen: str
    """Uniqueid of the citizen's channel."""
    seat: str
    seat_leg: str
    """Uniqueid of the seat's channel."""
    stage: Stage = Stage.TALKING
    party: Party | None = None
    held_since: datetime | None = None


# -- what may happen ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Root."""

    at: datetime
    by: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Event):
    """An agent's wish; refused where it makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Command):
    """Music to the citizen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """The citizen back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult(Command):
    """Ask somebody while the citizen waits."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Command):
    """Bring somebody into the conversation."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Command):
    """Pass the citizen on without asking first."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBack(Command):
    """Pass the citizen on to a group: back to the front of its line."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendToFlow(Command):
    """Pass the citizen on to a node of a flow; whether an agent answers afterwards is the flow's matter."""

    place: str
    """``flow/node``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(Command):
    """Put the citizen where any seat may pick up; the agent is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickUp(Command):
    """A seat takes a parked citizen."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete(Command):
    """Give the citizen to the party that was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Let the party go; the citizen back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap(Command):
    """To and fro between citizen and party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Command):
    """All three together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Command):
    """The agent leaves the two together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejoin(Command):
    """The agent comes back to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyAnswered(Event):
    """The party's leg is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTried(Event):
    """The number before did not answer: this one is tried now."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFailed(Event):
    """It was not answered; ``why`` as in ``PartyLeft.reason``."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyGone(Event):
    """The party hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatGone(Event):
    """The seat's leg is gone: a browser that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenGone(Event):
    """The citizen hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenReturned(Event):
    """The citizen stands in front of the line, by whatever way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenBack(Event):
    """Found with the seat though held: Asterisk brought the two together while the engine was away."""


# -- what is to be done -------------------------------------------------------------------------------------------


class Order(StrEnum):
    """One action of the hands each; a leg that is gone makes it void, its event follows."""

    HOLD_CITIZEN = "hold_citizen"
    CITIZEN_TO_SEAT = "citizen_to_seat"
    CITIZEN_TO_PARTY = "citizen_to_party"
    ADD_CITIZEN = "add_citizen"
    """Into the conversation of seat and party."""
    RETURN_CITIZEN = "return_citizen"
    """To the front of the line."""
    PARK_CITIZEN = "park_citizen"
    ENTER_FLOW = "enter_flow"
    """Out of the seat's hands, to a node of a flow."""
    DIAL_FOR_SEAT = "dial_for_seat"
    DIAL_FOR_ALL = "dial_for_all"
    DIAL_AND_WAIT = "dial_and_wait"
    HOLD_PARTY = "hold_party"
    PARTY_TO_SEAT = "party_to_seat"
    ADD_PARTY = "add_party"
    """Into the conversation of citizen and seat."""
    DISMISS_PARTY = "dismiss_party"
    PARK_SEAT = "park_seat"
    ADD_SEAT = "add_seat"
    """Into the conversation of citizen and party."""
    # what the floor is to know
    SEAT_LEFT = "seat_left"
    SEAT_BACK = "seat_back"
    ACCOMPANIED = "accompanied"
    """Somebody else is with the citizen: the seat's loss does not end the talk."""
    ALONE = "alone"
    RESERVE_SEAT = "reserve_seat"
    RELEASE_SEAT = "release_seat"
    HAND_OVER = "hand_over"
    """The call is the party's seat's from now on."""
    REGROUP = "regroup"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event led to."""

    saga: Saga
    orders: tuple[Order, ...] = ()
    facts: tuple[Fact, ...] = ()
    party: Party | None = None
    """The party whom the orders mean; it may have left the saga already."""
    details: Mapping[str, str] = field(default_factory=dict)
