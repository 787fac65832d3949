"""The floor's furniture: a citizen's call and a seat, as the engine knows them in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr.views import CallState, CallView, SeatKind, SeatState, SeatStatus, SeatView
from telephony.observations import PhoneState

RING = "ring_"
"""How the ids of the legs begin that ring a seat's phone."""


@dataclass(slots=True)
class Offer:
    """A call held out to a seat. ``taken`` closes the fence: it was accepted and is being connected."""

    offer_id: int
    call_id: str
    seat: str
    reason: str
    made_at: datetime
    expires_at: datetime
    taken: bool = False
    duty: str | None = None
    """The duty session in whose turn the seat is asked."""
    ring_id: str | None = None
    """Uniqueid of the leg that rings the seat's phone for this offer, chosen by us."""
    answered: bool = False
    """The phone was picked up; the two are being connected."""
    by_hand: bool = False
    """A supervisor chose this seat: nobody else is asked meanwhile, whatever the group's strategy."""


@dataclass(slots=True)
class Call:
    """One citizen's call."""

    call_id: str
    caller: str
    dialled: str
    line: str
    group: str
    channel: str
    uniqueid: str
    arrived_at: datetime
    state: CallState = CallState.WAITING
    queued_at: datetime | None = None
    """When the waiting began; None while the greeting plays."""
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    ending_because: str | None = None
    """Set before we hang up ourselves, so that the hang-up that comes back has its reason."""
    settled: str | None = None
    """The reason why a citizen who hangs up now did not give up: a call is promised, a message is left."""
    seat: str | None = None
    seat_uniqueid: str | None = None
    """The seat's leg that the ledger says it was last connected with."""
    account: str | None = None
    first: bool = False
    talked_seconds: float = 0.0
    """Of earlier stretches, when the call was connected more than once."""
    talking_since: datetime | None = None
    priority: int = 0
    """Minutes of head start in the line, the group's not counted in."""
    needs: Mapping[str, int] = field(default_factory=dict)
    """Skills with the least level, besides the group's."""
    last_agent: str | None = None
    """Account of the agent who talked with this citizen in an earlier call."""
    overflow: tuple[str, ...] = ()
    """Other groups whose seats may answer by now."""
    duty: str | None = None
    """The duty session that answered."""
    nuisance: str | None = None
    """How a listed malicious caller is treated in this call."""
    handicap: int = 0
    """Minutes by which the call stands further back in the line."""
    promise: str | None = None
    """The promise that we keep with this call: we rang the citizen."""
    made_for: str | None = None
    """The seat that had this citizen rung."""
    told_wait: float | None = None
    """Seconds that the citizen was told to expect, the first time."""
    told_at: datetime | None = None
    accompanied: bool = False
    """Somebody besides the seat is with the citizen: the seat's loss does not end the talk."""
    returns_to: str | None = None
    """The seat whose leg was lost and may come back in a moment; nobody else is offered the citizen until then."""
    ringing: set[str] = field(default_factory=set)
    """Seats that have an offer of this call."""

    def view(self) -> CallView:
        """As others see it."""
        return CallView(
            call_id=self.call_id,
            caller=self.caller,
            dialled=self.dialled,
            line=self.line,
            group=self.group,
            state=self.state,
            arrived_at=self.arrived_at,
            connected_at=self.connected_at,
            ended_at=self.ended_at,
            end_reason=self.end_reason,
            seat=self.seat,
            nuisance=self.nuisance,
        )

    def waited(self, now: datetime) -> float:
        """Seconds from the start of waiting to the first connection, the end, or ``now``."""
        if self.queued_at is None:
            return 0.0
        return ((self.connected_at or self.ended_at or now) - self.queued_at).total_seconds()

    def talked(self, now: datetime) -> float:
        """Seconds of talk so far."""
        running = (now - self.talking_since).total_seconds() if self.talking_since else 0.0
        return self.talked_seconds + running


@dataclass(frozen=True, slots=True)
class SeatLeg:
    """The channel of a seat: parked all shift, or of the call for which its phone was rung."""

    channel: str
    uniqueid: str


@dataclass(slots=True)
class Seat:
    """One seat. Its state is observed: derived from leg, feed, offer, call and wrap-up."""

    id: str
    name: str
    groups: tuple[str, ...]
    since: datetime
    account: str | None = None
    agent_name: str | None = None
    status: SeatStatus = SeatStatus.OFFLINE
    reason: str | None = None
    kind: SeatKind = SeatKind.NAILED
    default_kind: SeatKind = SeatKind.NAILED
    """By the site's settings; an agent who sits down anew begins with it."""
    rings_at_offer: bool = False
    """A rung seat: the phone rings with the offer and picking it up accepts; else it rings once accepted."""
    needs_desk: bool = True
    """A rung seat: nobody is offered to it without an open screen."""
    phone: PhoneState = PhoneState.ABSENT
    leg: SeatLeg | None = None
    watched: bool = False
    """A screen of its agent is open."""
    unwatched_since: datetime | None = None
    offer: Offer | None = None
    call_id: str | None = None
    wrap_up_until: datetime | None = None
    talk_ended_at: datetime | None = None
    last_call_id: str | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    reserved_groups: tuple[str, ...] = ()
    reserved_priority: int | None = None
    calls_since_break: int = 0
    break_owed_seconds: int = 0
    """A forced break that begins when the work at hand is done."""
    break_until: datetime | None = None
    rest_asked: str | None = None
    """The reason for which the agent asks a supervisor to be let go to rest."""
    rest_owed: str | None = None
    """The reason of a rest that was granted and begins when the work at hand is done."""
    rest_minutes: Mapping[str, int] = field(default_factory=dict)
    """Reason → how long a rest for it is meant to be."""
    returning: str | None = None
    """The call whose talk broke off with this seat's leg; a new leg gets its citizen back without an offer."""
    returning_until: datetime | None = None
    idle_since: datetime | None = None
    calls_taken: int = 0
    shown_state: SeatState = SeatState.UNREACHABLE
    mirrored: bool | None = field(default=None)
    """What the fallback queue was last told."""

    @property
    def reachable(self) -> bool:
        """Whether a citizen could be brought to its agent, were there nothing else to do."""
        if self.kind is SeatKind.RUNG:
            return self.phone is not PhoneState.ABSENT and (self.watched or not self.screen_counts)
        return self.leg is not None and self.watched

    @property
    def screen_counts(self) -> bool:
        """Whether the seat is nobody's without an open screen."""
        return self.kind is SeatKind.NAILED or self.needs_desk

    @property
    def leg_is_left(self) -> bool:
        """A rung phone's leg that is in no call any more, nor on its way into one."""
        on_its_way = self.offer is not None and self.offer.answered
        return self.kind is SeatKind.RUNG and self.leg is not None and self.call_id is None and not on_its_way

    @property
    def cut_off(self) -> bool:
        """It talks by a browser of which nothing is heard any more. Seen at once; the leg may outlive it for a while.

        Whoever talks by a phone talks on without a screen.
        """
        by_phone = self.leg is None or self.leg.channel.startswith(f"PJSIP/{self.id}-sip-")
        return self.kind is SeatKind.NAILED and not self.watched and not by_phone

    @property
    def state(self) -> SeatState:
        """What we observe."""
        if self.call_id is not None:
            return SeatState.UNREACHABLE if self.cut_off else SeatState.TALKING
        if not self.reachable:
            return SeatState.UNREACHABLE
        if self.offer is not None:
            return SeatState.OFFERED
        return SeatState.WRAP_UP if self.wrap_up_until is not None else SeatState.IDLE

    @property
    def free(self) -> bool:
        """Whether a call may be offered to it."""
        return (
            self.status is SeatStatus.READY
            and self.state is SeatState.IDLE
            and self.can_be_joined
            and self.returning is None
        )

    @property
    def can_be_joined(self) -> bool:
        """Whether its leg is up, or its phone may be rung: one that talks with others is not disturbed."""
        if self.kind is SeatKind.RUNG:
            return self.leg is None and self.phone is PhoneState.FREE
        return self.leg is not None

    @property
    def staffed(self) -> bool:
        """Whether it works: with a citizen, or ready for one."""
        return self.status is SeatStatus.READY and self.state is not SeatState.UNREACHABLE

    @property
    def rest_until(self) -> datetime | None:
        """When the rest that goes on is meant to end: a forced one ends then, one of the agent's own is overdue."""
        resting = self.state in (SeatState.IDLE, SeatState.UNREACHABLE) and self.call_id is None
        if self.status is not SeatStatus.NOT_READY or not resting:
            return None
        minutes = self.rest_minutes.get(self.reason or "")
        return self.break_until or (self.since + timedelta(minutes=minutes) if minutes else None)

    def view(self) -> SeatView:
        """As others see it."""
        return SeatView(
            id=self.id,
            name=self.name,
            account=self.account,
            agent_name=self.agent_name,
            status=self.status,
            reason=self.reason,
            state=self.state,
            since=self.since,
            call_id=self.call_id or self.returning or (self.last_call_id if self.wrap_up_until else None),
            groups=self.groups,
            rest_until=self.rest_until,
            rest_asked=self.rest_asked,
            rest_owed=bool(self.break_owed_seconds or self.rest_owed),
            kind=self.kind,
            phone_registered=self.phone is not PhoneState.ABSENT,
        )
