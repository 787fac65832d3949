"""The call-control operation as a pure state machine: ``(saga, event) → outcome``. No I/O.

Theory of operation. ``MOVES`` is the whole of it: for each stage, what each event leads to and what is then to be done.
A wish that is missing there is refused; an observation that is missing is late or doubled and changes nothing.
``SEAT_MOVES`` stands over it where the other party is a seat of ours: it needs no dialling, and it takes the call over.
``RUNG_MOVES`` does so where that seat's desk phone must be rung first.

Why nobody is lost: every way out of every stage either brings the citizen to a seat or party that lives, or to the
front of the line; and each order is one Redirect to a place of the dialplan that itself ends in front of the line when
what it was to join is gone. So an order may fail, be doubled or come late, and an engine may die between any two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hotline.errors import RuleBroken
from ivr.control.parts import (
    OUR_SEATS,
    Add,
    Cancel,
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Command,
    Complete,
    Consult,
    Event,
    Hold,
    Leave,
    Merge,
    Order,
    Outcome,
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
from ivr.control.telling import facts_of

_S, _O = Stage, Order
HELD_STAGES = frozenset({_S.HELD, _S.CALLING, _S.CONSULTING, _S.SENDING, _S.PARKED})
JOINED_STAGES = frozenset({_S.CONSULTING, _S.SWAPPED, _S.CONFERENCE, _S.TOGETHER})
ACCOMPANIED_STAGES = frozenset({_S.CONFERENCE, _S.TOGETHER})
SEAT_OUT_STAGES = frozenset({_S.SENDING, _S.TOGETHER, _S.PARKED})


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads, and what is to be done in this order."""

    to: Stage
    orders: tuple[Order, ...] = ()


def _to(stage: Stage, *orders: Order) -> Move:
    return Move(stage, orders)


_BACK = _to(_S.OVER, _O.CITIZEN_TO_SEAT)
_LET_GO = _to(_S.OVER, _O.DISMISS_PARTY)
_TO_THE_LINE = _to(_S.OVER, _O.DISMISS_PARTY, _O.RETURN_CITIZEN)
Moves = Mapping[Stage, Mapping[type[Event], Move]]

MOVES: Moves = {
    _S.TALKING: {
        Hold: _to(_S.HELD, _O.HOLD_CITIZEN),
        Consult: _to(_S.CALLING, _O.HOLD_CITIZEN, _O.DIAL_FOR_SEAT),
        Add: _to(_S.ADDING, _O.DIAL_FOR_ALL),
        Send: _to(_S.SENDING, _O.HOLD_CITIZEN, _O.SEAT_LEFT, _O.DIAL_AND_WAIT),
        SendBack: _to(_S.OVER, _O.REGROUP, _O.RETURN_CITIZEN),
        SendToFlow: _to(_S.OVER, _O.ENTER_FLOW),
        Park: _to(_S.PARKED, _O.PARK_CITIZEN, _O.SEAT_LEFT),
    },
    _S.HELD: {
        Resume: _BACK,
        Consult: _to(_S.CALLING, _O.DIAL_FOR_SEAT),
        Send: _to(_S.SENDING, _O.SEAT_LEFT, _O.DIAL_AND_WAIT),
        SendBack: _to(_S.OVER, _O.REGROUP, _O.RETURN_CITIZEN),
        SendToFlow: _to(_S.OVER, _O.ENTER_FLOW),
        Park: _to(_S.PARKED, _O.PARK_CITIZEN, _O.SEAT_LEFT),
        SeatGone: _to(_S.OVER, _O.RETURN_CITIZEN),
        CitizenGone: _to(_S.OVER),
        CitizenReturned: _to(_S.OVER),
        CitizenBack: _to(_S.OVER),
    },
    _S.CALLING: {
        Cancel: _to(_S.OVER, _O.DISMISS_PARTY, _O.CITIZEN_TO_SEAT),
        PartyTried: _to(_S.CALLING),
        PartyAnswered: _to(_S.CONSULTING),
        PartyFailed: _BACK,
        PartyGone: _BACK,
        SeatGone: _TO_THE_LINE,
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
        CitizenBack: _LET_GO,
    },
    _S.CONSULTING: {
        Complete: _to(_S.TOGETHER, _O.CITIZEN_TO_PARTY, _O.SEAT_LEFT),
        Cancel: _to(_S.OVER, _O.CITIZEN_TO_SEAT, _O.DISMISS_PARTY),
        Swap: _to(_S.SWAPPED, _O.HOLD_PARTY, _O.CITIZEN_TO_SEAT),
        Merge: _to(_S.CONFERENCE, _O.ADD_CITIZEN),
        PartyGone: _BACK,
        SeatGone: _TO_THE_LINE,
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
        CitizenBack: _LET_GO,
    },
    _S.SWAPPED: {
        Complete: _to(_S.TOGETHER, _O.CITIZEN_TO_PARTY, _O.SEAT_LEFT),
        Cancel: _LET_GO,
        Swap: _to(_S.CONSULTING, _O.HOLD_CITIZEN, _O.PARTY_TO_SEAT),
        Merge: _to(_S.CONFERENCE, _O.ADD_PARTY),
        PartyGone: _to(_S.OVER),
        SeatGone: _LET_GO,
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
    },
    _S.ADDING: {
        Cancel: _LET_GO,
        PartyTried: _to(_S.ADDING),
        PartyAnswered: _to(_S.CONFERENCE),
        PartyFailed: _to(_S.OVER),
        PartyGone: _to(_S.OVER),
        SeatGone: _LET_GO,
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
    },
    _S.CONFERENCE: {
        Leave: _to(_S.TOGETHER, _O.PARK_SEAT, _O.SEAT_LEFT),
        Swap: _to(_S.SWAPPED, _O.HOLD_PARTY),
        Cancel: _LET_GO,
        PartyGone: _to(_S.OVER),
        SeatGone: _to(_S.TOGETHER, _O.SEAT_LEFT),
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
    },
    _S.SENDING: {
        PartyTried: _to(_S.SENDING),
        PartyAnswered: _to(_S.TOGETHER, _O.CITIZEN_TO_PARTY),
        PartyFailed: _to(_S.OVER, _O.RETURN_CITIZEN),
        PartyGone: _to(_S.OVER, _O.RETURN_CITIZEN),
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
        CitizenBack: _to(_S.OVER, _O.DISMISS_PARTY, _O.SEAT_BACK),
    },
    _S.TOGETHER: {
        Rejoin: _to(_S.CONFERENCE, _O.ADD_SEAT, _O.SEAT_BACK),
        PartyGone: _to(_S.OVER),  # the citizen's channel comes to the line by itself
        CitizenGone: _LET_GO,
        CitizenReturned: _LET_GO,
    },
    _S.PARKED: {
        PickUp: _to(_S.OVER, _O.CITIZEN_TO_PARTY, _O.HAND_OVER),
        CitizenGone: _to(_S.OVER),
        CitizenReturned: _to(_S.OVER),  # nobody picked up in time
    },
}

SEAT_MOVES: Moves = {
    _S.TALKING: {
        Consult: _to(_S.CONSULTING, _O.RESERVE_SEAT, _O.HOLD_CITIZEN, _O.PARTY_TO_SEAT),
        Add: _to(_S.CONFERENCE, _O.RESERVE_SEAT, _O.ADD_PARTY),
        Send: _to(_S.OVER, _O.HOLD_CITIZEN, _O.CITIZEN_TO_PARTY, _O.HAND_OVER),
    },
    _S.HELD: {
        Consult: _to(_S.CONSULTING, _O.RESERVE_SEAT, _O.PARTY_TO_SEAT),
        Send: _to(_S.OVER, _O.CITIZEN_TO_PARTY, _O.HAND_OVER),
    },
    _S.CONSULTING: {Complete: _to(_S.OVER, _O.CITIZEN_TO_PARTY, _O.HAND_OVER)},
    _S.SWAPPED: {Complete: _to(_S.OVER, _O.CITIZEN_TO_PARTY, _O.HAND_OVER)},
    _S.CONFERENCE: {
        Leave: _to(_S.OVER, _O.PARK_SEAT, _O.HAND_OVER),
        SeatGone: _to(_S.OVER, _O.HAND_OVER),
    },
}
RUNG_MOVES: Moves = {
    _S.TALKING: {
        Consult: _to(_S.CALLING, _O.RESERVE_SEAT, _O.HOLD_CITIZEN, _O.DIAL_FOR_SEAT),
        Add: _to(_S.ADDING, _O.RESERVE_SEAT, _O.DIAL_FOR_ALL),
        Send: _to(_S.SENDING, _O.RESERVE_SEAT, _O.HOLD_CITIZEN, _O.SEAT_LEFT, _O.DIAL_AND_WAIT),
    },
    _S.HELD: {
        Consult: _to(_S.CALLING, _O.RESERVE_SEAT, _O.DIAL_FOR_SEAT),
        Send: _to(_S.SENDING, _O.RESERVE_SEAT, _O.SEAT_LEFT, _O.DIAL_AND_WAIT),
    },
    _S.CONSULTING: SEAT_MOVES[_S.CONSULTING],
    _S.SWAPPED: SEAT_MOVES[_S.SWAPPED],
    _S.CONFERENCE: SEAT_MOVES[_S.CONFERENCE],
    _S.SENDING: {PartyAnswered: _to(_S.OVER, _O.CITIZEN_TO_PARTY, _O.HAND_OVER)},
}


def apply(saga: Saga, event: Event) -> Outcome:
    """What ``event`` leads to. Raises RuleBroken for a wish that makes no sense now."""
    party = event.party if isinstance(event, Consult | Add | Send | PickUp) else saga.party
    move = _find(saga.stage, type(event), party)
    if move is None:
        if isinstance(event, Command):
            raise RuleBroken("当前通话状态不能这样操作", "not possible at this stage of the call", code="not_now")
        return Outcome(saga)
    after = _after(saga, event, move.to, party)
    return Outcome(after, move.orders, facts_of(saga, event, after, party), party, _details(event))


def _details(event: Event) -> Mapping[str, str]:
    match event:
        case SendBack(group=group):
            return {"group": group}
        case SendToFlow(place=place):
            return {"place": place}
        case _:
            return {}


def _find(stage: Stage, kind: type[Event], party: Party | None) -> Move | None:
    if party is not None and party.kind in OUR_SEATS:
        special = (SEAT_MOVES if party.kind is PartyKind.SEAT else RUNG_MOVES).get(stage, {}).get(kind)
        if special is not None:
            return special
    return MOVES.get(stage, {}).get(kind)


def _after(saga: Saga, event: Event, stage: Stage, party: Party | None) -> Saga:
    if stage is Stage.OVER:
        return replace(saga, stage=stage, party=None, held_since=None)
    if party is not None and isinstance(event, PartyTried):
        party = replace(party, target=event.number)
    if party is not None and stage in JOINED_STAGES and party.joined_at is None:
        party = replace(party, joined_at=event.at)
    held = saga.held_since
    held = held or event.at if stage in HELD_STAGES else None
    return replace(saga, stage=stage, party=party, held_since=held)
