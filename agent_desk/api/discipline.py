"""Sealed referrals and the discipline ledger. Opening one stands in the audit trail before the content leaves."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.guard import Desk, DeskDep, Discipline, DisciplineCounter, Referrer, address_of, oversight_of
from agent_desk.oversight_models import (
    CaseWish,
    DisciplineCase,
    DisciplineCases,
    DisciplineSummary,
    OpenReferral,
    ReferralPage,
    ReferralReceipt,
    ReferralWish,
    TextWish,
)
from hotline.security import Deed, Person

router = APIRouter(prefix="/api", tags=["discipline"])


@router.post("/referrals", responses=ACT)
async def refer(wish: ReferralWish, request: Request, desk: DeskDep, person: Referrer) -> ReferralReceipt:
    """Hand something to the discipline role, sealed. The receipt is all that comes back."""
    referrals = oversight_of(desk).referrals
    receipt = await referrals.refer(wish.tickets, wish.text, person)
    await _audit(desk, request, person, "referral_sealed", receipt["id"])
    return ReferralReceipt.model_validate(receipt)


@router.get("/referrals", responses=READ)
async def find_referrals(
    desk: DeskDep,
    _person: Discipline,
    state: Annotated[str | None, Query(max_length=10)] = None,
    page: Page = 1,
    size: Size = 50,
) -> ReferralPage:
    """What was referred, without its content."""
    return ReferralPage.model_validate(await oversight_of(desk).referrals.page(state=state, page=page, size=size))


@router.get("/referrals/{referral_id}", responses=READ)
async def open_referral(referral_id: Id, request: Request, desk: DeskDep, person: Discipline) -> OpenReferral:
    """Open it."""
    referrals = oversight_of(desk).referrals
    await _audit(desk, request, person, "referral_opened", referral_id)
    return OpenReferral.model_validate(await referrals.open(referral_id, person))


@router.post("/referrals/{referral_id}/close", responses=ACT)
async def close_referral(
    referral_id: Id, wish: TextWish, request: Request, desk: DeskDep, person: Discipline
) -> OpenReferral:
    """What came of it."""
    referrals = oversight_of(desk).referrals
    await _audit(desk, request, person, "referral_closed", referral_id)
    return OpenReferral.model_validate(await referrals.close(referral_id, wish.text, person))


@router.post("/discipline/cases", responses=ACT)
async def record_case(wish: CaseWish, request: Request, desk: DeskDep, person: Discipline) -> DisciplineCase:
    """One decision: only the site's grounds, each with its own penalty classes."""
    found = await oversight_of(desk).referrals.record(wish.model_dump(), person)
    await _audit(desk, request, person, "discipline_recorded", found["id"])
    return DisciplineCase.model_validate(found)


@router.get("/discipline/cases", responses=READ)
async def find_cases(
    request: Request, desk: DeskDep, person: Discipline, page: Page = 1, size: Size = 50
) -> DisciplineCases:
    """The entries with their names."""
    referrals = oversight_of(desk).referrals
    await _audit(desk, request, person, "discipline_read", "")
    return DisciplineCases.model_validate(await referrals.cases(page=page, size=size))


@router.get("/discipline/summary", responses=READ)
async def sum_cases(
    desk: DeskDep,
    _person: DisciplineCounter,
    since: date = date(2000, 1, 1),
    until: date = date(2999, 12, 31),
) -> DisciplineSummary:
    """Counts without names."""
    return DisciplineSummary.model_validate(await oversight_of(desk).referrals.summary(since, until))


async def _audit(desk: Desk, request: Request, who: Person, what: str, whom: str) -> None:
    await desk.security.audit.note(Deed(who=who.account, what=what, whom=whom, from_where=address_of(request)))
