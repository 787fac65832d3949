"""What the world shows of an operation, after an engine or an order was lost, and what follows from it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from ivr.control.parts import (
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Event,
    Order,
    PartyAnswered,
    PartyGone,
    Saga,
    SeatGone,
    Stage,
)
from ivr.people import Call, Seat
from telephony.legs import Leg, LegState

PARTY_LEG = "party_"
"""How the Uniqueid of every dialled party begins."""
ASKED_LEG = "asked_"
"""That of a colleague's desk phone: picked up, it is that seat's leg, and the floor's to let go."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What Asterisk shows of the three legs."""

    citizen: bool
    seat: bool
    party: bool
    party_up: bool
    citizen_held: bool
    """In the dialplan's [held]."""
    citizen_parked: bool
    """There, where any seat may pick up."""
    citizen_with_seat: bool
    citizen_with_party: bool
    seat_with_party: bool


def see(saga: Saga, legs: Mapping[str, Leg]) -> Seen:
    """The three legs of an operation among those there are."""
    citizen, seat = legs.get(saga.citizen), legs.get(saga.seat_leg)
    party = legs.get(saga.party.uniqueid) if saga.party is not None else None
    return Seen(
        citizen=citizen is not None,
        seat=seat is not None,
        party=party is not None,
        party_up=party is not None and party.state is LegState.UP,
        citizen_held=citizen is not None and citizen.context == "held",
        citizen_parked=citizen is not None and (citizen.context, citizen.exten) == ("held", "park"),
        citizen_with_seat=_together(citizen, seat),
        citizen_with_party=_together(citizen, party),
        seat_with_party=_together(seat, party),
    )


def _together(one: Leg | None, other: Leg | None) -> bool:
    return one is not None and other is not None and one.bridge_id is not None and one.bridge_id == other.bridge_id


class Way(Enum):
    """Where a citizen belongs whom an operation that is over has left on hold."""

    TO_SEAT = auto()
    TO_LINE = auto()


def left_on_hold(leg: Leg | None) -> bool:
    """Whether the citizen of this leg hears music in [held]. Without an operation nobody would come for him."""
    return leg is not None and leg.context == "held" and leg.bridge_id is None


def way_back(leg: Leg, call: Call, seat: Seat | None, there: Leg | None) -> Way:
    """To his own seat where that is free for him; otherwise, and if that seat had let him go, in front of the line."""
    if seat is None or leg.exten == "park" or seat.call_id not in (None, call.call_id):
        return Way.TO_LINE
    return Way.TO_SEAT if there is not None and there.bridge_id is None else Way.TO_LINE


def stray_parties(legs: Iterable[Leg], owned: Collection[str]) -> list[Leg]:
    """Legs of parties that belong to no operation any more: the engine died before it let them go."""
    free = [leg for leg in legs if leg.uniqueid not in owned]
    rings_on = [leg for leg in free if leg.uniqueid.startswith(ASKED_LEG) and leg.state is not LegState.UP]
    return [leg for leg in free if leg.uniqueid.startswith(PARTY_LEG)] + rings_on


def stray_seats(legs: Iterable[Leg], owned: Collection[str]) -> list[Leg]:
    """Seats that hear nobody but one another on behalf of no operation: the citizen went on without an engine."""
    bridges: dict[str, list[Leg]] = {}
    for leg in legs:
        if leg.bridge_id is not None:
            bridges.setdefault(leg.bridge_id, []).append(leg)
    return [leg for legs_in in bridges.values() if all(_is_seat(leg, owned) for leg in legs_in) for leg in legs_in]


def _is_seat(leg: Leg, owned: Collection[str]) -> bool:
    """The leg of a seat itself, not a half of Asterisk's own queue that speaks for one, and in no operation."""
    return leg.seat is not None and leg.channel.startswith(f"PJSIP/{leg.seat}-") and leg.uniqueid not in owned


_ANSWERABLE = frozenset({Stage.CALLING, Stage.ADDING, Stage.SENDING})
_HELD = frozenset({Stage.HELD, Stage.CALLING, Stage.CONSULTING, Stage.SENDING})


def events_seen(saga: Saga, seen: Seen, now: datetime) -> list[Event]:
    """What happened while nobody looked, the decisive first: once the saga is over the rest is void."""
    events: list[Event] = []
    if not seen.citizen:
        return [CitizenGone(at=now)]
    bridged = seen.citizen_with_seat or seen.citizen_with_party
    if saga.stage in _HELD and seen.citizen_with_seat and not seen.citizen_with_party:
        return [CitizenBack(at=now)]
    if not seen.citizen_held and not bridged:
        return [CitizenReturned(at=now)]
    if saga.party is not None and not seen.party:
        events.append(PartyGone(at=now))
    elif saga.stage in _ANSWERABLE and seen.party_up:
        events.append(PartyAnswered(at=now))
    if not seen.seat:
        events.append(SeatGone(at=now))
    return events


def orders_owed(saga: Saga, seen: Seen) -> tuple[Order, ...]:
    """What the stage promises and the world does not show: the engine died between the row and the act."""
    match saga.stage:
        case Stage.CONSULTING if not seen.seat_with_party:
            return (Order.PARTY_TO_SEAT,)
        case Stage.SWAPPED if not seen.citizen_with_seat:
            return (Order.CITIZEN_TO_SEAT,)
        case Stage.SWAPPED if seen.citizen_with_party:
            return (Order.HOLD_PARTY,)
        case Stage.TOGETHER if not seen.citizen_with_party:
            return (Order.CITIZEN_TO_PARTY,)
        case Stage.TOGETHER if seen.citizen_with_seat:
            return (Order.PARK_SEAT,)
        case Stage.PARKED if not seen.citizen_parked:
            return (Order.PARK_CITIZEN,)
        case Stage.CONFERENCE if not seen.citizen_with_party:
            return (Order.ADD_PARTY,) if seen.citizen_with_seat else (Order.ADD_CITIZEN,)
        case Stage.CONFERENCE if not seen.citizen_with_seat:
            return (Order.ADD_SEAT,)
        case _:
            return ()
