"""Whose turn a task is. A claim runs out by itself; every change is one conditional statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from callback.by_hand.tables import hand_claims as claims
from hotline.database import Database, UnitOfWork
from hotline.errors import RuleBroken
from hotline.security import Person

Row = dict[str, Any]


def taken(name: str) -> RuleBroken:
    """The refusal that says whose it is."""
    return RuleBroken(f"该任务正由{name}处理", f"{name} works on this one", code="taken")


class Claims:
    """All claims of a site."""

    def __init__(self, database: Database, minutes: int) -> None:
        self._database = database
        self._lasts = timedelta(minutes=minutes)

    async def take(self, uow: UnitOfWork, task_id: str, by: Person, now: datetime) -> None:
        """It is this person's from now on. Raises RuleBroken while it is another's."""
        held = (await uow.execute(select(claims).where(claims.c.task_id == task_id))).mappings().one_or_none()
        values: Row = {"account": by.account, "name": by.name[:80], "at": now, "until": now + self._lasts}
        if held is None:
            try:
                async with uow.connection.begin_nested():
                    await uow.execute(insert(claims).values(values | {"task_id": task_id, "version": 1}))
            except IntegrityError:
                raise RuleBroken("该任务刚被他人领取", "somebody was faster", code="taken") from None
            return
        if held["account"] != by.account and held["until"] > now:
            raise taken(held["name"])
        same = (claims.c.task_id == task_id, claims.c.version == held["version"])
        changed = await uow.execute(update(claims).where(*same).values(values | {"version": held["version"] + 1}))
        if changed.rowcount != 1:
            raise RuleBroken("该任务刚被他人领取", "somebody was faster", code="taken")

    async def give_back(self, uow: UnitOfWork, task_id: str, account: str | None) -> bool:
        """Anybody may take it; ``account`` None: whoever has it. False: it was not this person's."""
        where = [claims.c.task_id == task_id]
        if account is not None:
            where.append(claims.c.account == account)
        return bool((await uow.execute(delete(claims).where(*where))).rowcount)

    async def demand(self, uow: UnitOfWork, task_id: str, by: Person, now: datetime) -> None:
        """Raise RuleBroken when it is another's; keep a claim of one's own alive."""
        held = (await uow.execute(select(claims).where(claims.c.task_id == task_id))).mappings().one_or_none()
        if held is None or (held["account"] != by.account and held["until"] <= now):
            raise RuleBroken("请先领取该任务", "take this task first", code="not_taken")
        if held["account"] != by.account:
            raise taken(held["name"])
        await uow.execute(update(claims).where(claims.c.task_id == task_id).values(until=now + self._lasts))

    async def of(self, task_ids: Sequence[str], now: datetime) -> dict[str, Row]:
        """Task → its claim, where it has one that has not run out."""
        query = select(claims).where(claims.c.task_id.in_(task_ids), claims.c.until > now)
        async with self._database.reading() as connection:
            return {row["task_id"]: dict(row) for row in (await connection.execute(query)).mappings()}
