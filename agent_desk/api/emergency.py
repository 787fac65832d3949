"""One action sends a citizen to 110, 119, 120 …; supervisors see what went where, and have it sent again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from agent_desk.emergency_models import EmergencyPage, EmergencyPush
from agent_desk.guard import Agent, Desk, DeskDep, Supervisor, Watcher, address_of, seat_of
from agent_desk.live_models import Control
from agent_desk.refusals import documented
from agent_desk.watching import show_own_control
from hotline.errors import NotFound
from hotline.security import Deed
from ivr.emergency.service import Emergencies

router = APIRouter(prefix="/api", tags=["emergency"])


@router.post("/desk/calls/{call_id}/emergency/{code}", responses=documented(401, 403, 404, 409, 413, 503))
async def send_on(
    call_id: Annotated[str, Path(max_length=64)], code: Annotated[str, Path(max_length=8)], desk: DeskDep, agent: Agent
) -> Control:
    """Ring the platform into this call, send the call's data along, mark the work order."""
    seat = seat_of(agent)
    await _emergencies(desk).send(seat, call_id, code, agent)
    return show_own_control(desk.rooms, seat)


@router.get("/emergency/pushes", responses=documented(401, 403, 404, 503))
async def read_pushes(
    desk: DeskDep,
    _viewer: Watcher,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EmergencyPage:
    """Hand-overs, newest first."""
    return EmergencyPage.model_validate(await _emergencies(desk).outbox.page(page, size))


@router.post("/emergency/pushes/{push_id}/resend", responses=documented(401, 403, 404, 409, 413, 503))
async def send_again(
    push_id: Annotated[str, Path(max_length=64)], request: Request, desk: DeskDep, supervisor: Supervisor
) -> EmergencyPush:
    """Try a message anew that was given up. Audited."""
    deed = Deed(
        who=supervisor.account, what="emergency_resent", whom=push_id, from_where=address_of(request), detail={}
    )
    await desk.security.audit.note(deed)
    return EmergencyPush.model_validate(await _emergencies(desk).send_again(push_id))


def _emergencies(desk: Desk) -> Emergencies:
    if desk.rooms.emergencies is None:
        raise NotFound("紧急联动未启用", "emergency hand-overs are off")
    return desk.rooms.emergencies
