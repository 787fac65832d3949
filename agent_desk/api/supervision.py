"""A supervisor at work: each act needs the right, stands in the audit trail before it happens, and in the ledger."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request

from agent_desk.control_models import ForceWish, MessageWish, ReasonWish, WatchShown
from agent_desk.guard import Desk, DeskDep, Supervisor, address_of, seat_of
from agent_desk.models import Seat
from agent_desk.refusals import documented
from agent_desk.watching import supervision_of
from hotline.security import Person
from hotline.security.audit import Deed
from ivr.views import SeatStatus

router = APIRouter(prefix="/api/live", tags=["supervision"])
SeatPath = Annotated[str, Path(max_length=8)]
_ACT = documented(401, 403, 404, 409, 413, 503)


@router.post("/seats/{seat}/watch/{mode}", responses=_ACT)
async def watch(
    seat: SeatPath,
    mode: Literal["listen", "whisper", "barge"],
    wish: ReasonWish,
    request: Request,
    desk: DeskDep,
    supervisor: Supervisor,
) -> WatchShown:
    """Listen to the seat's call, whisper to its agent, or barge in; again to change among them."""
    await _audit(desk, request, supervisor, f"call_{mode}", seat, wish.reason)
    room = supervision_of(desk.rooms)
    return WatchShown.model_validate(await room.join(seat, mode, seat_of(supervisor), wish.reason, supervisor))


@router.post("/seats/{seat}/takeover", responses=_ACT)
async def take_over(seat: SeatPath, wish: ReasonWish, request: Request, desk: DeskDep, supervisor: Supervisor) -> Seat:
    """The citizen talks with the supervisor from now on."""
    await _audit(desk, request, supervisor, "call_taken_over", seat, wish.reason)
    await supervision_of(desk.rooms).take_over(seat, seat_of(supervisor), wish.reason, supervisor)
    return Seat.model_validate(desk.rooms.call_centre.seat(seat_of(supervisor)))


@router.post("/watch/end", responses=_ACT)
async def end_watch(desk: DeskDep, supervisor: Supervisor) -> Seat:
    """Leave the call alone."""
    await supervision_of(desk.rooms).stop(seat_of(supervisor))
    return Seat.model_validate(desk.rooms.call_centre.seat(seat_of(supervisor)))


@router.post("/seats/{seat}/status", responses=_ACT)
async def force_status(
    seat: SeatPath, wish: ForceWish, request: Request, desk: DeskDep, supervisor: Supervisor
) -> Seat:
    """Choose a status in the agent's place; offline logs the seat out."""
    await _audit(desk, request, supervisor, "seat_forced", seat, wish.reason, status=wish.status)
    room = supervision_of(desk.rooms)
    return Seat.model_validate(await room.force(seat, SeatStatus(wish.status), wish.reason, supervisor))


@router.post("/message", responses=_ACT, status_code=204)
async def message(wish: MessageWish, request: Request, desk: DeskDep, supervisor: Supervisor) -> None:
    """Write to one seat, to several, or to all."""
    await _audit(desk, request, supervisor, "seats_messaged", ",".join(wish.seats) or "all", "")
    await supervision_of(desk.rooms).message(wish.seats, wish.text, supervisor)


async def _audit(desk: Desk, request: Request, who: Person, what: str, whom: str, reason: str, **detail: str) -> None:
    deed = Deed(
        who=who.account, what=what, whom=whom, from_where=address_of(request), detail={"reason": reason, **detail}
    )
    await desk.security.audit.note(deed)
