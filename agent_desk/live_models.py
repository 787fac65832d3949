"""Shapes of the supervisor's room: seats with their citizens, who waits and why, what goes on besides the talk."""

from datetime import datetime

from agent_desk.models import Alarm, Call, Figures, Group, Instant, Seat, Shape, Utterance


class LiveSeat(Seat):
    """A seat as supervisors see it."""

    caller: str = ""
    """The masked number of the citizen it talks with."""


class WaitingCall(Call):
    """A citizen in the line, and why still there."""

    because: str = ""


class PartyShown(Shape):
    """Somebody besides citizen and agent."""

    party_id: str
    kind: str
    target: str
    name: str
    joined_at: datetime | None


class Watching(Shape):
    """Whose call a supervisor's own seat is at, and how."""

    seat: str
    call_id: str
    mode: str


class Control(Shape):
    """What goes on at a seat besides the plain talk, and what its agent can do now (the names of the routes)."""

    seat: str
    call_id: str | None
    stage: str
    stage_zh: str
    party: PartyShown | None
    held_since: datetime | None
    muted: bool
    may: list[str]
    watched: list[str] = []
    """How supervisors are at this call (listen, whisper, barge), where the site's settings let the agent see it."""
    hand_raised: bool = False
    hand_note: str = ""
    hand_since: datetime | None = None
    watching: Watching | None = None
    """Of a supervisor's own seat."""


class RecognitionHost(Shape):
    """Another machine that recognises."""

    address: str
    up: bool
    streams: int
    """Live voices that it says it can follow."""
    voices: int


class Recognition(Shape):
    """How live transcription fares since the engine's start."""

    on: bool
    reason: str | None
    live: int
    """Voices followed now, of ``limit`` at most."""
    limit: int
    skipped: int
    """Voices left to transcription after the call because there were too many: agents' first, of the oldest calls."""
    moved: int
    """Times that a voice went on at another machine because its own failed."""
    failures: int
    lost_seconds: float
    heard_seconds: float
    recognised_seconds: float
    unsaved: int
    hosts: list[RecognitionHost]


class Live(Shape):
    """The supervisor's room at one instant."""

    groups: list[Group]
    waiting: list[WaitingCall]
    seats: list[LiveSeat]
    figures: Figures
    at: Instant
    alarms: list[Alarm] = []
    controls: list[Control] = []
    """What goes on at seats besides the plain talk, where anything does: hands raised, supervisors listening, holds."""
    recognition: Recognition | None = None


class Followed(Shape):
    """A seat's call as it stands, for a supervisor who reads along; what is said next comes by the live feed."""

    seat: str
    call: Call | None
    transcript: list[Utterance]


class CallRecord(Call):
    """A call in a list: what its agent said about it, and the work order that came of it."""

    disposition: str | None
    note: str
    ticket_id: str | None
    ticket_number: str | None


class CallPage(Shape):
    """A page of calls, newest first."""

    items: list[CallRecord]
    total: int
    page: int
    size: int


class Disposition(Shape):
    """One way in which a call can end for the agent."""

    code: str
    name: str
    en: str


class DispositionList(Shape):
    """The site's own, in its order."""

    items: list[Disposition]
    required: bool


class DispositionCount(Disposition):
    """How many calls ended so."""

    calls: int
    share: float


class DispositionReport(Shape):
    """Of the answered calls that arrived in a window; ``unsaid``: nothing was chosen."""

    begins: Instant
    ends: Instant
    group: str | None
    items: list[DispositionCount]
    unsaid: int
    total: int


class Chosen(Shape):
    """What was said about a call so far."""

    code: str | None
    note: str


class SeatDay(Shape):
    """An agent's own figures since midnight; times are seconds."""

    begins: Instant
    calls: int
    talk_seconds: float
    wrap_up_seconds: float
    ready_seconds: float
    not_ready_seconds: float
    not_ready_by_reason: dict[str, float]
    missed: int
    rejected: int
    average_talk: float | None
    average_wrap_up: float | None
    occupancy: float | None


class Script(Shape):
    """What to ask and say (话术)."""

    category: str
    title: str
    lines: list[str]


class ScriptList(Shape):
    """The most special first."""

    items: list[Script]
