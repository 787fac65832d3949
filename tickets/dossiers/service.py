"""Use cases of dossiers: open, write in, draw a sample, close. Each one unit of work, each entry only added."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, func, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.oversight import DossierWritten
from hotline.ids import new_id
from hotline.security import Person, Role
from tickets import store
from tickets.dossiers.law import ENTRY_ZH, LAWS, Entry, Kind, check_closing, check_entry, check_keeper, check_opening
from tickets.dossiers.tables import dossier_entries, dossier_samples, dossiers
from tickets.process_book import Executes
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.states import DONE, State
from tickets.tables import tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_d, _e, _s = dossiers.c, dossier_entries.c, dossier_samples.c
_HOUSE = (Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN)
_PLAIN = ("title", "subject", "subject_name", "unit", "lead", "place")
_SAMPLED_DAYS = 90
_MOST_DRAWN_FROM = 20_000


class Dossiers:
    """Dossiers of one site."""

    def __init__(self, database: Database, clock: Clock, site: TicketSite, orders: WorkOrders) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._orders = orders

    async def open(
        self, kind: Kind, fields: Mapping[str, Any], roster: Sequence[Mapping[str, Any]], by: Person
    ) -> Shape:
        """A fresh dossier, with its roster where it has one. Raises ``RuleBroken``, ``Forbidden``."""
        check_keeper(kind, by)
        check_opening(kind, fields, roster)
        if fields.get("unit"):
            self._site.check_field("unit", fields["unit"])
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            await uow.alone("numbers of dossiers")
            count = int((await uow.execute(select(func.count()).where(_d.kind == kind.value))).scalar_one())
            row: Row = {name: str(fields.get(name) or "").strip() for name in _PLAIN} | {
                "id": new_id("dossier"), "kind": kind.value, "state": "open", "opened_by": by.account,
                "number": f"{LAWS[kind].prefix}{now.astimezone(self._site.zone):%Y%m%d}{count + 1:04}",
                "begins_on": _day(fields.get("begins_on")), "ends_on": _day(fields.get("ends_on")), "opened_at": now,
                "closed_at": None, "result": None,
            }  # fmt: skip
            await uow.execute(insert(dossiers).values(row))
            uow.record(self._written(row, "open", by))
            for one in roster:
                await self._write(uow, row, Entry.ROSTER, one, by)
        return await self.one(row["id"], by)

    async def write(self, dossier_id: str, entry: Entry, fields: Mapping[str, Any], by: Person) -> Shape:
        """One more entry; a decision becomes a dispatched work order in the same breath."""
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, dossier_id, by)
            check_entry(Kind(row["kind"]), entry, fields)
            await self._write(uow, row, entry, fields, by)
        return await self.one(dossier_id, by)

    async def draw(self, dossier_id: str, count: int, by: Person) -> Shape:
        """Sample ``count`` of the unit's work orders of the last months, by a lot that anybody can draw again."""
        since = self._clock.now() - timedelta(days=_SAMPLED_DAYS)
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, dossier_id, by)
            if not LAWS[Kind(row["kind"])].samples:
                raise RuleBroken("只有现场检查抽查工单", "only an inspection samples work orders")
            c = tickets.c
            query = select(c.id).where(c.unit == row["unit"], c.dispatched_at >= since)
            ids = (await uow.execute(query.order_by(c.dispatched_at.desc()).limit(_MOST_DRAWN_FROM))).scalars().all()
            held = select(_s.ticket_id).where(_s.dossier_id == row["id"])
            known = set((await uow.execute(held)).scalars())
            drawn = [one for one in lots(row["number"], ids) if one not in known][:count]
            if not drawn:
                raise RuleBroken("该单位近期没有可抽查的工单", "there is nothing to sample at this unit")
            rows = [
                {"dossier_id": row["id"], "ticket_id": one, "drawn": len(known) + at} for at, one in enumerate(drawn)
            ]
            await uow.execute(insert(dossier_samples), rows)
            uow.record(self._written(row, "draw", by, tickets=tuple(drawn)))
        return await self.one(dossier_id, by)

    async def close(self, dossier_id: str, result: str, by: Person) -> Shape:
        """The end, when nothing that was promised in it is open."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._open_row(uow, dossier_id, by)
            entries = await _entries(uow, row["id"])
            check_closing(Kind(row["kind"]), entries, await _open_tickets(uow, row["id"]))
            said = {"state": "closed", "closed_at": now, "result": result}
            still = (_d.id == row["id"], _d.state == "open")
            if (await uow.execute(update(dossiers).where(*still).values(said))).rowcount != 1:
                raise RuleBroken("该卷宗已结束", "the dossier is closed", code="conflict")
            uow.record(self._written(row, "close", by))
        return await self.one(dossier_id, by)

    async def page(self, viewer: Person, *, kind: Kind, state: str | None, page: int, size: int) -> Shape:
        """Dossiers of one kind that ``viewer`` may see, newest first."""
        where = [_d.kind == kind.value, _visible(viewer), *([_d.state == state] if state else [])]
        query = select(dossiers).where(*where).order_by(_d.opened_at.desc(), _d.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(dossiers).where(*where))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
        items = [self._summary(dict(row)) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    async def one(self, dossier_id: str, viewer: Person) -> Shape:
        """A dossier with its entries, samples, and who is on duty now. Raises ``NotFound``."""
        async with self._database.reading() as connection:
            query = select(dossiers).where(_d.id == dossier_id, _visible(viewer))
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                raise NotFound("没有这份卷宗", "there is no such dossier")
            entries = await _entries(connection, dossier_id)
            named = await self._glances(connection, [entry["ticket_id"] for entry in entries if entry["ticket_id"]])
            drawn = select(_s.ticket_id).where(_s.dossier_id == dossier_id).order_by(_s.drawn)
            samples = list((await connection.execute(drawn)).scalars())
            sampled = await self._glances(connection, samples)
        now, law = self._clock.now(), LAWS[Kind(row["kind"])]
        keeps = viewer.has(*law.keepers) and row["state"] == "open"
        on_duty = [e for e in entries if e["entry"] == Entry.ROSTER and e["begins"] <= now < e["ends"]]
        return self._summary(dict(row)) | {
            "entries": [self._entry(entry, named) for entry in entries],
            "samples": [sampled[one] for one in samples if one in sampled],
            "on_duty": [entry["who"] for entry in on_duty],
            "may_write": [entry.value for entry in law.entries] if keeps else [],
            "may_draw": law.samples and keeps,
        }

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _write(self, uow: UnitOfWork, row: Row, entry: Entry, fields: Mapping[str, Any], by: Person) -> None:
        refers_to, ticket_id = None, None
        match entry:
            case Entry.DONE:
                refers_to = int(fields["refers_to"])
                await self._check_milestone(uow, row["id"], refers_to)
            case Entry.FINDING:
                ticket_id = await self._sampled(uow, row["id"], str(fields["ticket"]))
            case Entry.DECISION:
                text = f"{LAWS[Kind(row['kind'])].zh}“{row['title']}”议定：{fields['text']}"
                made = await self._orders.commission(uow, text, str(fields["text"]), str(fields["unit"]), by)
                ticket_id = made["id"]
            case _:
                pass
        fresh = {
            "dossier_id": row["id"], "at": self._clock.now(), "by": by.account, "entry": entry.value,
            "text": str(fields.get("text") or ""), "who": str(fields.get("who") or ""), "begins": fields.get("begins"),
            "ends": fields.get("ends"), "due_on": _day(fields.get("due_on")), "refers_to": refers_to,
            "unit": str(fields.get("unit") or ""), "ticket_id": ticket_id,
        }  # fmt: skip
        await uow.execute(insert(dossier_entries).values(fresh))
        uow.record(self._written(row, entry.value, by, tickets=(ticket_id,) if ticket_id else ()))

    async def _check_milestone(self, uow: UnitOfWork, dossier_id: str, entry_id: int) -> None:
        entries = await _entries(uow, dossier_id)
        if not any(one["id"] == entry_id and one["entry"] == Entry.MILESTONE for one in entries):
            raise RuleBroken("没有这个节点", "there is no such milestone", code="bad_field")
        if any(one["refers_to"] == entry_id for one in entries):
            raise RuleBroken("该节点已完成", "this milestone was reached", code="conflict")

    async def _sampled(self, uow: UnitOfWork, dossier_id: str, ticket: str) -> str:
        query = select(tickets.c.id).join(dossier_samples, _s.ticket_id == tickets.c.id)
        found: str | None = (await uow.execute(query.where(_s.dossier_id == dossier_id, store.named(ticket)))).scalar()
        if found is None:
            raise RuleBroken("该工单不在抽查之列", "this work order was not sampled", code="bad_target")
        return found

    async def _open_row(self, uow: UnitOfWork, dossier_id: str, by: Person) -> Row:
        """Held until the end: what is written meanwhile comes before or after, never beside."""
        query = select(dossiers).where(_d.id == dossier_id, _visible(by)).with_for_update()
        row = (await uow.execute(query)).mappings().first()
        if row is None:
            raise NotFound("没有这份卷宗", "there is no such dossier")
        check_keeper(Kind(row["kind"]), by)
        if row["state"] != "open":
            raise RuleBroken("该卷宗已结束", "the dossier is closed", code="closed")
        return dict(row)

    async def _glances(self, connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Shape]:
        found = await connection.execute(select(tickets).where(tickets.c.id.in_(set(ids))))
        return {row["id"]: self._orders.glance(dict(row)) for row in found.mappings()}

    def _written(self, row: Row, entry: str, by: Person, tickets: tuple[str, ...] = ()) -> DossierWritten:
        return DossierWritten(
            at=self._clock.now(), by=by.account, dossier_id=row["id"], number=row["number"], kind=row["kind"],
            entry=entry, tickets=tickets,
        )  # fmt: skip

    def _summary(self, row: Row) -> Shape:
        names = ("id", "number", "kind", *_PLAIN, "begins_on", "ends_on", "state", "opened_by", "result")
        iso = self._site.views.iso
        return {name: row[name] for name in names} | {
            "kind_zh": LAWS[Kind(row["kind"])].zh, "unit_name": self._site.views.units.get(row["unit"], row["unit"]),
            "opened_at": iso(row["opened_at"]), "closed_at": iso(row["closed_at"]),
        }  # fmt: skip

    def _entry(self, row: Row, named: Mapping[str, Shape]) -> Shape:
        names = ("id", "by", "entry", "text", "who", "due_on", "refers_to", "unit")
        iso = self._site.views.iso
        return {name: row[name] for name in names} | {
            "entry_zh": ENTRY_ZH[Entry(row["entry"])], "at": iso(row["at"]), "begins": iso(row["begins"]),
            "ends": iso(row["ends"]), "unit_name": self._site.views.units.get(row["unit"], row["unit"]),
            "ticket": named.get(row["ticket_id"] or ""),
        }  # fmt: skip


def lots(number: str, ids: Sequence[str]) -> list[str]:
    """``ids`` in an order that nobody chose: by the hash of the dossier's number and each id."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{number}\0{one}".encode()).digest())


def _visible(viewer: Person) -> ColumnElement[bool]:
    if viewer.has(*_HOUSE):
        return true()
    ways: list[ColumnElement[bool]] = [false()]
    if viewer.has(Role.DISCIPLINE):
        ways.append(_d.kind == Kind.INSPECTION.value)
    if viewer.has(Role.DEPARTMENT) and viewer.unit:
        ways.append((_d.unit == viewer.unit) & (_d.kind != Kind.INSPECTION.value))  # who is inspected is not told
    return or_(*ways)


def _day(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None


async def _entries(source: Executes, dossier_id: str) -> list[Row]:
    query = select(dossier_entries).where(_e.dossier_id == dossier_id).order_by(_e.id)
    return [dict(row) for row in (await source.execute(query)).mappings()]


async def _open_tickets(uow: UnitOfWork, dossier_id: str) -> list[str]:
    """Numbers of the work orders of its decisions that are not done."""
    query = select(tickets.c.number, tickets.c.state).join(dossier_entries, _e.ticket_id == tickets.c.id)
    wanted = (_e.dossier_id == dossier_id, _e.entry == Entry.DECISION.value)
    rows = (await uow.execute(query.where(*wanted).order_by(tickets.c.number))).all()
    return [row.number for row in rows if State(row.state) not in DONE]
