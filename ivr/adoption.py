"""Taking up what lived on without us: after an engine restart or a lost link, calls and seats are where they are.

Asterisk's own queue joins a citizen with a seat over two halves of a Local channel, so the pair is not in one
bridge; the dialplan notes in the global ``TALK_<seat>`` whom it gave to the seat.
"""

from datetime import datetime
from typing import Any

from hotline import ledger
from hotline.database import Database
from hotline.facts import Fact
from hotline.facts.calls import CallAdopted, CallConnected, CallFellBack, CallOffered, OfferEnded
from hotline.ids import new_id
from hotline.settings import Settings
from ivr.floor import Floor
from ivr.orders import Step
from ivr.people import Call, Seat
from ivr.views import CallState, SeatKind, SeatStatus
from telephony.legs import Leg, LegState
from telephony.port import Telephony

CITIZEN_CONTEXTS = frozenset({"citizens", "citizen"})
_FALLBACK_APPLICATIONS = frozenset({"Playback", "Queue"})


def restore_seat(seat: Seat, row: dict[str, Any], now: datetime) -> None:
    """Who sat there and what they had chosen; the leg and the screen must show themselves anew."""
    seat.account, seat.agent_name = row["account"], row["agent_name"]
    seat.status, seat.reason, seat.since = SeatStatus(row["status"]), row["reason"], row["since"]
    seat.calls_taken = row["calls_taken"]
    seat.calls_since_break, seat.break_until = row["calls_since_break"], row["break_until"]
    if row["kind"] is not None:
        seat.kind = SeatKind(row["kind"])
    if seat.status is not SeatStatus.OFFLINE and seat.screen_counts:
        seat.unwatched_since = now


async def recall(database: Database, call: Call, now: datetime) -> list[Fact]:
    """From the ledger, what an open call's row does not keep; returns the end of an offer that died with the engine."""
    offer: CallOffered | None = None
    kinds = (CallOffered, OfferEnded, CallConnected)
    async for entry in ledger.read(database, call_id=call.call_id, kinds=kinds):
        match entry.fact:
            case CallOffered() as made:
                offer = made
            case OfferEnded():
                offer = None
            case CallConnected(seat_uniqueid=uniqueid):
                call.seat_uniqueid = uniqueid
            case _:
                pass
    if offer is None:
        return []
    return [OfferEnded(at=now, call_id=call.call_id, offer_id=offer.offer_id, seat=offer.seat, outcome="withdrawn")]


def is_strange_citizen(leg: Leg, floor: Floor) -> bool:
    """A citizen's leg in Asterisk's own hands that no engine has seen: it came while we were away."""
    return (
        leg.context in CITIZEN_CONTEXTS
        and (leg.application in _FALLBACK_APPLICATIONS or leg.bridge_id is not None)
        and leg.state is LegState.UP
        and leg.channel.startswith("PJSIP/")
        and floor.by_uniqueid(leg.uniqueid) is None
    )


def take_in(floor: Floor, leg: Leg, settings: Settings, now: datetime) -> tuple[Call, Step]:
    """A strange citizen becomes a call; until something else is found out, Asterisk's own queue has it."""
    call = _call_of_leg(leg, settings, now)
    step = floor.call_arrived(call, now)
    step.facts.append(CallFellBack(at=now, call_id=call.call_id))
    return call, step


def _call_of_leg(leg: Leg, settings: Settings, now: datetime) -> Call:
    """The dialled number is no longer known for sure."""
    line = next((line for line in settings.lines if line.number == leg.exten), settings.lines[0])
    return Call(
        call_id=leg.call or new_id("call"),
        caller=leg.caller[:40],
        dialled=line.number,
        line=line.label or line.number,
        group=line.group,
        channel=leg.channel,
        uniqueid=leg.uniqueid,
        arrived_at=now,
        state=CallState.FALLBACK,
        queued_at=now,
        first=True,
    )


async def find_seat(telephone: Telephony, floor: Floor, citizen: Leg) -> Seat | None:
    """The seat that this citizen talks with, if any."""
    for seat in floor.seats.values():
        leg = telephone.legs.get(seat.leg.uniqueid) if seat.leg else None
        if leg is None or leg.bridge_id is None or citizen.bridge_id is None:
            continue
        if (
            leg.bridge_id == citizen.bridge_id
            or await _given_by_queue(telephone, seat.id, leg.channel) == citizen.uniqueid
        ):
            return seat
    return None


async def find_partner(telephone: Telephony, floor: Floor, seat_id: str, uniqueid: str) -> Call | None:
    """The citizen whom this seat's leg is bridged with, directly or through Asterisk's own queue."""
    leg = telephone.legs.get(uniqueid)
    if leg is None or leg.bridge_id is None:
        return None
    for other in telephone.legs.values():
        if other.bridge_id == leg.bridge_id and (call := floor.by_uniqueid(other.uniqueid)):
            return call
    return floor.by_uniqueid(await _given_by_queue(telephone, seat_id, leg.channel))


def adopt_talk(floor: Floor, call: Call, seat: Seat, now: datetime) -> Step:
    """Take up a talk: one that we knew goes on as it was, one that the queue made begins now for us."""
    unseen = call.state not in (CallState.TALKING, CallState.FALLBACK)
    step = floor.join(call, seat, now)
    if unseen:
        step.facts.insert(0, CallFellBack(at=now, call_id=call.call_id))
    step.facts.append(CallAdopted(at=now, call_id=call.call_id, state=CallState.TALKING.value))
    return step


async def _given_by_queue(telephone: Telephony, seat_id: str, channel: str) -> str:
    return await telephone.get_variable(channel, f"GLOBAL(TALK_{seat_id})")
