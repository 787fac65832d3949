"""Use cases of projects: propose groups, open, add and remove work orders, get on, close. Each one unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import Forbidden, NotFound, RuleBroken
from hotline.facts.oversight import ProjectChanged
from hotline.ids import new_id
from hotline.oversight import Projects as ProjectSettings
from hotline.security import Person, Role
from tickets import store
from tickets.process_book import Executes
from tickets.projects.suggestion import suggest
from tickets.projects.tables import project_steps, project_tickets, projects
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.states import DONE
from tickets.tables import tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_c, _t, _s = projects.c, project_tickets.c, project_steps.c
_HOUSE = (Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN)
_MOST_LOOKED_AT = 5000
_ACTION_ZH: Mapping[str, str] = {
    "open": "立项", "add": "加入工单", "remove": "移出工单", "progress": "进展", "close": "结项",
}  # fmt: skip


class Projects:
    """Governance projects of one site."""

    def __init__(
        self, database: Database, clock: Clock, site: TicketSite, settings: ProjectSettings, orders: WorkOrders,
        *, areas: Sequence[str],
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._site = site
        self._settings = settings
        self._orders = orders
        self._areas = areas

    async def suggestions(self, days: int | None, least: int | None) -> Sequence[Shape]:
        """Groups of recent work orders in no project yet that look like one matter."""
        since = self._clock.now() - timedelta(days=days or self._settings.days)
        c = tickets.c
        names = (c.id, c.category, c.place, c.title, c.description, c.unit)
        free = c.id.not_in(select(_t.ticket_id))
        query = select(*names).where(c.created_at >= since, c.parent_id.is_(None), c.state.not_in(("void", "refused")))
        async with self._database.reading() as connection:
            found = await connection.execute(query.where(free).order_by(c.created_at.desc()).limit(_MOST_LOOKED_AT))
            rows = [dict(row) for row in found.mappings()]
        groups = suggest(rows, self._areas, least=least or self._settings.least, likeness=self._settings.likeness)
        units = self._site.views.units
        return [
            asdict(one) | {"count": len(one.ticket_ids), "unit_name": units.get(one.unit, one.unit)}
            for one in groups[:20]
        ]

    async def open(self, fields: Mapping[str, Any], ticket_ids: Sequence[str], by: Person) -> Shape:
        """A project with its first work orders."""
        if fields["unit"] not in self._site.views.units:
            raise RuleBroken("没有这个单位", "there is no such unit", code="unknown_unit")
        now, due_on = self._clock.now(), fields.get("due_on")
        day = now.astimezone(self._site.zone)
        async with self._database.unit_of_work() as uow:
            count = int((await uow.execute(select(func.count()).select_from(projects))).scalar_one())
            row: Row = {name: fields[name] for name in ("name", "category", "place", "unit", "goal")} | {
                "id": new_id("project"), "number": f"XM{day:%Y%m%d}{count + 1:04}", "version": 1, "state": "open",
                "percent": 0, "due_on": due_on.isoformat() if isinstance(due_on, date) else None,
                "opened_by": by.account, "opened_at": now, "closed_at": None, "result": None,
            }  # fmt: skip
            await uow.execute(insert(projects).values(row))
            members = await self._join(uow, row, ticket_ids, by)
            await self._step(uow, row, "open", fields["goal"], by, members, percent=0)
        return await self.one(row["id"], by)

    async def add(self, project_id: str, ticket_ids: Sequence[str], by: Person) -> Shape:
        """More work orders. One that is in another project is refused by name."""
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, project_id)
            members = await self._join(uow, row, ticket_ids, by)
            await self._step(uow, row, "add", "", by, members)
        return await self.one(project_id, by)

    async def remove(self, project_id: str, ticket_id: str, note: str, by: Person) -> Shape:
        """One work order less, for a reason."""
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, project_id)
            ticket = await _ticket(uow, ticket_id)
            gone = delete(project_tickets).where(_t.project_id == row["id"], _t.ticket_id == ticket["id"])
            if (await uow.execute(gone)).rowcount != 1:
                raise NotFound("该工单不在本项目中", "this work order is not in the project")
            await self._step(uow, row, "remove", note, by, [ticket["id"]])
        return await self.one(project_id, by)

    async def progress(self, project_id: str, note: str, percent: int, by: Person) -> Shape:
        """How far it got, told by the unit that leads or by the hotline."""
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, project_id)
            _require_own(row, by)
            await self._change(uow, row, percent=percent)
            await self._step(uow, row, "progress", note, by, [], percent=percent)
        return await self.one(project_id, by)

    async def close(self, project_id: str, result: str, by: Person) -> Shape:
        """The end, with its result."""
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, project_id)
            await self._change(uow, row, state="closed", percent=100, result=result, closed_at=self._clock.now())
            await self._step(uow, row, "close", result, by, [], percent=100)
        return await self.one(project_id, by)

    async def page(self, viewer: Person, *, state: str | None, page: int, size: int) -> Shape:
        """Projects that ``viewer`` may see, newest first, with how many work orders they have and how many are done."""
        conditions = [] if viewer.has(*_HOUSE) else [_c.unit == (viewer.unit or "")]
        conditions += [_c.state == state] if state else []
        query = select(projects).where(*conditions).order_by(_c.opened_at.desc(), _c.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(projects).where(*conditions))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            counts = await _counts(connection, [row["id"] for row in rows])
        items = [self._shape(dict(row), counts.get(row["id"], (0, 0))) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    async def one(self, project_id: str, viewer: Person) -> Shape:
        """A project with its work orders and steps. Raises ``NotFound``, also for what is not the viewer's."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(projects).where(_c.id == project_id))).mappings().first()
            if row is None or not (viewer.has(*_HOUSE) or row["unit"] == viewer.unit):
                raise NotFound("没有这个项目", "there is no such project")
            counts = await _counts(connection, [project_id])
            joined = select(tickets).join(project_tickets, _t.ticket_id == tickets.c.id)
            joined = joined.where(_t.project_id == project_id).order_by(tickets.c.created_at, tickets.c.id)
            members = (await connection.execute(joined)).mappings().all()
            steps = await connection.execute(select(project_steps).where(_s.project_id == project_id).order_by(_s.id))
            timeline = [self._shown(dict(step)) for step in steps.mappings()]
        shape = self._shape(dict(row), counts.get(project_id, (0, 0)))
        return shape | {"tickets": [self._orders.glance(dict(one)) for one in members], "timeline": timeline}

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _open_row(self, uow: UnitOfWork, project_id: str) -> Row:
        row = (await uow.execute(select(projects).where(_c.id == project_id))).mappings().first()
        if row is None:
            raise NotFound("没有这个项目", "there is no such project")
        if row["state"] != "open":
            raise RuleBroken("项目已结项", "the project is closed", code="closed")
        return dict(row)

    async def _join(self, uow: UnitOfWork, row: Row, ticket_ids: Sequence[str], by: Person) -> list[str]:
        make = postgresql.insert if uow.connection.dialect.name == "postgresql" else sqlite.insert
        members = []
        for ticket_id in dict.fromkeys(ticket_ids):
            ticket = await _ticket(uow, ticket_id)
            member = {"ticket_id": ticket["id"], "project_id": row["id"], "by": by.account, "at": self._clock.now()}
            done = await uow.execute(make(project_tickets).values(member).on_conflict_do_nothing())
            if done.rowcount == 1:
                members.append(ticket["id"])
                continue
            held = (await uow.execute(select(_t.project_id).where(_t.ticket_id == ticket["id"]))).scalar()
            if held != row["id"]:
                raise RuleBroken(
                    f"工单{ticket['number']}已在另一项目中",
                    f"{ticket['number']} is in another project",
                    code="conflict",
                )
        return members

    async def _change(self, uow: UnitOfWork, row: Row, **changes: Any) -> None:
        same = (_c.id == row["id"], _c.version == row["version"])
        done = await uow.execute(update(projects).where(*same).values(**changes, version=row["version"] + 1))
        if done.rowcount != 1:
            raise RuleBroken("项目刚被他人修改，请刷新", "somebody else has just changed it", code="conflict")

    async def _step(
        self, uow: UnitOfWork, row: Row, action: str, note: str, by: Person, members: Sequence[str],
        percent: int | None = None,
    ) -> None:  # fmt: skip
        now = self._clock.now()
        step = {"project_id": row["id"], "at": now, "by": by.account, "action": action, "note": note}
        await uow.execute(insert(project_steps).values(step | {"percent": percent, "tickets": list(members)}))
        named = {"project_id": row["id"], "number": row["number"]}
        uow.record(ProjectChanged(at=now, by=by.account, action=action, note=note, tickets=tuple(members), **named))

    def _shown(self, step: Row) -> Shape:
        plain = {name: step[name] for name in ("by", "action", "note", "percent")}
        count = len(step["tickets"])
        return plain | {"at": self._site.views.iso(step["at"]), "action_zh": _ACTION_ZH[step["action"]], "count": count}

    def _shape(self, row: Row, counts: tuple[int, int]) -> Shape:
        names = (
            "id", "number", "name", "category", "place", "unit", "goal", "state", "percent", "due_on", "opened_by",
            "result",
        )  # fmt: skip
        iso = self._site.views.iso
        return {name: row[name] for name in names} | {
            "unit_name": self._site.views.units.get(row["unit"], row["unit"]), "opened_at": iso(row["opened_at"]),
            "closed_at": iso(row["closed_at"]), "count": counts[0], "done": counts[1],
        }  # fmt: skip


def _require_own(row: Row, by: Person) -> None:
    if not by.has(*_HOUSE) and by.unit != row["unit"]:
        raise Forbidden("该项目不由您的单位牵头", "your unit does not lead this project")


async def _counts(source: Executes, project_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Work orders of each project, and how many of them are done."""
    done = func.count().filter(tickets.c.state.in_([state.value for state in DONE]))
    query = select(_t.project_id, func.count().label("count"), done.label("done"))
    query = query.join(tickets, tickets.c.id == _t.ticket_id).where(_t.project_id.in_(project_ids))
    rows = (await source.execute(query.group_by(_t.project_id))).mappings()
    return {row["project_id"]: (int(row["count"]), int(row["done"])) for row in rows}


async def _ticket(uow: UnitOfWork, ticket_id: str) -> Row:
    row = (await uow.execute(select(tickets).where(store.named(ticket_id)))).mappings().first()
    if row is None:
        raise NotFound(f"没有工单 {ticket_id[:40]}", f"there is no work order {ticket_id[:40]}")
    return dict(row)
