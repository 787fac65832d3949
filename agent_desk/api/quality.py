"""Quality: sheets, samples, scores, appeals."""

from typing import Annotated

from fastapi import APIRouter, Query

from agent_desk.api.parameters import ACT, READ, READ_BY_RULE, Id, Page, Size
from agent_desk.guard import Appellant, DeskDep, QualityReader, Scorer, oversight_of
from agent_desk.oversight_models import (
    AppealWish,
    DecisionWish,
    Review,
    ReviewList,
    ReviewPage,
    Sample,
    ScoreSheets,
    ScoreWish,
    StageName,
)

router = APIRouter(prefix="/api/quality", tags=["quality"])
Month = Annotated[str, Query(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]


@router.get("/sheets", responses=READ)
async def read_sheets(desk: DeskDep, _viewer: QualityReader) -> ScoreSheets:
    """The site's score sheets."""
    return ScoreSheets.model_validate({"items": list(oversight_of(desk).quality.sheets())})


@router.get("/sample", responses=READ_BY_RULE)
async def read_sample(desk: DeskDep, _viewer: Scorer, stage: StageName, month: Month) -> Sample:
    """The month's sample of one stage: the same whoever draws it, and whenever."""
    return Sample.model_validate(await oversight_of(desk).quality.sample(stage, month))


@router.get("/reviews", responses=READ)
async def find_reviews(
    desk: DeskDep,
    viewer: QualityReader,
    stage: StageName | None = None,
    state: Annotated[str | None, Query(max_length=10)] = None,
    page: Page = 1,
    size: Size = 50,
) -> ReviewPage:
    """Filled-in sheets that this person may see, newest first."""
    found = await oversight_of(desk).quality.page(viewer, stage=stage, state=state, page=page, size=size)
    return ReviewPage.model_validate(found)


@router.get("/tickets/{ticket_id}", responses=READ)
async def reviews_of_ticket(ticket_id: Id, desk: DeskDep, viewer: QualityReader) -> ReviewList:
    """The sheets of one work order that this person may see."""
    return ReviewList.model_validate({"items": list(await oversight_of(desk).quality.of_ticket(ticket_id, viewer))})


@router.post("/tickets/{ticket_id}", responses=ACT)
async def score_ticket(ticket_id: Id, wish: ScoreWish, desk: DeskDep, person: Scorer) -> Review:
    """Fill in a sheet; a fail sends the work order back."""
    quality = oversight_of(desk).quality
    return Review.model_validate(await quality.score(ticket_id, wish.stage, wish.marks, wish.note, person))


@router.post("/reviews/{review_id}/appeal", responses=ACT)
async def appeal(review_id: Id, wish: AppealWish, desk: DeskDep, person: Appellant) -> Review:
    """Whose work was judged disagrees."""
    return Review.model_validate(await oversight_of(desk).quality.appeal(review_id, wish.text, person))


@router.post("/reviews/{review_id}/decision", responses=ACT)
async def decide(review_id: Id, wish: DecisionWish, desk: DeskDep, person: Scorer) -> Review:
    """Decide an appeal; not by who scored."""
    return Review.model_validate(await oversight_of(desk).quality.decide(review_id, wish.marks, wish.text, person))
