"""What the desk needs from the rooms, as small Protocols. The composition root hands in whoever behaves so.

Views of calls and seats are the ivr room's frozen dataclasses; work orders, recordings and utterances come as
plain dicts in the shapes of the API (see ``agent_desk.models``), because they are stored rows shown as they are.
Every method may raise ``hotline.errors``: ``NotFound``, ``Forbidden``, ``RuleBroken`` (say, accepted too late),
``Unavailable``.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from callback.outreach import Outreach
from callback.port import RobotStatus
from hotline.security import Deed, Person
from ivr.call_records import CallRecords
from ivr.callers import CallerRecord
from ivr.control.echo import EchoTest
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision
from ivr.emergency.service import Emergencies
from ivr.kpi import Kpi
from ivr.nuisance.evidence import Evidence
from ivr.nuisance.service import NuisanceList
from ivr.views import CallView, LiveView, OfferView, SeatKind, SeatStatus, SeatView
from tickets.finding import Wanted
from tickets.grains import PivotWish
from tickets.oversight import Oversight
from tickets.views import TicketGlance

Shape = dict[str, Any]
"""A JSON object of the API."""


class CallCentre(Protocol):
    """The ivr room: seats, offers and calls. The plain methods read memory, so that one step sees one instant."""

    def seat(self, seat_id: str) -> SeatView:
        """The seat now. Raises NotFound."""
        ...

    def offer_for(self, seat_id: str) -> OfferView | None:
        """The offer this seat may accept now."""
        ...

    def call_for(self, seat_id: str) -> CallView | None:
        """The call this seat talks in, or wraps up."""
        ...

    def call(self, call_id: str) -> CallView | None:
        """A call still in memory: live, or ended not long ago."""
        ...

    def live(self) -> LiveView:
        """The whole room now, for supervisors."""
        ...

    async def find_call(self, call_id: str) -> CallView:
        """Any call ever taken, from memory or the ledger. Raises NotFound."""
        ...

    async def recent_calls(self, seat_id: str, limit: int) -> Sequence[CallView]:
        """The last calls of this seat, newest first."""
        ...

    async def calls_this_month(self, phone: str) -> int:
        """How often this number called us in the calendar month of now, local time."""
        ...

    async def caller_record(self, phone: str, call_id: str | None = None) -> CallerRecord:
        """What is known of a number, apart from this call, or from the one it is in now."""
        ...

    async def choose_status(self, seat_id: str, status: SeatStatus, reason: str | None, by: Person) -> SeatView:
        """The agent chooses ready or not ready. Raises RuleBroken for a reason that the site does not have."""
        ...

    async def choose_kind(self, seat_id: str, kind: SeatKind, by: Person) -> SeatView:
        """Talk by the nailed-up leg or by the desk phone. Raises RuleBroken during a call or an offer."""
        ...

    async def accept(self, seat_id: str, offer_id: int, by: Person) -> CallView:
        """Connect the offered citizen, or ring the seat's phone for it.

        Raises RuleBroken when late, withdrawn or taken; never connects twice.
        """
        ...

    async def reject(self, seat_id: str, offer_id: int, by: Person) -> SeatView:
        """Give the offered citizen back. Raises RuleBroken when late."""
        ...

    async def hang_up(self, seat_id: str, call_id: str, by: Person) -> CallView:
        """End this seat's call. Raises RuleBroken when the seat is not in it."""
        ...

    async def end_wrap_up(self, seat_id: str, by: Person) -> SeatView:
        """Wrap-up is done before its time. Raises RuleBroken when the seat is not wrapping up."""
        ...

    async def move(self, call_id: str, seat: str | None, group: str | None, reason: str, by: Person) -> CallView:
        """Give a waiting citizen to this seat, or to this group's line. Raises RuleBroken, NotFound."""
        ...

    async def promises(self, state: str, groups: Sequence[str] | None) -> Sequence[Shape]:
        """Promises of a call, ``open`` or ``done``, of these groups or of all."""
        ...

    async def keep_promise(self, promise_id: str, by: Person, groups: Sequence[str] | None) -> Shape:
        """The citizen was phoned back. Raises NotFound for what is not open, or not of these groups."""
        ...

    async def kpi_over(
        self, begins: datetime, ends: datetime, group: str | None = None, duty: str | None = None
    ) -> Kpi:
        """Figures of the calls that arrived after ``begins`` and not after ``ends``; ``duty``: of a duty session."""
        ...

    async def force_break(self, seat_id: str, seconds: int, by: Person) -> SeatView:
        """Send a seat to rest, at once or after the work at hand. Raises NotFound."""
        ...

    async def end_break(self, seat_id: str, by: Person) -> SeatView:
        """End a rest, or take back one that has not begun. Raises NotFound."""
        ...

    async def ask_rest(self, seat_id: str, reason: str | None, by: Person) -> SeatView:
        """The agent asks for a rest, or (None) no longer. Raises RuleBroken."""
        ...

    async def decide_rest(self, seat_id: str, granted: bool, by: Person) -> SeatView:
        """A supervisor grants or declines it. Raises NotFound; RuleBroken when nothing is asked."""
        ...

    def feed_opened(self, seat_id: str, by: Person) -> None:
        """The first open screen of this seat's agent. Must not block; the seat becomes reachable when its leg is."""
        ...

    def feed_closed(self, seat_id: str) -> None:
        """The last open screen of this seat is gone. Must not block; the ivr room waits its grace time."""
        ...


class Shelves(Protocol):
    """What people keep under a name: views of the list, texts of replies."""

    async def all(self, kind: str, by: Person) -> Sequence[Shape]:
        """[{name, body, by}], by name."""
        ...

    async def put(self, kind: str, name: str, body: Mapping[str, str], by: Person) -> Shape:
        """Keep it, in place of what had the name. Raises RuleBroken when the shelf is full."""
        ...

    async def drop(self, kind: str, name: str, by: Person) -> None:
        """Forget it. Raises NotFound."""
        ...


class WorkOrders(Protocol):
    """The tickets room. ``viewer`` and ``by`` decide what may be seen and done; the room judges that."""

    async def draft(self, call_id: str) -> Shape | None:
        """The Draft of a call."""
        ...

    async def edit_draft(self, call_id: str, changes: Mapping[str, str], by: Person) -> Shape:
        """Note fields that the agent typed; they are never overwritten by speech. Returns the Draft."""
        ...

    async def submit(
        self, call_id: str, fields: Mapping[str, str], how: str, answer: str | None, by: Person, *,
        article_id: str | None = None, matter: str | None = None, confidential: bool = False,
    ) -> Shape:  # fmt: skip
        """Make the work order of a call. Returns the Ticket.

        ``how`` is "dispatch", "direct" (answered on line) or "refuse" (out of scope, for the reason ``matter``).
        ``confidential``: the citizen asks to be hidden from units.
        """
        ...

    async def history(self, phone: str, limit: int = 20) -> Sequence[Shape]:
        """TicketSummaries of a citizen, open ones first, then newest first."""
        ...

    async def page(self, viewer: Person, wanted: Wanted, *, page: int = 1, size: int = 50, after: str = "") -> Shape:
        """{items: [TicketSummary], total, more, page, size, next} of what ``viewer`` may see."""
        ...

    def each(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        """All that a list holds, in its order: TicketSummaries."""
        ...

    @property
    def shelves(self) -> Shelves:
        """Saved views and reply templates."""
        ...

    def citizens(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        """{id, number, phone, unit, area, category} of a list, newest first; who reported protected is left out."""
        ...

    async def figures(self, viewer: Person, wish: PivotWish) -> Shape:
        """{rows, columns, cells, total} by time, area, type and unit. Raises RuleBroken."""
        ...

    async def ticket(self, ticket_id: str, viewer: Person) -> Shape:
        """The whole Ticket with the actions that ``viewer`` has now. Raises NotFound, also for what is not his."""
        ...

    async def act(self, ticket_id: str, action: str, fields: Mapping[str, Any], by: Person) -> Shape:
        """Move the work order. Raises RuleBroken, Forbidden, NotFound. Returns the Ticket."""
        ...

    async def act_on_all(
        self, ticket_ids: Sequence[str], action: str, fields: Mapping[str, Any], by: Person
    ) -> Sequence[Shape]:
        """The same move for many, in one transaction: all or none. Returns TicketSummaries."""
        ...

    async def summary(self, ticket_id: str) -> TicketGlance | None:
        """For the live feed: the TicketSummary and who made it, unrestricted."""
        ...

    async def of_call(self, call_id: str) -> str | None:
        """The id of the work order that came of a call."""
        ...

    async def of_calls(self, call_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Call → id and number of its work order, for those that have one."""
        ...

    def categories(self) -> Sequence[Shape]:
        """[{level1, leaves}] in the site's order."""
        ...

    def units(self) -> Sequence[Shape]:
        """[{code, name, level, parent}]."""
        ...

    def due_at(self, urgency: str) -> datetime:
        """When a work order dispatched now would be due. Raises RuleBroken for an unknown urgency."""
        ...


class Intake(Protocol):
    """The tickets room's door for all channels. ``by`` is None for a machine that showed its channel's token."""

    async def receive(
        self, channel: str, sender_id: str, fields: Mapping[str, str], by: Person | None, *, confidential: bool = False
    ) -> Shape:
        """The Acknowledgement; the same sender_id again gives the same number. Raises RuleBroken."""
        ...

    async def progress(self, number: str, phone: str) -> Shape:
        """How a matter goes. Raises NotFound unless the telephone number is the matter's."""
        ...

    async def find(self, channel: str, number: str, by: Person | None) -> Shape:
        """The work order that this sender handed in. Raises NotFound."""
        ...


class AttachedFile(Protocol):
    """One file that was put to a work order."""

    @property
    def path(self) -> Path: ...

    @property
    def media_type(self) -> str: ...

    @property
    def name(self) -> str: ...


class Attachments(Protocol):
    """Pictures, films and documents. Who may see or add is asked before by the desk."""

    async def add(self, ticket_id: str, name: str, chunks: AsyncIterator[bytes], by: str) -> Shape:
        """The Attachment; the same file again is the same one. Raises RuleBroken for what is not taken."""
        ...

    async def find(self, ticket_ids: Sequence[str], attachment_id: str) -> AttachedFile:
        """An attachment of one of these work orders. Raises NotFound."""
        ...


class CallbackTasks(Protocol):
    """The callback room's readings."""

    async def page(self, *, state: str | None, page: int, size: int) -> Shape:
        """{items: [Callback], total}."""
        ...


class Robot(Protocol):
    """The callback robot, as far as a screen watches and stops it."""

    def status(self) -> RobotStatus:
        """What it does now, from memory."""
        ...

    async def pause(self, by: str, reason: str, deed: Deed) -> None:
        """Dial nothing any more; it outlives a restart. The deed is written in the same transaction."""
        ...

    async def resume(self, by: str, deed: Deed) -> None:
        """Dial again."""
        ...


class AudioTrack(Protocol):
    """One playable file."""

    @property
    def path(self) -> Path:
        """The file; ``.sealed`` behind its name when it is encrypted."""
        ...

    @property
    def call_id(self) -> str:
        """The call that it is of."""
        ...


class SealedTrack(Protocol):
    """A track that is encrypted at rest, readable from any point. Reading raises OSError when it was altered."""

    @property
    def length(self) -> int:
        """Bytes of the sound file."""
        ...

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """A part of it, in pieces; blocking."""
        ...


class Recordings(Protocol):
    """The archive. Who may listen is asked before by the desk; that somebody did is written by the desk's audit."""

    async def of_call(self, call_id: str) -> Sequence[Shape]:
        """The Recordings of a call."""
        ...

    async def track(self, recording_id: str, track: str) -> AudioTrack:
        """Where a track lies. Raises NotFound; Unavailable when the file is gone or being mixed."""
        ...

    def sealed(self, path: Path) -> SealedTrack:
        """Open a track whose name ends in ``.sealed``; blocking. Raises Unavailable when no key fits."""
        ...

    async def peaks(self, recording_id: str, buckets: int) -> Shape:
        """{recording_id, seconds, peaks: {party: [0–100]}}. Raises as ``track`` does."""
        ...

    async def export(self, recording_id: str, track: str, listener: str) -> Path:
        """A WAV copy with listener and time in its watermark, alone in a folder that the caller deletes."""
        ...

    async def hold(self, recording_id: str, held: bool, reason: str, by: str) -> Shape:
        """Set or lift a legal hold. Raises NotFound, RuleBroken. Returns the Recording."""
        ...


class MachineSummary(Protocol):
    """What a language model wrote."""

    @property
    def text(self) -> str:
        """Marked as a machine's."""
        ...

    @property
    def model(self) -> str:
        """Which model."""
        ...


class Summaries(Protocol):
    """Summaries by a language model of the site's own."""

    async def summarise(self, said: Sequence[tuple[str, str]]) -> MachineSummary:
        """From (who, text) in order. Raises RuleBroken, Unavailable; never takes longer than the site allows."""
        ...


class Pausing(Protocol):
    """The recording of a live call."""

    async def pause(self, call_id: str, paused: bool, by: str) -> None:
        """Neither recording nor transcript hears what is said until it goes on. Raises RuleBroken when over."""
        ...


class Transcripts(Protocol):
    """What was said."""

    async def of_call(self, call_id: str) -> Sequence[Shape]:
        """The Utterances of a call in the order they began."""
        ...

    async def correct(self, call_id: str, utterance_id: str, text: str, by: str, deed: Deed) -> Shape:
        """Put a text right; both versions are kept. Raises NotFound, RuleBroken. Returns the Utterance."""
        ...

    async def one(self, utterance_id: str) -> Shape | None:
        """One Utterance."""
        ...


class Knowledge(Protocol):
    """The knowledge base."""

    async def search(self, words: str, limit: int = 10) -> Sequence[Shape]:
        """[{id, title, answer, score}], best first."""
        ...


@dataclass(frozen=True)
class Health:
    """What /api/health tells: "up"/"down", "on"/"off", and why it is not all well."""

    asterisk: str
    recognition: str
    reason: str | None = None


class HealthProbe(Protocol):
    """How the machine is, from memory; cheap enough to ask every second."""

    def __call__(self) -> Health: ...


class RecognitionProbe(Protocol):
    """How live transcription fares, from memory."""

    def __call__(self) -> Shape: ...


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Everything the desk talks to."""

    call_centre: CallCentre
    work_orders: WorkOrders
    intake: Intake
    attachments: Attachments
    callbacks: CallbackTasks
    recordings: Recordings
    pausing: Pausing
    transcripts: Transcripts
    knowledge: Knowledge
    health: HealthProbe
    records: CallRecords
    summaries: Summaries | None = None
    recognition: RecognitionProbe | None = None
    control: CallControl | None = None
    supervision: Supervision | None = None
    oversight: Oversight | None = None
    echo: EchoTest | None = None
    watching_visible: bool = True
    """Whether agents are shown that a supervisor is at their call."""
    emergencies: Emergencies | None = None
    nuisance: NuisanceList | None = None
    evidence: Evidence | None = None
    robot: Robot | None = None
    outreach: Outreach | None = None
