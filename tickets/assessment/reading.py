"""Reading a month's lives from the ledger, in pieces, with the folding off the event loop."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from hotline.database import Database
from hotline.ledger import ledger
from tickets.assessment.events import KINDS, Life, Row, absorb
from tickets.assessment.figures import Figure, Mark

_AT_ONCE = 5000


async def newest(database: Database) -> int:
    """The last row of the ledger."""
    async with database.reading() as connection:
        return int(await connection.scalar(select(func.max(ledger.c.seq))) or 0)


async def read_lives(database: Database, since: datetime, ends: datetime, through: int) -> dict[str, Life]:
    """The lives, up to the row ``through``, of all work orders that moved from ``since`` to before ``ends``."""
    c, found = ledger.c, dict[str, Life]()
    moved = select(c.ticket_id).where(c.kind == "TicketMoved", c.at >= since, c.at < ends, c.seq <= through)
    query = select(c.seq, c.at, c.kind, c.ticket_id, c.body).where(
        c.ticket_id.in_(moved.distinct()), c.kind.in_(KINDS), c.seq <= through
    )
    async with database.reading() as connection:
        stream = await connection.stream(query.order_by(c.seq))
        async for piece in stream.partitions(_AT_ONCE):
            await asyncio.to_thread(_absorb, found, piece)
    return found


def digest_of(marks: Sequence[Mark]) -> str:
    """One string for all that a month says: the same rows give the same one."""
    said = [
        [mark.unit, mark.score, mark.closed, sorted(mark.excluded)]
        + [[sorted(mark.rates[figure].counted), sorted(mark.rates[figure].of)] for figure in Figure]
        for mark in marks
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _absorb(found: dict[str, Life], piece: Sequence[Any]) -> None:
    absorb(found, (Row(seq, at, kind, ticket_id, json.loads(body)) for seq, at, kind, ticket_id, body in piece))
