"""Use cases of supervision: take proposals up, record a level's result, press, urge, answer. Each one unit of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.oversight import LetterAnswered, LetterSent, ProposalDecided
from hotline.ids import new_id
from hotline.oversight import Supervision as SupervisionSettings
from hotline.security import Person, Role
from tickets import store
from tickets.deadlines import due
from tickets.documents import Document
from tickets.process_book import Executes
from tickets.roads import TABLE
from tickets.service import WorkOrders, actor_of
from tickets.site import TicketSite
from tickets.states import DONE, Action, State
from tickets.supervision.letters import KIND_ZH, Kind, letter, number_of
from tickets.supervision.tables import supervision_courses, supervision_letters, supervision_proposals
from tickets.supervision.triggers import GROUND_ZH, Ground
from tickets.tables import tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_HOUSE = (Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN)
_p, _l = supervision_proposals.c, supervision_letters.c


class Supervising:
    """Supervision of one site's work orders."""

    def __init__(self, database: Database, clock: Clock, site: TicketSite, orders: WorkOrders, *, name: str) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._orders = orders
        self._name = name

    @property
    def _settings(self) -> SupervisionSettings:
        return self._site.supervision

    # ── proposals ───────────────────────────────────────────────────────────────────────────────────────────────
    async def proposals(self, *, state: str | None, ground: str | None, page: int, size: int) -> Shape:
        """What the engine proposes, newest first."""
        conditions = [*([_p.state == state] if state else []), *([_p.ground == ground] if ground else [])]
        query = select(supervision_proposals).where(*conditions).order_by(_p.at.desc(), _p.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(supervision_proposals).where(*conditions))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            ids = [row["ticket_id"] for row in rows]
            found = (await connection.execute(select(tickets).where(tickets.c.id.in_(ids)))).mappings()
            known = {row["id"]: dict(row) for row in found}
        items = [self._proposal(dict(row), known[row["ticket_id"]]) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    async def accept(
        self, proposal_id: str, note: str, skip_reason: str | None, level: int | None, by: Person
    ) -> Shape:
        """Supervise as proposed, or at another level. The work order's own law decides whether it may be."""
        async with self._database.unit_of_work() as uow:
            row = await _open_proposal(uow, proposal_id)
            ticket = await _ticket(uow, row["ticket_id"])
            if State(ticket["state"]) in DONE:
                raise RuleBroken(
                    "工单已办结，不能再列入督办；需要时请先“重新办理”，否则不予采纳",
                    "the work order is done: reopen it first, or dismiss the proposal", code="done",
                )  # fmt: skip
            form = {
                "level": level or min(ticket["supervise_level"] + 1, 5), "skip_reason": skip_reason,
                "note": note or f"{GROUND_ZH[Ground(row['ground'])]}：{row['because']}",
            }  # fmt: skip
            ticket = await self._orders.carry(uow, ticket, Action.SUPERVISE, actor_of(by), form)
            row = await self._decide(uow, row, "accepted", note, by)
        return self._proposal(row, ticket)

    async def dismiss(self, proposal_id: str, note: str, by: Person) -> Shape:
        """Let it be, for a reason."""
        async with self._database.unit_of_work() as uow:
            row = await _open_proposal(uow, proposal_id)
            row = await self._decide(uow, row, "dismissed", note, by)
            ticket = await _ticket(uow, row["ticket_id"])
        return self._proposal(row, ticket)

    async def conclude(self, ticket_id: str, result: str, solved: bool, by: Person) -> Shape:
        """The result of the present level: solved ends the supervision, else the next level may be asked for."""
        actor = actor_of(by)
        async with self._database.unit_of_work() as uow:
            row = await _ticket(uow, ticket_id)
            if solved and (State(row["state"]), Action.RELEASE) in TABLE:
                await self._orders.carry(uow, row, Action.RELEASE, actor, {"note": result})
            elif not await self._orders.watch.conclude(uow, row, result, solved=solved, by=by.account):
                raise RuleBroken("该工单没有待得出结果的督办", "no level of supervision waits for its result")
        return await self.of_ticket(ticket_id, by)

    # ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def press(self, ticket_id: str, kind: str, text: str, days: int | None, by: Person) -> Shape:
        """Send a numbered letter, or an urging, to the unit that has the work order."""
        wanted = Kind(kind)
        for _ in range(5):
            try:
                async with self._database.unit_of_work() as uow:
                    ticket = await _ticket(uow, ticket_id)
                    return self._letter(await self._send(uow, ticket, wanted, text, days, by), ticket)
            except IntegrityError:  # somebody took this number in the same instant
                continue
        raise RuleBroken("编号冲突，请重试", "the number was taken: try again", code="conflict")

    async def answer(self, letter_id: str, text: str, by: Person) -> Shape:
        """The unit answers, once."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await _letter(uow, letter_id, by)
            if row["unit"] != by.unit:
                raise NotFound("没有这份函件", "there is no such letter")
            said = {"answer": text, "answered_at": now, "answered_by": by.account}
            unanswered = (_l.id == row["id"], _l.answered_at.is_(None))
            if (await uow.execute(update(supervision_letters).where(*unanswered).values(said))).rowcount != 1:
                raise RuleBroken("该函件已反馈", "this letter has its answer", code="conflict")
            named = {"letter_id": row["id"], "ticket_id": row["ticket_id"], "number": row["number"]}
            uow.record(LetterAnswered(at=now, by=by.account, late=now > row["due_at"], **named))
            ticket = await _ticket(uow, row["ticket_id"])
        return self._letter(row | said, ticket)

    async def letters(self, viewer: Person, *, state: str | None, page: int, size: int) -> Shape:
        """Letters that ``viewer`` may see, newest first; ``state``: ``open``, ``late`` or ``answered``."""
        now = self._clock.now()
        conditions = [_visible(viewer)]
        match state:
            case "open":
                conditions.append(_l.answered_at.is_(None))
            case "late":
                conditions += [_l.answered_at.is_(None), _l.due_at < now]
            case "answered":
                conditions.append(_l.answered_at.is_not(None))
            case _:
                pass
        query = select(supervision_letters).where(*conditions).order_by(_l.sent_at.desc(), _l.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(supervision_letters).where(*conditions))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            ids = [row["ticket_id"] for row in rows]
            found = (await connection.execute(select(tickets).where(tickets.c.id.in_(ids)))).mappings()
            known = {row["id"]: dict(row) for row in found}
        items = [self._letter(dict(row), known[row["ticket_id"]]) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    async def document(self, letter_id: str, viewer: Person) -> tuple[str, Document]:
        """The letter's number, and what is printed."""
        async with self._database.reading() as connection:
            row = await _letter(connection, letter_id, viewer)
            ticket = await _ticket(connection, row["ticket_id"])
        told = row | {
            "dispatched": self._day(ticket["dispatched_at"]), "due": self._day(ticket["due_at"]),
            "answer_by": self._day(row["due_at"]), "sent": self._day(row["sent_at"]),
        }  # fmt: skip
        level = self._settings.levels[row["level"] - 1] if row["level"] else "—"
        unit = self._site.views.units.get(row["unit"], row["unit"])
        return row["number"], letter(told, ticket, unit=unit, level=level, site=self._name)

    async def of_ticket(self, ticket_id: str, viewer: Person) -> Shape:
        """Levels, letters and, for the house, proposals of one work order that ``viewer`` may see."""
        await self._orders.ticket(ticket_id, viewer)
        async with self._database.reading() as connection:
            ticket = await _ticket(connection, ticket_id)
            of = ticket["id"]
            c = supervision_courses.c
            courses = await connection.execute(
                select(supervision_courses).where(c.ticket_id == of).order_by(c.opened_at, c.level)
            )
            courses_found = [dict(row) for row in courses.mappings()]
            query = select(supervision_letters).where(_l.ticket_id == of, _visible(viewer)).order_by(_l.sent_at)
            letters_found = [dict(row) for row in (await connection.execute(query)).mappings()]
            asked = select(supervision_proposals).where(_p.ticket_id == of).order_by(_p.at)
            proposals = [dict(row) for row in (await connection.execute(asked)).mappings()] if _in_house(viewer) else []
        return {
            "level": ticket["supervise_level"], "levels": list(self._settings.levels),
            "courses": [self._course(row) for row in courses_found],
            "letters": [self._letter(row, ticket) for row in letters_found],
            "proposals": [self._proposal(row, ticket) for row in proposals],
        }  # fmt: skip

    async def supervised(self, *, level: int | None, page: int, size: int) -> Shape:
        """Work orders under supervision, the highest level first, with the count of each level."""
        c = tickets.c
        wanted = c.supervise_level == level if level else c.supervise_level > 0
        waits = exists().where(supervision_courses.c.ticket_id == c.id, supervision_courses.c.result.is_(None))
        query = select(tickets, waits.label("waits")).where(wanted)
        query = query.order_by(c.supervise_level.desc(), c.due_at, c.id).limit(size).offset((page - 1) * size)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
            counted = select(c.supervise_level, func.count()).where(c.supervise_level > 0).group_by(c.supervise_level)
            counts = {int(one[0]): int(one[1]) for one in (await connection.execute(counted)).all()}
        names = self._settings.levels
        items = [{"ticket": self._orders.glance(dict(row)), "waits_for_result": bool(row["waits"])} for row in rows]
        levels = [{"level": n + 1, "name": name, "count": counts.get(n + 1, 0)} for n, name in enumerate(names)]
        total = counts.get(level, 0) if level else sum(counts.values())
        return {"items": items, "total": total, "page": page, "size": size, "levels": levels}

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _send(self, uow: UnitOfWork, ticket: Row, kind: Kind, text: str, days: int | None, by: Person) -> Row:
        if ticket["unit"] is None:
            raise RuleBroken("该工单尚未派单，没有承办单位可督办", "no unit has this work order yet")
        if kind is Kind.LETTER and ticket["supervise_level"] == 0:
            raise RuleBroken("发督办函前应先列入督办", "supervise it before you send a press letter")
        now, year = self._clock.now(), self._clock.now().astimezone(self._site.zone).year
        taken = select(func.max(_l.serial)).where(_l.kind == kind.value, _l.year == year)
        serial = int((await uow.execute(taken)).scalar() or 0) + 1
        row: Row = {
            "id": new_id("letter"), "kind": kind.value, "year": year, "serial": serial,
            "number": number_of(kind, self._settings.letter_prefix, year, serial), "ticket_id": ticket["id"],
            "unit": ticket["unit"], "level": ticket["supervise_level"], "text": text, "sent_at": now,
            "sent_by": by.account, "due_at": due(self._site.rules.calendar, now, days or self._settings.letter_days).at,
            "answer": None, "answered_at": None, "answered_by": None,
        }  # fmt: skip
        await uow.execute(insert(supervision_letters).values(row))
        named = {name: row[name] for name in ("ticket_id", "kind", "number", "unit", "level", "due_at")}
        uow.record(LetterSent(at=now, by=by.account, letter_id=row["id"], **named))
        return row

    async def _decide(self, uow: UnitOfWork, row: Row, state: str, note: str, by: Person) -> Row:
        now = self._clock.now()
        said = {"state": state, "note": note, "decided_at": now, "decided_by": by.account}
        done = await uow.execute(
            update(supervision_proposals).where(_p.id == row["id"], _p.state == "open").values(said)
        )
        if done.rowcount != 1:
            raise RuleBroken("该建议已处理", "this proposal was decided", code="conflict")
        named = {"proposal_id": row["id"], "ticket_id": row["ticket_id"]}
        uow.record(ProposalDecided(at=now, by=by.account, accepted=state == "accepted", note=note, **named))
        return row | said

    def _proposal(self, row: Row, ticket: Row) -> Shape:
        names = ("id", "ground", "level", "because", "others", "state", "decided_by", "note")
        iso = self._site.views.iso
        return {name: row[name] for name in names} | {
            "ground_zh": GROUND_ZH[Ground(row["ground"])], "at": iso(row["at"]), "decided_at": iso(row["decided_at"]),
            "ticket": self._orders.glance(ticket), "level_name": self._settings.levels[row["level"] - 1],
        }  # fmt: skip

    def _letter(self, row: Row, ticket: Row) -> Shape:
        names = ("id", "kind", "number", "unit", "level", "text", "sent_by", "answer", "answered_by")
        iso, end = self._site.views.iso, row["answered_at"] or self._clock.now()
        return {name: row[name] for name in names} | {
            "kind_zh": KIND_ZH[Kind(row["kind"])], "sent_at": iso(row["sent_at"]), "due_at": iso(row["due_at"]),
            "answered_at": iso(row["answered_at"]), "late": end > row["due_at"],
            "unit_name": self._site.views.units.get(row["unit"], row["unit"]), "ticket": self._orders.glance(ticket),
        }  # fmt: skip

    def _course(self, row: Row) -> Shape:
        names = ("level", "reason", "skip_reason", "opened_by", "result", "solved", "concluded_by")
        iso = self._site.views.iso
        return {name: row[name] for name in names} | {
            "name": self._settings.levels[row["level"] - 1], "opened_at": iso(row["opened_at"]),
            "concluded_at": iso(row["concluded_at"]),
        }  # fmt: skip

    def _day(self, instant: datetime | None) -> str:
        return f"{instant.astimezone(self._site.zone):%Y年%m月%d日 %H:%M}" if instant else ""


def _in_house(viewer: Person) -> bool:
    return viewer.has(*_HOUSE)


def _visible(viewer: Person) -> ColumnElement[bool]:
    return true() if _in_house(viewer) else _l.unit == (viewer.unit or "")


async def _open_proposal(uow: UnitOfWork, proposal_id: str) -> Row:
    found = (await uow.execute(select(supervision_proposals).where(_p.id == proposal_id))).mappings().first()
    if found is None:
        raise NotFound("没有这条督办建议", "there is no such proposal")
    if found["state"] != "open":
        raise RuleBroken("该建议已处理", "this proposal was decided", code="conflict")
    return dict(found)


async def _letter(source: Executes, letter_id: str, viewer: Person) -> Row:
    query = select(supervision_letters).where(_l.id == letter_id, _visible(viewer))
    found = (await source.execute(query)).mappings().first()
    if found is None:
        raise NotFound("没有这份函件", "there is no such letter")
    return dict(found)


async def _ticket(source: Executes, ticket_id: str) -> Row:
    rows: Sequence[Any] = (await source.execute(select(tickets).where(store.named(ticket_id)))).mappings().all()
    if not rows:
        raise NotFound(f"没有工单 {ticket_id[:40]}", f"there is no work order {ticket_id[:40]}")
    return dict(rows[0])
