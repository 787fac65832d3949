"""The shapes of quality, supervision, assessment and projects, as OpenAPI tells them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from agent_desk.models import Instant, Shape, TicketSummary, TimelineEntry, Wish

Words = Annotated[str, Field(min_length=1, max_length=5000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Marks = Annotated[dict[Annotated[str, Field(max_length=80)], Annotated[int, Field(ge=0, le=100)]], Field(max_length=50)]
FigureName = Literal["responded", "solved", "satisfied", "on_time", "first_time", "returned"]
StageName = Literal["call", "order", "handling", "callback"]


class SheetItem(Shape):
    """A line of a score sheet."""

    name: str
    points: int
    fatal: bool


class ScoreSheet(Shape):
    """A score sheet, and the share of each month that is sampled."""

    stage: StageName
    stage_zh: str
    share: float
    items: list[SheetItem]
    pass_mark: int


class ScoreSheets(Shape):
    """The site's sheets."""

    items: list[ScoreSheet]


class KeptSheet(Shape):
    """The sheet as it was when it was filled in."""

    items: list[SheetItem]
    pass_mark: int


class Review(Shape):
    """A sheet that was filled in, its appeal and the decision."""

    id: str
    ticket_id: str
    ticket: TicketSummary
    stage: StageName
    stage_zh: str
    sheet: KeptSheet
    marks: dict[str, int]
    total: int
    passed: bool
    fatal: list[str]
    note: str
    returned: bool
    by: str
    at: Instant
    state: Literal["scored", "appealed", "upheld", "revised"]
    account: str | None
    unit: str | None
    unit_name: str | None
    appeal: str | None
    appealed_by: str | None
    appealed_at: Instant | None
    appeal_until: Instant
    decision: str | None
    decided_by: str | None
    decided_at: Instant | None
    first_total: int | None


class ReviewPage(Shape):
    """A page of reviews."""

    items: list[Review]
    total: int
    page: int
    size: int


class ReviewList(Shape):
    """The reviews of one work order."""

    items: list[Review]


class Sampled(Shape):
    """A work order of the sample."""

    ticket: TicketSummary
    review: Review | None


class Sample(Shape):
    """A month's sample of one stage: ``of`` so many."""

    stage: StageName
    month: str
    share: float
    of: int
    items: list[Sampled]


class ScoreWish(Wish):
    """Points by item; a fatal item has 1 when it was found, else 0."""

    stage: StageName
    marks: Marks
    note: Annotated[str, Field(max_length=5000)] = ""


class AppealWish(Wish):
    """Why the score is wrong."""

    text: Words


class DecisionWish(Wish):
    """The decision; with ``marks`` the score changes, without it is upheld."""

    text: Words
    marks: Marks | None = None


class Proposal(Shape):
    """The engine proposes to supervise a work order; ``others``: ids of those with the same reply."""

    id: str
    ticket: TicketSummary
    ground: str
    ground_zh: str
    level: int
    level_name: str
    because: str
    others: list[str]
    state: Literal["open", "accepted", "dismissed", "lapsed"]
    at: Instant
    decided_at: Instant | None
    decided_by: str | None
    note: str | None


class ProposalPage(Shape):
    """A page of proposals."""

    items: list[Proposal]
    total: int
    page: int
    size: int


class Letter(Shape):
    """A press letter (督办函) or an urging (催办单)."""

    id: str
    kind: Literal["letter", "urge"]
    kind_zh: str
    number: str
    ticket: TicketSummary
    unit: str
    unit_name: str
    level: int
    text: str
    sent_at: Instant
    sent_by: str
    due_at: Instant
    answer: str | None
    answered_at: Instant | None
    answered_by: str | None
    late: bool


class LetterPage(Shape):
    """A page of letters."""

    items: list[Letter]
    total: int
    page: int
    size: int


class Course(Shape):
    """One level of a work order's supervision, and its result."""

    level: int
    name: str
    reason: str
    skip_reason: str
    opened_at: Instant
    opened_by: str
    result: str | None
    solved: bool | None
    concluded_at: Instant | None
    concluded_by: str | None


class TicketSupervision(Shape):
    """The supervision of one work order."""

    level: int
    levels: list[str]
    courses: list[Course]
    letters: list[Letter]
    proposals: list[Proposal]


class Supervised(Shape):
    """A work order under supervision."""

    ticket: TicketSummary
    waits_for_result: bool


class LevelCount(Shape):
    """How many stand on a level."""

    level: int
    name: str
    count: int


class SupervisedPage(Shape):
    """Work orders under supervision."""

    items: list[Supervised]
    total: int
    page: int
    size: int
    levels: list[LevelCount]


class AcceptWish(Wish):
    """Take a proposal up; another level than the next needs its reason."""

    note: Annotated[str, Field(max_length=5000)] = ""
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    skip_reason: Annotated[str, Field(max_length=500)] | None = None


class NoteWish(Wish):
    """A reason."""

    note: Words


class ResultWish(Wish):
    """The result of a level."""

    result: Words
    solved: bool


class LetterWish(Wish):
    """What a letter says; ``days``: working days for the answer."""

    kind: Literal["letter", "urge"]
    text: Words
    days: Annotated[int, Field(ge=1, le=60)] | None = None


class TextWish(Wish):
    """Words."""

    text: Words


class ReferralWish(Wish):
    """What is handed to the discipline role."""

    tickets: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]
    text: Words


class ReferralReceipt(Shape):
    """All that the sender keeps."""

    id: str
    sealed_at: Instant


class Referral(Shape):
    """A referral without its content."""

    id: str
    sealed_by: str
    sealed_at: Instant
    state: Literal["sealed", "opened", "closed"]
    opened_by: str | None
    opened_at: Instant | None
    closed_by: str | None
    closed_at: Instant | None


class ReferralPage(Shape):
    """A page of referrals."""

    items: list[Referral]
    total: int
    page: int
    size: int


class ReferredTicket(Shape):
    """A work order as it was when it was referred."""

    number: str
    title: str
    type: str
    category: str
    place: str
    description: str
    reply: str | None
    contact: str | None
    unit: str | None
    phone: str
    timeline: list[TimelineEntry]


class OpenReferral(Referral):
    """A referral with its content."""

    text: str
    tickets: list[ReferredTicket]
    outcome: str | None


class CaseWish(Wish):
    """One decision of the discipline ledger."""

    unit: Annotated[str, Field(max_length=20)]
    ground: Short
    penalty: Short
    persons: Annotated[int, Field(ge=0, le=10_000)]
    published: bool
    decided_on: date
    names: Annotated[str, Field(max_length=2000)] = ""
    referral: Annotated[str, Field(max_length=64)] = ""


class DisciplineCase(Shape):
    """An entry of the discipline ledger, with its names."""

    id: str
    unit: str
    unit_name: str
    ground: str
    penalty: str
    persons: int
    published: bool
    decided_on: date
    by: str
    names: str
    referral: str


class DisciplineCases(Shape):
    """A page of the discipline ledger."""

    items: list[DisciplineCase]
    total: int
    page: int
    size: int


class DisciplineSum(Shape):
    """Cases, persons and published ones."""

    cases: int
    persons: int
    published: int


class NamedSum(DisciplineSum):
    """A sum of one ground, penalty, unit or month."""

    name: str


class GroundShown(Shape):
    """A ground and its penalty classes."""

    name: str
    penalties: list[str]


class DisciplineSummary(Shape):
    """Counts without names; every list adds up to the total."""

    since: date
    until: date
    total: DisciplineSum
    ground: list[NamedSum]
    penalty: list[NamedSum]
    unit: list[NamedSum]
    month: list[NamedSum]
    grounds: list[GroundShown]


class RateShown(Shape):
    """``counted`` of ``of``; null where there was nothing to measure."""

    value: float | None
    counted: int
    of: int


class FigureShown(Shape):
    """A figure and its formula."""

    figure: FigureName
    zh: str
    formula_zh: str
    formula_en: str


class MarkShown(Shape):
    """A unit's month."""

    unit: str
    name: str
    score: float | None
    board: Literal["red", "yellow", "none"]
    closed: int
    excluded: int
    rates: dict[FigureName, RateShown]


class Publication(Shape):
    """Who let the month stand, when, and the digest that a recomputation must give."""

    at: Instant
    by: str
    digest: str


class AssessedMonth(Shape):
    """All units' marks of a month; computed up to the ledger's row ``through``."""

    month: str
    through: int
    ended: bool
    digest: str
    published: Publication | None
    weights: dict[FigureName, float]
    red_from: float
    yellow_below: float
    least: int
    figures: list[FigureShown]
    whole: dict[FigureName, RateShown]
    units: list[MarkShown]


class Behind(Shape):
    """A work order behind a figure, and whether it counts."""

    ticket: TicketSummary
    counts: bool


class BehindFigure(Shape):
    """The work orders behind a figure, at most 500, the bad ones first."""

    month: str
    unit: str
    figure: FigureName
    rate: RateShown
    items: list[Behind]


class Verification(Shape):
    """Whether the ledger still gives what was published."""

    month: str
    published: str
    recomputed: str
    same: bool


class MonthScore(Shape):
    """A point of a trend."""

    month: str
    score: float | None


class Trend(Shape):
    """A unit's published scores, oldest first."""

    unit: str
    items: list[MonthScore]


class Exclusion(Shape):
    """A request that a work order does not count (不纳入考核)."""

    id: str
    ticket: TicketSummary
    unit: str
    unit_name: str
    reason: str
    state: Literal["asked", "approved", "refused"]
    asked_by: str
    asked_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    note: str | None


class ExclusionPage(Shape):
    """A page of requests."""

    items: list[Exclusion]
    total: int
    page: int
    size: int


class ExclusionWish(Wish):
    """Why it should not count."""

    ticket_id: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Words


class ExclusionDecisionWish(Wish):
    """Whether it counts from now on."""

    approved: bool
    note: Annotated[str, Field(max_length=2000)] = ""


class ProjectSuggestion(Shape):
    """A group of work orders that look like one matter."""

    category: str
    place: str
    unit: str
    unit_name: str
    ticket_ids: list[str]
    count: int
    example: str


class ProjectSuggestions(Shape):
    """Groups, largest first."""

    items: list[ProjectSuggestion]


class ProjectSummary(Shape):
    """A governance project; ``done`` of its ``count`` work orders owe nothing any more."""

    id: str
    number: str
    name: str
    category: str
    place: str
    unit: str
    unit_name: str
    goal: str
    state: Literal["open", "closed"]
    percent: int
    due_on: date | None
    opened_by: str
    opened_at: Instant
    closed_at: Instant | None
    result: str | None
    count: int
    done: int


class ProjectStep(Shape):
    """What was done; ``count``: work orders added or removed."""

    at: Instant
    by: str
    action: str
    action_zh: str
    note: str
    percent: int | None
    count: int


class Project(ProjectSummary):
    """A project with its work orders and steps."""

    tickets: list[TicketSummary]
    timeline: list[ProjectStep]


class ProjectPage(Shape):
    """A page of projects."""

    items: list[ProjectSummary]
    total: int
    page: int
    size: int


TicketIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=500)]


class ProjectWish(Wish):
    """A new project and its first work orders, by id or number."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    category: Annotated[str, Field(max_length=64)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    goal: Words
    due_on: date | None = None
    tickets: TicketIds


class AddTicketsWish(Wish):
    """More work orders, by id or number."""

    tickets: TicketIds


class RemoveTicketWish(Wish):
    """One work order less."""

    ticket: Annotated[str, Field(min_length=1, max_length=64)]
    note: Words


class ProgressWish(Wish):
    """How far it got."""

    note: Words
    percent: Annotated[int, Field(ge=0, le=100)]
