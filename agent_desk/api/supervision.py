"""A supervisor at work: each act needs the right, stands in the audit trail before it happens, and in the ledger."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request

from agent_desk.api.parameters import ACT, Id
from agent_desk.control_models import ForceWish, MessageWish, MoveWish, ReasonWish, WatchShown
from agent_desk.guard import Desk, DeskDep, SessionDep, Supervisor, address_of, seat_of
from agent_desk.live_models import Followed
from agent_desk.models import Call, Seat, Utterance
from agent_desk.shapes import mask_call
from agent_desk.watching import supervision_of
from hotline.security import Person
from hotline.security.audit import Deed
from ivr.views import SeatStatus

router = APIRouter(prefix="/api/live", tags=["supervision"])
SeatPath = Annotated[str, Path(max_length=8)]


@router.post("/seats/{seat}/watch/{mode}", responses=ACT)
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


@router.post("/seats/{seat}/takeover", responses=ACT)
async def take_over(seat: SeatPath, wish: ReasonWish, request: Request, desk: DeskDep, supervisor: Supervisor) -> Seat:
    """The citizen talks with the supervisor from now on."""
    await _audit(desk, request, supervisor, "call_taken_over", seat, wish.reason)
    await supervision_of(desk.rooms).take_over(seat, seat_of(supervisor), wish.reason, supervisor)
    return Seat.model_validate(desk.rooms.call_centre.seat(seat_of(supervisor)))


@router.post("/watch/end", responses=ACT)
async def end_watch(desk: DeskDep, supervisor: Supervisor) -> Seat:
    """Leave the call alone."""
    await supervision_of(desk.rooms).stop(seat_of(supervisor))
    return Seat.model_validate(desk.rooms.call_centre.seat(seat_of(supervisor)))


@router.post("/seats/{seat}/status", responses=ACT)
async def force_status(
    seat: SeatPath, wish: ForceWish, request: Request, desk: DeskDep, supervisor: Supervisor
) -> Seat:
    """Choose a status in the agent's place; offline logs the seat out."""
    await _audit(desk, request, supervisor, "seat_forced", seat, wish.reason, status=wish.status)
    room = supervision_of(desk.rooms)
    return Seat.model_validate(await room.force(seat, SeatStatus(wish.status), wish.reason, supervisor))


@router.post("/message", responses=ACT, status_code=204)
async def message(wish: MessageWish, request: Request, desk: DeskDep, supervisor: Supervisor) -> None:
    """Write to one seat, to several, or to all."""
    await _audit(desk, request, supervisor, "seats_messaged", ",".join(wish.seats) or "all", "")
    await supervision_of(desk.rooms).message(wish.seats, wish.text, supervisor)


@router.post("/waiting/{call_id}/move", responses=ACT)
async def move_waiting(call_id: Id, wish: MoveWish, request: Request, desk: DeskDep, supervisor: Supervisor) -> Call:
    """Give a waiting citizen to a certain seat, ready or not, or to another group's line."""
    where = f"seat {wish.seat}" if wish.seat is not None else f"group {wish.group}"
    await _audit(desk, request, supervisor, "call_moved", call_id, wish.reason, to=where)
    centre = desk.rooms.call_centre
    return mask_call(await centre.move(call_id, wish.seat, wish.group, wish.reason, supervisor))


@router.post("/seats/{seat}/follow", responses=ACT)
async def follow(
    seat: SeatPath, request: Request, desk: DeskDep, session: SessionDep, supervisor: Supervisor
) -> Followed:
    """Read along at a seat: what was said so far, and from now on ``live.partial``, ``live.utterance`` in the feed."""
    centre = desk.rooms.call_centre
    call = centre.call_for(seat)
    await _audit(desk, request, supervisor, "transcript_followed", seat, "", call_id=call.call_id if call else "")
    desk.hub.follow(session, seat)  # before the words are read: what is said meanwhile comes twice rather than never
    said = await desk.rooms.transcripts.of_call(call.call_id) if call is not None else []
    return Followed(
        seat=seat,
        call=mask_call(call) if call is not None else None,
        transcript=[Utterance.model_validate(item) for item in said],
    )


@router.post("/follow/end", responses=ACT, status_code=204)
async def end_follow(desk: DeskDep, session: SessionDep, _supervisor: Supervisor) -> None:
    """Read along no more."""
    desk.hub.follow(session, None)


async def _audit(desk: Desk, request: Request, who: Person, what: str, whom: str, reason: str, **detail: str) -> None:
    deed = Deed(
        who=who.account, what=what, whom=whom, from_where=address_of(request), detail={"reason": reason, **detail}
    )
    await desk.security.audit.note(deed)
