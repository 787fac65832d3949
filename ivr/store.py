"""Reads and writes the ivr room's tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Insert, Row, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from hotline import ledger
from hotline.database import Database, UnitOfWork
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from ivr.figures import WINDOW
from ivr.kpi import CallOutcome
from ivr.occupancy import SeatTimes
from ivr.people import Call, Seat
from ivr.tables import calls, seats
from ivr.views import CallState


def call_row(call: Call) -> dict[str, Any]:
    """The row that keeps this call."""
    return {
        column.name: getattr(call, column.name)
        for column in calls.columns
        if column.name not in ("state", "end_reason")
    } | {"state": call.state.value, "end_reason": call.end_reason, "seat": call.seat}


def seat_row(seat: Seat) -> dict[str, Any]:
    """The row that keeps this seat."""
    row = {column.name: getattr(seat, column.name) for column in seats.columns}
    return row | {"status": seat.status.value, "kind": seat.kind.value if seat.kind is not seat.default_kind else None}


async def upsert(uow: UnitOfWork, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or overwrite those of the same key."""
    await uow.insert(_upsert_into(table, uow.connection.dialect.name), rows)


@cache
def _upsert_into(table: Table, dialect: str) -> Insert:
    """The statement, made once: building it costs half a millisecond, and every step of every call needs two."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    others = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=others)


async def load_calls(database: Database, *conditions: ColumnElement[bool], limit: int = 100_000) -> list[Call]:
    """Calls that meet the conditions, newest first."""
    query = select(calls).where(*conditions).order_by(calls.c.arrived_at.desc()).limit(limit)
    return [_call_of(row) for row in await database.fetch(query)]


async def load_seats(database: Database) -> dict[str, dict[str, Any]]:
    """The kept rows of seats, by id."""
    return {row.id: dict(row._mapping) for row in await database.fetch(select(seats))}


async def count_calls(database: Database, caller: str, since: datetime) -> int:
    """How many calls of this number arrived since; those that we made do not count."""
    came = (calls.c.caller == caller, calls.c.arrived_at >= since, calls.c.promise.is_(None))
    query = select(func.count()).select_from(calls).where(*came)
    return int((await database.fetch(query))[0][0])


async def load_outcomes(
    database: Database, begins: datetime, ends: datetime, group: str | None = None, duty: str | None = None
) -> list[CallOutcome]:
    """What became of the calls that arrived after ``begins`` and not after ``ends``."""
    names = (
        *("call_id", "group", "arrived_at", "queued_at", "connected_at", "ended_at", "seat", "duty", "end_reason"),
        *("promise", "told_wait", "told_at"),
    )
    query = select(*(calls.c[name] for name in names)).where(calls.c.arrived_at > begins, calls.c.arrived_at <= ends)
    if group is not None:
        query = query.where(calls.c.group == group)
    if duty is not None:
        query = query.where(calls.c.duty == duty)
    return [CallOutcome(*row) for row in await database.fetch(query.order_by(calls.c.arrived_at))]


async def load_seat_times(database: Database, begins: datetime, kept: timedelta = WINDOW) -> SeatTimes:
    """What seats did since ``begins``, from the ledger; a seat that did nothing for a day before is not known."""
    times = SeatTimes(kept)
    kinds = (SeatStatusChosen, SeatStateObserved)
    async for entry in ledger.read(database, kinds=kinds, since=begins - WINDOW):
        times.note([entry.fact])
    return times


async def last_agent_of(database: Database, caller: str) -> str | None:
    """The account that talked with this number last."""
    query = (
        select(calls.c.account)
        .where(calls.c.caller == caller, calls.c.connected_at.is_not(None), calls.c.account.is_not(None))
        .order_by(calls.c.arrived_at.desc())
        .limit(1)
    )
    return next((row.account for row in await database.fetch(query)), None)


def _call_of(row: Row[Any]) -> Call:
    values = dict(row._mapping) | {"state": CallState(row.state)}
    talking = row.connected_at if row.state == CallState.TALKING else None
    return Call(**values, talking_since=talking)
