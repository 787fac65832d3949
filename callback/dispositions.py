"""How return visits ended: the list with its filters, one task with all that was tried, today's funnel, the export."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select

from callback.lifecycle import DISPOSITION_ZH, STATE_ZH, State
from callback.port import Row
from callback.tables import callback_attempts as attempts
from callback.tables import callback_tasks as tasks
from hotline.clock import Clock
from hotline.database import Database
from hotline.logs import mask_phone

AT_MOST = 100_000
_PIECE = 500
_SHOWN = (
    "ticket_id", "number", "title", "kind", "state", "unit", "attempt", "disposition", "solved", "satisfaction",
    "manner", "reason", "words", "grounds", "campaign_id", "due_at", "created_at", "done_at", "handed_at",
)  # fmt: skip
_PICKED_UP = ("surveyed", "refused", "wrong_person", "voicemail", "later")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What is looked for. Empty: whatever."""

    state: str = ""
    """A state, or ``open``: whatever is not closed."""
    disposition: str = ""
    kind: str = ""
    unit: str = ""
    words: str = ""
    """Part of the title, or how the number begins or ends."""
    grade: int | None = None
    """1 (满意) to 5 (不满意)."""
    solved: bool | None = None
    campaign_id: str = ""
    since: date | None = None
    until: date | None = None
    """Local days of the last change, both included."""


class Dispositions:
    """Readings only."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone

    async def page(self, wanted: Filter, *, page: int, size: int) -> Row:
        """{items, total}, what moved last first."""
        page, size = max(page, 1), min(max(size, 1), 200)
        where = self._where(wanted)
        query = select(tasks).where(*where).order_by(tasks.c.updated_at.desc(), tasks.c.id)
        rows = await self._read(query.limit(size).offset((page - 1) * size))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(tasks).where(*where))
        return {"items": [shape_of(row) for row in rows], "total": total or 0}

    async def each(self, wanted: Filter) -> AsyncIterator[Row]:
        """All that the list holds, for an export."""
        where, after = self._where(wanted), ""
        for _ in range(0, AT_MOST, _PIECE):
            query = select(tasks).where(*where, tasks.c.id > after).order_by(tasks.c.id)
            rows = await self._read(query.limit(_PIECE))
            for row in rows:
                yield shape_of(row)
            if len(rows) < _PIECE:
                return
            after = rows[-1]["id"]

    async def attempts_of(self, task_id: str) -> list[Row]:
        """Every time somebody was dialled for it, oldest first."""
        query = select(attempts).where(attempts.c.task_id == task_id).order_by(attempts.c.dialled_at)
        return await self._read(query)

    async def task_of(self, channel_id: str) -> str | None:
        """The task for which this channel was dialled."""
        async with self._database.reading() as connection:
            query = select(attempts.c.task_id).where(attempts.c.channel_id == channel_id)
            found: str | None = await connection.scalar(query)
        return found

    async def today(self) -> Row:
        """The funnel since midnight: dialled, picked up, surveyed, and how tasks that closed today ended."""
        midnight = self._instant(self._clock.now().astimezone(self._zone).date())
        outcome = func.coalesce(attempts.c.outcome, "open")
        tried = select(outcome, func.count()).where(attempts.c.dialled_at >= midnight).group_by(outcome)
        ended = select(tasks.c.disposition, func.count()).where(tasks.c.done_at >= midnight)
        standing = select(tasks.c.state, func.count()).where(tasks.c.state != State.CLOSED.value)
        async with self._database.reading() as connection:
            outcomes: dict[str, int] = dict((await connection.execute(tried)).all())
            ended = ended.group_by(tasks.c.disposition)
            closed: dict[str | None, int] = dict((await connection.execute(ended)).all())
            standing = standing.group_by(tasks.c.state)
            open_: dict[str, int] = dict((await connection.execute(standing)).all())
        outcomes.pop("not_sent", None)
        return {
            "dialled": sum(outcomes.values()),
            "picked_up": sum(outcomes.get(name, 0) for name in _PICKED_UP),
            "surveyed": outcomes.get("surveyed", 0),
            "outcomes": outcomes,
            "closed": {name or "": number for name, number in closed.items()},
            "waiting": open_.get(State.DUE.value, 0),
            "with_people": open_.get(State.HUMAN.value, 0) + open_.get(State.BY_HAND.value, 0),
        }

    def _where(self, wanted: Filter) -> list[ColumnElement[bool]]:
        columns = {"disposition": wanted.disposition, "kind": wanted.kind, "unit": wanted.unit}
        columns["campaign_id"] = wanted.campaign_id
        where = [tasks.c[name] == value for name, value in columns.items() if value]
        if wanted.state:
            is_open = tasks.c.state != State.CLOSED.value
            where.append(is_open if wanted.state == "open" else tasks.c.state == wanted.state)
        if wanted.words:
            like = or_(tasks.c.title.contains(wanted.words, autoescape=True),
                       tasks.c.number.startswith(wanted.words, autoescape=True),
                       tasks.c.number.endswith(wanted.words, autoescape=True))  # fmt: skip
            where.append(like)
        where += [tasks.c.satisfaction == wanted.grade] if wanted.grade is not None else []
        where += [tasks.c.solved.is_(wanted.solved)] if wanted.solved is not None else []
        where += [tasks.c.updated_at >= self._instant(wanted.since)] if wanted.since else []
        where += [tasks.c.updated_at < self._instant(wanted.until + timedelta(days=1))] if wanted.until else []
        return where

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self._zone)

    async def _read(self, query: Any) -> list[Row]:
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]


def shape_of(row: Row) -> Row:
    """A task as the API shows it: no number in full."""
    return {name: row[name] for name in _SHOWN} | {
        "task_id": row["id"],
        "state_zh": STATE_ZH[State(row["state"])],
        "disposition_zh": DISPOSITION_ZH.get(row["disposition"] or "", row["disposition"] or ""),
        "phone_masked": mask_phone(row["phone"]),
    }
