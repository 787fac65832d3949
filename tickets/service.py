"""The tickets room's use cases: what the desk, departments and the callback robot ask of work orders.

Each is one unit of work. Races are settled by the conditional UPDATE in ``store.change``: one wins, the others are
told so. Implements ``WorkOrders`` of the desk's ports and ``Conclusions`` of the callback room, without knowing them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.speech import UtteranceHeard
from hotline.ids import new_id
from hotline.security import Person
from tickets import finding, store
from tickets.dialogue import Spoken
from tickets.drafting import DraftDesk
from tickets.finding import Wanted
from tickets.grains import PivotWish
from tickets.guards import SYSTEM, Actor
from tickets.intake import Intake
from tickets.making import Maker
from tickets.movement import HOUSE, Mover, ReturnVisits
from tickets.moves import verdict
from tickets.pivot import Pivot
from tickets.process_book import ProcessBook
from tickets.protection import hidden_from, may_open
from tickets.recompute import Recomputed, recompute
from tickets.scope import suspect
from tickets.shelves import Shelves
from tickets.site import TicketSite
from tickets.states import Action, Role, State
from tickets.supervision.watch import Watch
from tickets.timers import Timers
from tickets.views import Shape, TicketGlance

_log = structlog.get_logger()
_PIECE = 500
Row = dict[str, Any]
_SATISFACTION = {1: "满意", 2: "比较满意", 3: "基本满意", 4: "不太满意", 5: "不满意"}


class CallRecordings(Protocol):
    """Where the recordings of a call are listed."""

    async def of_call(self, call_id: str) -> Sequence[Shape]: ...


class WorkOrders:
    """Work orders of one site."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        site: TicketSite,
        visits: ReturnVisits,
        recordings: CallRecordings | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._visits = visits
        self._recordings = recordings
        self._drafts = DraftDesk(database, clock, site)
        self._book = ProcessBook(site.process, clock)
        self._mover = Mover(clock, site, visits, self._book)
        self._maker = Maker(clock, site, self._book)
        self.intake = Intake(database, clock, site, self._mover, self._maker)
        self._timers = Timers(database, clock, self._mover)
        self.pivot = Pivot(database)
        self.shelves = Shelves(database, clock)

    async def keep_time(self, bus: Bus) -> None:
        """Do what falls due by the passing of time, until cancelled: late dispatch, missed deadlines, archiving."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.pivot.keep_folded())
            await self._timers.run(bus)

    async def tick(self) -> float:
        """Do now what has fallen due; the seconds until the next."""
        return await self._timers.tick()

    # ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def follow(self, bus: Bus) -> None:
        """Open and fill drafts from the facts of calls and speech, until cancelled."""
        await self._drafts.follow(bus)

    async def open_draft(self, call_id: str, caller: str, line: str) -> None:
        """Begin the draft of a call; harmless when there is one."""
        await self._drafts.open(call_id, caller, line)

    async def hear(self, heard: UtteranceHeard) -> None:
        """Take one utterance into the draft of its call."""
        await self._drafts.hear(heard)

    async def draft(self, call_id: str) -> Shape | None:
        """The Draft of a call."""
        return await self._drafts.read(call_id)

    async def edit_draft(self, call_id: str, changes: Mapping[str, str], by: Person) -> Shape:
        """Keep fields that the agent typed. Raises ``RuleBroken`` for unknown values and after submission."""
        return await self._drafts.type(call_id, changes)

    async def tag(self, uow: UnitOfWork, call_id: str, caller: str, line: str, tag: str) -> None:
        """Mark the draft of a call, and its work order when there is one, in the caller's transaction."""
        draft = await self._drafts.tag(uow, call_id, caller, line, tag)
        row = await store.fetch(uow, draft["ticket_id"]) if draft["ticket_id"] else None
        if row is not None and tag not in row["tags"]:
            await store.change(uow, row, {"tags": [*row["tags"], tag]})

    async def tell_draft(self, call_id: str) -> None:
        """Show the draft of a call anew to whoever looks at it."""
        await self._drafts.tell_anew(call_id)

    # ── moving ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def submit(
        self, call_id: str, fields: Mapping[str, str], how: str, answer: str | None, by: Person, *,
        article_id: str | None = None, matter: str | None = None, confidential: bool = False,
    ) -> Shape:  # fmt: skip
        """Make the work order of a call; asked twice, the same one is given.

        ``how``: ``dispatch``, ``direct`` (with the answer, and the article it came from) or ``refuse`` (with the
        matter that is out of scope). ``confidential``: the citizen asks to be hidden from units, as a report always is.
        """
        for name, value in fields.items():
            self._site.check_field(name, value)
        if how not in ("dispatch", "direct", "refuse"):
            raise RuleBroken(
                "办理方式只能是派单、直接答复或不予受理", "how must be dispatch, direct or refuse", code="bad_field"
            )
        said = {"answer": answer, "article_id": article_id, "matter": matter, "protected": confidential}
        async with self._database.unit_of_work() as uow:
            fresh_id = new_id("ticket")
            draft = await self._drafts.finish(uow, call_id, fields, fresh_id)
            if draft["ticket_id"] == fresh_id:
                await self._make(uow, draft, how, said, actor_of(by))
        self._drafts.tell(draft)
        return await self._shape(draft["ticket_id"], actor_of(by))

    async def take_message(self, call_id: str, caller: str, line: str, seconds: float) -> str:
        """Make a work order of a message left on a call; asked twice, the same one. Returns its number.

        A recogniser's text is not enough to choose a unit by: a dispatcher listens and decides.
        """
        async with self._database.unit_of_work() as uow:
            fresh_id = new_id("ticket")
            draft = await self._drafts.finish(uow, call_id, {"phone": caller}, fresh_id)
            if draft["ticket_id"] == fresh_id:
                said = draft["values"]["description"].strip()
                description = f"【电话留言 {seconds:.0f} 秒】{said or '请听录音'}"
                draft |= {"line": draft["line"] or line}
                draft["values"] = draft["values"] | {"description": description, "unit": ""}
                await self._make(uow, draft, "dispatch", {}, SYSTEM)
            row = await store.fetch(uow, draft["ticket_id"])
        self._drafts.tell(draft)
        return str(row["number"]) if row is not None else ""

    async def act(self, ticket_id: str, action: str, fields: Mapping[str, Any], by: Person) -> Shape:
        """Move a work order, by id or number. Raises ``NotFound``, ``Forbidden``, ``RuleBroken``."""
        actor = actor_of(by)
        wanted, form = self._wish(action, fields)
        async with self._database.unit_of_work() as uow:
            row = await self._move_visible(uow, ticket_id, wanted, actor, form)
        return await self._shape(row["id"], actor)

    async def act_on_all(
        self, ticket_ids: Sequence[str], action: str, fields: Mapping[str, Any], by: Person
    ) -> Sequence[Shape]:
        """The same move for many, in one transaction: if one cannot make it, none does, and the sentence names it."""
        wanted, form = self._wish(action, fields)
        moved = []
        async with self._database.unit_of_work() as uow:
            for ticket_id in dict.fromkeys(ticket_ids):
                try:
                    moved.append(await self._move_visible(uow, ticket_id, wanted, actor_of(by), form))
                except RuleBroken as refused:
                    zh, en = (
                        f"{ticket_id[:40]}：{refused.zh}，全部未执行",
                        f"{ticket_id[:40]}: {refused.en}; none was moved",
                    )
                    raise type(refused)(zh, en, code=refused.code) from refused
        return [self._site.views.summary(row, self._clock.now()) for row in moved]

    def _wish(self, action: str, fields: Mapping[str, Any]) -> tuple[Action, Row]:
        try:
            wanted = Action(action)
        except ValueError:
            raise RuleBroken(
                f"没有“{action}”这一操作", f"no action is called {action!r}", code="unknown_action"
            ) from None
        for unit in (fields.get("unit"), *(fields.get("assist") or ())):
            if unit:
                self._site.check_field("unit", str(unit))
        if wanted is not Action.REPLY:
            return wanted, dict(fields)
        reached = fields.get("contacted", True)  # who was not reached has the reason in ``contact``
        at = fields.get("contact_at") or (self._clock.now() if reached else None)
        if at is not None and at > self._clock.now():
            raise RuleBroken("联系时间不能晚于现在", "the time of contact lies ahead", code="bad_field")
        return wanted, dict(fields) | {
            "solved_by_unit": fields.get("solved"), "contacted": reached, "contact_at": at,
        }  # fmt: skip

    async def _move_visible(
        self, uow: UnitOfWork, ticket_id: str, wanted: Action, actor: Actor, form: Mapping[str, Any]
    ) -> Row:
        row = await store.fetch(uow, ticket_id)
        if row is None or not store.may_see(actor, row):
            raise _unknown(ticket_id)
        return await self._mover.move(uow, row, wanted, actor, form, str(form.get("note") or ""))

    async def commission(self, uow: UnitOfWork, description: str, title: str, unit: str, by: Person) -> Row:
        """A work order of the house's own making (say, a meeting's decision), dispatched at once, in somebody else's
        transaction. Nobody is asked afterwards: no citizen brought it. Raises ``RuleBroken``."""
        self._site.check_field("unit", unit)
        given = {"description": description, "title": title[:120], "unit": unit}
        values = self._site.drafter.compose([Spoken("citizen", description)], "", given).values
        actor = actor_of(by)
        origin = {"channel": HOUSE, "line": "", "call_id": None, "created_by": actor.account}
        row = await self._maker.make(uow, new_id("ticket"), values, origin)
        row = await self._mover.move(uow, row, Action.SUBMIT, SYSTEM, {})
        return await self._mover.move(uow, row, Action.DISPATCH, SYSTEM, {"unit": unit}, "内部交办")

    async def carry(
        self, uow: UnitOfWork, row: Row, action: Action, actor: Actor, form: Mapping[str, Any], note: str = ""
    ) -> Row:
        """Move a work order in somebody else's transaction, by the same law. Raises ``RuleBroken``, ``Forbidden``."""
        return await self._mover.move(uow, row, action, actor, form, note or str(form.get("note") or ""))

    @property
    def watch(self) -> Watch:
        """Who writes down what moves mean to supervision."""
        return self._mover.watch

    def glance(self, row: Row) -> Shape:
        """The TicketSummary of a row that is already here."""
        return self._site.views.summary(row, self._clock.now())

    async def conclude(
        self,
        uow: UnitOfWork,
        ticket_id: str,
        *,
        disposition: str,
        solved: bool | None,
        satisfaction: int | None,
        manner: int | None = None,
        by: str = "robot",
        first: tuple[bool | None, int | None] | None = None,
    ) -> None:
        """What a return visit found: closed, or redone with a new clock. In the callback room's own transaction.

        The first score stays beside the last one, whatever a rework brings, or a talk with an agent: ``first`` is what
        was said before that (solved, grade).
        """
        row = await store.fetch(uow, ticket_id)
        if row is None or row["state"] != State.TO_CALLBACK:
            _log.warning("return visit for a work order that waits for none", ticket=ticket_id)
            return
        said: Row = {
            "solved": solved, "satisfaction": satisfaction, "manner": manner, "disposition": disposition[:40],
        }  # fmt: skip
        if row["first_satisfaction"] is None and row["first_solved"] is None:
            said["first_solved"], said["first_satisfaction"] = first or (solved, satisfaction)
        row = await store.change(uow, row, said)
        actor = Actor(by, SYSTEM.roles)
        note = _describe(disposition, solved, satisfaction)
        await self._mover.move(uow, row, verdict(solved, satisfaction), actor, {}, note)

    async def settle_provisional(self) -> int:
        """Compute provisional deadlines anew, once the calendar is known. Returns how many became firm."""
        found = await recompute(self._database, self._clock, self._site, self._book, provisional_only=True)
        return sum(1 for one in found if one.settled)

    async def recompute(self, *, dry_run: bool = False) -> Sequence[Recomputed]:
        """Bring every open deadline to the calendar of today; returns those that moved."""
        return await recompute(self._database, self._clock, self._site, self._book, dry_run=dry_run)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def history(self, phone: str, limit: int = 20) -> Sequence[Shape]:
        """TicketSummaries of a citizen, open ones first, then newest first. None for a withheld number."""
        if not phone:
            return []
        async with self._database.reading() as connection:
            rows = await store.read_history(connection, phone, limit)
        return [self._site.views.summary(row, self._clock.now()) for row in rows]

    async def progress(self, phone: str, digits: str = "") -> Sequence[Shape]:
        """{number, state, due_at} of a citizen's work orders, open ones first; ``digits``: how their number ends."""
        found = await self.history(phone, limit=200 if digits else 20)
        names = ("number", "state", "due_at")
        return [{name: one[name] for name in names} for one in found if str(one["number"]).endswith(digits)]

    async def page(self, viewer: Person, wanted: Wanted, *, page: int = 1, size: int = 50, after: str = "") -> Shape:
        """{items, total, more, page, size, next} of what ``viewer`` may see.

        ``page`` counts from 1, ``after`` is a ``next`` of before; ``size`` is at most 200. Rows are counted up to
        ``finding.COUNTED``; ``more`` says that there are more. Raises ``RuleBroken`` for filters that are none.
        """
        page, size = max(page, 1), min(max(size, 1), 200)
        where, by = self._where(viewer, wanted), finding.sorting(wanted)
        if (page - 1) * size > finding.COUNTED:
            raise RuleBroken("请缩小筛选范围后再翻页", "narrow the search instead of turning pages", code="too_far")
        async with self._database.reading() as connection:
            total = 0 if after else await finding.count(connection, where)
            rows = await finding.read(connection, where, by, size, after=after, skip=(page - 1) * size)
        return {
            "items": [self._site.views.summary(row, self._clock.now()) for row in rows],
            "total": min(total, finding.COUNTED),
            "more": total > finding.COUNTED,
            "page": page,
            "size": size,
            "next": by.cursor(rows[-1]) if len(rows) == size else None,
        }

    async def each(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        """All that a list holds, in its order, read in pieces: for an export."""
        where, by, after, left = self._where(viewer, wanted), finding.sorting(wanted), "", at_most
        while left > 0:
            async with self._database.reading() as connection:
                rows = await finding.read(connection, where, by, min(_PIECE, left), after=after)
            for row in rows:
                yield self._site.views.summary(row, self._clock.now()) | {"last_at": row["updated_at"]}
            if len(rows) < min(_PIECE, left):
                return
            after, left = by.cursor(rows[-1]), left - len(rows)

    async def citizens(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        """{id, number, phone, unit, area, category} of a list, newest first; who reported protected is left out."""
        names, left, after = ("id", "number", "phone", "unit", "area", "category"), at_most, ""
        where, by = [*self._where(viewer, wanted), finding.HAS_OPEN_CITIZEN], finding.sorting(wanted)
        while left > 0:
            async with self._database.reading() as connection:
                rows = await finding.read(connection, where, by, min(_PIECE, left), after=after)
            for row in rows:
                yield {name: row[name] for name in names}
            if len(rows) < min(_PIECE, left):
                return
            after, left = by.cursor(rows[-1]), left - len(rows)

    def _where(self, viewer: Person, wanted: Wanted) -> list[ColumnElement[bool]]:
        actor, calendar = actor_of(viewer), self._site.rules.calendar
        where = [
            store.visible_to(actor),
            *finding.conditions(wanted, self._clock.now(), calendar, self._database.dialect),
        ]
        return [*where, store.searchable_by(actor, wanted.words)] if wanted.words else where

    async def figures(self, viewer: Person, wish: PivotWish) -> Shape:
        """The pivot; a unit sees its own only. Raises ``RuleBroken``."""
        actor = actor_of(viewer)
        if not actor.roles & {Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN}:
            wish = replace(wish, unit=actor.unit or "-")
        return await self.pivot.read(wish)

    async def ticket(self, ticket_id: str, viewer: Person) -> Shape:
        """The whole Ticket, by id or number. Raises ``NotFound``, also for what is not the viewer's to see."""
        return await self._shape(ticket_id, actor_of(viewer))

    async def summary(self, ticket_id: str) -> TicketGlance | None:
        """For the live feed: the TicketSummary and who made it, unrestricted."""
        async with self._database.reading() as connection:
            row = await store.read_ticket(connection, ticket_id)
        return TicketGlance(self._site.views.summary(row, self._clock.now()), row["created_by"]) if row else None

    async def of_call(self, call_id: str) -> str | None:
        """The id of the work order that came of a call."""
        async with self._database.reading() as connection:
            return await store.id_of_call(connection, call_id)

    async def of_calls(self, call_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Call → id and number of its work order, for those that have one."""
        async with self._database.reading() as connection:
            return await store.glances_of_calls(connection, call_ids)

    def categories(self) -> Sequence[Shape]:
        """[{level1, leaves}] in the site's order."""
        return [{"level1": top, "leaves": list(leaves)} for top, leaves in self._site.categories.items()]

    def units(self) -> Sequence[Shape]:
        """[{code, name, level, parent}]."""
        return [dict(unit) for unit in self._site.units]

    def due_at(self, urgency: str) -> datetime:
        """When a work order dispatched now would be due. Raises ``RuleBroken`` for an unknown urgency."""
        return self._site.rules.due(urgency, self._clock.now()).at

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _make(self, uow: UnitOfWork, draft: Row, how: str, said: Row, actor: Actor) -> None:
        values = draft["values"]
        origin = {"channel": "telephone", "line": draft["line"], "call_id": draft["call_id"], "tags": draft["tags"]}
        origin |= {"created_by": actor.account, "protected": said.get("protected", False)}
        row = await self._maker.make(uow, draft["ticket_id"], values, origin)
        if how == "direct":
            await self._mover.move(uow, row, Action.ANSWER, actor, said, said["answer"] or "")
            return
        if how == "refuse":
            await self._mover.move(uow, row, Action.REFUSE, actor, said)
            return
        row = await self._mover.move(uow, row, Action.SUBMIT, actor, {})
        if values["unit"]:
            reason = "；".join(draft["because"].get("unit", ())) or "座席选定单位"
            await self._mover.move(uow, row, Action.DISPATCH, actor, {"unit": values["unit"]}, reason)

    async def _shape(self, ticket_id: str, viewer: Actor) -> Shape:
        async with self._database.reading() as connection:
            row = await store.read_ticket(connection, ticket_id)
            if row is None or not store.may_see(viewer, row):
                raise _unknown(ticket_id)
            steps = await store.read_steps(connection, row["id"])
            case = await self._mover.case(connection, row)
            family = await self._family(connection, row, viewer)
        hidden = hidden_from(viewer, row)
        spoken = row["call_id"] and not hidden
        recordings = await self._recordings.of_call(row["call_id"]) if self._recordings and spoken else ()
        callbacks = await self._visits.of_ticket(row["id"])
        now = self._clock.now()
        shape = self._site.views.ticket(row, steps, viewer, case, now, callbacks=callbacks, recordings=recordings)
        return shape | family

    def _proposal(self, row: Row) -> Shape | None:
        """Which unit the duty directory names, while nobody has it yet."""
        if State(row["state"]) not in (State.PENDING, State.TO_DISPATCH, State.ARBITRATION):
            return None
        found = self._site.drafter.directory.propose(row["category"], row["place"])
        return {"unit": found.unit, "reason": found.reason} if found else None

    async def _family(self, connection: AsyncConnection, row: Row, viewer: Actor) -> Shape:
        """What belongs to it: sub-orders, merged ones, earlier ones like it, pictures, the unit proposed."""
        views, now = self._site.views, self._clock.now()
        parts, merged = await store.read_parts(connection, row["id"]), await store.read_merged(connection, row["id"])
        compares = viewer.roles & {Role.AGENT, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN}  # other citizens' matters
        repeats = await store.read_repeats(connection, row["id"]) if compares else []
        above = await store.read_above(connection, row)
        files = await store.read_attachments(connection, [row["id"], *above])
        return {
            "above": above,
            "alike": [views.summary(one, now) | {"score": one["score"], "because": one["because"]} for one in repeats],
            "attachments": [views.attachment(one) for one in files if may_open(viewer, row, one)],
            "proposal": self._proposal(row),
            "scope_hint": suspect(row["description"]) if row["state"] in (State.PENDING, State.TO_DISPATCH) else None,
            "parts": [views.summary(part, now) for part in parts],
            "merged": [views.summary(one, now) for one in merged],
        }


def actor_of(person: Person) -> Actor:
    """A signed-in person as the lifecycle sees him."""
    return Actor(person.account, frozenset(role.value for role in person.roles), person.unit)


def _unknown(ticket_id: str) -> NotFound:
    return NotFound(f"没有工单 {ticket_id[:40]}", f"there is no work order {ticket_id[:40]}")


def _describe(disposition: str, solved: bool | None, satisfaction: int | None) -> str:
    parts = [disposition]
    if solved is not None:
        parts.append("已解决" if solved else "未解决")
    if satisfaction is not None:
        parts.append(_SATISFACTION[satisfaction])
    return "回访：" + "，".join(parts)
