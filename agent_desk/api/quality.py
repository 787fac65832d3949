"""Quality: sheets, samples, scores, appeals."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

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
from agent_desk.refusals import documented

router = APIRouter(prefix="/api/quality", tags=["quality"])
Id = Annotated[str, Path(max_length=64)]
Month = Annotated[str, Query(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Page = Annotated[int, Query(ge=1, le=100_000)]
Size = Annotated[int, Query(ge=1, le=200)]
_READ = documented(401, 403, 404, 503)
_ACT = documented(401, 403, 404, 409, 413, 503)


@router.get("/sheets", responses=_READ)
async def read_sheets(desk: DeskDep, _viewer: QualityReader) -> ScoreSheets:
    """The site's score sheets."""
    return ScoreSheets.model_validate({"items": list(oversight_of(desk).quality.sheets())})


@router.get("/sample", responses=documented(401, 403, 404, 409, 503))
async def read_sample(desk: DeskDep, _viewer: Scorer, stage: StageName, month: Month) -> Sample:
    """The month's sample of one stage: the same whoever draws it, and whenever."""
    return Sample.model_validate(await oversight_of(desk).quality.sample(stage, month))


@router.get("/reviews", responses=_READ)
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


@router.get("/tickets/{ticket_id}", responses=_READ)
async def reviews_of_ticket(ticket_id: Id, desk: DeskDep, viewer: QualityReader) -> ReviewList:
    """The sheets of one work order that this person may see."""
    return ReviewList.model_validate({"items": list(await oversight_of(desk).quality.of_ticket(ticket_id, viewer))})


@router.post("/tickets/{ticket_id}", responses=_ACT)
async def score_ticket(ticket_id: Id, wish: ScoreWish, desk: DeskDep, person: Scorer) -> Review:
    """Fill in a sheet; a fail sends the work order back."""
    quality = oversight_of(desk).quality
    return Review.model_validate(await quality.score(ticket_id, wish.stage, wish.marks, wish.note, person))


@router.post("/reviews/{review_id}/appeal", responses=_ACT)
async def appeal(review_id: Id, wish: AppealWish, desk: DeskDep, person: Appellant) -> Review:
    """Whose work was judged disagrees."""
    return Review.model_validate(await oversight_of(desk).quality.appeal(review_id, wish.text, person))


@router.post("/reviews/{review_id}/decision", responses=_ACT)
async def decide(review_id: Id, wish: DecisionWish, desk: DeskDep, person: Scorer) -> Review:
    """Decide an appeal; not by who scored."""
    return Review.model_validate(await oversight_of(desk).quality.decide(review_id, wish.marks, wish.text, person))
