"""Supervision of work orders (督办): proposals, results, press letters and the units' answers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.documents import WORD, word_file
from agent_desk.guard import DeskDep, LetterAnswerer, LetterReader, Presser, SupervisionReader, oversight_of
from agent_desk.oversight_models import (
    AcceptWish,
    Letter,
    LetterPage,
    LetterWish,
    NoteWish,
    Proposal,
    ProposalPage,
    ResultWish,
    SupervisedPage,
    TextWish,
    TicketSupervision,
)

router = APIRouter(prefix="/api/supervision", tags=["supervision of work orders"])
Name = Annotated[str | None, Query(max_length=20)]


@router.get("/proposals", responses=READ)
async def find_proposals(
    desk: DeskDep, _viewer: SupervisionReader, state: Name = None, ground: Name = None, page: Page = 1, size: Size = 50
) -> ProposalPage:
    """What the engine proposes to supervise."""
    found = await oversight_of(desk).supervising.proposals(state=state, ground=ground, page=page, size=size)
    return ProposalPage.model_validate(found)


@router.post("/proposals/{proposal_id}/accept", responses=ACT)
async def accept_proposal(proposal_id: Id, wish: AcceptWish, desk: DeskDep, person: Presser) -> Proposal:
    """Supervise as proposed."""
    supervising = oversight_of(desk).supervising
    found = await supervising.accept(proposal_id, wish.note, wish.skip_reason, wish.level, person)
    return Proposal.model_validate(found)


@router.post("/proposals/{proposal_id}/dismiss", responses=ACT)
async def dismiss_proposal(proposal_id: Id, wish: NoteWish, desk: DeskDep, person: Presser) -> Proposal:
    """Let it be, for a reason."""
    return Proposal.model_validate(await oversight_of(desk).supervising.dismiss(proposal_id, wish.note, person))


@router.get("/tickets", responses=READ)
async def find_supervised(
    desk: DeskDep,
    _viewer: SupervisionReader,
    level: Annotated[int | None, Query(ge=1, le=5)] = None,
    page: Page = 1,
    size: Size = 50,
) -> SupervisedPage:
    """Work orders under supervision."""
    return SupervisedPage.model_validate(
        await oversight_of(desk).supervising.supervised(level=level, page=page, size=size)
    )


@router.get("/tickets/{ticket_id}", responses=READ)
async def read_supervision(ticket_id: Id, desk: DeskDep, viewer: LetterReader) -> TicketSupervision:
    """Levels, letters and proposals of one work order."""
    return TicketSupervision.model_validate(await oversight_of(desk).supervising.of_ticket(ticket_id, viewer))


@router.post("/tickets/{ticket_id}/result", responses=ACT)
async def conclude_level(ticket_id: Id, wish: ResultWish, desk: DeskDep, person: Presser) -> TicketSupervision:
    """The result of the present level: solved ends the supervision."""
    found = await oversight_of(desk).supervising.conclude(ticket_id, wish.result, wish.solved, person)
    return TicketSupervision.model_validate(found)


@router.post("/tickets/{ticket_id}/letters", responses=ACT)
async def send_letter(ticket_id: Id, wish: LetterWish, desk: DeskDep, person: Presser) -> Letter:
    """A numbered press letter, or an urging, to the unit."""
    supervising = oversight_of(desk).supervising
    return Letter.model_validate(await supervising.press(ticket_id, wish.kind, wish.text, wish.days, person))


@router.get("/letters", responses=READ)
async def find_letters(
    desk: DeskDep,
    viewer: LetterReader,
    state: Literal["open", "late", "answered"] | None = None,
    page: Page = 1,
    size: Size = 50,
) -> LetterPage:
    """Letters that this person may see."""
    found = await oversight_of(desk).supervising.letters(viewer, state=state, page=page, size=size)
    return LetterPage.model_validate(found)


@router.post("/letters/{letter_id}/answer", responses=ACT)
async def answer_letter(letter_id: Id, wish: TextWish, desk: DeskDep, person: LetterAnswerer) -> Letter:
    """The unit answers."""
    return Letter.model_validate(await oversight_of(desk).supervising.answer(letter_id, wish.text, person))


@router.get("/letters/{letter_id}/document", response_class=Response, responses={**READ, 200: WORD})
async def print_letter(letter_id: Id, desk: DeskDep, viewer: LetterReader) -> Response:
    """The letter as a Word file."""
    return await word_file(*await oversight_of(desk).supervising.document(letter_id, viewer))
