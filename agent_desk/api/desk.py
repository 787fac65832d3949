"""What an agent does at the desk. Each act is judged by the room that it concerns; a late one gets 409."""

from typing import Annotated

from fastapi import APIRouter, Path

from agent_desk.api.parameters import ACT, READ_BY_RULE, Id
from agent_desk.guard import Agent, DeskDep, seat_of
from agent_desk.models import (
    Call,
    DeskSnapshot,
    Draft,
    DraftWish,
    KindWish,
    PauseWish,
    RestWish,
    Seat,
    StatusWish,
    SubmitWish,
    Ticket,
)
from agent_desk.snapshot import take_desk_snapshot
from hotline.errors import NotFound
from hotline.security import Person
from ivr.views import SeatKind, SeatStatus

router = APIRouter(prefix="/api/desk", tags=["desk"])
OfferId = Annotated[int, Path(ge=0, le=2**53)]


@router.get("", responses=READ_BY_RULE)
async def desk_snapshot(desk: DeskDep, agent: Agent) -> DeskSnapshot:
    """Everything that the desk shows, at one instant."""
    seat = seat_of(agent)
    return await take_desk_snapshot(desk.rooms, seat, desk.settings, desk.phones.of(seat))


@router.put("/status", responses=ACT)
async def choose_status(wish: StatusWish, desk: DeskDep, agent: Agent) -> Seat:
    """Ready, or not ready with a reason."""
    centre = desk.rooms.call_centre
    view = await centre.choose_status(seat_of(agent), SeatStatus(wish.status), wish.reason, agent)
    return Seat.model_validate(view)


@router.post("/rest", responses=ACT)
async def ask_rest(wish: RestWish, desk: DeskDep, agent: Agent) -> Seat:
    """Ask a supervisor to be let go to rest, or no longer."""
    return Seat.model_validate(await desk.rooms.call_centre.ask_rest(seat_of(agent), wish.reason, agent))


@router.put("/kind", responses=ACT)
async def choose_kind(wish: KindWish, desk: DeskDep, agent: Agent) -> Seat:
    """Talk by the browser's leg or by the desk phone from now on. 409 during a call or an offer."""
    return Seat.model_validate(await desk.rooms.call_centre.choose_kind(seat_of(agent), SeatKind(wish.kind), agent))


@router.post("/offers/{offer_id}/accept", responses=ACT)
async def accept_offer(offer_id: OfferId, desk: DeskDep, agent: Agent) -> Call:
    """Take the citizen; a desk phone rings now. 409 when the offer is over, whoever was faster."""
    return Call.model_validate(await desk.rooms.call_centre.accept(seat_of(agent), offer_id, agent))


@router.post("/offers/{offer_id}/reject", responses=ACT)
async def reject_offer(offer_id: OfferId, desk: DeskDep, agent: Agent) -> Seat:
    """Give the citizen back to the waiting room."""
    return Seat.model_validate(await desk.rooms.call_centre.reject(seat_of(agent), offer_id, agent))


@router.post("/calls/{call_id}/hangup", responses=ACT)
async def hang_up(call_id: Id, desk: DeskDep, agent: Agent) -> Call:
    """End this seat's call."""
    return Call.model_validate(await desk.rooms.call_centre.hang_up(seat_of(agent), call_id, agent))


@router.post("/wrap-up/end", responses=ACT)
async def end_wrap_up(desk: DeskDep, agent: Agent) -> Seat:
    """Done with the paper work. 409 where the site wants a disposition first and there is none."""
    centre = desk.rooms.call_centre
    await desk.rooms.records.require_disposition(centre.seat(seat_of(agent)).call_id)
    return Seat.model_validate(await centre.end_wrap_up(seat_of(agent), agent))


@router.patch("/calls/{call_id}/draft", responses=ACT)
async def edit_draft(call_id: Id, wish: DraftWish, desk: DeskDep, agent: Agent) -> Draft:
    """Keep what the agent typed; speech never overwrites it."""
    await _demand_own_call(desk, call_id, agent)
    return Draft.model_validate(await desk.rooms.work_orders.edit_draft(call_id, wish.sent(), agent))


@router.post("/calls/{call_id}/submit", responses=ACT)
async def submit_work_order(call_id: Id, wish: SubmitWish, desk: DeskDep, agent: Agent) -> Ticket:
    """Make the work order: dispatched to a unit, answered on line and closed, or refused with the right channel."""
    await _demand_own_call(desk, call_id, agent)
    orders = desk.rooms.work_orders
    made = await orders.submit(
        call_id, wish.sent(), wish.how, wish.answer, agent,
        article_id=wish.article_id, matter=wish.matter, confidential=wish.confidential,
    )  # fmt: skip
    return Ticket.model_validate(made)


@router.post("/calls/{call_id}/recording", responses=ACT)
async def pause_recording(call_id: Id, wish: PauseWish, desk: DeskDep, agent: Agent) -> PauseWish:
    """Pause the recording and the transcript while a card number is said, or go on."""
    await _demand_own_call(desk, call_id, agent)
    await desk.rooms.pausing.pause(call_id, wish.paused, agent.account)
    return wish


async def _demand_own_call(desk: DeskDep, call_id: str, agent: Person) -> None:
    """Raise NotFound unless the call is or was this seat's; nobody learns that another's call exists."""
    call = await desk.rooms.call_centre.find_call(call_id)
    if call.seat != seat_of(agent):
        raise NotFound("没有这个通话", "there is no such call")
