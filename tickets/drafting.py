"""Keeping the draft of every live call: each utterance and each typed field is stored, then the screen is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from hotline.bus import Bus, SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import HotlineError, RuleBroken
from hotline.facts.calls import CallArrived
from hotline.facts.speech import UtteranceHeard
from hotline.facts.tickets import DraftChanged
from tickets import store
from tickets.dialogue import Spoken
from tickets.site import TicketSite
from tickets.views import Shape
from tickets.views import draft as shape_of

_log = structlog.get_logger()
Row = dict[str, Any]


class DraftDesk:
    """Use cases of drafts. One unit of work each; ``DraftChanged`` is published after the commit."""

    def __init__(self, database: Database, clock: Clock, site: TicketSite) -> None:
        self._database = database
        self._clock = clock
        self._site = site

    async def follow(self, bus: Bus) -> None:
        """Open a draft for every call and fill it from what is heard, until cancelled.

        What is lost when this falls behind is only the draft's own comfort; the transcript keeps every word.
        """
        while True:
            try:
                with bus.subscribe("drafts", CallArrived, UtteranceHeard) as subscription:
                    async for message in subscription:
                        await self._take(message)
            except SubscriberTooSlow:
                _log.warning("drafts fell behind and go on from now")

    async def open(self, call_id: str, caller: str, line: str) -> None:
        """Begin the draft of a call; harmless when there is one."""
        async with self._database.unit_of_work() as uow:
            row = await self._fresh_row(uow, call_id, caller, line)  # hardly ever is there one yet
            if not row["caller"] and caller:
                await self._save(uow, row, caller=caller, line=line)

    async def hear(self, heard: UtteranceHeard) -> None:
        """Take one utterance into the draft. Heard twice it changes nothing; nor does it after submission."""
        text = heard.text.strip()
        async with self._database.unit_of_work() as uow:
            row = await self._row(uow, heard.call_id, "", "")
            entry = [heard.started_at.isoformat(), heard.who, text]
            if not text or row["ticket_id"] or entry in row["spoken"]:
                return
            spoken = sorted([*row["spoken"], entry], key=lambda one: datetime.fromisoformat(one[0]))
            row = await self._save(uow, row, spoken=spoken)
        self._tell(row)

    async def type(self, call_id: str, changes: Mapping[str, str]) -> Shape:
        """Keep what the agent typed; speech never overwrites it."""
        for name, value in changes.items():
            self._site.check_field(name, value)
        async with self._database.unit_of_work() as uow:
            row = await self._row(uow, call_id, "", "")
            if row["ticket_id"]:
                raise RuleBroken(
                    "该通话已生成工单，草稿不能再改", "this call's work order is made already", code="submitted"
                )
            row = await self._save(uow, row, typed=row["typed"] | changes)
        self._tell(row)
        return shape_of(row)

    async def read(self, call_id: str) -> Shape | None:
        """The Draft of a call."""
        row = await store.read_draft(self._database, call_id)
        return shape_of(row) if row else None

    async def finish(self, uow: UnitOfWork, call_id: str, typed: Mapping[str, str], ticket_id: str) -> Row:
        """Close the draft of a call in favour of its work order. ``row["ticket_id"]`` tells whose it already was."""
        row = await self._row(uow, call_id, "", "")
        if row["ticket_id"]:
            return row
        return await self._save(uow, row, typed=row["typed"] | typed, ticket_id=ticket_id)

    async def tag(self, uow: UnitOfWork, call_id: str, caller: str, line: str, tag: str) -> Row:
        """Mark the draft of a call, in the caller's transaction; a mark that it has already is not doubled."""
        row = await self._row(uow, call_id, caller, line)
        return row if tag in row["tags"] else await self._save(uow, row, tags=[*row["tags"], tag])

    async def tell_anew(self, call_id: str) -> None:
        """Publish the draft of a call as it is now."""
        row = await store.read_draft(self._database, call_id)
        if row is not None:
            self._tell(row)

    def tell(self, row: Row) -> None:
        """Publish the draft as it is now."""
        self._tell(row)

    async def _take(self, message: object) -> None:
        try:
            match message:
                case CallArrived():
                    await self.open(message.call_id, message.caller, message.line)
                case UtteranceHeard():
                    await self.hear(message)
                case _:
                    pass
        except HotlineError as failure:  # the database is away: the call goes on, the agent types
            _log.error("draft not updated", problem=failure.en)

    async def _row(self, uow: UnitOfWork, call_id: str, caller: str, line: str) -> Row:
        return await store.lock_draft(uow, call_id) or await self._fresh_row(uow, call_id, caller, line)

    async def _fresh_row(self, uow: UnitOfWork, call_id: str, caller: str, line: str) -> Row:
        """The draft of the call, made now unless there is one."""
        fresh: Row = {"call_id": call_id, "caller": caller, "line": line}
        fresh |= {"spoken": [], "typed": {}, "ticket_id": None, "tags": []}
        await store.add_draft(uow, fresh | self._composed(fresh))
        row = await store.lock_draft(uow, call_id)
        assert row is not None
        return row

    async def _save(self, uow: UnitOfWork, row: Row, **changes: Any) -> Row:
        changed = row | changes
        changes |= self._composed(changed)
        await store.save_draft(uow, row["call_id"], changes)
        return changed | changes

    def _composed(self, row: Row) -> Row:
        spoken = [Spoken(who, text) for _, who, text in row["spoken"]]
        draft = self._site.drafter.compose(spoken, row["caller"], row["typed"])
        because = {name: list(words) for name, words in draft.because.items()}
        return {"values": dict(draft.values), "because": because, "updated_at": self._clock.now()}

    def _tell(self, row: Row) -> None:
        self._database.bus.publish(DraftChanged(call_id=row["call_id"], draft=shape_of(row)))
