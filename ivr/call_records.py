"""What is kept of calls for those who look back: dispositions, a seat's or group's calls page by page, my own day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select

from hotline import ledger
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import RuleBroken
from hotline.facts.calls import CallConnected, CallDisposed
from hotline.settings import WrapUp
from ivr import store
from ivr.seat_day import FACTS, SeatDay, day_of
from ivr.service import Person
from ivr.tables import calls, dispositions
from ivr.views import CallView

_LONGEST_SHIFT = timedelta(hours=16)
"""How far before midnight a shift that is still on may have begun."""


_facts = ledger.ledger


def _talked_at(seat: str) -> Select[tuple[Any]]:
    """The calls that were connected with this seat at any time."""
    return select(_facts.c.call_id).where(_facts.c.kind == CallConnected.__name__, _facts.c.seat == seat)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call with what its agent said about it."""

    call: CallView
    disposition: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionCount:
    """How often a code was chosen; ``code`` is None for calls of which nothing was said."""

    code: str | None
    calls: int


class CallRecords:
    """Reads and writes what is said and asked about calls afterwards."""

    def __init__(self, database: Database, clock: Clock, wrap_up: WrapUp, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._codes = frozenset(one.code for one in wrap_up.dispositions)
        self._required = wrap_up.required
        self._zone = zone

    def midnight(self) -> datetime:
        """When today began, local time of the site."""
        return self._clock.now().astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    async def dispose(self, call_id: str, seat: str, code: str, note: str, by: Person) -> None:
        """Keep what the call came to; said again, the later word holds. RuleBroken for an unknown code.

        That the call was this seat's is asked before by the desk.
        """
        if code not in self._codes:
            raise RuleBroken(f"没有“{code}”这个小结代码", f"there is no disposition {code!r}", code="unknown_code")
        now = self._clock.now()
        row = {"call_id": call_id, "code": code, "note": note, "seat": seat, "account": by.account, "at": now}
        async with self._database.unit_of_work() as uow:
            uow.record(CallDisposed(at=now, by=by.account, call_id=call_id, seat=seat, code=code, note=note))
            await store.upsert(uow, dispositions, [row])

    async def require_disposition(self, call_id: str | None) -> None:
        """Raise RuleBroken when the site wants one and none was chosen."""
        if self._required and call_id is not None and await self._chosen(call_id) is None:
            raise RuleBroken("请先选择话后小结", "choose a disposition first", code="disposition_needed")

    async def page(
        self, *, seat: str | None = None, group: str | None = None, since: datetime, number: int, size: int
    ) -> tuple[Sequence[CallRecord], int]:
        """Calls since ``since`` in which a seat talked, or of a group, newest first, and how many there are."""
        wanted: list[ColumnElement[bool]] = [calls.c.arrived_at >= since]
        if seat is not None:
            wanted.append((calls.c.seat == seat) | calls.c.call_id.in_(_talked_at(seat).where(_facts.c.at >= since)))
        if group is not None:
            wanted.append(calls.c.group == group)
        query = (
            select(calls.c.call_id, dispositions.c.code, dispositions.c.note)
            .join(dispositions, dispositions.c.call_id == calls.c.call_id, isouter=True)
            .where(*wanted)
            .order_by(calls.c.arrived_at.desc(), calls.c.call_id)
            .limit(size)
            .offset((number - 1) * size)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            total = (await connection.execute(select(func.count()).select_from(calls).where(*wanted))).scalar_one()
        found = await store.load_calls(self._database, calls.c.call_id.in_([row.call_id for row in rows]))
        views = {call.call_id: call.view() for call in found}
        return [
            CallRecord(call=views[row.call_id], disposition=row.code, note=row.note or "")
            for row in rows
            if row.call_id in views
        ], int(total)

    async def took_part(self, call_id: str, seat: str) -> bool:
        """Whether the seat talked in this call, also when it was passed on or taken over afterwards."""
        async with self._database.reading() as connection:
            found = await connection.execute(_talked_at(seat).where(_facts.c.call_id == call_id).limit(1))
            return found.first() is not None

    async def disposition_of(self, call_id: str) -> tuple[str, str] | None:
        """Code and note of a call."""
        row = await self._chosen(call_id)
        return None if row is None else (row.code, row.note)

    async def counts(self, begins: datetime, ends: datetime, group: str | None) -> Sequence[DispositionCount]:
        """How often each code was chosen for the answered calls that arrived in the window."""
        query = (
            select(dispositions.c.code, func.count())
            .select_from(calls.join(dispositions, dispositions.c.call_id == calls.c.call_id, isouter=True))
            .where(calls.c.arrived_at > begins, calls.c.arrived_at <= ends, calls.c.connected_at.is_not(None))
            .group_by(dispositions.c.code)
        )
        if group is not None:
            query = query.where(calls.c.group == group)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [DispositionCount(code=code, calls=number) for code, number in rows]

    async def day(self, seat: str, account: str) -> SeatDay:
        """The agent's own figures since local midnight."""
        begins = self.midnight()
        read = ledger.read(self._database, kinds=FACTS, since=begins - _LONGEST_SHIFT, seat=seat)
        return day_of([entry.fact async for entry in read], account, begins, self._clock.now())

    async def _chosen(self, call_id: str) -> Any:
        query = select(dispositions.c.code, dispositions.c.note).where(dispositions.c.call_id == call_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).one_or_none()
