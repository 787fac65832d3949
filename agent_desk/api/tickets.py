"""Work orders: finding, reading, moving; and the directories that their forms need."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query

from agent_desk.api.parameters import ACT, READ, READ_BY_RULE, Id, Page, Size
from agent_desk.guard import CallbackReader, DeskDep, DirectoryReader, TicketActor, TicketReader
from agent_desk.models import (
    ActionWish,
    Area,
    AreaList,
    BulkWish,
    CallbackPage,
    CategoryList,
    Deadline,
    Ticket,
    TicketPage,
    TicketSummary,
    UnitList,
)
from agent_desk.refusals import documented
from tickets.finding import Wanted

router = APIRouter(prefix="/api", tags=["tickets"])
Name = Annotated[str | None, Query(max_length=64)]


def wanted_from(
    state: Name = None,
    unit: Name = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    category: Name = None,
    type: Name = None,
    area: Name = None,
    urgency: Name = None,
    channel: Name = None,
    lamp: Literal["red", "yellow", "late"] | None = None,
    since: date | None = None,
    until: date | None = None,
    order: Literal["new", "due"] = "new",
) -> Wanted:
    """The filters of a list, from the address. ``state=open``: whatever somebody still owes something for."""
    return Wanted(
        state=state or "", unit=unit or "", words=q or "", category=category or "", type=type or "", area=area or "",
        urgency=urgency or "", channel=channel or "", lamp=lamp or "", since=since, until=until, order=order,
    )  # fmt: skip


Filters = Annotated[Wanted, Depends(wanted_from)]


@router.get("/tickets", responses=READ_BY_RULE)
async def find_tickets(
    desk: DeskDep,
    viewer: TicketReader,
    wanted: Filters,
    page: Page = 1,
    size: Size = 50,
    after: Annotated[str, Query(max_length=64)] = "",
) -> TicketPage:
    """The work orders that this person may see, newest first. ``after``: the ``next`` of the page before."""
    found = await desk.rooms.work_orders.page(viewer, wanted, page=page, size=size, after=after)
    return TicketPage.model_validate(found)


@router.get("/tickets/deadline", responses=documented(401, 403, 409, 503))
async def read_deadline(
    desk: DeskDep, _viewer: DirectoryReader, urgency: Annotated[str, Query(max_length=16)]
) -> Deadline:
    """When a work order dispatched now would be due."""
    return Deadline(due_at=desk.rooms.work_orders.due_at(urgency))


@router.get("/tickets/{ticket_id}", responses=READ)
async def read_ticket(ticket_id: Id, desk: DeskDep, viewer: TicketReader) -> Ticket:
    """One work order, with its timeline and what this person may do now."""
    return Ticket.model_validate(await desk.rooms.work_orders.ticket(ticket_id, viewer))


@router.post("/tickets/{ticket_id}/actions/{action}", responses=ACT)
async def act_on_ticket(
    ticket_id: Id,
    action: Annotated[str, Path(max_length=32)],
    wish: ActionWish,
    desk: DeskDep,
    actor: TicketActor,
) -> Ticket:
    """Move the work order: sign 签收, reply 回复, approve 审核通过 … as its life-cycle allows."""
    fields = wish.model_dump(exclude_unset=True, exclude_none=True)
    return Ticket.model_validate(await desk.rooms.work_orders.act(ticket_id, action, fields, actor))


@router.post("/tickets/actions/{action}", responses=ACT)
async def act_on_tickets(
    action: Annotated[str, Path(max_length=32)], wish: BulkWish, desk: DeskDep, actor: TicketActor
) -> list[TicketSummary]:
    """The same move for many work orders: one that cannot make it, and none does."""
    fields = wish.model_dump(exclude_unset=True, exclude_none=True, exclude={"ids"})
    moved = await desk.rooms.work_orders.act_on_all(wish.ids, action, fields, actor)
    return [TicketSummary.model_validate(one) for one in moved]


@router.get("/categories", responses=documented(401, 403))
async def read_categories(desk: DeskDep, _viewer: DirectoryReader) -> CategoryList:
    """What a matter may be about."""
    return CategoryList.model_validate({"items": list(desk.rooms.work_orders.categories())})


@router.get("/units", responses=documented(401, 403))
async def read_units(desk: DeskDep, _viewer: DirectoryReader) -> UnitList:
    """The handling units."""
    return UnitList.model_validate({"items": list(desk.rooms.work_orders.units())})


@router.get("/areas", responses=documented(401, 403))
async def read_areas(desk: DeskDep, _viewer: DirectoryReader) -> AreaList:
    """Counties and zones, with their tiles on the map."""
    site = desk.settings.organisation
    tiles = {name: site.map.get(name, (None, None)) for name in site.places}
    return AreaList(items=[Area(name=name, column=column, row=row) for name, (column, row) in tiles.items()])


@router.get("/callbacks", responses=READ)
async def find_callbacks(
    desk: DeskDep, _viewer: CallbackReader, state: Name = None, page: Page = 1, size: Size = 50
) -> CallbackPage:
    """Return visits: owed, under way and done."""
    return CallbackPage.model_validate(await desk.rooms.callbacks.page(state=state or None, page=page, size=size))
