"""Assessment: marks of a month, what stands behind a figure, exclusions, the bulletin, the table for other programs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from agent_desk.api.parameters import ACT, BINARY, READ_BY_RULE, Id, Page, Size
from agent_desk.documents import WORD, XLSX, download, word_file
from agent_desk.guard import (
    AssessmentReader,
    Assessor,
    DeskDep,
    ExclusionAsker,
    oversight_of,
)
from agent_desk.oversight_models import (
    AssessedMonth,
    BehindFigure,
    Exclusion,
    ExclusionDecisionWish,
    ExclusionPage,
    ExclusionWish,
    FigureName,
    Trend,
    Verification,
)

router = APIRouter(prefix="/api/assessment", tags=["assessment"])
Month = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Unit = Annotated[str, Path(max_length=20)]
_TABLE = {"content": {"text/csv": BINARY, XLSX: BINARY}, "description": "A table"}


@router.get("/months/{month}", responses=READ_BY_RULE)
async def read_month(month: Month, desk: DeskDep, _viewer: AssessmentReader) -> AssessedMonth:
    """Every unit's figures with their formulas, and the boards."""
    return AssessedMonth.model_validate(await oversight_of(desk).assessment.month(month))


@router.get("/months/{month}/units/{unit}/{figure}", responses=READ_BY_RULE)
async def read_behind(
    month: Month, unit: Unit, figure: FigureName, desk: DeskDep, viewer: AssessmentReader
) -> BehindFigure:
    """The work orders behind one figure. Units: their own."""
    return BehindFigure.model_validate(await oversight_of(desk).assessment.behind(month, unit, figure, viewer))


@router.post("/months/{month}/publish", responses=ACT)
async def publish_month(month: Month, desk: DeskDep, person: Assessor) -> AssessedMonth:
    """Let a month stand that is over."""
    return AssessedMonth.model_validate(await oversight_of(desk).assessment.publish(month, person))


@router.get("/months/{month}/verify", responses=READ_BY_RULE)
async def verify_month(month: Month, desk: DeskDep, _viewer: AssessmentReader) -> Verification:
    """Recompute a published month from the ledger."""
    return Verification.model_validate(await oversight_of(desk).assessment.verify(month))


@router.get("/months/{month}/bulletin", response_class=Response, responses={**READ_BY_RULE, 200: WORD})
async def print_bulletin(month: Month, desk: DeskDep, _viewer: AssessmentReader) -> Response:
    """The monthly bulletin as a Word file."""
    return await word_file(f"办理情况通报{month}", await oversight_of(desk).assessment.paper(month))


@router.get("/months/{month}/table", response_class=Response, responses={**READ_BY_RULE, 200: _TABLE})
async def export_table(
    month: Month, desk: DeskDep, _viewer: AssessmentReader, format: Literal["csv", "xlsx"] = "csv"
) -> Response:
    """The marks as CSV, for other programs, or as an Excel workbook."""
    body = await oversight_of(desk).assessment.table(month, excel=format == "xlsx")
    return download(body, f"assessment-{month}.{format}", XLSX if format == "xlsx" else "text/csv; charset=utf-8")


@router.get("/units/{unit}/trend", responses=READ_BY_RULE)
async def read_trend(
    unit: Unit, desk: DeskDep, _viewer: AssessmentReader, months: Annotated[int, Query(ge=1, le=60)] = 12
) -> Trend:
    """A unit's published scores."""
    items = await oversight_of(desk).assessment.trend(unit, months)
    return Trend.model_validate({"unit": unit, "items": list(items)})


@router.get("/exclusions", responses=READ_BY_RULE)
async def find_exclusions(
    desk: DeskDep,
    viewer: AssessmentReader,
    state: Annotated[str | None, Query(max_length=10)] = None,
    page: Page = 1,
    size: Size = 50,
) -> ExclusionPage:
    """Requests that work orders do not count."""
    found = await oversight_of(desk).assessment.exclusions(viewer, state=state, page=page, size=size)
    return ExclusionPage.model_validate(found)


@router.post("/exclusions", responses=ACT)
async def ask_exclusion(wish: ExclusionWish, desk: DeskDep, person: ExclusionAsker) -> Exclusion:
    """Ask that a work order does not count."""
    return Exclusion.model_validate(
        await oversight_of(desk).assessment.ask_exclusion(wish.ticket_id, wish.reason, person)
    )


@router.post("/exclusions/{exclusion_id}/decision", responses=ACT)
async def decide_exclusion(exclusion_id: Id, wish: ExclusionDecisionWish, desk: DeskDep, person: Assessor) -> Exclusion:
    """Decide, not on one's own asking."""
    assessment = oversight_of(desk).assessment
    return Exclusion.model_validate(await assessment.decide_exclusion(exclusion_id, wish.approved, wish.note, person))
