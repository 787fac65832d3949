"""Facts of a call's life, from the first ring to the last hang-up."""

from dataclasses import dataclass

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Fact):
    """A citizen's call came to the engine."""

    call_id: str
    caller: str
    """The caller's number as sanitised by the dialplan; empty when withheld."""
    dialled: str
    line: str
    """The label of the line dialled, as configured, and through which number of ours it was sent on."""
    channel: str
    uniqueid: str
    promise: str | None = None
    """We rang the citizen, to keep this promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Fact):
    """The greeting is over; the citizen waits for a seat of this group."""

    call_id: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForecast(Fact):
    """What a waiting citizen is told the first time; figures measure it against the wait that follows."""

    call_id: str
    place: int
    """In the line; 1 is the next."""
    seconds: float
    """Expected from now on. Spoken as whole minutes rounded up, from one minute to an hour; else only the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(Fact):
    """The distributor offered the call to a seat. ``offer_id`` fences: only the newest may be accepted, once."""

    call_id: str
    offer_id: int
    seat: str
    reason: str
    """Why this seat, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(Fact):
    """The offer is over."""

    call_id: str
    offer_id: int
    seat: str
    outcome: str
    """``accepted``, ``rejected``, ``timed_out``, ``withdrawn`` (citizen gone, seat gone) or ``failed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected(Fact):
    """Citizen and agent hear each other."""

    call_id: str
    seat: str
    account: str
    citizen_channel: str
    citizen_uniqueid: str
    seat_channel: str
    seat_uniqueid: str
    duty: str | None = None
    """The duty session (领导接听) that answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOverflowed(Fact):
    """From now on seats of another group may answer this call too."""

    call_id: str
    group: str
    to: str
    waited_seconds: float
    because: str
    """``waited`` or ``expected_wait``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFellBack(Fact):
    """The engine was away or gave up: Asterisk's own queue had or has this citizen."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAdopted(Fact):
    """A restarted engine took up a call that lived on without it."""

    call_id: str
    state: str
    """What it was found doing: ``waiting``, ``talking`` or ``fallback``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Fact):
    """The citizen's call is over."""

    call_id: str
    reason: str
    """``citizen_hung_up``, ``agent_hung_up``, ``abandoned``, ``hung_up_in_greeting``, ``ended_unseen`` (while we were
    away), ``asterisk_restarted``, ``callback_dropped`` (we rang; hung up before an agent came), or what the flow says
    when it hangs up (``callback_promised``, ``message_left``)."""
    waited_seconds: float
    talked_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSentOut(Fact):
    """The citizen was connected with a number outside (110, 119, 120, a retained line) without an agent."""

    call_id: str
    target: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMoved(Fact):
    """A supervisor gave a waiting citizen to a certain seat, or to another group's line."""

    call_id: str
    seat: str | None
    group: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDisposed(Fact):
    """The agent said what the call came to (话后小结); a later one of the same call holds."""

    call_id: str
    seat: str
    code: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPromised(Fact):
    """We owe this citizen a call."""

    call_id: str
    task_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept(Fact):
    """Somebody phoned a citizen back to whom a call was owed, or the citizen called again and was answered."""

    task_id: str
    call_id: str | None = None
    """The citizen's own later call that was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseDialled(Fact):
    """The place in the line is reached: a citizen to whom a call is owed is about to be rung."""

    task_id: str
    attempt: int
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMissed(Fact):
    """The citizen was rung, and no agent talked with him."""

    task_id: str
    outcome: str
    """``busy``, ``no_answer``, ``rejected``, ``unknown``, ``invalid`` or ``hung_up``."""
    by_hand: bool
    """Not tried again: people are to phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Fact):
    """The citizen left a message instead of waiting; the work order holds it."""

    call_id: str
    seconds: float
