"""The ledger: every fact one appended row, never changed, never deleted; the database itself refuses both.

A row keeps the fact's kind and its fields as JSON, so that a later version may read what an earlier one wrote;
``fact_of`` gives the dataclass back.
"""

import dataclasses
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, event, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from hotline.database import Instant, metadata
from hotline.facts import (
    Fact,
    alarms,
    callbacks,
    calls,
    control,
    emergency,
    nuisance,
    outreach,
    oversight,
    recordings,
    seats,
    speech,
    tickets,
)

if TYPE_CHECKING:
    from hotline.database import Database, UnitOfWork

_Sequence = BigInteger().with_variant(Integer, "sqlite").with_variant(postgresql.BIGINT, "postgresql")

ledger = Table(
    "ledger",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", String(64), nullable=False, index=True),
    Column("by", String(64), nullable=False),
    Column("call_id", String(40), index=True),
    Column("ticket_id", String(40), index=True),
    Column("seat", String(40)),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)

APPEND_ONLY_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb_lower} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
APPEND_ONLY_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
)


def append_only_statements(table: str, dialect: str) -> list[str]:
    """The SQL that makes ``table`` refuse UPDATE and DELETE on this dialect."""
    if dialect == "sqlite":
        return [APPEND_ONLY_SQLITE.format(table=table, verb=v, verb_lower=v.lower()) for v in ("UPDATE", "DELETE")]
    return [statement.format(table=table) for statement in APPEND_ONLY_POSTGRESQL]


def make_append_only(table: Table) -> None:
    """Let ``create_all`` put the refusing triggers on ``table``; a migration uses ``append_only_statements``."""

    def after_create(_target: Table, connection: Connection, **_: Any) -> None:
        for statement in append_only_statements(table.name, connection.dialect.name):
            connection.exec_driver_sql(statement)

    event.listen(table, "after_create", after_create)


make_append_only(ledger)
_INSERT = insert(ledger)

KINDS: dict[str, type[Fact]] = {
    kind.__name__: kind
    for module in (
        calls,
        control,
        emergency,
        nuisance,
        seats,
        speech,
        recordings,
        tickets,
        callbacks,
        alarms,
        oversight,
        outreach,
    )
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    seq: int
    fact: Fact


_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}
_FIELDS = {name: frozenset(field.name for field in dataclasses.fields(kind)) for name, kind in KINDS.items()}


def row_of(fact: Fact) -> dict[str, Any]:
    """The ledger row of a fact, without ``seq``."""
    kind = type(fact).__name__
    named = {name: getattr(fact, name, None) for name in ("call_id", "ticket_id", "seat")}
    return {"at": fact.at, "by": fact.by, "kind": kind, "body": _ADAPTERS[kind].dump_json(fact).decode()} | named


def fact_of(kind: str, body: str) -> Fact:
    """The fact that a row holds. Fields that this version does not know are dropped."""
    known, values = _FIELDS[kind], json.loads(body)
    fact: Fact = _ADAPTERS[kind].validate_python({k: v for k, v in values.items() if k in known})
    return fact


async def append(uow: "UnitOfWork", facts: Sequence[Fact]) -> None:
    """Append facts in a transaction that is open."""
    await uow.insert(_INSERT, [row_of(fact) for fact in facts])


async def read(
    database: "Database",
    *,
    call_id: str | None = None,
    ticket_id: str | None = None,
    kinds: Iterable[type[Fact]] = (),
    since: datetime | None = None,
    seat: str | None = None,
    after_seq: int = 0,
) -> AsyncIterator[Entry]:
    """The entries that match, oldest first."""
    query = select(ledger.c.seq, ledger.c.kind, ledger.c.body).where(ledger.c.seq > after_seq).order_by(ledger.c.seq)
    names = [kind.__name__ for kind in kinds]
    for condition in (
        call_id is not None and ledger.c.call_id == call_id,
        ticket_id is not None and ledger.c.ticket_id == ticket_id,
        bool(names) and ledger.c.kind.in_(names),
        since is not None and ledger.c.at >= since,
        seat is not None and ledger.c.seat == seat,
    ):
        if condition is not False:
            query = query.where(condition)
    for seq, kind, body in await database.fetch(query):
        yield Entry(seq, fact_of(kind, body))
