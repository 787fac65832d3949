"""Which facts a move makes true: told from the stages before and after, so that no row of the table can forget one."""

from hotline.facts import Fact
from hotline.facts.control import (
    CallHeld,
    CallResumed,
    CallTransferred,
    PartyCalled,
    PartyJoined,
    PartyLeft,
    SeatLeftCall,
    SeatRejoined,
)
from ivr.control.parts import (
    OUR_SEATS,
    Add,
    Cancel,
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Complete,
    Consult,
    Event,
    Leave,
    Merge,
    Park,
    Party,
    PartyAnswered,
    PartyFailed,
    PartyGone,
    PartyKind,
    PartyTried,
    PickUp,
    Rejoin,
    Resume,
    Saga,
    SeatGone,
    Send,
    SendBack,
    SendToFlow,
    Stage,
    Swap,
)

_PURPOSES: dict[type[Event], str] = {Consult: "consult", Add: "conference", Send: "transfer"}
_TRIED = {Stage.CALLING: "consult", Stage.ADDING: "conference", Stage.SENDING: "transfer"}
_SEAT_OUT = frozenset({Stage.SENDING, Stage.TOGETHER, Stage.PARKED})


def facts_of(before: Saga, event: Event, after: Saga, party: Party | None) -> tuple[Fact, ...]:
    """The facts of one move, in the order in which they became true."""
    told: list[Fact] = []
    call, at, by = before.call_id, event.at, event.by
    if before.held_since is None and after.held_since is not None:
        told.append(CallHeld(at=at, by=by, call_id=call, seat=before.seat))
    if party is not None and not isinstance(event, PickUp):  # he takes the call over; nobody is asked
        told += _of_party(before, event, after, party)
    if before.held_since is not None and after.held_since is None and (why := _why_resumed(event)):
        held = (at - before.held_since).total_seconds()
        told.append(CallResumed(at=at, by=by, call_id=call, seat=before.seat, reason=why, held_seconds=round(held, 3)))
    seat_was_in = before.stage not in _SEAT_OUT
    if seat_was_in and (why := _why_seat_left(before, event)):
        told.append(SeatLeftCall(at=at, by=by, call_id=call, seat=before.seat, reason=why))
    if isinstance(event, Rejoin):
        told.append(SeatRejoined(at=at, by=by, call_id=call, seat=before.seat))
    if (transferred := _transferred(before, event, party)) is not None:
        how, to = transferred
        told.append(CallTransferred(at=at, by=by, call_id=call, seat=before.seat, how=how, to=to))
    return tuple(told)


def _of_party(before: Saga, event: Event, after: Saga, party: Party) -> list[Fact]:
    told: list[Fact] = []
    target = event.number if isinstance(event, PartyTried) else party.target
    names = {"at": event.at, "by": event.by, "call_id": before.call_id, "party_id": party.party_id}
    if why := _PURPOSES.get(type(event)) or (_TRIED.get(before.stage) if isinstance(event, PartyTried) else None):
        told.append(
            PartyCalled(
                at=event.at, by=event.by, call_id=before.call_id, party_id=party.party_id, uniqueid=party.uniqueid,
                kind=party.kind.value, target=target, name=party.name, why=why,
            )
        )  # fmt: skip
    joined_now = after.party is not None and after.party.joined_at == event.at and party.joined_at is None
    at_once, once_picked_up = isinstance(event, Send), isinstance(event, PartyAnswered) and after.stage is Stage.OVER
    handed_over = (party.kind is PartyKind.SEAT and at_once) or (party.kind is PartyKind.RUNG and once_picked_up)
    if joined_now or handed_over:
        told.append(PartyJoined(at=event.at, by=event.by, call_id=before.call_id, party_id=party.party_id))
    if after.stage is Stage.OVER:
        talked = (event.at - party.joined_at).total_seconds() if party.joined_at else 0.0
        told.append(PartyLeft(**names, reason=_why_party_left(event, party), talked_seconds=round(talked, 3)))  # type: ignore[arg-type]
    return told


def _why_party_left(event: Event, party: Party) -> str:
    match event:
        case PartyFailed(why=why):
            return why
        case PartyAnswered() if party.kind is PartyKind.RUNG:
            return "took_over"
        case PartyGone() | PartyAnswered():
            return "hung_up"
        case CitizenGone():
            return "citizen_gone"
        case CitizenReturned():
            return "citizen_returned"
        case SeatGone():
            return "took_over" if party.kind in OUR_SEATS and party.joined_at else "seat_gone"
        case Complete() | Leave() | Send():
            return "took_over"
        case _:
            return "dismissed"


def _why_resumed(event: Event) -> str | None:
    match event:
        case Resume():
            return "resumed"
        case Merge():
            return "merged"
        case Complete() | Send() | PartyAnswered():  # of those who answer only whom the citizen was sent to ends a hold
            return "transferred"
        case PickUp():
            return "picked_up"
        case Cancel():
            return "cancelled"
        case PartyFailed(why=why):
            return why
        case PartyGone():
            return "party_left"
        case Swap():
            return "swapped"
        case CitizenBack():
            return "by_exchange"
        case _:
            return None


def _why_seat_left(before: Saga, event: Event) -> str | None:
    match event:
        case Send() | Complete() | SendBack() | SendToFlow():
            return "transferred"
        case Leave():
            return "left"
        case Park():
            return "parked"
        case SeatGone() if before.stage is Stage.CONFERENCE:  # in all others the floor parts the two and tells so
            return "leg_lost"
        case _:
            return None


def _transferred(before: Saga, event: Event, party: Party | None) -> tuple[str, str] | None:
    match event:
        case Complete() if party is not None:
            return "warm", party.target
        case PartyAnswered() if before.stage is Stage.SENDING and party is not None:
            return "blind", party.target
        case Send() if party is not None and party.kind is PartyKind.SEAT:
            return "blind", party.target
        case SendBack(group=group):
            return "blind", group
        case SendToFlow(place=place):
            return "blind", f"flow:{place}"
        case _:
            return None
