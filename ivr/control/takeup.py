"""After the link came (back) up: what the world shows of an operation, and what follows. Pure."""

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Seen:
    """What Asterisk shows of the three legs."""

    citizen: bool
    seat: bool
    party: bool
    party_up: bool
    citizen_held: bool
    """In the dialplan's [held], or in a bridge."""
    citizen_with_seat: bool
    citizen_with_party: bool
    seat_with_party: bool


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
        case Stage.TOGETHER if not seen.citizen_with_party:
            return (Order.CITIZEN_TO_PARTY,)
        case Stage.CONFERENCE if not seen.citizen_with_party:
            return (Order.ADD_PARTY,) if seen.citizen_with_seat else (Order.ADD_CITIZEN,)
        case Stage.CONFERENCE if not seen.citizen_with_seat:
            return (Order.ADD_SEAT,)
        case _:
            return ()
