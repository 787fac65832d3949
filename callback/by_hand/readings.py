"""What the list for people shows: tasks that are a person's, whose they are, what was tried."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from callback.by_hand.claims import Claims
from callback.by_hand.tables import hand_calls as calls
from callback.by_hand.tables import hand_claims as claims
from callback.tables import callback_tasks as tasks
from hotline.clock import Clock
from hotline.database import Database
from hotline.logs import mask_phone
from hotline.security import Person

Row = dict[str, Any]
_OPEN = ("human", "by_hand")
_SHOWN = ("ticket_id", "number", "title", "kind", "state", "attempt", "disposition", "handed_at", "created_at")


class HandReadings:
    """Readings only."""

    def __init__(self, database: Database, clock: Clock, claims: Claims) -> None:
        self._database = database
        self._clock = clock
        self._claims = claims

    async def page(self, viewer: Person, *, whose: str, page: int, size: int) -> Row:
        """{items, total}, longest with people first; ``whose``: ``all``, ``free`` or ``mine``."""
        page, size, now = max(page, 1), min(max(size, 1), 200), self._clock.now()
        where = [tasks.c.state.in_(_OPEN)]
        held = select(claims.c.task_id).where(claims.c.until > now)
        if whose == "mine":
            where.append(tasks.c.id.in_(held.where(claims.c.account == viewer.account)))
        elif whose == "free":
            where.append(tasks.c.id.not_in(held))
        query = select(tasks).where(*where).order_by(tasks.c.handed_at, tasks.c.created_at, tasks.c.id)
        async with self._database.reading() as connection:
            found = await connection.execute(query.limit(size).offset((page - 1) * size))
            rows = [dict(row) for row in found.mappings()]
            total = await connection.scalar(select(func.count()).select_from(tasks).where(*where))
        claimed = await self._claims.of([row["id"] for row in rows], now)
        return {"items": [self._shape(row, claimed.get(row["id"]), viewer) for row in rows], "total": total or 0}

    async def one(self, row: Row, viewer: Person) -> Row:
        """One task of the list."""
        claimed = await self._claims.of([row["id"]], self._clock.now())
        return self._shape(row, claimed.get(row["id"]), viewer)

    async def calls_of(self, task_id: str) -> Sequence[Row]:
        """The calls made by hand, oldest first."""
        return await self._calls(calls.c.task_id == task_id)

    async def call_ids_of(self, account: str, call_id: str) -> bool:
        """Whether this account made that call."""
        return bool(await self._calls(calls.c.account == account, calls.c.call_id == call_id))

    async def open_calls(self, task_id: str | None = None) -> Sequence[Row]:
        """Calls that were going on when somebody last wrote."""
        of_task = [calls.c.task_id == task_id] if task_id is not None else []
        return await self._calls(calls.c.ended_at.is_(None), *of_task)

    async def stranded(self) -> Sequence[str]:
        """Tasks that are on somebody's phone as far as anybody wrote."""
        async with self._database.reading() as connection:
            return list((await connection.scalars(select(tasks.c.id).where(tasks.c.state == "by_hand"))).all())

    async def _calls(self, *where: Any) -> Sequence[Row]:
        async with self._database.reading() as connection:
            found = await connection.execute(select(calls).where(*where).order_by(calls.c.dialled_at))
            return [dict(row) for row in found.mappings()]

    def _shape(self, row: Row, claim: Row | None, viewer: Person) -> Row:
        shape = {name: row[name] for name in _SHOWN}
        held = None if claim is None else {name: claim[name] for name in ("account", "name", "until")}
        mine = claim is not None and claim["account"] == viewer.account
        return shape | {
            "task_id": row["id"],
            "phone_masked": mask_phone(row["phone"]),
            "phone": row["phone"] if mine else None,
            "has_phone": bool(row["phone"]),
            "claim": held,
            "mine": mine,
        }
