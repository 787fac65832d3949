"""Campaigns (热线民调): made, given a list, started and stopped; their results."""

import shutil
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from agent_desk.api.parameters import ACT, BINARY, READ, Id, Page, Size
from agent_desk.api.visits import _FILE
from agent_desk.guard import CampaignReader, CampaignRunner, Desk, DeskDep
from agent_desk.outreach_access import deed_of
from agent_desk.outreach_models import (
    Campaign,
    CampaignPage,
    CampaignResult,
    CampaignState,
    CampaignWish,
    EntryPage,
    FlowList,
    ListFault,
    ListOutcome,
    QueryWish,
)
from agent_desk.robot_view import outreach_of
from agent_desk.tables import CSV, XLSX, FileKind, write_table
from callback.campaigns.lifecycle import STATE_ZH, Action, State
from callback.campaigns.lists import SHOWN_FAULTS, Listed, clean_number, read_list, sample
from callback.campaigns.outline import Outline
from callback.campaigns.questions import read_questions
from callback.campaigns.results import columns_of, result_of, rows_of
from tickets.finding import Wanted

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
Name = Annotated[str | None, Query(max_length=40)]
Share = Annotated[float, Query(gt=0, le=1)]
_CSV_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {CSV: BINARY}}}


@router.get("", responses=READ)
async def find_campaigns(
    desk: DeskDep,
    _viewer: CampaignReader,
    state: Annotated[CampaignState | None, Query()] = None,
    page: Page = 1,
    size: Size = 50,
) -> CampaignPage:
    """Campaigns, newest first."""
    store = outreach_of(desk.rooms).campaigns.store
    rows, total = await store.page(state=state, page=page, size=size)
    counts = await store.counts([row["id"] for row in rows])
    items = [_shape(row, counts.get(row["id"], {})) for row in rows]
    return CampaignPage(items=items, total=total, page=page, size=size)


@router.post("", responses=ACT)
async def make(wish: CampaignWish, request: Request, desk: DeskDep, person: CampaignRunner) -> Campaign:
    """A draft."""
    deed = deed_of(request, person, "campaign_made", "", {"name": wish.name})
    row = await outreach_of(desk.rooms).campaigns.make(_outline(wish), person.account, deed)
    return _shape(row, {})


@router.get("/flows", responses=READ)
async def read_flows(desk: DeskDep, _viewer: CampaignReader) -> FlowList:
    """What a campaign may play."""
    return FlowList(items=sorted(outreach_of(desk.rooms).campaigns.flows()))


@router.get("/{campaign_id}", responses=READ)
async def read(campaign_id: Id, desk: DeskDep, _viewer: CampaignReader) -> Campaign:
    """One campaign."""
    return await _show(desk, campaign_id)


@router.put("/{campaign_id}", responses=ACT)
async def edit(
    campaign_id: Id, wish: CampaignWish, request: Request, desk: DeskDep, person: CampaignRunner
) -> Campaign:
    """Change a draft."""
    deed = deed_of(request, person, "campaign_edited", campaign_id)
    await outreach_of(desk.rooms).campaigns.edit(campaign_id, _outline(wish), person.account, deed)
    return await _show(desk, campaign_id)


@router.post("/{campaign_id}/list", responses=ACT, openapi_extra=_CSV_BODY)
async def upload_list(
    campaign_id: Id,
    request: Request,
    desk: DeskDep,
    person: CampaignRunner,
    skip_faults: bool = False,
    share: Share = 1.0,
    seed: Annotated[str, Query(max_length=40)] = "",
) -> ListOutcome:
    """Whom a draft asks, from a CSV file (电话, 姓名, 分组, 备注), in place of whom it asked.

    With faults nothing is kept, unless they are to be passed over. ``share`` of it is drawn by ``seed``, the same one
    each time.
    """
    campaigns = outreach_of(desk.rooms).campaigns
    await campaigns.demand_draft(campaign_id)
    reading = read_list(await request.body(), campaigns.rules.largest_list)
    kept = 0
    if skip_faults or not reading.faults:
        chosen = sample(reading.entries, share, seed)
        kept = len(chosen)
        detail = {"entries": str(kept), "faults": str(len(reading.faults)), "share": str(share)}
        deed = deed_of(request, person, "campaign_list", campaign_id, detail)
        await campaigns.set_list(campaign_id, chosen, person.account, "csv", deed)
    faults = [ListFault.model_validate(fault) for fault in reading.faults[:SHOWN_FAULTS]]
    more = len(reading.faults) - len(faults)
    return ListOutcome(kept=kept, read=len(reading.entries), faults=faults, more_faults=more)


@router.post("/{campaign_id}/query", responses=ACT)
async def query_list(
    campaign_id: Id, wish: QueryWish, request: Request, desk: DeskDep, person: CampaignRunner
) -> ListOutcome:
    """Whom a draft asks: the citizens of work orders, each number once, the newest matter counts."""
    campaigns = outreach_of(desk.rooms).campaigns
    await campaigns.demand_draft(campaign_id)
    wanted = Wanted(
        state=wish.state, unit=wish.unit, category=wish.category, type=wish.type, area=wish.area,
        since=wish.since, until=wish.until,
    )  # fmt: skip
    found: dict[str, Listed] = {}
    async for ticket in desk.rooms.work_orders.citizens(person, wanted, campaigns.rules.largest_list):
        if (phone := clean_number(ticket["phone"])) is not None and phone not in found:
            group = str(ticket.get(wish.group_by) or "")[:40] if wish.group_by else ""
            found[phone] = Listed(phone=phone, group=group, note=ticket["number"], ticket_id=ticket["id"])
    chosen = sample(list(found.values()), wish.share, wish.seed)
    asked = {name: str(value) for name, value in wish.model_dump().items() if value}
    deed = deed_of(request, person, "campaign_list", campaign_id, asked | {"entries": str(len(chosen))})
    await campaigns.set_list(campaign_id, chosen, person.account, "query", deed)
    return ListOutcome(kept=len(chosen), read=len(found), faults=[], more_faults=0)


@router.post("/{campaign_id}/acts/{act}", responses=ACT)
async def act_on(
    campaign_id: Id,
    act: Annotated[Literal["start", "pause", "resume", "stop"], Path()],
    request: Request,
    desk: DeskDep,
    person: CampaignRunner,
) -> Campaign:
    """Start, pause, resume, stop. Whoever is on the line is asked to the end."""
    deed = deed_of(request, person, f"campaign_{act}", campaign_id)
    await outreach_of(desk.rooms).campaigns.act(campaign_id, Action(act), person.account, deed)
    return await _show(desk, campaign_id)


@router.get("/{campaign_id}/entries", responses=READ)
async def read_entries(
    campaign_id: Id,
    desk: DeskDep,
    _viewer: CampaignReader,
    state: Annotated[Literal["waiting", "robot", "done"] | None, Query()] = None,
    disposition: Name = None,
    page: Page = 1,
    size: Size = 50,
) -> EntryPage:
    """Who is asked, in the order of the list."""
    store = outreach_of(desk.rooms).campaigns.store
    await store.get(campaign_id)
    found = await store.entries_page(campaign_id, state=state, disposition=disposition, page=page, size=size)
    return EntryPage.model_validate(found | {"page": page, "size": size})


@router.get("/{campaign_id}/result", responses=READ)
async def read_result(campaign_id: Id, desk: DeskDep, _viewer: CampaignReader) -> CampaignResult:
    """What it found so far."""
    return CampaignResult.model_validate(await result_of(outreach_of(desk.rooms).campaigns.store, campaign_id))


@router.get("/{campaign_id}/export", response_class=FileResponse, responses=_FILE)
async def export(
    campaign_id: Id, request: Request, desk: DeskDep, person: CampaignRunner, form: FileKind = "xlsx"
) -> FileResponse:
    """Every entry with its answers in words, numbers masked. Audited."""
    store = outreach_of(desk.rooms).campaigns.store
    row = await store.get(campaign_id)
    questions = read_questions(row["questions"])
    now = desk.clock.now().astimezone(desk.settings.site.zone)
    heading = f"{row['name']} {person.name}({person.account}) {now:%Y-%m-%d %H:%M} 导出"
    path, count = await write_table(form, columns_of(questions), rows_of(store, campaign_id, questions), heading)
    deed = deed_of(request, person, "campaign_exported", campaign_id, {"rows": str(count), "form": form})
    await desk.security.audit.note(deed)
    leave = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(
        path, media_type=XLSX if form == "xlsx" else CSV, filename=f"民调-{now:%Y%m%d-%H%M}.{form}", background=leave,
        headers={"Cache-Control": "no-store", "X-Rows": str(count)},
    )  # fmt: skip


async def _show(desk: Desk, campaign_id: str) -> Campaign:
    store = outreach_of(desk.rooms).campaigns.store
    return _shape(await store.get(campaign_id), (await store.counts([campaign_id])).get(campaign_id, {}))


def _shape(row: dict[str, Any], counts: dict[str, Any]) -> Campaign:
    return Campaign.model_validate(row | counts | {"state_zh": STATE_ZH[State(row["state"])]})


def _outline(wish: CampaignWish) -> Outline:
    return Outline(
        name=wish.name, goal=wish.goal, flow=wish.flow, quotas=wish.quotas, hours=wish.hours,
        questions=read_questions([question.model_dump() for question in wish.questions]),
        begins_on=wish.begins_on, ends_on=wish.ends_on,
    )  # fmt: skip
