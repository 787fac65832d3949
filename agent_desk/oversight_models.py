"""The shapes of quality, supervision, assessment and projects, as OpenAPI tells them."""

from typing import Annotated, Literal

from pydantic import Field

from agent_desk.models import Instant, Shape, TicketSummary, Wish

Words = Annotated[str, Field(min_length=1, max_length=5000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Marks = Annotated[dict[Annotated[str, Field(max_length=80)], Annotated[int, Field(ge=0, le=100)]], Field(max_length=50)]
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
