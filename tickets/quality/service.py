"""Use cases of quality: draw the sample, score, send back what failed, appeal, decide. Each is one unit of work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import Forbidden, NotFound, RuleBroken
from hotline.facts.oversight import QualityAppealed, QualityDecided, QualityScored
from hotline.ids import new_id
from hotline.oversight import Quality as QualitySettings
from hotline.security import Person, Role
from tickets import store
from tickets.deadlines import due
from tickets.months import bounds
from tickets.quality.sampling import selected
from tickets.quality.sheets import STAGE_ZH, Item, Score, Sheet, Stage, road_back, score
from tickets.quality.tables import quality_reviews
from tickets.service import WorkOrders, actor_of
from tickets.site import TicketSite
from tickets.states import State
from tickets.tables import ticket_timeline, tickets

Row = dict[str, Any]
Shape = dict[str, Any]
_c = quality_reviews.c
_FIELDS = (
    "id", "ticket_id", "stage", "sheet", "marks", "total", "passed", "fatal", "note", "returned", "by", "state",
    "account", "unit", "appeal", "appealed_by", "decision", "decided_by", "first_total",
)  # fmt: skip


class Quality:
    """Quality control of one site."""

    def __init__(
        self, database: Database, clock: Clock, site: TicketSite, settings: QualitySettings, orders: WorkOrders
    ) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._settings = settings
        self._orders = orders

    def sheets(self) -> Sequence[Shape]:
        """The site's score sheets, by stage."""
        return [
            {"stage": stage, "stage_zh": STAGE_ZH[Stage(stage)], "share": self._settings.shares.get(stage, 0.0)}
            | sheet.model_dump()
            for stage, sheet in self._settings.sheets.items()
        ]

    async def sample(self, stage: str, month: str) -> Shape:
        """The month's sample of one stage, oldest first, each with its newest review if it has one."""
        begins, ends = bounds(month, self._site.zone)
        share, plan = self._settings.shares.get(Stage(stage).value, 0.0), f"{stage} {month}"
        async with self._database.reading() as connection:
            ids = (await connection.execute(_candidates(Stage(stage), begins, ends))).scalars().all()
            drawn = [one for one in ids if selected(self._settings.seed, plan, one, share)]
            rows = (await connection.execute(select(tickets).where(tickets.c.id.in_(drawn)))).mappings().all()
            of_stage = select(quality_reviews).where(_c.stage == stage, _c.ticket_id.in_(drawn)).order_by(_c.round)
            reviews = {row["ticket_id"]: dict(row) for row in (await connection.execute(of_stage)).mappings()}
        known = {row["id"]: dict(row) for row in rows}
        items = [
            {"ticket": self._orders.glance(known[one]), "review": self._shape(reviews[one], known[one])
             if one in reviews else None}
            for one in drawn
        ]  # fmt: skip
        return {"stage": stage, "month": month, "share": share, "of": len(ids), "items": items}

    async def score(self, ticket_id: str, stage: str, marks: Mapping[str, int], note: str, by: Person) -> Shape:
        """Fill in a sheet; a fail sends the work order back where it can be put right. Raises ``RuleBroken``."""
        wanted, now = Stage(stage), self._clock.now()
        spec = self._settings.sheets.get(wanted.value)
        if spec is None:
            raise RuleBroken(f"本站没有“{STAGE_ZH[wanted]}”评分表", f"the site has no sheet for {wanted}")
        sheet = Sheet([Item(item.name, item.points, item.fatal) for item in spec.items], spec.pass_mark)
        result = score(sheet, marks)
        if not result.passed and not note.strip():
            raise RuleBroken("不合格须写明理由", "a fail needs its reason", code="field_required")
        try:
            async with self._database.unit_of_work() as uow:
                row = await _ticket(uow, ticket_id)
                _require_judgeable(row, wanted)
                kept = await self._keep(uow, row, wanted, spec.model_dump(), marks, result, note, by, now)
        except IntegrityError:
            raise RuleBroken("该工单刚被他人评分", "somebody else has just scored it", code="conflict") from None
        return self._shape(kept, row)

    async def appeal(self, review_id: str, text: str, by: Person) -> Shape:
        """Whose work was judged disagrees, once, in time."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row, ticket = await self._find(uow, review_id, by)
            if not _is_own(row, by):
                raise Forbidden("只能对自己被评的结果申诉", "only who was judged may appeal", code="forbidden")
            if now > due(self._site.rules.calendar, row["at"], self._settings.appeal_days).at:
                raise RuleBroken("已超过申诉期限", "the time for an appeal is over", code="too_late")
            row = await _change(
                uow, row, "scored", state="appealed", appeal=text, appealed_by=by.account, appealed_at=now
            )
            uow.record(
                QualityAppealed(at=now, by=by.account, review_id=row["id"], ticket_id=row["ticket_id"], text=text)
            )
        return self._shape(row, ticket)

    async def decide(self, review_id: str, marks: Mapping[str, int] | None, text: str, by: Person) -> Shape:
        """Decide an appeal: new marks, or none to uphold. Not by who scored it: four eyes."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row, ticket = await self._find(uow, review_id, by)
            if row["by"] == by.account:
                raise RuleBroken("评分人不能裁定对自己评分的申诉", "who scored it does not decide the appeal")
            result = _scored_again(row, marks) if marks else Score(row["total"], row["passed"], tuple(row["fatal"]))
            upheld = marks is None or (result.total, result.passed) == (row["total"], row["passed"])
            row = await _change(
                uow, row, "appealed", state="upheld" if upheld else "revised", decision=text, decided_by=by.account,
                decided_at=now, marks=dict(marks or row["marks"]), total=result.total, passed=result.passed,
                fatal=list(result.fatal), first_total=row["total"],
            )  # fmt: skip
            uow.record(
                QualityDecided(
                    at=now, by=by.account, review_id=row["id"], ticket_id=row["ticket_id"], upheld=upheld,
                    total=result.total, passed=result.passed, text=text,
                )
            )  # fmt: skip
        return self._shape(row, ticket)

    async def page(self, viewer: Person, *, stage: str | None, state: str | None, page: int, size: int) -> Shape:
        """Reviews that ``viewer`` may see, newest first."""
        conditions = [_visible(viewer)]
        conditions += [_c.stage == stage] if stage else []
        conditions += [_c.state == state] if state else []
        query = select(quality_reviews).where(*conditions).order_by(_c.at.desc(), _c.id)
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(quality_reviews).where(*conditions))
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            ids = {row["ticket_id"] for row in rows}
            found = (await connection.execute(select(tickets).where(tickets.c.id.in_(ids)))).mappings()
            known = {row["id"]: dict(row) for row in found}
        items = [self._shape(dict(row), known[row["ticket_id"]]) for row in rows]
        return {"items": items, "total": total or 0, "page": page, "size": size}

    async def of_ticket(self, ticket_id: str, viewer: Person) -> Sequence[Shape]:
        """The reviews of one work order that ``viewer`` may see, oldest first."""
        query = select(quality_reviews).where(_c.ticket_id == ticket_id, _visible(viewer)).order_by(_c.at)
        async with self._database.reading() as connection:
            ticket = await store.read_ticket(connection, ticket_id)
            rows = (await connection.execute(query)).mappings().all()
        return [self._shape(dict(row), ticket) for row in rows] if ticket else []

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _keep(
        self, uow: UnitOfWork, row: Row, stage: Stage, sheet: Shape, marks: Mapping[str, int], result: Score,
        note: str, by: Person, now: datetime,
    ) -> Row:  # fmt: skip
        earlier = select(quality_reviews).where(_c.ticket_id == row["id"], _c.stage == stage.value).order_by(_c.round)
        rounds = [dict(one) for one in (await uow.execute(earlier)).mappings()]
        if rounds and rounds[-1]["passed"]:
            raise RuleBroken("该工单此环节已评分", "this stage has its score", code="conflict")
        action = None if result.passed else road_back(stage, State(row["state"]))
        unit = row["unit"] if stage is Stage.HANDLING else None
        account = None if stage in (Stage.HANDLING, Stage.CALLBACK) else row["accepted_by"] or row["created_by"]
        kept: Row = dict.fromkeys(column.name for column in quality_reviews.columns) | {
            "id": new_id("review"), "ticket_id": row["id"], "stage": stage.value, "round": len(rounds),
            "account": account, "unit": unit, "sheet": sheet, "marks": dict(marks), "total": result.total,
            "passed": result.passed, "fatal": list(result.fatal), "note": note, "returned": action is not None,
            "by": by.account, "at": now, "state": "scored",
        }  # fmt: skip
        await uow.execute(insert(quality_reviews).values(kept))
        uow.record(
            QualityScored(
                at=now, by=by.account, review_id=kept["id"], ticket_id=row["id"], stage=stage.value,
                subject=unit or account or "callback", total=result.total, passed=result.passed, fatal=result.fatal,
                returned=action is not None,
            )
        )  # fmt: skip
        if action is not None:
            reason = f"{STAGE_ZH[stage]}质检{result.total}分，不合格：{note}"
            await self._orders.carry(uow, row, action, actor_of(by), {"note": reason})
        return kept

    async def _find(self, uow: UnitOfWork, review_id: str, viewer: Person) -> tuple[Row, Row]:
        found = await uow.execute(select(quality_reviews).where(_c.id == review_id, _visible(viewer)))
        row = found.mappings().first()
        if row is None:
            raise NotFound("没有这张评分表", "there is no such review")
        return dict(row), await _ticket(uow, row["ticket_id"])

    def _shape(self, row: Row, ticket: Row) -> Shape:
        iso = self._site.views.iso
        times = {name: iso(row[name]) for name in ("at", "appealed_at", "decided_at")}
        unit_name = self._site.views.units.get(row["unit"] or "", row["unit"])
        until = iso(due(self._site.rules.calendar, row["at"], self._settings.appeal_days).at)
        return {name: row[name] for name in _FIELDS} | times | {
            "stage_zh": STAGE_ZH[Stage(row["stage"])], "ticket": self._orders.glance(ticket), "unit_name": unit_name,
            "appeal_until": until,
        }  # fmt: skip


def _visible(viewer: Person) -> ColumnElement[bool]:
    """Agents and units see what was judged of their own; the house sees all."""
    if viewer.has(Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN):
        return true()
    ways = [_c.account == viewer.account]
    if viewer.has(Role.DEPARTMENT) and viewer.unit:
        ways.append(_c.unit == viewer.unit)
    return or_(*ways)


def _is_own(row: Row, by: Person) -> bool:
    return row["account"] == by.account or (row["unit"] is not None and row["unit"] == by.unit)


def _require_judgeable(row: Row, stage: Stage) -> None:
    lacks = {
        Stage.CALL: row["call_id"] is None and row["channel"] != "telephone",
        Stage.ORDER: False,
        Stage.HANDLING: not row["reply"],
        Stage.CALLBACK: row["disposition"] is None,
    }[stage]
    if lacks:
        raise RuleBroken(f"该工单尚无“{STAGE_ZH[stage]}”可评", f"there is nothing to judge at stage {stage} yet")


def _scored_again(row: Row, marks: Mapping[str, int]) -> Score:
    """By the sheet that was in force then."""
    items = [Item(item["name"], item["points"], item["fatal"]) for item in row["sheet"]["items"]]
    return score(Sheet(items, row["sheet"]["pass_mark"]), marks)


async def _change(uow: UnitOfWork, row: Row, expected: str, **changes: Any) -> Row:
    """One conditional UPDATE from the state that was expected."""
    done = await uow.execute(update(quality_reviews).where(_c.id == row["id"], _c.state == expected).values(changes))
    if done.rowcount != 1:
        raise RuleBroken("该评分已处理过，不能再次操作", "this review is past that", code="conflict")
    return row | changes


async def _ticket(uow: UnitOfWork, ticket_id: str) -> Row:
    row = await store.fetch(uow, ticket_id)
    if row is None:
        raise NotFound(f"没有工单 {ticket_id[:40]}", f"there is no work order {ticket_id[:40]}")
    return row


def _candidates(stage: Stage, begins: datetime, ends: datetime) -> Any:
    """Work orders that went through the stage in the month."""
    c = tickets.c
    within = and_(c.created_at >= begins, c.created_at < ends)
    match stage:
        case Stage.CALL:
            ways = [within, c.call_id.is_not(None)]
        case Stage.ORDER:
            ways = [within, c.state != State.DRAFT.value]
        case Stage.HANDLING:
            t = ticket_timeline.c
            replied = exists().where(t.ticket_id == c.id, t.action == "reply", t.at >= begins, t.at < ends)
            ways = [c.reply.is_not(None), replied]
        case Stage.CALLBACK:
            ways = [c.closed_at >= begins, c.closed_at < ends, c.disposition.is_not(None)]
    return select(c.id).where(*ways, c.parent_id.is_(None)).order_by(c.created_at, c.id)
