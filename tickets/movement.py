"""Carrying a transition out: conditional UPDATE, timeline row, fact, and what follows by itself, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from hotline.clock import Clock
from hotline.database import UnitOfWork
from hotline.facts.tickets import TicketMoved
from tickets import store
from tickets.deadlines import UnknownCalendarYear
from tickets.lifecycle import SYSTEM, Action, Actor, State, acting_role, decide
from tickets.moves import changes_of
from tickets.site import TicketSite
from tickets.views import case_of

_log = structlog.get_logger()
Row = dict[str, Any]


class ReturnVisits(Protocol):
    """Who phones citizens back, as this room needs it."""

    async def demand(
        self, uow: UnitOfWork, *, ticket_id: str, number: str, title: str, phone: str, at: datetime
    ) -> str:
        """Owe the citizen a return visit, in this very transaction. Returns the task's id."""
        ...

    async def of_ticket(self, ticket_id: str) -> Sequence[dict[str, Any]]:
        """The return visits of a work order, oldest first, in the API's shape."""
        ...


class Mover:
    """Moves work orders. Every method works inside the caller's unit of work."""

    def __init__(self, clock: Clock, site: TicketSite, visits: ReturnVisits) -> None:
        self._clock = clock
        self._site = site
        self._visits = visits

    async def move(
        self, uow: UnitOfWork, row: Row, action: Action, actor: Actor, form: Mapping[str, Any], note: str = ""
    ) -> Row:
        """One action and what follows from it by itself. Raises ``RuleBroken`` and ``Forbidden``."""
        row = await self._step(uow, row, action, actor, form, note)
        match State(row["state"]):
            case State.REPLY_REVIEW if not self._site.review:
                return await self.move(uow, row, Action.APPROVE, SYSTEM, {}, "本站未启用审核，自动通过")
            case State.TO_CALLBACK:
                await self._visits.demand(
                    uow, ticket_id=row["id"], number=row["number"], title=row["title"], phone=row["phone"],
                    at=self._clock.now(),
                )  # fmt: skip
            case State.REWORK:
                return await self.move(uow, row, Action.REDISPATCH, SYSTEM, {}, "重办，期限重新计算")
            case _:
                pass
        return row

    async def _step(
        self, uow: UnitOfWork, row: Row, action: Action, actor: Actor, form: Mapping[str, Any], note: str
    ) -> Row:
        now = self._clock.now()
        cell = decide(case_of(row), action, actor, form)
        changes, due = changes_of(row, action, cell, form, now, self._site.rules)
        if due is not None and due.unknown_year is not None:
            alarm = UnknownCalendarYear(due.unknown_year)
            _log.error("calendar year unknown, deadline provisional", ticket=row["id"], year=due.unknown_year)
            note = f"{note} {alarm.zh}".strip()
        from_state = "" if row["state"] == State.DRAFT else row["state"]
        role = acting_role(cell, actor.roles).value
        row = await store.change(uow, row, changes)
        said = {"action": action.value, "from_state": from_state, "to_state": row["state"], "role": role, "note": note}
        await store.add_step(uow, {"ticket_id": row["id"], "at": now, "by": actor.account, **said})
        uow.record(
            TicketMoved(
                at=now, by=actor.account, ticket_id=row["id"], number=row["number"], call_id=row["call_id"], **said
            )
        )
        return row
