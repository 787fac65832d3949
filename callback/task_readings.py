"""What is owed and how it went, read: for the robot, for screens, for the proof."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from callback.lifecycle import BY_ROBOT, DISPOSITION_ZH, STATE_ZH, State
from callback.port import MISSED, Row
from callback.tables import callback_attempts, callback_engines, callback_pauses, callback_tasks, callback_wishes
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound
from hotline.logs import mask_phone

_t = callback_tasks.c


class TaskReadings:
    """Readings of the callback room's tables."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone

    async def due(self, now: datetime, limit: int) -> list[Row]:
        """Tasks to dial now, the longest due of each unit (or campaign) first, at most ``limit`` of each.

        Calls that nobody took are not among them: the line rings these citizens when their place is reached. With
        ``wish``: the hours in which their citizen wants to be phoned.
        """
        turn = func.row_number().over(partition_by=_t.unit, order_by=(_t.due_at, _t.id)).label("turn")
        of_robot = (_t.state == State.DUE.value, _t.kind != MISSED)
        waiting = select(_t.id, turn).where(*of_robot, _t.due_at <= now).subquery()
        wish = callback_wishes.c.hours.label("wish")
        query = select(callback_tasks, wish).join(waiting, waiting.c.id == _t.id)
        query = query.outerjoin(callback_wishes, callback_wishes.c.phone == _t.phone).where(waiting.c.turn <= limit)
        return await self._rows(query.order_by(_t.due_at, _t.id))

    async def next_due(self, after: datetime) -> datetime | None:
        """When the next task falls due later than ``after``."""
        of_robot = (_t.state == State.DUE.value, _t.kind != MISSED)
        query = select(func.min(_t.due_at)).where(*of_robot, _t.due_at > after)
        async with self._database.reading() as connection:
            found: datetime | None = await connection.scalar(query)
        return found

    async def unsettled(self, engine: str, now: datetime) -> list[Row]:
        """Tasks that were on the phone when somebody last wrote them down: ours, and those of robots that are gone."""
        living = select(callback_engines.c.id).where(callback_engines.c.alive_until > now)
        nobody_elses = or_(_t.engine.is_(None), _t.engine == engine, _t.engine.not_in(living))
        states = [state.value for state in BY_ROBOT]
        return await self._rows(select(callback_tasks).where(_t.state.in_(states), _t.kind != MISSED, nobody_elses))

    async def asterisk_of(self, engine: str | None) -> str | None:
        """The Asterisk with which that robot dials, or dialled."""
        query = select(callback_engines.c.asterisk).where(callback_engines.c.id == engine)
        async with self._database.reading() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def get(self, task_id: str) -> Row:
        """One task. Raises ``NotFound``."""
        rows = await self._rows(select(callback_tasks).where(_t.id == task_id))
        if not rows:
            raise NotFound("没有这个回访任务", f"there is no return visit {task_id[:40]}")
        return rows[0]

    async def of_ticket(self, ticket_id: str) -> Sequence[Row]:
        """The return visits of a work order, oldest first, in the API's shape."""
        query = select(callback_tasks).where(_t.ticket_id == ticket_id).order_by(_t.created_at)
        return [self._shape(row) for row in await self._rows(query)]

    async def attempts(self, task_id: str) -> list[Row]:
        """Each time somebody was dialled for a task, oldest first."""
        query = select(callback_attempts).where(callback_attempts.c.task_id == task_id)
        return await self._rows(query.order_by(callback_attempts.c.dialled_at))

    async def page(
        self, *, state: str | None, page: int, size: int, kind: str | None = None, campaign_id: str | None = None
    ) -> Row:
        """{items, total}, what moved last first."""
        page, size = max(page, 1), min(max(size, 1), 200)
        wanted = {_t.state: state, _t.kind: kind, _t.campaign_id: campaign_id}
        conditions = [column == value for column, value in wanted.items() if value]
        query = select(callback_tasks).where(*conditions).order_by(_t.updated_at.desc(), _t.id)
        rows = await self._rows(query.limit(size).offset((page - 1) * size))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(callback_tasks).where(*conditions))
        return {"items": [self._shape(row) for row in rows], "total": total or 0}

    async def funnel(self, since: datetime) -> dict[str, int]:
        """How attempts ended that were dialled since; ``open`` is what is on the phone."""
        outcome = func.coalesce(callback_attempts.c.outcome, "open")
        query = select(outcome, func.count()).where(callback_attempts.c.dialled_at >= since).group_by(outcome)
        async with self._database.reading() as connection:
            return {str(row[0]): row[1] for row in await connection.execute(query)}

    async def pauses(self) -> dict[str, str]:
        """Scope → who paused it; the empty scope is everything."""
        query = select(callback_pauses.c.scope, callback_pauses.c.by)
        async with self._database.reading() as connection:
            return {str(row[0]): row[1] for row in await connection.execute(query)}

    async def _rows(self, query: Any) -> list[Row]:
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    def _shape(self, row: Row) -> Row:
        at = row["done_at"] or row["answered_at"] or row["dialled_at"] or row["due_at"]
        return {name: row[name] for name in _SHOWN} | {
            "task_id": row["id"],
            "state_zh": STATE_ZH[State(row["state"])],
            "phone_masked": mask_phone(row["phone"]),
            "due_at": row["due_at"].astimezone(self._zone).isoformat(timespec="seconds"),
            "at": at.astimezone(self._zone).isoformat(timespec="seconds"),
        }


_SHOWN: Collection[str] = (
    "ticket_id", "number", "title", "state", "attempt", "disposition", "solved", "satisfaction",
)  # fmt: skip


def label(disposition: str) -> str:
    """A disposition in Chinese; one that a person put in his own words is left as it is."""
    return DISPOSITION_ZH.get(disposition, disposition)
