"""Carrying a transition out: conditional UPDATE, timeline row, fact, and what follows by itself, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import structlog

from hotline.clock import Clock
from hotline.database import UnitOfWork
from hotline.errors import RuleBroken
from hotline.facts.tickets import TicketMoved
from hotline.ids import new_id, work_order_number
from tickets import store
from tickets.casework import case_of
from tickets.deadline_clock import Tick
from tickets.deadlines import UnknownCalendarYear
from tickets.guards import SYSTEM, Actor, Case
from tickets.lifecycle import acting_role, decide
from tickets.moves import Change, changes_of
from tickets.office.notices import Notices
from tickets.process_book import Executes, ProcessBook
from tickets.quality.sampling import selected
from tickets.scope import OUT_OF_SCOPE
from tickets.site import TicketSite
from tickets.states import DONE, Action, Part, State
from tickets.supervision.watch import Watch

_log = structlog.get_logger()
Row = dict[str, Any]
_COPIED = (
    "title",
    "description",
    "type",
    "category",
    "place",
    "urgency",
    "phone",
    "channel",
    "line",
    "process",
    "protected",
    "day",
    "area",
    "words",
)


HOUSE = "house"
"""The channel of what the house itself orders."""


class ReturnVisits(Protocol):
    """Who phones citizens back, as this room needs it."""

    async def demand(
        self, uow: UnitOfWork, *, ticket_id: str, number: str, title: str, phone: str, at: datetime, unit: str = ""
    ) -> str:
        """Owe the citizen a return visit, in this very transaction. Returns the task's id."""
        ...

    async def of_ticket(self, ticket_id: str) -> Sequence[dict[str, Any]]:
        """The return visits of a work order, oldest first, in the API's shape."""
        ...


class Mover:
    """Moves work orders. Every method works inside the caller's unit of work."""

    def __init__(self, clock: Clock, site: TicketSite, visits: ReturnVisits, book: ProcessBook) -> None:
        self._clock = clock
        self._site = site
        self._visits = visits
        self._book = book
        self.watch = Watch(clock, site.supervision)
        self._notices = Notices(site.office_urls)

    async def move(
        self, uow: UnitOfWork, row: Row, action: Action, actor: Actor, form: Mapping[str, Any], note: str = ""
    ) -> Row:
        """One action and what follows from it by itself. Raises ``RuleBroken`` and ``Forbidden``."""
        form = dict(form)
        if action is Action.MERGE and form.get("into"):
            form["merged_into"] = (await self._merge_target(uow, row, str(form["into"])))["id"]
        row = await self._step(uow, row, action, actor, form, note)
        match action:
            case Action.DISPATCH | Action.ASSIGN:
                for unit in form.get("assist") or ():
                    await self._hand_out(uow, row, unit, Part.ASSIST, actor, row["due_at"])
            case Action.INVITE | Action.DELEGATE:
                kind = Part.ASSIST if action is Action.INVITE else Part.DOWN
                await self._hand_out(uow, row, form["unit"], kind, actor, form.get("due_at") or row["due_at"])
            case Action.VOID:
                await self._undo_with(uow, row)
            case _:
                pass
        return await self._go_on(uow, row, action)

    async def case(self, source: Executes, row: Row) -> Case:
        """What the rules judge of a row, as things are now."""
        process = await self._book.of(source, row["process"])
        open_parts = await store.count_open_parts(source, row["id"])
        pressed = row["supervise_level"] > 0 and await self.watch.has_open_course(source, row["id"])
        return case_of(
            row, self._clock.now(), process, self._site.rules.calendar,
            open_parts=open_parts, ready=self._site.ready, below=self._site.below.get(row["unit"] or "", frozenset()),
            supervision_open=pressed,
        )  # fmt: skip

    async def _step(
        self, uow: UnitOfWork, row: Row, action: Action, actor: Actor, form: dict[str, Any], note: str
    ) -> Row:
        now = self._clock.now()
        cell = decide(await self.case(uow, row), action, actor, form)
        process = await self._book.of(uow, row["process"])
        if row["parent_id"] and action is not Action.PART:
            form["limit"] = await store.due_of(uow, row["parent_id"])
        change = changes_of(row, action, cell, form, actor.account, now, self._site.rules_of(process, row["type"]))
        if change.columns.get("closed_at") is not None:
            change.columns["archive_at"] = now + timedelta(days=process.archive_days)
        note = self._noted(row, action, form, change, note)
        from_state = "" if row["state"] == State.DRAFT else row["state"]
        changed, before = _changed(row, change), row
        row = await store.change(uow, row, change.columns)
        said = {
            "action": action.value, "from_state": from_state, "to_state": row["state"],
            "role": acting_role(cell, actor.roles).value, "note": note, "changed": changed,
        }  # fmt: skip
        await store.add_step(uow, {"ticket_id": row["id"], "at": now, "by": actor.account, **said})
        uow.record(
            TicketMoved(
                at=now, by=actor.account, ticket_id=row["id"], number=row["number"], call_id=row["call_id"], **said
            )
        )
        await self.watch.moved(uow, row, action, form, actor.account)
        await self._notices.moved(uow, before, row, action.value, actor.account, now)
        return row

    async def _go_on(self, uow: UnitOfWork, row: Row, action: Action) -> Row:
        """What follows by itself from where ``action`` led the work order."""
        match State(row["state"]):
            case State.REPLY_REVIEW if row["parent_id"] is None and not await self._is_reviewed(uow, row):
                return await self.move(uow, row, Action.APPROVE, SYSTEM, {}, "本站未启用审核，自动通过")
            case State.TO_CALLBACK if action is Action.APPROVE and not self._is_visited(row):
                row = await store.change(uow, row, {"disposition": "not_sampled"})
                why = "内部交办，无需回访" if row["channel"] == HOUSE else "抽查回访：未抽中，直接办结"
                return await self.move(uow, row, Action.CLOSE, SYSTEM, {}, why)
            case State.TO_CALLBACK if action in (Action.APPROVE, Action.REVISIT):
                await self._visits.demand(
                    uow, ticket_id=row["id"], number=row["number"], title=row["title"], phone=row["phone"],
                    at=self._clock.now(), unit=row["unit"] or "",
                )  # fmt: skip
            case State.REWORK:
                return await self.move(uow, row, Action.REDISPATCH, SYSTEM, {}, "重办，期限重新计算")
            case _:
                pass
        return row

    def _is_visited(self, row: Row) -> bool:
        """Whether the citizen is asked, where there is one; after a rework always."""
        if row["channel"] == HOUSE:
            return False
        share, seed = self._site.visit_shares.get(row["type"], self._site.visit_share), self._site.visit_seed
        return row["reworks"] > 0 or selected(seed, "return visit", row["id"], share)

    async def _is_reviewed(self, uow: UnitOfWork, row: Row) -> bool:
        return (await self._book.of(uow, row["process"])).review

    async def _hand_out(
        self, uow: UnitOfWork, parent: Row, unit: str, kind: Part, actor: Actor, due_at: datetime | None
    ) -> None:
        """A sub-order of ``parent`` for ``unit``."""
        now, part_id = self._clock.now(), new_id("ticket")
        serial = await store.next_serial(uow, part_id)
        row = store.stamp(now, {name: parent[name] for name in _COPIED}) | {
            "id": part_id, "number": work_order_number(now, serial, self._site.zone), "state": State.DRAFT.value,
            "call_id": None, "created_by": actor.account, "parent_id": parent["id"], "parent_unit": parent["unit"],
            "part": kind.value,
        }  # fmt: skip
        await store.add_ticket(uow, row)
        maker = Actor(actor.account, SYSTEM.roles)
        await self._step(uow, row, Action.PART, maker, {"unit": unit, "limit": due_at}, f"主工单 {parent['number']}")

    async def _undo_with(self, uow: UnitOfWork, row: Row) -> None:
        """A void work order takes its sub-orders with it and lets go of those merged into it."""
        note = f"工单 {row['number']} 已作废"
        for part in await store.read_parts(uow, row["id"]):
            if State(part["state"]) not in DONE:
                await self.move(uow, part, Action.VOID, SYSTEM, {"note": note}, note)
        for merged in await store.read_merged(uow, row["id"]):
            await self._step(uow, merged, Action.UNMERGE, SYSTEM, {"note": note}, note)

    async def _merge_target(self, uow: UnitOfWork, row: Row, into: str) -> Row:
        target = await store.fetch(uow, into)
        if target is None or target["id"] == row["id"] or target["parent_id"] or State(target["state"]) in DONE:
            raise RuleBroken(
                "只能并入另一个未办结的主工单", "it can only be merged into another open work order", code="bad_target"
            )
        return target

    def _noted(self, row: Row, action: Action, form: Mapping[str, Any], change: Change, note: str) -> str:
        """The note of the timeline, with what somebody must not overlook."""
        if action is Action.REFUSE and form["matter"] in OUT_OF_SCOPE:
            note = note or OUT_OF_SCOPE[form["matter"]].sentence(form["matter"])
        if action in (Action.DISPATCH, Action.ASSIGN) and row["instruction"]:
            note = f"{row['leader']}批示：{row['instruction']} {note}".strip()
        if change.tick is not None and change.provisional:
            year = self._site.rules.calendar.local_day(change.columns["due_at"]).year
            _log.error("calendar year unknown, deadline provisional", ticket=row["id"], year=year)
            note = f"{note} {UnknownCalendarYear(year).zh}".strip()
        return note


def _changed(row: Row, change: Change) -> dict[str, Any]:
    """Name → [before, after], ready for JSON."""
    found: dict[str, Any] = {
        name: [_plain(row.get(name)), _plain(value)]
        for name, value in change.columns.items()
        if name not in ("updated_at", "state") and row.get(name) != value
    }
    if change.tick is not None:
        found["clock"] = written(change.tick)
    return found


def written(tick: Tick) -> dict[str, Any]:
    """A step of the clock as the timeline keeps it."""
    return {"effect": tick.effect.value, "days": tick.days, "limit": _plain(tick.limit)}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (date, datetime)) else value
