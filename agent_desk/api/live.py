"""The supervisor's room at one instant; the live feed keeps it so."""

from fastapi import APIRouter

from agent_desk.guard import DeskDep, Watcher
from agent_desk.models import Live
from agent_desk.refusals import documented
from agent_desk.shapes import show_live

router = APIRouter(prefix="/api", tags=["live"])


@router.get("/live", responses=documented(401, 403, 503))
async def live_room(desk: DeskDep, _viewer: Watcher) -> Live:
    """Groups, waiting citizens (masked), seats and the day's figures."""
    return show_live(desk.rooms.call_centre.live())
