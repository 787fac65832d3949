"""Whether the machine is well: for load balancers and for the banner on every screen. Open to all, tells little."""

from fastapi import APIRouter

from agent_desk.guard import DeskDep
from agent_desk.models import HealthReport
from agent_desk.refusals import documented

router = APIRouter(prefix="/api", tags=["health"])


@router.get("/health", responses=documented())
async def health(desk: DeskDep) -> HealthReport:
    """ "ok", or "degraded" with the reason; recognition being off on purpose is no fault."""
    now = desk.rooms.health()
    well = now.asterisk == "up" and now.reason is None
    report = {"status": "ok" if well else "degraded"}
    return HealthReport.model_validate(
        report | {"asterisk": now.asterisk, "recognition": now.recognition, "reason": now.reason}
    )
