"""The list of malicious callers: agents mark, supervisors decide and remove, the police get the evidence."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.guard import Agent, Desk, DeskDep, NuisanceDecider, NuisanceReader, address_of, seat_of
from agent_desk.nuisance_models import DecisionWish, MarkWish, NuisanceListing, NuisancePage
from hotline.errors import NotFound
from hotline.logs import mask_phone
from hotline.security import Deed, Person
from ivr.nuisance.evidence import Evidence
from ivr.nuisance.service import NuisanceList

router = APIRouter(prefix="/api", tags=["nuisance"])


@router.post("/desk/calls/{call_id}/nuisance", responses=ACT)
async def mark_call(call_id: Id, wish: MarkWish, request: Request, desk: DeskDep, agent: Agent) -> NuisanceListing:
    """Say that one's own call was malicious; the call is evidence. Audited."""
    call = await desk.rooms.call_centre.find_call(call_id)
    if call.seat != seat_of(agent):
        raise NotFound("没有这个通话", "there is no such call")
    await _audit(desk, request, agent, "nuisance_marked", call_id, reason=wish.reason)
    return _show(await _list(desk).mark(call_id, call.caller, wish.reason, agent))


@router.get("/nuisance", responses=READ)
async def read_list(
    desk: DeskDep,
    _viewer: NuisanceReader,
    state: Literal["proposed", "listed", "declined", "removed", "expired"] | None = None,
    page: Page = 1,
    size: Size = 50,
) -> NuisancePage:
    """The list, newest first; numbers are masked, the evidence has them whole."""
    found = await _list(desk).page(state, page, size)
    rules = _list(desk).rules
    return NuisancePage(
        items=[_show(row) for row in found["items"]],
        total=found["total"],
        page=page,
        size=size,
        treatment=rules.treatment,
        days=rules.days,
    )


@router.post("/nuisance/{listing_id}/decide", responses=ACT)
async def decide(
    listing_id: Id, wish: DecisionWish, request: Request, desk: DeskDep, person: NuisanceDecider
) -> NuisanceListing:
    """List a proposed number for a time, or do not. Audited."""
    what = "nuisance_listed" if wish.approved else "nuisance_declined"
    await _audit(desk, request, person, what, listing_id, note=wish.note, days=str(wish.days))
    return _show(await _list(desk).decide(listing_id, wish.approved, wish.days, wish.note, person))


@router.post("/nuisance/{listing_id}/remove", responses=ACT)
async def remove(
    listing_id: Id, wish: MarkWish, request: Request, desk: DeskDep, person: NuisanceDecider
) -> NuisanceListing:
    """Take a number off the list before its time. Audited."""
    await _audit(desk, request, person, "nuisance_removed", listing_id, reason=wish.reason)
    return _show(await _list(desk).remove(listing_id, wish.reason, person))


@router.post("/nuisance/{listing_id}/evidence", responses=ACT)
async def take_evidence(listing_id: Id, request: Request, desk: DeskDep, person: NuisanceDecider) -> JSONResponse:
    """Everything about a listing as one JSON file, recordings by their SHA-256. Audited, and in the ledger."""
    await _audit(desk, request, person, "nuisance_evidence", listing_id)
    package = await _evidence(desk).take(listing_id, person.account)
    headers = {"Content-Disposition": f'attachment; filename="evidence-{package["listing"]["id"]}.json"'}
    return JSONResponse(package, headers=headers)


def _show(row: dict[str, Any]) -> NuisanceListing:
    return NuisanceListing.model_validate(row | {"phone_masked": mask_phone(row["phone"])})


def _list(desk: Desk) -> NuisanceList:
    if desk.rooms.nuisance is None:
        raise NotFound("骚扰名单未启用", "the list of malicious callers is off")
    return desk.rooms.nuisance


def _evidence(desk: Desk) -> Evidence:
    if desk.rooms.evidence is None:
        raise NotFound("骚扰名单未启用", "the list of malicious callers is off")
    return desk.rooms.evidence


async def _audit(desk: Desk, request: Request, who: Person, what: str, whom: str, **detail: str) -> None:
    deed = Deed(who=who.account, what=what, whom=whom, from_where=address_of(request), detail=detail)
    await desk.security.audit.note(deed)
