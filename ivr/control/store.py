"""One row for each operation under way, so that an engine that was killed takes it up again or undoes it."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, select

from hotline.database import Database, UnitOfWork
from ivr.control.parts import Saga, Stage
from ivr.control.tables import call_control
from ivr.store import upsert

_SAGA = TypeAdapter(Saga)


async def keep(uow: UnitOfWork, saga: Saga, at: datetime) -> None:
    """Write the row, or take it away when the operation is over."""
    if saga.stage is Stage.OVER:
        await uow.execute(delete(call_control).where(call_control.c.call_id == saga.call_id))
        return
    body = _SAGA.dump_json(saga).decode()
    await upsert(uow, call_control, [{"call_id": saga.call_id, "stage": saga.stage.value, "body": body, "at": at}])


async def load(database: Database) -> dict[str, Saga]:
    """The operations under way, by call."""
    async with database.reading() as connection:
        rows = (await connection.execute(select(call_control.c.body))).scalars().all()
    sagas = [_SAGA.validate_json(body) for body in rows]
    return {saga.call_id: saga for saga in sagas}
