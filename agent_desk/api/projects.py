"""Governance projects over many work orders (举一反三)."""

from typing import Annotated

from fastapi import APIRouter, Query

from agent_desk.api.parameters import ACT, READ, Id, Page, Size
from agent_desk.guard import DeskDep, ProjectKeeper, ProjectReader, oversight_of
from agent_desk.oversight_models import (
    AddTicketsWish,
    ProgressWish,
    Project,
    ProjectPage,
    ProjectSuggestions,
    ProjectWish,
    RemoveTicketWish,
    TextWish,
)

router = APIRouter(prefix="/api/projects", tags=["projects"])


@router.get("", responses=READ)
async def find_projects(
    desk: DeskDep,
    viewer: ProjectReader,
    state: Annotated[str | None, Query(max_length=10)] = None,
    page: Page = 1,
    size: Size = 50,
) -> ProjectPage:
    """Projects that this person may see."""
    found = await oversight_of(desk).projects.page(viewer, state=state, page=page, size=size)
    return ProjectPage.model_validate(found)


@router.get("/suggestions", responses=READ)
async def suggest_projects(
    desk: DeskDep,
    _viewer: ProjectKeeper,
    days: Annotated[int | None, Query(ge=1, le=366)] = None,
    least: Annotated[int | None, Query(ge=2, le=1000)] = None,
) -> ProjectSuggestions:
    """Groups of work orders that look like one matter."""
    return ProjectSuggestions.model_validate(
        {"items": list(await oversight_of(desk).projects.suggestions(days, least))}
    )


@router.post("", responses=ACT)
async def open_project(wish: ProjectWish, desk: DeskDep, person: ProjectKeeper) -> Project:
    """A new project."""
    fields = wish.model_dump(exclude={"tickets"})
    return Project.model_validate(await oversight_of(desk).projects.open(fields, wish.tickets, person))


@router.get("/{project_id}", responses=READ)
async def read_project(project_id: Id, desk: DeskDep, viewer: ProjectReader) -> Project:
    """A project with its work orders and steps."""
    return Project.model_validate(await oversight_of(desk).projects.one(project_id, viewer))


@router.post("/{project_id}/tickets", responses=ACT)
async def add_tickets(project_id: Id, wish: AddTicketsWish, desk: DeskDep, person: ProjectKeeper) -> Project:
    """More work orders."""
    return Project.model_validate(await oversight_of(desk).projects.add(project_id, wish.tickets, person))


@router.post("/{project_id}/tickets/remove", responses=ACT)
async def remove_ticket(project_id: Id, wish: RemoveTicketWish, desk: DeskDep, person: ProjectKeeper) -> Project:
    """One work order less."""
    projects = oversight_of(desk).projects
    return Project.model_validate(await projects.remove(project_id, wish.ticket, wish.note, person))


@router.post("/{project_id}/progress", responses=ACT)
async def tell_progress(project_id: Id, wish: ProgressWish, desk: DeskDep, person: ProjectReader) -> Project:
    """How far it got."""
    return Project.model_validate(
        await oversight_of(desk).projects.progress(project_id, wish.note, wish.percent, person)
    )


@router.post("/{project_id}/close", responses=ACT)
async def close_project(project_id: Id, wish: TextWish, desk: DeskDep, person: ProjectKeeper) -> Project:
    """The end, with its result."""
    return Project.model_validate(await oversight_of(desk).projects.close(project_id, wish.text, person))
