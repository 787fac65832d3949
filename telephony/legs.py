"""Legs and bridges as pure state: what is believed about every channel of Asterisk, and what changes it.

Theory of operation. An event is a hint. ``hear`` takes one and returns a ``Step``: most events change nothing and only
name a ``Claim`` ("1700000000.7 is gone") that the caller of ``hear`` takes to Asterisk. What Asterisk answers goes to
``settle``, a whole snapshot to ``reconcile``; these two change beliefs and say what was observed. Only the birth of a
leg is believed at once: a forged one moves nothing, and the next snapshot takes it away.

Phones send late and double events, AMI promises no order across channels. ``RESPONSES`` lists what each event means for
a leg that is known or not; what is not in it is ignored and counted by the caller. Nothing here raises on an event.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto

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

PARKED = "parked"
"""The extension of the dialplan that is the seats' parking loop."""


class LegState(StrEnum):
    """How far a leg has come."""

    DOWN = "down"
    RINGING = "ringing"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel."""

    uniqueid: str
    channel: str
    linkedid: str = ""
    state: LegState = LegState.DOWN
    caller: str = ""
    context: str = ""
    exten: str = ""
    application: str = ""
    """The dialplan application it stands in (``AGI``, ``Queue``, ``Wait``), as a snapshot showed it."""
    bridge_id: str | None = None
    call: str | None = None
    """Channel variable HOTLINE_CALL."""
    seat: str | None = None
    """Channel variable HOTLINE_SEAT."""

    @property
    def parked(self) -> bool:
        """True for a seat's own leg that stands in its parking loop."""
        return (
            self.seat is not None
            and self.state is LegState.UP
            and self.bridge_id is None
            and self.exten == PARKED
            and self.channel.startswith(f"PJSIP/{self.seat}-")
        )

    @property
    def in_transit(self) -> bool:
        """True for the few milliseconds between leaving a bridge and standing in the dialplan again.

        Who is taken into a bridge just then may be lost to it. Only a fresh answer of ``Status`` tells.
        """
        return self.bridge_id is None and self.context in _PLACES and self.application in _BRIDGING


_PLACES = frozenset({"seat-loop", "party", "held"})
_BRIDGING = frozenset({"", "Bridge", "BridgeAdd"})
Legs = Mapping[str, Leg]
"""The legs believed to live, by Uniqueid. Never changed in place."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an event says about a leg, to be asked about."""

    event: str
    uniqueid: str
    bridge_id: str = ""
    cause: int = 0
    said: str = ""
    """The name of a UserEvent."""

    def holds(self, found: Leg | None) -> bool:
        """Whether what Asterisk shows bears the event out. Of a leg that has ended anything may have been true."""
        if found is None:
            return True
        match self.event:
            case "Hangup":
                return False
            case "BridgeEnter":
                return found.bridge_id == self.bridge_id
            case "BridgeLeave":
                return found.bridge_id != self.bridge_id
            case "UserEvent":
                return found.parked if self.said == "SeatParked" else found.application in _FALLBACK_APPLICATIONS
            case _:
                return True


_FALLBACK_APPLICATIONS = ("UserEvent", "Set", "Playback", "Queue")
"""Where a citizen is who has fallen back; one in our hands is in ``AGI``."""
_USER_EVENTS = ("SeatParked", "CallFellBack")


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one event."""

    legs: Legs
    observed: tuple[LegSeen, ...] = ()
    claim: Claim | None = None
    """To be asked about; then ``settle``."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All legs as Asterisk showed them at one moment."""

    legs: Legs
    unreadable: frozenset[str] = field(default=frozenset())
    """Uniqueids named in lines whose shape was wrong: they live, but nothing said about them is believed."""
    started: str = ""
    """When that Asterisk process started, in its own words; another value means another process."""


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

    ``asked``: uniqueids with an open question. Its answer may be older than the event and make the leg known again.
    """
    uniqueid = event.get("Uniqueid")
    response = RESPONSES[uniqueid in legs or uniqueid in asked].get(event.event, Response.IGNORE)
    if not uniqueid or response is Response.IGNORE or _says_nothing_new(legs.get(uniqueid), event):
        return Step(legs)
    claim = _read_claim(event, uniqueid)
    if response is Response.ASK:
        return Step(legs, claim=claim)
    leg = replace(read_leg(event), bridge_id=None, call=None, seat=None)
    if leg.state is not LegState.UP:
        return Step({**legs, uniqueid: leg}, (_new(leg),))
    return Step({**legs, uniqueid: replace(leg, state=LegState.DOWN)}, (_new(leg),), claim)  # born answered: ask


def settle(legs: Legs, claim: Claim, found: Leg | None) -> Step:
    """Believe what Asterisk showed when asked about a claim. Only a Hangup makes a leg gone: it has the cause."""
    if found is not None:
        after = {**legs, found.uniqueid: found}
        observed = list(_changes(legs.get(found.uniqueid), found, after))
        if claim.said == "CallFellBack" and claim.holds(found):
            observed.append(CitizenFellBack(uniqueid=found.uniqueid, channel=found.channel, call=found.call))
        return Step(after, tuple(observed))
    known = legs.get(claim.uniqueid)
    if known is None or claim.event != "Hangup":
        return Step(legs)
    after = {uniqueid: leg for uniqueid, leg in legs.items() if uniqueid != claim.uniqueid}
    return Step(after, (_gone(known, GoneReason.HUNG_UP, claim.cause),))


def reconcile(legs: Legs, snapshot: Snapshot, restarted: bool = False) -> Step:
    """Believe a snapshot. ``restarted``: it is another Asterisk's; all that was believed is gone, whatever its ids.

    Of legs that are gone together citizens go first: their seats then know that a talk has ended, not broken off.
    """
    reason = GoneReason.ASTERISK_RESTARTED if restarted else GoneReason.MISSING
    before = {} if restarted else legs
    kept = {uniqueid: leg for uniqueid, leg in before.items() if uniqueid in snapshot.unreadable}
    after = {**snapshot.legs, **kept}
    missing = [leg for uniqueid, leg in legs.items() if restarted or uniqueid not in after]
    missing.sort(key=lambda leg: leg.seat is not None)
    observed: list[LegSeen] = [_gone(leg, reason, 0) for leg in missing]
    for leg in after.values():
        observed.extend(_changes(before.get(leg.uniqueid), leg, after))
    return Step(after, tuple(observed))


def diff(before: Legs, snapshot: Snapshot) -> tuple[LegSeen, ...]:
    """What happened between what was believed and a snapshot."""
    return reconcile(before, snapshot).observed


def read_leg(message: AmiMessage) -> Leg:
    """A leg from a channel event or an item of ``Status`` (which alone knows bridge and variables)."""
    state = {"6": LegState.UP, "4": LegState.RINGING, "5": LegState.RINGING}.get(message.get("ChannelState"))
    return Leg(
        uniqueid=message.get("Uniqueid"),
        channel=message.get("Channel"),
        linkedid=message.get("Linkedid"),
        state=state or LegState.DOWN,
        caller=message.get("CallerIDNum"),
        context=message.get("Context"),
        exten=message.get("Exten"),
        application=message.get("Application"),
        bridge_id=message.get("BridgeID") or None,
        call=message.variable("HOTLINE_CALL"),
        seat=message.variable("HOTLINE_SEAT"),
    )


def _read_claim(event: AmiMessage, uniqueid: str) -> Claim:
    cause = event.get("Cause")
    return Claim(
        event.event,
        uniqueid,
        event.get("BridgeUniqueid"),
        int(cause) if cause.isdecimal() else 0,
        event.get("UserEvent"),
    )


def _says_nothing_new(known: Leg | None, event: AmiMessage) -> bool:
    """Ringing and the like: only "answered" is worth a question."""
    if event.event == "Newstate":
        return event.get("ChannelState") != "6" or (known is not None and known.state is LegState.UP)
    return event.event == "UserEvent" and event.get("UserEvent") not in _USER_EVENTS


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
