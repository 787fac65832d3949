"""The calls that we owe: an agent sees those of the own seat's groups, with the number to dial; a supervisor all."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from agent_desk.api.parameters import Id
from agent_desk.guard import Desk, DeskDep, PromiseKeeper
from agent_desk.models import Promise, PromiseList
from agent_desk.refusals import documented
from hotline.security import Person, may

router = APIRouter(prefix="/api", tags=["promises"])


@router.get("/promises", responses=documented(401, 403, 503))
async def read_promises(
    desk: DeskDep, viewer: PromiseKeeper, state: Annotated[Literal["open", "done"], Query()] = "open"
) -> PromiseList:
    """Citizens who are to be phoned back, or were."""
    items = await desk.rooms.call_centre.promises(state, _groups_of(desk, viewer))
    return PromiseList.model_validate({"items": list(items)})


@router.post("/promises/{promise_id}/keep", responses=documented(401, 403, 404, 413, 503))
async def keep_promise(promise_id: Id, desk: DeskDep, person: PromiseKeeper) -> Promise:
    """The citizen was phoned back; who did it stands in the ledger."""
    centre = desk.rooms.call_centre
    return Promise.model_validate(await centre.keep_promise(promise_id, person, _groups_of(desk, person)))


def _groups_of(desk: Desk, person: Person) -> Sequence[str] | None:
    """None: all groups."""
    if may(person, "live.watch"):
        return None
    return desk.rooms.call_centre.seat(person.seat).groups if person.seat is not None else ()
