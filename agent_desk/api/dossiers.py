"""Dossiers (专项卷宗): duty rosters, enterprises with a named agent, on-site inspections, meetings."""

from typing import Annotated

from fastapi import APIRouter, Query

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.dossier_models import Dossier, DossierPage, DossierWish, DrawWish, EntryWish, KindName
from agent_desk.guard import DeskDep, DossierKeeper, DossierReader, oversight_of
from agent_desk.oversight_models import TextWish
from tickets.dossiers.law import Entry, Kind

router = APIRouter(prefix="/api/dossiers", tags=["dossiers"])


@router.get("", responses=READ)
async def find_dossiers(
    desk: DeskDep,
    viewer: DossierReader,
    kind: KindName,
    state: Annotated[str | None, Query(max_length=10)] = None,
    page: Page = 1,
    size: Size = 50,
) -> DossierPage:
    """Dossiers of one kind that this person may see."""
    found = await oversight_of(desk).dossiers.page(viewer, kind=Kind(kind), state=state, page=page, size=size)
    return DossierPage.model_validate(found)


@router.post("", responses=ACT)
async def open_dossier(wish: DossierWish, desk: DeskDep, person: DossierKeeper) -> Dossier:
    """A new dossier; one for a duty opens with its roster."""
    fields = wish.model_dump(exclude={"kind", "roster"})
    roster = [row.model_dump() for row in wish.roster]
    return Dossier.model_validate(await oversight_of(desk).dossiers.open(Kind(wish.kind), fields, roster, person))


@router.get("/{dossier_id}", responses=READ)
async def read_dossier(dossier_id: Id, desk: DeskDep, viewer: DossierReader) -> Dossier:
    """A dossier with its entries and samples."""
    return Dossier.model_validate(await oversight_of(desk).dossiers.one(dossier_id, viewer))


@router.post("/{dossier_id}/entries", responses=ACT)
async def write_entry(dossier_id: Id, wish: EntryWish, desk: DeskDep, person: DossierKeeper) -> Dossier:
    """One more entry. A decision becomes a work order of the unit that it names."""
    fields = wish.model_dump(exclude={"entry"}, exclude_none=True)
    return Dossier.model_validate(
        await oversight_of(desk).dossiers.write(dossier_id, Entry(wish.entry), fields, person)
    )


@router.post("/{dossier_id}/samples", responses=ACT)
async def draw_samples(dossier_id: Id, wish: DrawWish, desk: DeskDep, person: DossierKeeper) -> Dossier:
    """Draw work orders of the inspected unit, by a lot that anybody can draw again."""
    return Dossier.model_validate(await oversight_of(desk).dossiers.draw(dossier_id, wish.count, person))


@router.post("/{dossier_id}/close", responses=ACT)
async def close_dossier(dossier_id: Id, wish: TextWish, desk: DeskDep, person: DossierKeeper) -> Dossier:
    """The end, when nothing that was promised in it is open."""
    return Dossier.model_validate(await oversight_of(desk).dossiers.close(dossier_id, wish.text, person))
