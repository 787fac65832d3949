"""One action sends a citizen to 110, 119, 120 …; supervisors see what went where, and have it sent again."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.emergency_models import EmergencyPage, EmergencyPush
from agent_desk.guard import Agent, Desk, DeskDep, Supervisor, Watcher, address_of, seat_of
from agent_desk.live_models import Control
from agent_desk.watching import show_own_control
from hotline.errors import NotFound
from hotline.security import Deed
from ivr.emergency.service import Emergencies

router = APIRouter(prefix="/api", tags=["emergency"])


@router.post("/desk/calls/{call_id}/emergency/{code}", responses=ACT)
async def send_on(call_id: Id, code: Annotated[str, Path(max_length=8)], desk: DeskDep, agent: Agent) -> Control:
    """Ring the platform into this call, send the call's data along, mark the work order."""
    seat = seat_of(agent)
    await _emergencies(desk).send(seat, call_id, code, agent)
    return show_own_control(desk.rooms, seat)


@router.get("/emergency/pushes", responses=READ)
async def read_pushes(
    desk: DeskDep,
    _viewer: Watcher,
    page: Page = 1,
    size: Size = 50,
) -> EmergencyPage:
    """Hand-overs, newest first."""
    return EmergencyPage.model_validate(await _emergencies(desk).outbox.page(page, size))


@router.post("/emergency/pushes/{push_id}/resend", responses=ACT)
async def send_again(push_id: Id, request: Request, desk: DeskDep, supervisor: Supervisor) -> EmergencyPush:
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
