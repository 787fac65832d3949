"""What the ivr room shows of itself: frozen readings of seats, offers, calls and groups.

Screens and the HTTP API are built from these and from nothing else, so that the room's inside may change freely.
Numbers of citizens are whole here; whoever shows them to others masks them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SeatStatus(StrEnum):
    """What the agent chose."""

    READY = "ready"
    NOT_READY = "not_ready"
    OFFLINE = "offline"


class SeatKind(StrEnum):
    """By what the agent talks."""

    NAILED = "nailed"
    """A leg that is up all shift, from the browser or a phone: citizens are bridged to it within milliseconds."""
    RUNG = "rung"
    """A desk phone, rung for each call."""


class SeatState(StrEnum):
    """What we observe of the seat."""

    UNREACHABLE = "unreachable"
    IDLE = "idle"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class CallState(StrEnum):
    """Where a citizen's call is."""

    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    FALLBACK = "fallback"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class SeatView:
    """A place to take calls from, and who sits there."""

    id: str
    name: str
    account: str | None
    agent_name: str | None
    status: SeatStatus
    reason: str | None
    state: SeatState
    since: datetime
    """When ``state`` (or ``status``, whichever is later) last changed."""
    call_id: str | None
    groups: tuple[str, ...]
    rest_until: datetime | None = None
    """When the rest that goes on is meant to end; past: overdue."""
    rest_asked: str | None = None
    """The reason for which the agent asks to be let go to rest."""
    rest_owed: bool = False
    """A rest begins when the work at hand is done."""
    kind: SeatKind = SeatKind.NAILED
    phone_registered: bool = False
    """Whether the seat's desk phone can be rung."""


@dataclass(frozen=True, kw_only=True)
class OfferView:
    """A citizen held out to one seat until ``expires_at``. Earlier work orders are added by the desk."""

    offer_id: int
    call_id: str
    caller: str
    line: str
    waited_seconds: float
    expires_at: datetime
    reason: str
    """Why this seat, in words for the agent."""
    ringing: bool = False
    """The seat's desk phone rings for it: whoever picks it up talks with the citizen."""
    accepted: bool = False
    """Accepted at the desk; only the phone is still to be picked up."""


@dataclass(frozen=True, kw_only=True)
class CallView:
    """One citizen's call, live or ended."""

    call_id: str
    caller: str
    dialled: str
    line: str
    group: str | None
    state: CallState
    arrived_at: datetime
    connected_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    seat: str | None
    """The seat that talks, or talked, with the citizen; None before that."""
    nuisance: str | None = None
    """How a listed malicious caller is treated in this call; None for everybody else."""
    because: str = ""
    """Why the citizen still waits, in words; only in the line that supervisors see."""


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """A group of seats as the supervisor sees it; ``answered_15s_rate`` is 0–1, None before the first answer."""

    id: str
    name: str
    waiting: int
    longest_wait_seconds: float
    ready: int
    busy: int
    not_ready: int
    answered_15s_rate: float | None
    abandoned: int
    trend: tuple[int, ...] = ()
    """Citizens in the line during each two minutes of the last hour, oldest first."""


@dataclass(frozen=True, kw_only=True)
class FiguresView:
    """Today's counts of citizens' calls."""

    arrived: int
    answered: int
    abandoned: int
    within_15s: int


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """A limit that is crossed; ``value`` was measured a few seconds ago at most."""

    name: str
    figure: str
    group: str | None
    value: float | None
    threshold: float
    since: datetime
    raised: bool = True


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """The whole room at one instant; ``waiting`` is oldest first."""

    groups: tuple[GroupView, ...]
    waiting: tuple[CallView, ...]
    seats: tuple[SeatView, ...]
    figures: FiguresView
    at: datetime
    alarms: tuple[AlarmView, ...] = ()
