"""The shapes of the API, as OpenAPI tells them. Rooms hand in dicts or views; what leaves the house passes here.

A field that is not named here never leaves; a field that is missing is our fault and becomes a 500 in tests.
Instants are ISO 8601 with their offset.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Instant = AwareDatetime


class Shape(BaseModel):
    """A JSON object that the API gives. Reads attributes too, so that frozen views validate as they are."""

    model_config = ConfigDict(from_attributes=True)


class ErrorText(Shape):
    """What went wrong: a code for programs, a sentence for people in both languages."""

    code: str
    zh: str
    en: str


class ErrorBody(Shape):
    """Every error has this body."""

    error: ErrorText


class Me(Shape):
    """The signed-in person."""

    account: str
    name: str
    roles: list[str]
    seat: str | None
    unit: str | None
    summaries: bool = False
    """Whether a language model may be asked for summaries of calls: the site has one and this person may."""


class HealthReport(Shape):
    """How the machine is."""

    status: Literal["ok", "degraded"]
    asterisk: Literal["up", "down"]
    recognition: Literal["on", "off"]
    reason: str | None = None


class Seat(Shape):
    """A seat; ``status`` is chosen, ``state`` is observed."""

    id: str
    name: str
    account: str | None
    agent_name: str | None
    status: Literal["ready", "not_ready", "offline"]
    reason: str | None
    state: Literal["unreachable", "idle", "offered", "talking", "wrap_up"]
    since: Instant
    call_id: str | None
    groups: list[str]
    rest_until: Instant | None = None
    """When the rest that goes on is meant to end; past: overdue."""
    rest_asked: str | None = None
    """The reason for which the agent asks to be let go to rest."""
    rest_owed: bool = False
    """A rest begins when the work at hand is done."""
    kind: Literal["nailed", "rung"] = "nailed"
    """By what its agent talks: a leg that is up all shift, or a desk phone that is rung per call."""
    phone_registered: bool = False


class Call(Shape):
    """A citizen's call; ``seat`` is the one that talks or talked."""

    call_id: str
    caller: str
    dialled: str
    line: str
    group: str | None
    state: Literal["waiting", "offered", "talking", "fallback", "ended"]
    arrived_at: Instant
    connected_at: Instant | None
    ended_at: Instant | None
    end_reason: str | None
    seat: str | None


class MachineText(Shape):
    """What a language model wrote; ``text`` begins with a mark that says so."""

    text: str
    model: str


class Utterance(Shape):
    """One stretch of speech of one party."""

    id: str
    call_id: str
    who: Literal["citizen", "agent"]
    text: str
    started_at: Instant
    seconds: float
    confidence: float | None = None
    display: str = ""
    """``text`` is what was heard; this is how it is read: corrected, or with digits and punctuation."""
    repaired: bool = False
    """Missed live and transcribed from the recording after the call."""
    reread: list[str] = []
    """The words that a bigger model heard otherwise by night; ``display`` has them, ``text`` is what was heard live."""
    corrected_by: str | None = None
    words: list[tuple[str, float, float]] = []
    """Each word, seconds after ``started_at``, its length in seconds."""


class Correction(Shape):
    """The right text of an utterance that was misheard."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Partial(Shape):
    """The words of an utterance so far."""

    call_id: str
    who: Literal["citizen", "agent"]
    text: str


class Draft(Shape):
    """A work order in the making; ``typed`` fields are the agent's, ``because`` says which words led to the others."""

    call_id: str
    title: str | None = None
    description: str | None = None
    type: str | None = None
    category: str | None = None
    place: str | None = None
    urgency: str | None = None
    phone: str | None = None
    unit: str | None = None
    typed: list[str] = []
    because: dict[str, list[str]] = {}
    ticket_id: str | None = None
    tags: list[str] = []


class Recording(Shape):
    """A call's recording; ``sha256`` is of the mix."""

    id: str
    call_id: str
    seconds: float
    sha256: str
    tracks: list[str]
    speakers: dict[str, str] = {}
    """Whose voice a track has, by name, for those who have a track of their own."""
    created_at: Instant
    started_at: Instant | None = None
    held: bool = False


class Peaks(Shape):
    """How loud each party was over the recording, 0 to 100 in equal steps of time."""

    recording_id: str
    seconds: float
    peaks: dict[str, list[int]]


class HoldWish(Shape):
    """Set a legal hold, or lift it."""

    held: bool
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class PauseWish(Shape):
    """Pause the recording of a live call, or go on."""

    paused: bool


class TicketSummary(Shape):
    """A work order as a row of a table; ``lamp`` is computed from the deadline."""

    id: str
    number: str
    title: str
    type: str
    category: str
    place: str
    urgency: str
    state: str
    state_zh: str
    unit: str | None
    unit_name: str | None
    created_at: Instant
    dispatched_at: Instant | None
    due_at: Instant | None
    lamp: Literal["green", "yellow", "red", "none"]
    due_provisional: bool = False
    phone_masked: str
    channel: str = "telephone"
    line: str = ""
    """Which line was dialled, and through which other one the call came; empty for what came in otherwise."""
    parent_id: str | None = None
    part_zh: str | None = None
    supervise_level: int = 0
    extension: str = "none"
    extension_zh: str | None = None
    returns: int = 0
    reworks: int = 0
    repeats: int = 0
    protected: bool = False
    """The reporter is hidden from units."""
    tags: list[str] = []
    """Marks, such as 转接 119 消防."""


class TimelineEntry(Shape):
    """One move of a work order."""

    at: Instant
    by: str
    role: str
    action: str
    action_zh: str
    from_state: str
    to_state: str
    note: str | None = None


class CallbackGlance(Shape):
    """A return visit as a work order shows it; ``satisfaction`` is 1 (best) to 5."""

    task_id: str
    state: str
    attempt: int
    disposition: str | None = None
    solved: bool | None = None
    satisfaction: int | None = None
    at: Instant | None = None


class Callback(CallbackGlance):
    """A return visit as the list shows it."""

    ticket_id: str
    number: str | None = None
    title: str | None = None
    state_zh: str | None = None
    phone_masked: str | None = None
    due_at: Instant | None = None


class CallbackPage(Shape):
    """A page of return visits."""

    items: list[Callback]
    total: int


class Action(Shape):
    """What this person may do to the work order now, and which fields that needs."""

    action: str
    zh: str
    needs: list[str]
    needs_zh: list[str] = []


class Alike(TicketSummary):
    """An earlier work order that looks like this one: 0 to 100 points, and why."""

    score: int
    because: list[str]


class UnitProposal(Shape):
    """Which unit the duty directory names, and why."""

    unit: str
    reason: str


class Ticket(TicketSummary):
    """A whole work order."""

    description: str
    phone: str
    call_id: str | None
    reply: str | None
    contact: str | None
    answer: str | None = None
    solved: bool | None = None
    satisfaction: int | None = None
    first_solved: bool | None = None
    first_satisfaction: int | None = None
    """What was said at the first return visit; it stays, whatever a rework brings."""
    article_id: str | None = None
    disposition: str | None = None
    matter: str | None = None
    route: str | None = None
    leader: str | None = None
    instruction: str | None = None
    extension_days: int | None = None
    merged_into: str | None = None
    process: str | None = None
    review_at: Instant | None = None
    closed_at: Instant | None = None
    contacted: bool | None = None
    contact_at: Instant | None = None
    created_by: str | None = None
    timeline: list[TimelineEntry]
    callbacks: list[CallbackGlance]
    actions: list[Action]
    recordings: list[Recording] = []
    parts: list[TicketSummary] = []
    merged: list[TicketSummary] = []
    above: list[str] = []
    alike: list[Alike] = []
    attachments: list["Attachment"] = []
    proposal: UnitProposal | None = None
    scope_hint: str | None = None


class Attachment(Shape):
    """A picture (jpeg, png), film (mp4) or document (pdf) of a work order."""

    id: str
    kind: Literal["jpeg", "png", "mp4", "pdf"]
    name: str
    bytes: int
    by: str
    at: Instant


class Acknowledgement(Shape):
    """What a sender is told: the number by which to ask. ``repeats``: numbers of earlier matters like this one."""

    ticket_id: str
    number: str
    state: str
    state_zh: str
    duplicate: bool
    received_at: Instant
    zh: str
    en: str
    repeats: list[str]
    scope_hint: str | None


class Progress(Shape):
    """What a citizen may know of his matter."""

    number: str
    state: str
    state_zh: str
    created_at: Instant
    due_at: Instant | None
    closed_at: Instant | None
    reply: str | None
    route: str | None


class TicketPage(Shape):
    """Work orders. ``total`` counts up to 2,000, ``more``: there are more; ``next`` asks for what follows."""

    items: list[TicketSummary]
    total: int
    more: bool
    page: int
    size: int
    next: str | None


class PivotCell(Shape):
    """One figure: how many work orders, how many of them are done, how many were overdue at some time."""

    row: str
    column: str
    tickets: int
    done: int
    overdue: int


class PivotTotal(Shape):
    """The sum of all cells."""

    tickets: int
    done: int
    overdue: int


class PivotTable(Shape):
    """Figures by two axes."""

    rows: list[str]
    columns: list[str]
    cells: list[PivotCell]
    total: PivotTotal


class ShelfItem(Shape):
    """Something kept under a name: a view of the list, or a reply's text."""

    name: str
    body: dict[str, str]
    by: str


class Shelf(Shape):
    """All that is kept of one kind."""

    items: list[ShelfItem]


class CallerShown(Shape):
    """What is known of the number that calls."""

    calls_this_month: int
    """This call included."""
    last_at: Instant | None = None
    last_account: str | None = None
    """Who talked with it last."""
    gave_up_at: Instant | None = None
    """It gave up waiting then, a short while ago."""
    open_orders: int = 0
    listed_until: Instant | None = None
    """On the list of malicious callers until then, for these reasons."""
    listed_because: list[str] = []


class CitizenHistory(Shape):
    """What a citizen asked before."""

    items: list[TicketSummary]
    calls_this_month: int
    about: CallerShown | None = None


class Offer(Shape):
    """A citizen held out to this seat."""

    offer_id: int
    call_id: str
    caller: str
    line: str
    waited_seconds: float
    expires_at: Instant
    reason: str
    ringing: bool = False
    """The desk phone rings for it; whoever picks it up talks with the citizen."""
    accepted: bool = False
    """Accepted already: only the phone is still to be picked up."""
    about: CallerShown | None = None
    history: list[TicketSummary]


class OfferEnded(Shape):
    """The offer left the seat's screen."""

    offer_id: int
    outcome: str


class SipAccount(Shape):
    """What the browser's phone registers with."""

    ws_url: str
    uri: str
    authorization_user: str
    password: str
    extension: str


class EmergencyPlatform(Shape):
    """Where one action sends a citizen in need."""

    code: str
    label: str


class DeskSnapshot(Shape):
    """Everything that the desk shows, at one instant."""

    seat: Seat
    offer: Offer | None
    call: Call | None
    transcript: list[Utterance]
    draft: Draft | None
    reasons: list[str]
    rest_approval: bool = False
    """Whether a ready agent must ask before going to rest."""
    emergency: list[EmergencyPlatform] = []
    sip: SipAccount
    recent: list[Call]


class CallLeg(Shape):
    """One stay of somebody in a call; ``why`` they left."""

    kind: Literal["citizen", "seat", "party", "supervisor"]
    who: str
    name: str
    purpose: str
    since: Instant
    joined_at: Instant | None
    left_at: Instant | None
    why: str
    talked_seconds: float
    held_seconds: float


class CallDetail(Shape):
    """A call with its words and recordings."""

    call: Call
    transcript: list[Utterance]
    recordings: list[Recording]
    ticket_id: str | None
    legs: list[CallLeg] = []
    """Who was in the call, in the order of coming."""


class Article(Shape):
    """A find in the knowledge base."""

    id: str
    title: str
    answer: str
    score: float


class ArticleList(Shape):
    """Finds, best first."""

    items: list[Article]


class Category(Shape):
    """A first-level category and its leaves."""

    level1: str
    leaves: list[str]


class CategoryList(Shape):
    """The site's categories."""

    items: list[Category]


class Unit(Shape):
    """A handling unit."""

    code: str
    name: str
    level: int
    parent: str | None
    ready: bool = True


class UnitList(Shape):
    """The site's units."""

    items: list[Unit]


class Area(Shape):
    """A county or zone, and where its tile lies on the schematic map: column and row, null: nowhere yet."""

    name: str
    column: int | None
    row: int | None


class AreaList(Shape):
    """The site's counties and zones."""

    items: list[Area]


class Deadline(Shape):
    """When a work order would be due."""

    due_at: Instant


class Group(Shape):
    """A group of seats; the rate is 0 to 1, null before the first answer."""

    id: str
    name: str
    waiting: int
    longest_wait_seconds: float
    ready: int
    busy: int
    not_ready: int
    answered_15s_rate: float | None
    abandoned: int
    trend: list[int] = []
    """Citizens in the line during each two minutes of the last hour, oldest first."""


class Figures(Shape):
    """The day's counts."""

    arrived: int
    answered: int
    abandoned: int
    within_15s: int


class Alarm(Shape):
    """A limit on a figure: crossed since then, or (``raised`` false) kept again."""

    name: str
    figure: str
    group: str | None
    value: float | None
    threshold: float
    since: Instant
    raised: bool = True


class KpiShown(Shape):
    """Figures of the calls that arrived in a window; rates are 0 to 1, null where nothing happened."""

    begins: Instant
    ends: Instant
    group: str | None
    arrived: int
    queued: int
    answered: int
    within_15s: int
    abandoned: int
    answer_rate: float | None
    prompt_rate: float | None
    abandon_rate: float | None
    average_wait: float | None
    abandoned_by_second: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    occupancy: float | None
    told: int = 0
    wait_error: float | None = None
    wait_bias: float | None = None
    """Of the waits that citizens were told, in seconds."""
    formulas: dict[str, str]


class Promise(Shape):
    """A call that we owe; ``since`` is when the citizen began to wait."""

    id: str
    phone: str
    call_id: str
    line: str
    group: str
    reason: str
    state: Literal["open", "done"]
    since: Instant
    created_at: Instant
    done_at: Instant | None
    by: str | None
    stage: Literal["waiting", "dialling", "hand"] = "waiting"
    """While open: the turn is awaited, the citizen is rung, people are to phone."""
    attempt: int = 0
    on_the_line: bool
    """The citizen is in a call with us right now."""


class PromiseList(Shape):
    """Promises: open ones by waiting time, done ones newest first."""

    items: list[Promise]


class Wish(BaseModel):
    """What a browser sends; unknown fields are refused, so that a typing error is not silently lost."""

    model_config = ConfigDict(extra="forbid")


Line = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(max_length=10_000)]


class Credentials(Wish):
    """Who signs in."""

    account: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=128)]


class KindWish(Wish):
    """By what the agent wants to talk from now on."""

    kind: Literal["nailed", "rung"]


class StatusWish(Wish):
    """The status that an agent chooses."""

    status: Literal["ready", "not_ready"]
    reason: Annotated[str, Field(max_length=32)] | None = None


class BreakWish(Wish):
    """How long the seat is to rest; 0 ends its rest."""

    minutes: Annotated[int, Field(ge=0, le=240)]


class RestWish(Wish):
    """The agent asks for a rest for this reason; null: no longer."""

    reason: Annotated[str, Field(max_length=32)] | None


class RestDecision(Wish):
    """A supervisor's answer."""

    granted: bool


class DraftWish(Wish):
    """Only the fields that are sent were typed."""

    title: Line | None = None
    description: Words | None = None
    type: Line | None = None
    category: Line | None = None
    place: Line | None = None
    urgency: Line | None = None
    phone: Annotated[str, Field(max_length=32)] | None = None
    unit: Line | None = None

    def sent(self) -> dict[str, str]:
        """The fields of the work order that the browser sent; null clears a field."""
        names = DraftWish.model_fields
        return {name: value or "" for name, value in self.model_dump(exclude_unset=True).items() if name in names}


class SubmitWish(DraftWish):
    """A draft submitted; fields sent here override it."""

    how: Literal["dispatch", "direct", "refuse"]
    answer: Words | None = None
    article_id: Annotated[str, Field(max_length=40)] | None = None
    matter: Annotated[str, Field(max_length=20)] | None = None
    confidential: bool = False
    """Hide the citizen from units, as a report always is."""


class IntakeWish(Wish):
    """A matter from a channel. ``sender_id``: the sender's own id of it, the same when it is sent again."""

    sender_id: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(min_length=1, max_length=5000)]
    title: Line | None = None
    type: Line | None = None
    category: Line | None = None
    place: Line | None = None
    urgency: Line | None = None
    phone: Annotated[str, Field(max_length=32)] | None = None
    confidential: bool = False
    """Hide the sender from units, as a report always is."""

    def fields(self) -> dict[str, str]:
        """The fields of the work order that were sent."""
        sent = self.model_dump(exclude_unset=True, exclude={"sender_id", "confidential"})
        return {name: value for name, value in sent.items() if value}


class ActionWish(Wish):
    """What a move of a work order may need. ``due_at`` is of a sub-order, ``review_on`` of a suspended matter."""

    note: Words | None = None
    reply: Words | None = None
    contact: Words | None = None
    solved: bool | None = None
    contacted: bool | None = None
    contact_at: AwareDatetime | None = None
    unit: Line | None = None
    answer: Words | None = None
    article_id: Annotated[str, Field(max_length=40)] | None = None
    assist: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=20)] | None = None
    into: Annotated[str, Field(max_length=64)] | None = None
    matter: Annotated[str, Field(max_length=20)] | None = None
    leader: Annotated[str, Field(max_length=64)] | None = None
    instruction: Words | None = None
    days: Annotated[int, Field(ge=1, le=60)] | None = None
    review_on: date | None = None
    due_at: AwareDatetime | None = None
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    skip_reason: Line | None = None


class ShelfWish(Wish):
    """What to keep."""

    body: Annotated[dict[Annotated[str, Field(max_length=20)], Words], Field(max_length=20)]


class BulkWish(ActionWish):
    """The same move for many work orders, by id or number: all or none."""

    ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=200)]
