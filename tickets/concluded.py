"""Which work orders ended, and with which disposition: for the proof that every citizen was asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from hotline.database import Database
from tickets.states import State
from tickets.tables import tickets

_ENDED = (State.CLOSED.value, State.ARCHIVED.value)


async def read_concluded(
    database: Database, since: datetime, until: datetime
) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
    """{id, number, disposition} of the main orders that ended in this time, and of those that wait for a visit now.

    What was answered on the line has its disposition when it is archived; before, nobody is owed a call for it.
    """
    c = tickets.c
    shown = select(c.id, c.number, c.disposition).where(c.parent_id.is_(None))
    async with database.reading() as connection:
        done = await connection.execute(shown.where(c.state.in_(_ENDED), c.closed_at >= since, c.closed_at < until))
        waiting = await connection.execute(shown.where(c.state == State.TO_CALLBACK.value))
        return [dict(row) for row in done.mappings()], [dict(row) for row in waiting.mappings()]
