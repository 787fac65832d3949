"""Return visits: the robot now, how visits ended, listening to a survey, messages; pausing the robot."""

import shutil
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from agent_desk.api.parameters import ACT, BINARY, READ, READ_BY_RULE, Id, Page, Size
from agent_desk.guard import CallbackExporter, CallbackPauser, CallbackReader, CallbackWatcher, DeskDep
from agent_desk.outreach_access import deed_of, show_attempts
from agent_desk.outreach_models import PauseWish, RobotView, SmsMessage, SmsPage, VisitDetail, VisitPage
from agent_desk.robot_view import outreach_of, robot_of, show_robot
from agent_desk.tables import CSV, XLSX, FileKind, write_table
from callback.dispositions import Filter, shape_of

router = APIRouter(prefix="/api", tags=["return visits"])
Text = Annotated[str, Query(max_length=64)]
_FILE = {
    **READ_BY_RULE,
    200: {
        "description": "The table",
        "content": dict.fromkeys((XLSX, CSV), BINARY),
    },
}
_COLUMNS = (
    ("number", "工单编号"), ("title", "诉求"), ("kind", "类别"), ("state_zh", "状态"), ("disposition_zh", "结果"),
    ("solved", "是否解决"), ("satisfaction", "满意度"), ("manner", "态度"), ("words", "意见"), ("grounds", "依据"),
    ("unit", "承办单位"), ("attempt", "机器人拨打次数"), ("phone_masked", "电话"), ("created_at", "产生时间"),
    ("done_at", "完成时间"),
)  # fmt: skip


def filter_from(
    state: Text = "",
    disposition: Text = "",
    kind: Text = "",
    unit: Text = "",
    q: Annotated[str, Query(max_length=100)] = "",
    grade: Annotated[int | None, Query(ge=1, le=5)] = None,
    solved: bool | None = None,
    campaign: Text = "",
    since: date | None = None,
    until: date | None = None,
) -> Filter:
    """The filters of the list, from the address. ``state=open``: whatever is not closed."""
    return Filter(
        state=state, disposition=disposition, kind=kind, unit=unit, words=q, grade=grade, solved=solved,
        campaign_id=campaign, since=since, until=until,
    )  # fmt: skip


Filters = Annotated[Filter, Depends(filter_from)]


@router.get("/visits", responses=READ)
async def find_visits(
    desk: DeskDep, _viewer: CallbackReader, wanted: Filters, page: Page = 1, size: Size = 50
) -> VisitPage:
    """Return visits and how they ended, what moved last first."""
    found = await outreach_of(desk.rooms).dispositions.page(wanted, page=page, size=size)
    return VisitPage.model_validate(found | {"page": page, "size": size})


@router.get("/visits/export", response_class=FileResponse, responses=_FILE)
async def export_visits(
    desk: DeskDep, person: CallbackExporter, wanted: Filters, request: Request, form: FileKind = "xlsx"
) -> FileResponse:
    """The list as a table, numbers masked, at most 100,000 rows. Audited with the filters and how many rows left."""
    rows = outreach_of(desk.rooms).dispositions.each(wanted)
    names = [name for name, _ in _COLUMNS]
    lines = ([_cell(row[name]) for name in names] async for row in rows)
    now = desk.clock.now().astimezone(desk.settings.site.zone)
    heading = f"{person.name}({person.account}) {now:%Y-%m-%d %H:%M} 导出"
    path, count = await write_table(form, [title for _, title in _COLUMNS], lines, heading)
    asked = {name: str(value) for name, value in vars(wanted).items() if value not in ("", None)}
    deed = deed_of(request, person, "visits_exported", "visits", asked | {"rows": str(count), "form": form})
    await desk.security.audit.note(deed)
    leave = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(
        path, media_type=XLSX if form == "xlsx" else CSV, filename=f"回访-{now:%Y%m%d-%H%M}.{form}", background=leave,
        headers={"Cache-Control": "no-store", "X-Rows": str(count)},
    )  # fmt: skip


@router.get("/visits/robot", responses=READ)
async def read_robot(desk: DeskDep, _viewer: CallbackWatcher) -> RobotView:
    """Lines, pace, what it says to whom, today's funnel. Later changes come by the live feed."""
    return await show_robot(desk.rooms)


@router.post("/visits/robot/{act}", responses=ACT)
async def switch_robot(
    act: Annotated[Literal["pause", "resume"], Path()],
    wish: PauseWish,
    request: Request,
    desk: DeskDep,
    person: CallbackPauser,
) -> RobotView:
    """Dial nothing any more, or go on; calls that are up are finished. It outlives a restart. Audited."""
    robot = robot_of(desk.rooms)
    deed = deed_of(request, person, f"robot_{act}d", "robot", {"reason": wish.reason})
    if act == "pause":
        await robot.pause(person.account, wish.reason, deed)
    else:
        await robot.resume(person.account, deed)
    return await show_robot(desk.rooms)


@router.get("/visits/{task_id}", responses=READ)
async def read_visit(task_id: Id, desk: DeskDep, _viewer: CallbackWatcher) -> VisitDetail:
    """One visit with every attempt, its recording and its words. Listening itself is audited by the player's route."""
    room = outreach_of(desk.rooms)
    row = await room.hand_list.task(task_id)
    return VisitDetail.model_validate({
        "visit": shape_of(row),
        "attempts": await show_attempts(desk, task_id, sound=True),
        "messages": await room.messages.of_task(task_id),
    })  # fmt: skip


@router.get("/sms", responses=READ)
async def find_messages(
    desk: DeskDep,
    _viewer: CallbackWatcher,
    state: Annotated[Literal["due", "sent", "given_up"] | None, Query()] = None,
    page: Page = 1,
    size: Size = 50,
) -> SmsPage:
    """Messages to citizens, newest first; neither numbers nor links."""
    found = await outreach_of(desk.rooms).messages.page(state=state, page=page, size=size)
    return SmsPage.model_validate(found | {"page": page, "size": size})


@router.post("/sms/{message_id}/resend", responses=ACT)
async def resend(message_id: Id, request: Request, desk: DeskDep, person: CallbackPauser) -> SmsMessage:
    """Try a message anew that was given up. Audited."""
    deed = deed_of(request, person, "sms_resent", message_id)
    sent = await outreach_of(desk.rooms).messages.send_again(message_id, person.account, deed)
    return SmsMessage.model_validate(sent)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    isoformat = getattr(value, "isoformat", None)
    return isoformat(timespec="seconds") if isoformat else "" if value is None else str(value)
