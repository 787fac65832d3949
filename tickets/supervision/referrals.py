"""Sealed referrals to the discipline role (纪检监察), and the discipline ledger. Who may is asked before, by the desk;
that somebody opened one is written by the desk's audit before the content leaves."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.oversight import DisciplineRecorded, ReferralMoved, ReferralSealed
from hotline.ids import new_id
from hotline.security import Person
from tickets import store
from tickets.site import TicketSite
from tickets.supervision.discipline import check_penalty, sums, total
from tickets.supervision.seal import Seal
from tickets.supervision.tables import discipline_cases, sealed_referrals
from tickets.tables import tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_r, _d = sealed_referrals.c, discipline_cases.c
_COPIED = ("number", "title", "type", "category", "place", "description", "reply", "contact", "unit", "phone")


class Referrals:
    """What is handed to the discipline role, and what came of it."""

    def __init__(self, database: Database, clock: Clock, site: TicketSite, seal: Seal) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._seal = seal

    async def refer(self, ticket_ids: Sequence[str], text: str, by: Person) -> Shape:
        """Seal the text with copies of the work orders. The receipt is all that the sender keeps."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            copies = [await self._copy(uow, ticket_id) for ticket_id in dict.fromkeys(ticket_ids)]
            row: Row = {
                "id": new_id("referral"), "sealed": self._seal.close({"text": text, "tickets": copies}),
                "sealed_by": by.account, "sealed_at": now, "state": "sealed",
            }  # fmt: skip
            await uow.execute(insert(sealed_referrals).values(row))
            uow.record(ReferralSealed(at=now, by=by.account, referral_id=row["id"]))
        return {"id": row["id"], "sealed_at": self._site.views.iso(now)}

    async def page(self, *, state: str | None, page: int, size: int) -> Shape:
        """Referrals without their content, newest first."""
        conditions = [_r.state == state] if state else []
        query = select(sealed_referrals).where(*conditions).order_by(_r.sealed_at.desc(), _r.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        shown = rows[(page - 1) * size : page * size]
        return {"items": [self._glance(dict(row)) for row in shown], "total": len(rows), "page": page, "size": size}

    async def open(self, referral_id: str, by: Person) -> Shape:
        """The content. The first opening is noted in the row and the ledger."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await _referral(uow, referral_id)
            if row["state"] == "sealed":
                said = {"state": "opened", "opened_by": by.account, "opened_at": now}
                await uow.execute(update(sealed_referrals).where(_r.id == row["id"], _r.state == "sealed").values(said))
                uow.record(ReferralMoved(at=now, by=by.account, referral_id=row["id"], state="opened"))
                row |= said
        content = self._seal.open(row["sealed"])
        outcome = self._seal.open(row["outcome"]) if row["outcome"] else None
        return self._glance(row) | {"text": content["text"], "tickets": content["tickets"], "outcome": outcome}

    async def close(self, referral_id: str, outcome: str, by: Person) -> Shape:
        """What came of it, sealed too."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await _referral(uow, referral_id)
            said = {"state": "closed", "closed_by": by.account, "closed_at": now, "outcome": self._seal.close(outcome)}
            done = await uow.execute(
                update(sealed_referrals).where(_r.id == row["id"], _r.state == "opened").values(said)
            )
            if done.rowcount != 1:
                raise RuleBroken("只能办结已开启的材料", "only an opened referral can be closed", code="conflict")
            uow.record(ReferralMoved(at=now, by=by.account, referral_id=row["id"], state="closed"))
        return await self.open(referral_id, by)

    # ── the discipline ledger ───────────────────────────────────────────────────────────────────────────────────
    async def record(self, fields: Shape, by: Person) -> Shape:
        """One decision. Raises ``RuleBroken`` for a ground or a penalty that the site does not know."""
        check_penalty(self._site.supervision, fields["ground"], fields["penalty"])
        if fields["unit"] not in self._site.views.units:
            raise RuleBroken("没有这个单位", "there is no such unit", code="unknown_unit")
        now, decided_on = self._clock.now(), fields["decided_on"]
        assert isinstance(decided_on, date)
        row = {name: fields[name] for name in ("unit", "ground", "penalty", "persons", "published")} | {
            "id": new_id("discipline"), "decided_on": decided_on.isoformat(), "at": now, "by": by.account,
            "sealed": self._seal.close({"names": fields.get("names") or "", "referral": fields.get("referral") or ""}),
        }  # fmt: skip
        async with self._database.unit_of_work() as uow:
            await uow.execute(insert(discipline_cases).values(row))
            named = {name: row[name] for name in ("unit", "ground", "penalty", "persons", "published")}
            uow.record(DisciplineRecorded(at=now, by=by.account, case_id=row["id"], **named))
        return self._case(row)

    async def cases(self, *, page: int, size: int) -> Shape:
        """The entries with their names, newest first: for the discipline role."""
        rows = await self._cases("", "9")
        rows.reverse()
        shown = rows[(page - 1) * size : page * size]
        return {"items": [self._case(row) for row in shown], "total": len(rows), "page": page, "size": size}

    async def summary(self, since: date, until: date) -> Shape:
        """Counts without names: in all, and by ground, penalty, unit and month; each column adds up to the whole."""
        rows = await self._cases(since.isoformat(), until.isoformat())
        names = self._site.views.units  # a ground or a month is its own name
        parts = {
            by: [{"name": names.get(key, key)} | asdict(one) for key, one in sums(rows, by).items()]
            for by in ("ground", "penalty", "unit", "month")
        }
        grounds = [ground.model_dump() for ground in self._site.supervision.grounds]
        return {"since": since, "until": until, "total": asdict(total(rows)), "grounds": grounds} | parts

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _cases(self, since: str, until: str) -> list[Row]:
        query = select(discipline_cases).where(_d.decided_on >= since, _d.decided_on <= until)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(_d.decided_on, _d.id))
            return [dict(row) for row in rows.mappings()]

    def _case(self, row: Row) -> Shape:
        names = ("id", "unit", "ground", "penalty", "persons", "published", "decided_on", "by")
        unit_name = self._site.views.units.get(row["unit"], row["unit"])
        kept: Shape = self._seal.open(row["sealed"])
        return {name: row[name] for name in names} | kept | {"unit_name": unit_name}

    def _glance(self, row: Row) -> Shape:
        iso = self._site.views.iso
        times = {name: iso(row.get(name)) for name in ("sealed_at", "opened_at", "closed_at")}
        return {name: row.get(name) for name in ("id", "sealed_by", "state", "opened_by", "closed_by")} | times

    async def _copy(self, uow: UnitOfWork, ticket_id: str) -> Shape:
        row = (await uow.execute(select(tickets).where(store.named(ticket_id)))).mappings().first()
        if row is None:
            raise NotFound(f"没有工单 {ticket_id[:40]}", f"there is no work order {ticket_id[:40]}")
        steps = await uow.execute(store.steps_of(row["id"]))
        timeline = [self._site.views.step(dict(step)) for step in steps.mappings()]
        return {name: row[name] for name in _COPIED} | {"timeline": timeline}


async def _referral(uow: UnitOfWork, referral_id: str) -> Row:
    row = (await uow.execute(select(sealed_referrals).where(_r.id == referral_id))).mappings().first()
    if row is None:
        raise NotFound("没有这份材料", "there is no such referral")
    return dict(row)
