"""Looking back: my calls and my day, a seat's or a group's calls today, what calls came to, scripts to speak by."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from agent_desk.api.parameters import ACT, READ_BY_RULE, Id
from agent_desk.control_models import DisposeWish
from agent_desk.guard import Agent, Desk, DeskDep, KnowledgeReader, SignedIn, Watcher, seat_of
from agent_desk.live_models import (
    CallPage,
    CallRecord,
    Chosen,
    Disposition,
    DispositionCount,
    DispositionList,
    DispositionReport,
    Script,
    ScriptList,
    SeatDay,
)
from agent_desk.refusals import documented
from agent_desk.shapes import show_call
from hotline.errors import NotFound, RuleBroken
from hotline.security import Person
from ivr import call_records
from knowledge_base.scripts import scripts_for

router = APIRouter(prefix="/api", tags=["records"])
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
PageSize = Annotated[int, Query(ge=1, le=100)]
Days = Annotated[int, Query(ge=1, le=31)]
LONGEST_WINDOW = timedelta(days=366)


@router.get("/desk/calls", responses=READ_BY_RULE)
async def my_calls(desk: DeskDep, agent: Agent, page: PageNumber = 1, size: PageSize = 20, days: Days = 1) -> CallPage:
    """My seat's calls since midnight, or of more days, newest first."""
    since = desk.rooms.records.midnight() - timedelta(days=days - 1)
    found = await desk.rooms.records.page(seat=seat_of(agent), since=since, number=page, size=size)
    return await _show_page(desk, agent, *found, page, size)


@router.get("/live/calls", responses=READ_BY_RULE)
async def calls_of(
    desk: DeskDep,
    viewer: Watcher,
    seat: Annotated[str | None, Query(max_length=8)] = None,
    group: Annotated[str | None, Query(max_length=40)] = None,
    page: PageNumber = 1,
    size: PageSize = 20,
) -> CallPage:
    """Today's calls of a seat or a group, newest first, numbers masked."""
    if (seat is None) == (group is None):
        raise RuleBroken("请指定座席或技能组之一", "name either a seat or a group", code="bad_scope")
    if seat is not None:
        desk.rooms.call_centre.seat(seat)
    _require_group(desk, group)
    since = desk.rooms.records.midnight()
    found = await desk.rooms.records.page(seat=seat, group=group, since=since, number=page, size=size)
    return await _show_page(desk, viewer, *found, page, size)


@router.get("/dispositions", responses=documented(401, 403))
async def read_dispositions(desk: DeskDep, _viewer: SignedIn) -> DispositionList:
    """What an agent may choose from."""
    kept = desk.settings.wrap_up
    return DispositionList(items=_dispositions(desk), required=kept.required)


@router.get("/desk/calls/{call_id}/disposition", responses=READ_BY_RULE)
async def read_disposition(call_id: Id, desk: DeskDep, agent: Agent) -> Chosen:
    """What I said about this call so far."""
    await _demand_own(desk, call_id, agent)
    code, note = await desk.rooms.records.disposition_of(call_id) or (None, "")
    return Chosen(code=code, note=note)


@router.put("/desk/calls/{call_id}/disposition", responses=ACT)
async def dispose(call_id: Id, wish: DisposeWish, desk: DeskDep, agent: Agent) -> Chosen:
    """Say what the call came to (话后小结); it may be said again, and the later word holds."""
    await _demand_own(desk, call_id, agent)
    await desk.rooms.records.dispose(call_id, seat_of(agent), wish.code, wish.note, agent)
    return Chosen(code=wish.code, note=wish.note)


@router.get("/kpi/dispositions", responses=READ_BY_RULE)
async def report_dispositions(
    desk: DeskDep,
    _viewer: Watcher,
    begins: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    ends: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    group: Annotated[str | None, Query(max_length=40)] = None,
) -> DispositionReport:
    """How the answered calls of a window ended, by code; by default since midnight."""
    _require_group(desk, group)
    ends = ends or desk.clock.now()
    begins = begins or desk.rooms.records.midnight()
    if not timedelta(0) < ends - begins <= LONGEST_WINDOW:
        raise RuleBroken("统计时段须从早到晚,且不超过一年", "the window must begin before it ends", code="bad_window")
    counts = {one.code: one.calls for one in await desk.rooms.records.counts(begins, ends, group)}
    total = sum(counts.values())
    known = _dispositions(desk)
    gone = [code for code in counts if code is not None and code not in {one.code for one in known}]
    known += [Disposition(code=code, name=code, en="") for code in sorted(gone)]  # of an earlier configuration
    items = [
        DispositionCount(
            code=one.code, name=one.name, en=one.en, calls=counts.get(one.code, 0),
            share=counts.get(one.code, 0) / total if total else 0.0,
        )
        for one in known
    ]  # fmt: skip
    return DispositionReport(
        begins=begins, ends=ends, group=group, items=items, unsaid=counts.get(None, 0), total=total
    )


@router.get("/desk/statistics", responses=READ_BY_RULE)
async def my_day(desk: DeskDep, agent: Agent) -> SeatDay:
    """My own figures since midnight."""
    return SeatDay.model_validate(await desk.rooms.records.day(seat_of(agent), agent.account))


@router.get("/scripts", responses=documented(401, 403))
async def read_scripts(
    desk: DeskDep, _viewer: KnowledgeReader, category: Annotated[str, Query(max_length=80)] = ""
) -> ScriptList:
    """Scripts for a category (``市政公用/路灯井盖``), the most special first, then those for every call."""
    found = scripts_for(desk.settings.scripts, category)
    return ScriptList(items=[Script.model_validate(one) for one in found])


def _dispositions(desk: Desk) -> list[Disposition]:
    return [Disposition(code=o.code, name=o.name, en=o.en or o.code) for o in desk.settings.wrap_up.dispositions]


def _require_group(desk: Desk, group: str | None) -> None:
    if group is not None and group not in {known.id for known in desk.settings.groups}:
        raise NotFound("没有这个坐席组", "there is no such group")


async def _demand_own(desk: Desk, call_id: str, agent: Person) -> None:
    """Raise NotFound unless the agent's seat talks or talked in this call."""
    call, seat = await desk.rooms.call_centre.find_call(call_id), seat_of(agent)
    if call.seat != seat and not await desk.rooms.records.took_part(call_id, seat):
        raise NotFound("没有这个通话", "there is no such call")


async def _show_page(
    desk: Desk, viewer: Person, records: Sequence[call_records.CallRecord], total: int, page: int, size: int
) -> CallPage:
    tickets = await desk.rooms.work_orders.of_calls([one.call.call_id for one in records])
    items = []
    for one in records:
        ticket_id, number = tickets.get(one.call.call_id, (None, None))
        shown = show_call(one.call, viewer).model_dump()
        said = {"disposition": one.disposition, "note": one.note}
        items.append(CallRecord.model_validate(shown | said | {"ticket_id": ticket_id, "ticket_number": number}))
    return CallPage(items=items, total=total, page=page, size=size)
