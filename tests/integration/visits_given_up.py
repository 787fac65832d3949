"""Return visits whose plan is used up, made through the real ledger of tasks."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from callback.lifecycle import Event
from callback.pacing import Pace
from callback.tasks import CallbackTasks
from hotline.clock import Clock
from hotline.database import Database

ZONE = ZoneInfo("Asia/Shanghai")


def _every_day(_: date) -> bool:
    return True


ONCE = Pace(ZONE, ((time(0), time(0)),), _every_day, 4, 50.0, ())
"""One attempt, then people."""


async def given_up(
    database: Database, tasks: CallbackTasks, clock: Clock, *, ticket_id: str = "ticket_1", phone: str = "13800000001",
    event: Event = Event.NO_ANSWER,
) -> Mapping[str, Any]:  # fmt: skip
    """The robot phoned once, nobody was reached, and the task is a person's."""
    async with database.unit_of_work() as uow:
        task_id = await tasks.demand(
            uow, ticket_id=ticket_id, number="260302120000000001", title="路灯不亮", phone=phone, at=clock.now()
        )
    if not phone:
        return await tasks.get(task_id)
    claimed = await tasks.claim(await tasks.get(task_id))
    assert claimed is not None
    return await tasks.fail(await tasks.dial(claimed), event, ONCE)
