"""Use cases of assessment: a month's marks, what stands behind a figure, exclusions, publishing, the bulletin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import Forbidden, NotFound, RuleBroken
from hotline.facts.oversight import AssessmentPublished, ExclusionAsked, ExclusionDecided
from hotline.ids import new_id
from hotline.oversight import Assessment as AssessmentSettings
from hotline.security import Person, Role
from tickets import store
from tickets.assessment.bulletin import as_csv, as_xlsx, bulletin, scores
from tickets.assessment.figures import FIGURE_ZH, FORMULAS, Board, Figure, Mark, Rate, board, marks, whole
from tickets.assessment.reading import digest_of, newest, read_lives
from tickets.assessment.tables import assessment_exclusions, assessment_months
from tickets.documents import Document
from tickets.months import bounds
from tickets.process_book import Executes
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.tables import tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_x, _m = assessment_exclusions.c, assessment_months.c
_HOUSE = (Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN)


@dataclass(frozen=True)
class _Month:
    """A month as it was computed."""

    name: str
    since: datetime
    through: int
    ended: bool
    marks: Sequence[Mark]
    digest: str


class Assessment:
    """Marks of one site's units."""

    def __init__(
        self, database: Database, clock: Clock, site: TicketSite, settings: AssessmentSettings, orders: WorkOrders,
        *, name: str,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._site = site
        self._settings = settings
        self._orders = orders
        self._name = name
        self._last: _Month | None = None

    # ── months ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def month(self, month: str) -> Shape:
        """Every unit's figures: as published, or as the ledger says now."""
        found, published = await self._standing(month)
        boards = self._boards(found.marks)
        return {
            "month": month, "through": found.through, "ended": found.ended, "digest": found.digest,
            "published": self._published(published), "weights": self._settings.weights.model_dump(),
            "red_from": self._settings.red_from, "yellow_below": self._settings.yellow_below,
            "least": self._settings.least,
            "figures": [
                {"figure": one.value, "zh": FIGURE_ZH[one], "formula_zh": formula, "formula_en": formula_en}
                for one, (formula, formula_en) in FORMULAS.items()
            ],
            "whole": {figure.value: _rate(rate) for figure, rate in whole(found.marks).items()},
            "units": [self._mark(mark, boards) for mark in found.marks],
        }  # fmt: skip

    async def behind(self, month: str, unit: str, figure: str, viewer: Person) -> Shape:
        """The work orders behind one figure, those that do not count as they should first. Units: their own."""
        if not viewer.has(*_HOUSE) and viewer.unit != unit:
            raise Forbidden("只能查看本单位的考核明细", "only your own unit's")
        found, _ = await self._standing(month)
        mark = next((mark for mark in found.marks if mark.unit == unit), None)
        if mark is None:
            raise NotFound("没有这个单位", "there is no such unit")
        rate = mark.rates[Figure(figure)]
        counted = frozenset(rate.counted)
        bad_counts = Figure(figure) is Figure.RETURNED
        ids = sorted(rate.of, key=lambda one: ((one in counted) is not bad_counts, one))[:500]
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(tickets).where(tickets.c.id.in_(ids)))).mappings()
            known = {row["id"]: dict(row) for row in rows}
        items = [{"ticket": self._orders.glance(known[one]), "counts": one in counted} for one in ids if one in known]
        return {"month": month, "unit": unit, "figure": figure, "rate": _rate(rate), "items": items}

    async def publish(self, month: str, by: Person) -> Shape:
        """Let a month stand that is over. Once; from then on it is recomputed up to the same row."""
        found = await self._compute(month)
        if not found.ended:
            raise RuleBroken("本月尚未结束，不能发布", "the month is not over", code="too_early")
        now = self._clock.now()
        row = {
            "month": month, "since": found.since, "through": found.through, "digest": found.digest, "by": by.account,
            "at": now, "settings": self._settings.model_dump(mode="json"),
            "marks": {mark.unit: mark.score for mark in found.marks},
        }  # fmt: skip
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(assessment_months).values(row))
                uow.record(
                    AssessmentPublished(at=now, by=by.account, month=month, through=found.through, digest=found.digest)
                )
        except IntegrityError:
            raise RuleBroken("该月已发布", "this month is published", code="conflict") from None
        return await self.month(month)

    async def verify(self, month: str) -> Shape:
        """Recompute a published month from the ledger: the same rows must give the same digest."""
        published = await self._row_of(month)
        if published is None:
            raise NotFound("该月尚未发布", "this month is not published")
        self._last = None
        again = await self._compute(month, published)
        return {"month": month, "published": published["digest"], "recomputed": again.digest,
                "same": published["digest"] == again.digest}  # fmt: skip

    async def trend(self, unit: str, months: int) -> Sequence[Shape]:
        """A unit's scores in the published months, oldest first."""
        async with self._database.reading() as connection:
            query = select(_m.month, _m.marks).order_by(_m.month.desc()).limit(months)
            rows = (await connection.execute(query)).all()
        return [{"month": name, "score": scores.get(unit)} for name, scores in reversed(rows)]

    async def paper(self, month: str) -> Document:
        """The bulletin."""
        found, _ = await self._standing(month)
        today = f"{self._clock.now().astimezone(self._site.zone):%Y年%m月%d日}"
        units, boards = self._site.views.units, self._boards(found.marks)
        return bulletin(month, found.marks, boards, units, site=self._name, signed=today)

    async def table(self, month: str, *, excel: bool = False) -> bytes:
        """The marks as CSV, or as an Excel workbook."""
        found, _ = await self._standing(month)
        table = scores(month, found.marks, self._boards(found.marks), self._site.views.units)
        return as_xlsx(table) if excel else as_csv(table)

    # ── exclusions (不纳入考核) ─────────────────────────────────────────────────────────────────────────────────
    async def ask_exclusion(self, ticket_id: str, reason: str, by: Person) -> Shape:
        """A unit, or the hotline for it, asks that a work order does not count. Once for each."""
        shown, now = await self._orders.ticket(ticket_id, by), self._clock.now()
        if shown["unit"] is None or (not by.has(*_HOUSE) and shown["unit"] != by.unit):
            raise RuleBroken("只能为本单位承办的工单申请", "only for a work order that lies with your unit")
        row: Row = {
            "id": new_id("exclusion"), "ticket_id": shown["id"], "unit": shown["unit"], "reason": reason,
            "state": "asked", "asked_by": by.account, "asked_at": now, "decided_by": None, "decided_at": None,
            "note": None,
        }  # fmt: skip
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(assessment_exclusions).values(row))
                named = {"exclusion_id": row["id"], "ticket_id": row["ticket_id"], "unit": row["unit"]}
                uow.record(ExclusionAsked(at=now, by=by.account, reason=reason, **named))
                ticket = await _ticket(uow, row["ticket_id"])
        except IntegrityError:
            raise RuleBroken("该工单已申请过不纳入考核", "this was asked for before", code="conflict") from None
        return self._exclusion(row, ticket)

    async def decide_exclusion(self, exclusion_id: str, approved: bool, note: str, by: Person) -> Shape:
        """Decide, not on one's own asking: four eyes."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            found = (await uow.execute(select(assessment_exclusions).where(_x.id == exclusion_id))).mappings().first()
            if found is None:
                raise NotFound("没有这条申请", "there is no such request")
            row = dict(found)
            if row["asked_by"] == by.account:
                raise RuleBroken("申请人不能审批自己的申请", "who asked does not decide")
            said = {"state": "approved" if approved else "refused", "decided_by": by.account, "decided_at": now}
            said |= {"note": note}
            done = await uow.execute(
                update(assessment_exclusions).where(_x.id == row["id"], _x.state == "asked").values(said)
            )
            if done.rowcount != 1:
                raise RuleBroken("该申请已审批", "this was decided", code="conflict")
            named = {"exclusion_id": row["id"], "ticket_id": row["ticket_id"], "unit": row["unit"]}
            uow.record(ExclusionDecided(at=now, by=by.account, excluded=approved, note=note, **named))
            ticket = await _ticket(uow, row["ticket_id"])
        return self._exclusion(row | said, ticket)

    async def exclusions(self, viewer: Person, *, state: str | None, page: int, size: int) -> Shape:
        """Requests that ``viewer`` may see, newest first."""
        conditions = [] if viewer.has(*_HOUSE) else [_x.unit == (viewer.unit or "")]
        conditions += [_x.state == state] if state else []
        query = select(assessment_exclusions).where(*conditions).order_by(_x.asked_at.desc(), _x.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(assessment_exclusions).where(*conditions))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            ids = [row["ticket_id"] for row in rows]
            known = {
                row["id"]: dict(row)
                for row in (await connection.execute(select(tickets).where(tickets.c.id.in_(ids)))).mappings()
            }
        items = [self._exclusion(dict(row), known[row["ticket_id"]]) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _standing(self, month: str) -> tuple[_Month, Row | None]:
        """The month as it stands, and its publication if there is one."""
        published = await self._row_of(month)
        return await self._compute(month, published), published

    async def _compute(self, month: str, published: Mapping[str, Any] | None = None) -> _Month:
        begins, ends = bounds(month, self._site.zone)
        now, through = self._clock.now(), published["through"] if published else await newest(self._database)
        last = self._last
        if last is not None and (last.name, last.through) == (month, through) and last.ended:
            return last  # nothing was written since, and time adds nothing to a month that is over
        process = self._site.process
        longest = timedelta(days=2 * (max(process.days.values()) + process.extension_days) + 14)
        since = published["since"] if published else begins - longest
        weights = (published["settings"] if published else self._settings.model_dump(mode="json"))["weights"]
        lives = await read_lives(self._database, since, ends, through)
        so_far = min(ends, now + timedelta(microseconds=1))  # what is due later is not late yet
        found = marks(lives.values(), begins, so_far, weights, list(self._site.views.units))
        self._last = _Month(month, since, through, now >= ends, found, digest_of(found))
        return self._last

    async def _row_of(self, month: str) -> Row | None:
        async with self._database.reading() as connection:
            found = await connection.execute(select(assessment_months).where(_m.month == month))
            row = found.mappings().first()
        return dict(row) if row else None

    def _boards(self, found: Sequence[Mark]) -> Mapping[str, Board]:
        kept = self._settings
        return {
            mark.unit: board(mark, red_from=kept.red_from, yellow_below=kept.yellow_below, least=kept.least)
            for mark in found
        }

    def _mark(self, mark: Mark, boards: Mapping[str, Board]) -> Shape:
        return {
            "unit": mark.unit, "name": self._site.views.units.get(mark.unit, mark.unit), "score": mark.score,
            "board": boards[mark.unit].value, "closed": mark.closed, "excluded": len(mark.excluded),
            "rates": {figure.value: _rate(rate) for figure, rate in mark.rates.items()},
        }  # fmt: skip

    def _published(self, row: Row | None) -> Shape | None:
        return {"at": self._site.views.iso(row["at"]), "by": row["by"], "digest": row["digest"]} if row else None

    def _exclusion(self, row: Row, ticket: Row) -> Shape:
        iso = self._site.views.iso
        plain = {name: row[name] for name in ("id", "unit", "reason", "state", "asked_by", "decided_by", "note")}
        times = {"asked_at": iso(row["asked_at"]), "decided_at": iso(row["decided_at"])}
        unit_name = self._site.views.units.get(row["unit"], row["unit"])
        return plain | times | {"unit_name": unit_name, "ticket": self._orders.glance(ticket)}


def _rate(rate: Rate) -> Shape:
    return {"value": rate.value, "counted": len(rate.counted), "of": len(rate.of)}


async def _ticket(uow: UnitOfWork | Executes, ticket_id: str) -> Row:
    row = (await uow.execute(select(tickets).where(store.named(ticket_id)))).mappings().first()
    assert row is not None
    return dict(row)
