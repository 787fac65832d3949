"""What people keep under a name: views of the list are one's own, texts of replies are the unit's."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.security import Person
from tickets.tables import ticket_shelves

Shape = dict[str, Any]
SHARED = "reply"
KINDS = ("view", SHARED)
_ROOM = 50


class Shelves:
    """All shelves of one site."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self, kind: str, by: Person) -> Sequence[Shape]:
        """[{name, body, by}], by name."""
        c = ticket_shelves.c
        query = select(c.name, c.body, c.by).where(c.owner == _owner(kind, by), c.kind == kind).order_by(c.name)
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def put(self, kind: str, name: str, body: Mapping[str, str], by: Person) -> Shape:
        """Keep it, in place of what had the name. Raises ``RuleBroken``: no name, or no room."""
        owner, name, c = _owner(kind, by), name.strip(), ticket_shelves.c
        if not name:
            raise RuleBroken("请填写名称", "it needs a name", code="field_required")
        row = {"owner": owner, "kind": kind, "name": name, "body": dict(body), "by": by.account}
        async with self._database.unit_of_work() as uow:
            await uow.alone(f"shelf {owner} {kind}")
            await uow.execute(delete(ticket_shelves).where(c.owner == owner, c.kind == kind, c.name == name))
            held = select(func.count()).where(c.owner == owner, c.kind == kind)
            if (await uow.execute(held)).scalar_one() >= _ROOM:
                raise RuleBroken(f"最多保存 {_ROOM} 项", f"at most {_ROOM} are kept", code="full")
            await uow.execute(insert(ticket_shelves).values(row | {"at": self._clock.now()}))
        return {"name": name, "body": dict(body), "by": by.account}

    async def drop(self, kind: str, name: str, by: Person) -> None:
        """Forget it. Raises ``NotFound``."""
        c = ticket_shelves.c
        mine = (c.owner == _owner(kind, by), c.kind == kind, c.name == name)
        async with self._database.unit_of_work() as uow:
            if (await uow.execute(delete(ticket_shelves).where(*mine))).rowcount != 1:
                raise NotFound("没有这一项", "there is no such thing on the shelf")


def _owner(kind: str, by: Person) -> str:
    return f"unit:{by.unit}" if kind == SHARED and by.unit else f"account:{by.account}"
