"""The campaigns' tables in SQL: every change conditional on what was read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from callback.campaigns.lists import Listed
from callback.campaigns.quotas import Standing
from callback.campaigns.tables import campaign_entries as entries
from callback.campaigns.tables import campaigns
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.ids import new_id
from hotline.logs import mask_phone

Row = dict[str, Any]
WAITING, WITH_ROBOT, DONE = "waiting", "robot", "done"
SURVEYED, WITHDRAWN = "surveyed", "withdrawn"
_PIECE = 500


class CampaignStore:
    """Reads and writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- campaigns ------------------------------------------------------------------------------------------------

    async def get(self, campaign_id: str) -> Row:
        """Raises NotFound."""
        rows = await self._read(select(campaigns).where(campaigns.c.id == campaign_id))
        return _found(rows)

    async def locked(self, uow: UnitOfWork, campaign_id: str) -> Row:
        """The row, nobody else's to change until the end of this transaction. Raises NotFound."""
        query = select(campaigns).where(campaigns.c.id == campaign_id).with_for_update()
        return _found([dict(row) for row in (await uow.execute(query)).mappings()])

    async def change(self, uow: UnitOfWork, row: Row, changes: Row) -> Row:
        """Raises RuleBroken when somebody was faster."""
        changes = changes | {"version": row["version"] + 1}
        same = (campaigns.c.id == row["id"], campaigns.c.version == row["version"])
        if (await uow.execute(update(campaigns).where(*same).values(changes))).rowcount != 1:
            raise RuleBroken("民调已被他人修改,请刷新", "somebody changed this campaign; reload", code="conflict")
        return row | changes

    async def page(self, *, state: str | None, page: int, size: int) -> tuple[list[Row], int]:
        """Newest first, and how many there are."""
        where = [campaigns.c.state == state] if state else []
        query = select(campaigns).where(*where).order_by(campaigns.c.created_at.desc(), campaigns.c.id)
        rows = await self._read(query.limit(size).offset((page - 1) * size))
        return rows, await self._count(select(func.count()).select_from(campaigns).where(*where))

    async def in_state(self, *states: str) -> list[Row]:
        """Oldest first."""
        query = select(campaigns).where(campaigns.c.state.in_(states))
        return await self._read(query.order_by(campaigns.c.created_at))

    # -- entries --------------------------------------------------------------------------------------------------

    async def replace_list(self, uow: UnitOfWork, campaign_id: str, listed: Sequence[Listed]) -> None:
        """The list of a draft."""
        await uow.execute(entries.delete().where(entries.c.campaign_id == campaign_id))
        for begins in range(0, len(listed), _PIECE):
            rows: list[Row] = [
                {
                    "id": new_id("entry"), "campaign_id": campaign_id, "place": place, "phone": one.phone,
                    "name": one.name, "group": one.group, "note": one.note, "ticket_id": one.ticket_id,
                    "state": WAITING, "answers": {},
                }
                for place, one in enumerate(listed[begins : begins + _PIECE], begins)
            ]  # fmt: skip
            await uow.execute(insert(entries), rows)

    async def standings(self, campaign_id: str, uow: UnitOfWork | None = None) -> dict[str, Standing]:
        """How far each group is."""
        surveyed = func.count().filter(entries.c.disposition == SURVEYED).label("surveyed")
        waiting = func.count().filter(entries.c.state == WAITING).label("waiting")
        busy = func.count().filter(entries.c.state == WITH_ROBOT).label("busy")
        query = select(entries.c.group, waiting, busy, surveyed).where(entries.c.campaign_id == campaign_id)
        query = query.group_by(entries.c.group)
        if uow is not None:
            rows = [dict(row) for row in (await uow.execute(query)).mappings()]
        else:
            rows = await self._read(query)
        return {row["group"]: Standing(row["waiting"], row["busy"], row["surveyed"]) for row in rows}

    async def next_of(self, uow: UnitOfWork, campaign_id: str, group: str, most: int) -> list[Row]:
        """Who of this group is asked next."""
        where = (entries.c.campaign_id == campaign_id, entries.c.group == group, entries.c.state == WAITING)
        query = select(entries).where(*where).order_by(entries.c.place).limit(most)
        return [dict(row) for row in (await uow.execute(query)).mappings()]

    async def hand_over(self, uow: UnitOfWork, entry_id: str, task_id: str) -> None:
        """The robot has it. Raises RuleBroken when it does not wait any more."""
        waiting = (entries.c.id == entry_id, entries.c.state == WAITING)
        handed = {"state": WITH_ROBOT, "task_id": task_id}
        if (await uow.execute(update(entries).where(*waiting).values(handed))).rowcount != 1:
            raise RuleBroken("该条目已处理", "this entry has moved on", code="conflict")

    async def done(self, uow: UnitOfWork, entry_id: str, values: Mapping[str, Any]) -> str | None:
        """The entry has its disposition; the campaign's id, or None when it had one before."""
        still = (entries.c.id == entry_id, entries.c.state == WITH_ROBOT)
        changed = update(entries).where(*still).values({**values, "state": DONE})
        if (await uow.execute(changed)).rowcount != 1:
            return None
        found: str | None = await uow.connection.scalar(select(entries.c.campaign_id).where(entries.c.id == entry_id))
        return found

    async def withdraw(self, uow: UnitOfWork, campaign_id: str, closed_tasks: Any, now: datetime) -> int:
        """Nobody who waits is asked any more, with the robot or not; ``closed_tasks``: the query of tasks withdrawn."""
        of = entries.c.campaign_id == campaign_id
        waits = (entries.c.state == WAITING) | ((entries.c.state == WITH_ROBOT) & entries.c.task_id.in_(closed_tasks))
        gone = {"state": DONE, "disposition": WITHDRAWN, "done_at": now}
        return (await uow.execute(update(entries).where(of, waits).values(gone))).rowcount

    async def entries_page(
        self, campaign_id: str, *, state: str | None, disposition: str | None, page: int, size: int
    ) -> Row:
        """{items, total} in the order of the list."""
        where = [entries.c.campaign_id == campaign_id]
        where += [entries.c.state == state] if state else []
        where += [entries.c.disposition == disposition] if disposition else []
        query = select(entries).where(*where).order_by(entries.c.place)
        rows = await self._read(query.limit(size).offset((page - 1) * size))
        total = await self._count(select(func.count()).select_from(entries).where(*where))
        return {"items": [shape_of(row) for row in rows], "total": total}

    async def surveyed(self, campaign_id: str) -> list[Row]:
        """{group, answers} of everybody who answered something."""
        where = (entries.c.campaign_id == campaign_id, entries.c.disposition == SURVEYED)
        return await self._read(select(entries.c.group, entries.c.answers).where(*where))

    async def dispositions(self, campaign_id: str) -> dict[str, int]:
        """How the entries ended; under the empty name those that have not."""
        ended = func.coalesce(entries.c.disposition, "")
        query = select(ended, func.count()).where(entries.c.campaign_id == campaign_id).group_by(ended)
        async with self._database.reading() as connection:
            return dict((await connection.execute(query)).all())

    async def counts(self, campaign_ids: Sequence[str]) -> dict[str, Row]:
        """Campaign → {entries, done, surveyed}."""
        done = func.count().filter(entries.c.state == DONE).label("done")
        surveyed = func.count().filter(entries.c.disposition == SURVEYED).label("surveyed")
        query = select(entries.c.campaign_id, func.count().label("entries"), done, surveyed)
        rows = await self._read(query.where(entries.c.campaign_id.in_(campaign_ids)).group_by(entries.c.campaign_id))
        return {row.pop("campaign_id"): row for row in rows}

    async def _read(self, query: Any) -> list[Row]:
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def _count(self, query: Any) -> int:
        async with self._database.reading() as connection:
            return await connection.scalar(query) or 0


def shape_of(row: Row) -> Row:
    """An entry as the API shows it: the number masked."""
    names = ("id", "place", "name", "group", "note", "ticket_id", "state", "task_id", "disposition", "answers", "words")
    return {name: row[name] for name in names} | {"phone_masked": mask_phone(row["phone"]), "done_at": row["done_at"]}


def _found(rows: Sequence[Row]) -> Row:
    if not rows:
        raise NotFound("没有这个民调", "there is no such campaign")
    return rows[0]
