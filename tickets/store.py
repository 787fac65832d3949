"""SQL of the tickets room: rows in, rows out, no decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.database import Database, UnitOfWork
from hotline.errors import RuleBroken
from tickets.guards import Actor
from tickets.process_book import Executes
from tickets.states import DONE, Role, State
from tickets.tables import (
    ticket_attachments,
    ticket_drafts,
    ticket_intakes,
    ticket_repeats,
    ticket_serials,
    ticket_timeline,
    tickets,
)

Row = dict[str, Any]
_SEE_ALL: frozenset[str] = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN, Role.SYSTEM})
_DONE = [state.value for state in DONE]


async def lock_draft(uow: UnitOfWork, call_id: str) -> Row | None:
    """The draft of a call, held against other writers until the unit of work ends."""
    found = await uow.execute(select(ticket_drafts).where(ticket_drafts.c.call_id == call_id).with_for_update())
    row = found.mappings().first()
    return dict(row) if row else None


_DRAFT_IF_NONE = {
    "postgresql": postgresql.insert(ticket_drafts).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(ticket_drafts).on_conflict_do_nothing(),
}


async def add_draft(uow: UnitOfWork, row: Row) -> None:
    """Insert a draft unless there is one."""
    await uow.insert(_DRAFT_IF_NONE[uow.connection.dialect.name], [row])


async def save_draft(uow: UnitOfWork, call_id: str, changes: Row) -> None:
    """Write the columns of ``changes``."""
    await uow.execute(update(ticket_drafts).where(ticket_drafts.c.call_id == call_id).values(changes))


async def read_draft(database: Database, call_id: str) -> Row | None:
    """The draft of a call."""
    found = await database.fetch(select(ticket_drafts).where(ticket_drafts.c.call_id == call_id))
    return next((dict(row._mapping) for row in found), None)


async def next_serial(uow: UnitOfWork, ticket_id: str) -> int:
    """A serial that no other work order ever got."""
    done = await uow.execute(insert(ticket_serials).values(ticket_id=ticket_id))
    key = done.inserted_primary_key
    assert key is not None
    return int(key[0])


async def add_ticket(uow: UnitOfWork, row: Row) -> None:
    """Insert a fresh work order."""
    await uow.execute(insert(tickets).values(row))


async def fetch(uow: UnitOfWork, ticket_id: str) -> Row | None:
    """The work order, by id or number, held against other writers until the unit of work ends."""
    row = (await uow.execute(select(tickets).where(named(ticket_id)).with_for_update())).mappings().first()
    return dict(row) if row else None


async def change(uow: UnitOfWork, row: Row, changes: Row) -> Row:
    """Write ``changes`` if nobody has changed the work order since ``row`` was read, else raise ``RuleBroken``.

    One conditional UPDATE: of many who race, one wins.
    """
    done = await uow.execute(
        update(tickets)
        .where(tickets.c.id == row["id"], tickets.c.version == row["version"])
        .values(**changes, version=row["version"] + 1)
    )
    if done.rowcount != 1:
        raise RuleBroken(
            "工单刚被他人处理，请刷新后再试", "somebody else has just moved this work order", code="conflict"
        )
    return row | changes | {"version": row["version"] + 1}


async def add_step(uow: UnitOfWork, row: Row) -> None:
    """Append one row to the timeline."""
    await uow.execute(insert(ticket_timeline).values(row))


async def read_ticket(connection: AsyncConnection, ticket_id: str) -> Row | None:
    """The work order, by id or number."""
    row = (await connection.execute(select(tickets).where(named(ticket_id)))).mappings().first()
    return dict(row) if row else None


def steps_of(ticket_id: str) -> Select[Any]:
    """The timeline, oldest first."""
    return select(ticket_timeline).where(ticket_timeline.c.ticket_id == ticket_id).order_by(ticket_timeline.c.id)


async def read_steps(connection: AsyncConnection, ticket_id: str) -> list[Row]:
    """The rows of the timeline."""
    return [dict(row) for row in (await connection.execute(steps_of(ticket_id))).mappings()]


async def id_of_call(connection: AsyncConnection, call_id: str) -> str | None:
    """The work order that came of a call."""
    found: str | None = await connection.scalar(select(tickets.c.id).where(tickets.c.call_id == call_id))
    return found


async def glances_of_calls(connection: AsyncConnection, call_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Call → id and number of the work order that came of it."""
    query = select(tickets.c.call_id, tickets.c.id, tickets.c.number).where(tickets.c.call_id.in_(call_ids))
    return {row.call_id: (row.id, row.number) for row in (await connection.execute(query)).all()}


async def read_history(connection: AsyncConnection, phone: str, limit: int) -> list[Row]:
    """The work orders of a citizen: open ones first, then newest first."""
    closed = case((tickets.c.state.in_(_DONE), 1), else_=0)
    query = select(tickets).where(tickets.c.phone == phone, tickets.c.parent_id.is_(None))
    query = query.order_by(closed, tickets.c.created_at.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def read_parts(source: Executes, ticket_id: str) -> list[Row]:
    """The sub-orders of a work order, oldest first."""
    query = select(tickets).where(tickets.c.parent_id == ticket_id).order_by(tickets.c.created_at, tickets.c.number)
    return [dict(row) for row in (await source.execute(query)).mappings()]


async def count_open_parts(source: Executes, ticket_id: str) -> int:
    """How many sub-orders are not done."""
    query = select(func.count()).where(tickets.c.parent_id == ticket_id, tickets.c.state.not_in(_DONE))
    return int((await source.execute(query)).scalar_one())


async def due_of(source: Executes, ticket_id: str) -> datetime | None:
    """When a work order is due."""
    found: datetime | None = (await source.execute(select(tickets.c.due_at).where(tickets.c.id == ticket_id))).scalar()
    return found


async def read_merged(source: Executes, ticket_id: str) -> list[Row]:
    """The work orders that were merged into this one and still are."""
    merged = select(tickets).where(tickets.c.merged_into == ticket_id, tickets.c.state == State.MERGED.value)
    return [dict(row) for row in (await source.execute(merged)).mappings()]


async def read_above(source: Executes, row: Row) -> list[str]:
    """The parents of a sub-order, nearest first."""
    found: list[str] = []
    above = row["parent_id"]
    while above is not None:
        found.append(above)
        above = (await source.execute(select(tickets.c.parent_id).where(tickets.c.id == above))).scalar()
    return found


async def read_attachments(source: Executes, ticket_ids: Sequence[str]) -> list[Row]:
    """What was put to these work orders, oldest first."""
    query = select(ticket_attachments).where(ticket_attachments.c.ticket_id.in_(ticket_ids))
    return [dict(row) for row in (await source.execute(query.order_by(ticket_attachments.c.at))).mappings()]


async def claim_intake(uow: UnitOfWork, channel: str, sender_id: str, ticket_id: str, now: datetime) -> str:
    """The work order of this sender's id: ``ticket_id`` when it is new, else the one that was made then."""
    make = postgresql.insert if uow.connection.dialect.name == "postgresql" else sqlite.insert
    row = {"channel": channel, "sender_id": sender_id, "ticket_id": ticket_id, "received_at": now}
    done = await uow.execute(make(ticket_intakes).values(row).on_conflict_do_nothing())
    if done.rowcount == 1:
        return ticket_id
    same = (ticket_intakes.c.channel == channel, ticket_intakes.c.sender_id == sender_id)
    found: str = (await uow.execute(select(ticket_intakes.c.ticket_id).where(*same))).scalar_one()
    return found


async def read_candidates(source: Executes, row: Row, since: datetime) -> list[Row]:
    """Earlier work orders that may be the same matter: of the same number, or of the same place and category."""
    c = tickets.c
    ways = [and_(c.place == row["place"], c.category == row["category"])] if row["place"] else []
    ways += [c.phone == row["phone"]] if row["phone"] else []
    if not ways:
        return []
    query = select(tickets).where(or_(*ways), c.created_at >= since, c.parent_id.is_(None), c.id != row["id"])
    found = await source.execute(query.order_by(c.created_at.desc()).limit(100))
    return [dict(one) for one in found.mappings()]


async def add_repeats(uow: UnitOfWork, rows: Sequence[Row]) -> None:
    """Write down which earlier work orders a fresh one looks like."""
    await uow.execute(insert(ticket_repeats), list(rows))


async def read_repeats(source: Executes, ticket_id: str) -> list[Row]:
    """The work orders that this one looks like, most alike first, with score and reasons."""
    query = select(tickets, ticket_repeats.c.score, ticket_repeats.c.because).join(
        ticket_repeats, ticket_repeats.c.other_id == tickets.c.id
    )
    query = query.where(ticket_repeats.c.ticket_id == ticket_id).order_by(ticket_repeats.c.score.desc(), tickets.c.id)
    return [dict(row) for row in (await source.execute(query)).mappings()]


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Agents see what they made or took in, and what nobody has taken in yet; departments what lies with their unit
    and what it handed down; the rest of the house everything. Pages list sub-orders only to those who handle them."""
    if actor.roles & _SEE_ALL:
        return tickets.c.parent_id.is_(None)
    ways: list[ColumnElement[bool]] = []
    if Role.AGENT in actor.roles:
        mine = or_(tickets.c.created_by == actor.account, tickets.c.accepted_by == actor.account)
        ways.append(and_(or_(mine, tickets.c.state == State.PENDING.value), tickets.c.parent_id.is_(None)))
    if Role.DEPARTMENT in actor.roles and actor.unit:
        ways += [tickets.c.unit == actor.unit, tickets.c.parent_unit == actor.unit]
    return or_(*ways) if ways else tickets.c.id.is_(None)


def may_see(actor: Actor, row: Mapping[str, Any]) -> bool:
    """``visible_to`` for one row that is already here."""
    own = actor.account in (row["created_by"], row["accepted_by"]) or row["state"] == State.PENDING
    return bool(
        actor.roles & _SEE_ALL
        or (Role.AGENT in actor.roles and own)
        or (Role.DEPARTMENT in actor.roles and actor.unit and actor.unit in (row["unit"], row["parent_unit"]))
    )


def searchable_by(actor: Actor, words: str) -> ColumnElement[bool]:
    """Of a protected work order a unit finds the number only: a search would else tell whether it guessed right."""
    if actor.roles & _SEE_ALL or Role.DEPARTMENT not in actor.roles:
        return true()
    return or_(tickets.c.protected.is_(False), tickets.c.number.startswith(words.strip(), autoescape=True))


def stamp(now: datetime, row: Row) -> Row:
    """A row with the columns that every fresh work order has."""
    fresh: Row = {
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "due_provisional": False,
        "returns": 0,
        "reworks": 0,
        "extension": "none",
        "supervise_level": 0,
        "forbid_return": False,
        "repeats": 0,
        "protected": False,
        "tags": [],
        "day": "",
        "area": "",
        "words": "",
    }
    return dict.fromkeys(column.name for column in tickets.columns) | fresh | row


def named(ticket: str) -> ColumnElement[bool]:
    """By number when it is one, else by id."""
    return tickets.c.number == ticket if ticket.isdigit() else tickets.c.id == ticket
