"""The human callback list: take a return visit, phone the citizen from the desk, write down what came of it."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.guard import CallbackDialler, CallbackHand, Desk, DeskDep
from agent_desk.outreach_access import deed_of, show_attempts
from agent_desk.outreach_models import (
    Dialled,
    Ground,
    HandDetail,
    HandForm,
    HandPage,
    HandResultWish,
    HandTask,
    Matter,
    Visit,
)
from agent_desk.robot_view import outreach_of
from callback.by_hand.results import HandResult
from callback.dispositions import shape_of
from callback.port import VISIT
from hotline.errors import NotFound
from hotline.security import Person, Role

router = APIRouter(prefix="/api/by-hand", tags=["return visits"])


@router.get("", responses=READ)
async def read_list(
    desk: DeskDep,
    viewer: CallbackHand,
    whose: Annotated[Literal["all", "free", "mine"], Query()] = "all",
    page: Page = 1,
    size: Size = 50,
) -> HandPage:
    """Return visits that the robot could not make, longest with people first."""
    found = await outreach_of(desk.rooms).hand_list.readings.page(viewer, whose=whose, page=page, size=size)
    return HandPage.model_validate(found | {"page": page, "size": size})


@router.get("/form", responses=READ)
async def read_form(desk: DeskDep, _viewer: CallbackHand) -> HandForm:
    """The script, and the grounds for 无法联系."""
    rules = desk.settings.callback.by_hand
    grounds = [Ground(key=key, name=name) for key, name in rules.grounds.items()]
    return HandForm(script=list(rules.script), grounds=grounds)


@router.get("/{task_id}", responses=READ)
async def read_task(task_id: Id, desk: DeskDep, viewer: CallbackHand) -> HandDetail:
    """One task with every attempt and message."""
    room = outreach_of(desk.rooms)
    task = await _show(desk, task_id, viewer)
    return HandDetail.model_validate({
        "task": task,
        "matter": await _matter(desk, task, viewer),
        "attempts": await show_attempts(desk, task_id, sound=False),
        "messages": await room.messages.of_task(task_id),
    })  # fmt: skip


@router.post("/{task_id}/take", responses=ACT)
async def take(task_id: Id, request: Request, desk: DeskDep, person: CallbackDialler) -> HandTask:
    """It is mine now. 409 while it is another's."""
    deed = deed_of(request, person, "visit_taken", task_id)
    await outreach_of(desk.rooms).hand_list.take(task_id, person, deed)
    return await _show(desk, task_id, person)


@router.post("/{task_id}/release", responses=ACT)
async def release(task_id: Id, request: Request, desk: DeskDep, person: CallbackHand) -> HandTask:
    """Anybody may take it; a supervisor may release anybody's."""
    deed = deed_of(request, person, "visit_released", task_id)
    await outreach_of(desk.rooms).hand_list.release(task_id, person, deed)
    return await _show(desk, task_id, person)


@router.post("/{task_id}/dial", responses=ACT)
async def dial(task_id: Id, request: Request, desk: DeskDep, person: CallbackDialler) -> Dialled:
    """Ring the citizen for my seat. How it goes comes by the live feed (``by_hand``)."""
    deed = deed_of(request, person, "visit_dialled", task_id)
    call_id = await outreach_of(desk.rooms).hand_list.dial(task_id, person, deed)
    return Dialled(call_id=call_id)


@router.post("/{task_id}/stop", status_code=204, responses=ACT)
async def stop(task_id: Id, request: Request, desk: DeskDep, person: CallbackDialler) -> None:
    """Stop ringing."""
    deed = deed_of(request, person, "visit_dial_stopped", task_id)
    await outreach_of(desk.rooms).hand_list.stop(task_id, person, deed)


@router.post("/{task_id}/result", responses=ACT)
async def record(task_id: Id, wish: HandResultWish, request: Request, desk: DeskDep, person: CallbackDialler) -> Visit:
    """What came of it; the work order is closed, or redone, at once."""
    result = HandResult(**wish.model_dump())
    deed = deed_of(request, person, "visit_recorded", task_id, {"disposition": wish.disposition})
    row = await outreach_of(desk.rooms).hand_list.record(task_id, result, person, deed)
    return Visit.model_validate(shape_of(row))


async def _matter(desk: Desk, task: HandTask, viewer: Person) -> Matter | None:
    """An agent sees work orders of his own; who has taken a return visit must know what it is about too."""
    if not task.mine or task.kind != VISIT:
        return None
    reader = replace(viewer, roles=viewer.roles | {Role.SUPERVISOR})
    try:
        return Matter.model_validate(await desk.rooms.work_orders.ticket(task.ticket_id, reader))
    except NotFound:
        return None


async def _show(desk: Desk, task_id: str, viewer: Person) -> HandTask:
    hand_list = outreach_of(desk.rooms).hand_list
    return HandTask.model_validate(await hand_list.readings.one(await hand_list.task(task_id), viewer))
