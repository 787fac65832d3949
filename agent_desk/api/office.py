"""The door for units' own office systems (电子政务专网): work orders go out and replies come back by machine.

A machine comes with its unit's token and is that unit: it sees and does what the unit's people may, by the same law.
Its deeds stand in the timeline under ``unit:CODE``.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from agent_desk.api.parameters import ACT, RAW_BODY, READ_BY_RULE, Id, Size
from agent_desk.api.tickets import Filters
from agent_desk.guard import DeskDep, desk_of, session_of
from agent_desk.models import ActionWish, Attachment, Ticket, TicketPage
from hotline.errors import Forbidden, NotSignedIn
from hotline.security import Person, Role, demand

router = APIRouter(prefix="/api/office/{office}", tags=["office"])
Unit = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,20}$")]


async def unit_of(office: Unit, request: Request) -> Person:
    """The unit's machine, or one of its people with a session. Raises NotSignedIn and Forbidden."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    desk = desk_of(request)
    if scheme:
        known = any(one["code"] == office for one in desk.rooms.work_orders.units())
        if scheme.lower() != "bearer" or not known or not desk.tokens.holds_unit(office, token.strip()):
            raise NotSignedIn("单位令牌不正确", "the unit's token is wrong")
        return Person(account=f"unit:{office}", name=office, roles=frozenset({Role.DEPARTMENT}), unit=office)
    person = (await session_of(request)).person
    demand(person, "ticket.act")
    if not person.has(Role.DEPARTMENT) or person.unit != office:
        raise Forbidden("只能办理本单位的工单", "only the unit itself")
    return person


Office = Annotated[Person, Depends(unit_of)]


@router.get("/tickets", responses=READ_BY_RULE)
async def find_orders(
    desk: DeskDep, machine: Office, wanted: Filters, size: Size = 50, after: Annotated[str, Query(max_length=64)] = ""
) -> TicketPage:
    """The unit's work orders; ``after`` goes on from the ``next`` of the page before."""
    return TicketPage.model_validate(await desk.rooms.work_orders.page(machine, wanted, size=size, after=after))


@router.get("/tickets/{ticket_id}", responses=READ_BY_RULE)
async def read_order(ticket_id: Id, desk: DeskDep, machine: Office) -> Ticket:
    """One work order of the unit, by id or number."""
    return Ticket.model_validate(await desk.rooms.work_orders.ticket(ticket_id, machine))


@router.post("/tickets/{ticket_id}/actions/{action}", responses=ACT)
async def act_on_order(
    ticket_id: Id, action: Annotated[str, Path(max_length=32)], wish: ActionWish, desk: DeskDep, machine: Office
) -> Ticket:
    """Sign, reply, return, extend, hand down, as the life-cycle allows the unit."""
    fields = wish.model_dump(exclude_unset=True, exclude_none=True)
    return Ticket.model_validate(await desk.rooms.work_orders.act(ticket_id, action, fields, machine))


@router.post("/tickets/{ticket_id}/attachments", responses=ACT, openapi_extra=RAW_BODY)
async def attach_to_order(
    ticket_id: Id, request: Request, desk: DeskDep, machine: Office,
    name: Annotated[str, Query(max_length=120)] = "",
) -> Attachment:  # fmt: skip
    """A picture, film or document of what was done; the body is the file itself."""
    ticket = await desk.rooms.work_orders.ticket(ticket_id, machine)
    added = await desk.rooms.attachments.add(ticket["id"], name, request.stream(), machine.account)
    return Attachment.model_validate(added)
