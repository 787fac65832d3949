"""Legs and bridges as pure state: what is believed about every channel of Asterisk, and what changes it.

Theory of operation. An event is a hint. ``hear`` takes one and returns a ``Step``: most events change nothing and only
name a ``Claim`` ("1700000000.7 is gone") that the caller of ``hear`` takes to Asterisk. What Asterisk answers goes to
``settle`` with all claims that were made before the question was sent, a whole snapshot to ``reconcile``; these two
change beliefs and say what was observed. Only the birth of a leg is believed at once: a forged one moves nothing, and
the next snapshot takes it away.

Phones send late and double events, AMI promises no order across channels. ``RESPONSES`` lists what each event means for
a leg that is known or not; what is not in it is ignored and counted by the caller. Nothing here raises on an event.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from telephony.claims import Claim, read_claim
from telephony.legs import Leg, Legs, LegState, Snapshot, read_leg
from telephony.messages import AmiMessage
from telephony.observations import (
    CitizenFellBack,
    GoneReason,
    LegAnswered,
    LegBridged,
    LegGone,
    LegSeen,
    LegUnbridged,
    NewLeg,
    SeatParked,
)

_USER_EVENTS = ("SeatParked", "CallFellBack")


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one event."""

    legs: Legs
    observed: tuple[LegSeen, ...] = ()
    claim: Claim | None = None
    """To be asked about; then ``settle``."""


class Response(Enum):
    """What an event about a leg asks us to do."""

    BELIEVE = auto()
    ASK = auto()
    IGNORE = auto()


RESPONSES: Mapping[bool, Mapping[str, Response]] = {
    True: {  # the leg is known
        "Newchannel": Response.IGNORE,  # double, or a snapshot was quicker
        "Newstate": Response.ASK,
        "Hangup": Response.ASK,
        "BridgeEnter": Response.ASK,
        "BridgeLeave": Response.ASK,
        "UserEvent": Response.ASK,
    },
    False: {  # it is not
        "Newchannel": Response.BELIEVE,
        "Newstate": Response.ASK,
        "Hangup": Response.IGNORE,  # late: a snapshot was quicker
        "BridgeEnter": Response.ASK,
        "BridgeLeave": Response.IGNORE,  # late
        "UserEvent": Response.ASK,
    },
}


def hear(legs: Legs, event: AmiMessage, asked: Collection[str] = ()) -> Step:
    """What one event means for what is believed. Never raises.

    ``asked``: legs that are, or will be, asked about. The answer may be older than the event and make one known again.
    """
    uniqueid = event.get("Uniqueid")
    response = RESPONSES[uniqueid in legs or uniqueid in asked].get(event.event, Response.IGNORE)
    if not uniqueid or response is Response.IGNORE or _says_nothing_new(legs.get(uniqueid), event):
        return Step(legs)
    claim = read_claim(event, uniqueid)
    if response is Response.ASK:
        return Step(legs, claim=claim)
    leg = replace(read_leg(event), bridge_id=None, call=None, seat=None)
    if leg.state is not LegState.UP:
        return Step({**legs, uniqueid: leg}, (_new(leg),))
    return Step({**legs, uniqueid: replace(leg, state=LegState.DOWN)}, (_new(leg),), claim)  # born answered: ask


def settle(legs: Legs, found: Leg | None, claims: Sequence[Claim]) -> Step:
    """Believe what Asterisk showed when asked about claims on one leg. Only a Hangup, which has the cause, ends it."""
    if found is not None:
        after = {**legs, found.uniqueid: found}
        observed = list(_changes(legs.get(found.uniqueid), found, after))
        if any(claim.said == "CallFellBack" and claim.holds(found) for claim in claims):
            observed.append(CitizenFellBack(uniqueid=found.uniqueid, channel=found.channel, call=found.call))
        return Step(after, tuple(observed))
    end = next((claim for claim in claims if claim.event == "Hangup"), None)
    known = legs.get(end.uniqueid) if end is not None else None
    if end is None or known is None:
        return Step(legs)
    after = {uniqueid: leg for uniqueid, leg in legs.items() if uniqueid != end.uniqueid}
    return Step(after, (_gone(known, GoneReason.HUNG_UP, end.cause),))


def reconcile(legs: Legs, snapshot: Snapshot, restarted: bool = False, heard_of: Collection[str] = frozenset()) -> Step:
    """Believe a snapshot. ``restarted``: it is another Asterisk's; all that was believed is gone, whatever its ids.

    ``heard_of``: legs about which something was heard since the snapshot was asked for. What it shows of them may be
    older than what is believed by now, so of them nothing is changed.
    Of legs that are gone together citizens go first: their seats then know that a talk has ended, not broken off.
    """
    reason = GoneReason.ASTERISK_RESTARTED if restarted else GoneReason.MISSING
    before = {} if restarted else legs
    left_alone = {*snapshot.unreadable, *heard_of}
    shown = {uniqueid: leg for uniqueid, leg in snapshot.legs.items() if uniqueid not in heard_of}
    after = {**shown, **{uniqueid: leg for uniqueid, leg in before.items() if uniqueid in left_alone}}
    missing = [leg for uniqueid, leg in legs.items() if restarted or uniqueid not in after]
    missing.sort(key=lambda leg: leg.seat is not None)
    observed: list[LegSeen] = [_gone(leg, reason, 0) for leg in missing]
    for leg in after.values():
        if leg != (known := before.get(leg.uniqueid)):
            observed.extend(_changes(known, leg, after))
    return Step(after, tuple(observed))


def strangers(legs: Legs, snapshot: Snapshot, heard_of: Collection[str]) -> list[str]:
    """Legs to be asked about: a snapshot shows them, nobody knows them, and something was heard of them meanwhile."""
    return [uniqueid for uniqueid in heard_of if uniqueid in snapshot.legs and uniqueid not in legs]


def diff(before: Legs, snapshot: Snapshot) -> tuple[LegSeen, ...]:
    """What happened between what was believed and a snapshot."""
    return reconcile(before, snapshot).observed


def _says_nothing_new(known: Leg | None, event: AmiMessage) -> bool:
    """Of a leg's way to being up only the end is worth a question, and that where we dialled: somebody waits for it.

    Of a leg that came by itself the next question, or the next snapshot, shows it.
    """
    if event.event == "Newstate":
        is_up = known is not None and known.state is LegState.UP
        return event.get("ChannelState") != "6" or is_up or _named_by_asterisk(event.get("Uniqueid"))
    return event.event == "UserEvent" and event.get("UserEvent") not in _USER_EVENTS


def _named_by_asterisk(uniqueid: str) -> bool:
    """Whom we dial gets a name of ours."""
    return uniqueid.replace(".", "", 1).isdecimal()


def _changes(before: Leg | None, after: Leg, legs: Legs) -> Iterable[LegSeen]:
    """What happened to one leg, in the order in which it must have happened."""
    if before is None:
        yield _new(after)
    if after.state is LegState.UP and (before is None or before.state is not LegState.UP):
        yield LegAnswered(uniqueid=after.uniqueid, channel=after.channel)
    was = before.bridge_id if before is not None else None
    if was is not None and was != after.bridge_id:
        yield LegUnbridged(uniqueid=after.uniqueid, channel=after.channel, bridge_id=was)
    if after.bridge_id is not None and was != after.bridge_id:
        others = tuple(o.uniqueid for o in legs.values() if o.bridge_id == after.bridge_id and o != after)
        yield LegBridged(uniqueid=after.uniqueid, channel=after.channel, bridge_id=after.bridge_id, others=others)
    if after.parked and after.seat is not None and (before is None or not before.parked):
        yield SeatParked(uniqueid=after.uniqueid, channel=after.channel, seat=after.seat)


def _new(leg: Leg) -> NewLeg:
    return NewLeg(uniqueid=leg.uniqueid, channel=leg.channel, caller=leg.caller, call=leg.call, seat=leg.seat)


def _gone(leg: Leg, reason: GoneReason, cause: int) -> LegGone:
    return LegGone(uniqueid=leg.uniqueid, channel=leg.channel, reason=reason, cause=cause, call=leg.call, seat=leg.seat)
