"""What is made of many work orders: figures, an export, and the views and texts that people keep."""

import shutil
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic_core import to_json
from starlette.background import BackgroundTask

from agent_desk.api.parameters import BINARY
from agent_desk.api.tickets import Filters, Name
from agent_desk.documents import XLSX
from agent_desk.guard import DeskDep, FigureReader, SignedIn, TicketExporter, address_of
from agent_desk.models import PivotTable, Shelf, ShelfItem, ShelfWish
from agent_desk.refusals import documented
from agent_desk.ticket_sheet import AT_MOST, write_sheet
from hotline.security import Deed
from tickets.grains import PivotWish

router = APIRouter(prefix="/api", tags=["tickets"])
Axis = Literal["day", "month", "year", "area", "type", "unit"]
Kind = Annotated[Literal["view", "reply"], Path()]
ItemName = Annotated[str, Path(min_length=1, max_length=64)]
_ANSWER = {"content": {XLSX: BINARY}}


@router.get("/tickets/pivot", response_model=PivotTable, responses=documented(401, 403, 409, 503))
async def read_pivot(
    desk: DeskDep,
    viewer: FigureReader,
    rows: Axis,
    columns: Axis | None = None,
    since: date | None = None,
    until: date | None = None,
    area: Name = None,
    type: Name = None,
    unit: Name = None,
) -> Response:
    """Figures by time, area, type and unit; a unit sees its own. Every table of them adds up to the same total."""
    wish = PivotWish(
        rows=rows, columns=columns or "", since=since, until=until, area=area or "", type=type or "", unit=unit or ""
    )
    table = await desk.rooms.work_orders.figures(viewer, wish)  # may have thousands of cells: written as they are
    return Response(to_json(table), media_type="application/json")


@router.get(
    "/tickets/export",
    response_class=FileResponse,
    responses={**documented(401, 403, 409, 503), 200: {"description": "The list", **_ANSWER}},
)
async def export_tickets(desk: DeskDep, person: TicketExporter, wanted: Filters, request: Request) -> FileResponse:
    """The list as .xlsx, numbers masked, at most 100,000 rows. Audited with the filters and how many rows left."""
    now = desk.clock.now().astimezone(desk.settings.site.zone)
    heading = f"{person.name}({person.account}) {now:%Y-%m-%d %H:%M} 导出"
    path, count = await write_sheet(desk.rooms.work_orders.each(person, wanted, AT_MOST), heading)
    asked = {name: str(value) for name, value in vars(wanted).items() if value}
    deed = Deed(
        who=person.account, what="tickets_exported", whom="tickets", from_where=address_of(request),
        detail=asked | {"rows": str(count)},
    )  # fmt: skip
    await desk.security.audit.note(deed)
    leave = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    headers = {"Cache-Control": "no-store", "X-Rows": str(count)}
    return FileResponse(
        path, media_type=XLSX, filename=f"工单-{now:%Y%m%d-%H%M}.xlsx", headers=headers, background=leave
    )


@router.get("/shelf/{kind}", responses=documented(401, 403, 503))
async def read_shelf(kind: Kind, desk: DeskDep, person: SignedIn) -> Shelf:
    """Saved views (one's own), or texts of replies (the unit's)."""
    return Shelf.model_validate({"items": list(await desk.rooms.work_orders.shelves.all(kind, person))})


@router.put("/shelf/{kind}/{name}", responses=documented(401, 403, 409, 413, 503))
async def keep(kind: Kind, name: ItemName, wish: ShelfWish, desk: DeskDep, person: SignedIn) -> ShelfItem:
    """Keep something under a name, in place of what had it."""
    return ShelfItem.model_validate(await desk.rooms.work_orders.shelves.put(kind, name, wish.body, person))


@router.delete("/shelf/{kind}/{name}", status_code=204, responses=documented(401, 403, 404, 413, 503))
async def forget(kind: Kind, name: ItemName, desk: DeskDep, person: SignedIn) -> Response:
    """Take it off the shelf."""
    await desk.rooms.work_orders.shelves.drop(kind, name, person)
    return Response(status_code=204)
