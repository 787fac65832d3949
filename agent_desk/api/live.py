"""The supervisor's room at one instant (the live feed keeps it so), figures of any window, and a seat sent to rest."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from agent_desk.api.parameters import ACT, READ_BY_RULE
from agent_desk.guard import DeskDep, Supervisor, Watcher, address_of
from agent_desk.live_models import Live, Recognition
from agent_desk.models import BreakWish, KpiShown, RestDecision, Seat
from agent_desk.refusals import documented
from agent_desk.watching import show_recognition, show_room
from hotline.errors import NotFound, RuleBroken, Unavailable
from hotline.security import Deed
from ivr.kpi import FORMULAS

router = APIRouter(prefix="/api", tags=["live"])
LONGEST_WINDOW = timedelta(days=31)
_DAY = timedelta(hours=24)


@router.get("/live", responses=documented(401, 403, 503))
async def live_room(desk: DeskDep, _viewer: Watcher) -> Live:
    """Groups, waiting citizens (masked), seats, the day's figures and the limits that are crossed."""
    return show_room(desk.rooms)


@router.get("/live/recognition", responses=documented(401, 403, 503))
async def recognition(desk: DeskDep, _viewer: Watcher) -> Recognition:
    """Live transcription: voices followed, voices left to the time after the call, machines."""
    if (shown := show_recognition(desk.rooms)) is None:
        raise Unavailable("实时转写不可用", "there is no live transcription")
    return shown


@router.get("/kpi", responses=READ_BY_RULE)
async def read_kpi(
    desk: DeskDep,
    _viewer: Watcher,
    begins: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    ends: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    group: Annotated[str | None, Query(max_length=40)] = None,
    duty: Annotated[str | None, Query(max_length=80)] = None,
) -> KpiShown:
    """Figures of a window of at most 31 days, by default the last 24 hours, with the formula of each.

    ``duty``: only of the calls that a duty session of this name (领导接听、部门轮值) answered.
    """
    if group is not None and group not in {known.id for known in desk.settings.groups}:
        raise NotFound("没有这个坐席组", "there is no such group")
    ends = ends or desk.clock.now()
    begins = begins or ends - _DAY
    if not timedelta(0) < ends - begins <= LONGEST_WINDOW:
        raise RuleBroken(
            "统计时段须从早到晚,且不超过 31 天",
            "the window must begin before it ends and be no longer than 31 days",
            code="bad_window",
        )
    kpi = await desk.rooms.call_centre.kpi_over(begins, ends, group, duty)
    shown = asdict(kpi) | {"begins": begins, "ends": ends, "group": group, "formulas": dict(FORMULAS)}
    return KpiShown.model_validate(shown)


@router.post("/live/seats/{seat}/break", responses=documented(401, 403, 404, 413, 503))
async def send_to_rest(
    seat: Annotated[str, Path(max_length=8)], wish: BreakWish, request: Request, desk: DeskDep, supervisor: Supervisor
) -> Seat:
    """Send a seat to rest, at once or when the work at hand is done; 0 minutes end its rest. Audited."""
    centre = desk.rooms.call_centre
    centre.seat(seat)
    deed = Deed(
        who=supervisor.account,
        what="seat_break" if wish.minutes else "seat_break_ended",
        whom=seat,
        from_where=address_of(request),
        detail={"minutes": str(wish.minutes)},
    )
    await desk.security.audit.note(deed)
    if wish.minutes == 0:
        return Seat.model_validate(await centre.end_break(seat, supervisor))
    return Seat.model_validate(await centre.force_break(seat, wish.minutes * 60, supervisor))


@router.post("/live/seats/{seat}/rest", responses=ACT)
async def decide_rest(
    seat: Annotated[str, Path(max_length=8)],
    wish: RestDecision,
    request: Request,
    desk: DeskDep,
    supervisor: Supervisor,
) -> Seat:
    """Let an agent who asks go to rest when the work at hand is done, or not. Audited."""
    centre = desk.rooms.call_centre
    deed = Deed(
        who=supervisor.account,
        what="rest_granted" if wish.granted else "rest_declined",
        whom=seat,
        from_where=address_of(request),
        detail={"reason": centre.seat(seat).rest_asked or ""},
    )
    await desk.security.audit.note(deed)
    return Seat.model_validate(await centre.decide_rest(seat, wish.granted, supervisor))
