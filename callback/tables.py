"""The callback room's tables.

The database itself keeps a citizen from being on two of our calls at once, and a task from being closed without a
disposition.
"""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, ForeignKey, Index, Integer, String, Table, Text, event, text

from callback.lifecycle import ON_THE_PHONE
from hotline.database import Instant, metadata
from hotline.invariants import invariant_statements

_OPEN = text("state IN ({})".format(", ".join(f"'{state.value}'" for state in ON_THE_PHONE)))
_UNFINISHED = text("state <> 'closed'")

callback_tasks = Table(
    "callback_tasks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),  # what it is about: a work order, a call, a campaign's item
    Column("number", String(18), nullable=False),
    Column("title", String(200), nullable=False),
    Column("phone", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("channel_id", String(80)),
    Column("dialled_at", Instant),
    Column("answered_at", Instant),
    Column("done_at", Instant),
    Column("disposition", String(20)),
    Column("solved", Boolean),
    Column("satisfaction", Integer),
    Column("kind", String(12), nullable=False, server_default="visit"),
    Column("campaign_id", String(40)),
    Column("unit", String(40), nullable=False, server_default=""),
    Column("flow", String(40), nullable=False, server_default=""),
    Column("hours", String(11), nullable=False, server_default=""),
    Column("language", String(2), nullable=False, server_default="zh"),
    Column("postponed", Integer, nullable=False, server_default="0"),
    Column("manner", Integer),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),
    Column("answers", JSON, nullable=False, server_default="{}"),
    Column("grounds", String(200), nullable=False, server_default=""),
    Column("engine", String(40)),
    Column("handed_at", Instant),
    Index("ix_callback_tasks_state_due", "state", "due_at"),
    Index("ix_callback_tasks_ticket", "ticket_id"),
    Index("ix_callback_tasks_campaign", "campaign_id", "state"),
    Index("uq_callback_tasks_phone_open", "phone", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(
        "uq_callback_tasks_ticket_open",
        "ticket_id",
        unique=True,
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    ),
)

callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("channel_id", String(80), primary_key=True),
    Column("task_id", String(40), ForeignKey("callback_tasks.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("dialled_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Column("outcome", String(20)),
    Column("phone", String(32), nullable=False, server_default=""),
    Column("engine", String(40)),
    Column("cause", Integer),
)

callback_engines = Table(
    "callback_engines",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("asterisk", String(120), nullable=False),
    Column("alive_until", Instant, nullable=False),
)
"""Robots that share the work. One whose lease is over has lost its tasks to whoever looks first."""

callback_pauses = Table(
    "callback_pauses",
    metadata,
    Column("scope", String(40), primary_key=True),  # empty: everything; else a campaign
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", String(200), nullable=False),
)

callback_wishes = Table(
    "callback_wishes",
    metadata,
    Column("phone", String(32), primary_key=True),
    Column("hours", String(11), nullable=False),
    Column("by", String(64), nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""When a citizen wants to be phoned, every time."""

DISPOSED = ("callback_disposed", "callback_tasks", "NEW.state = 'closed' AND NEW.disposition IS NULL")


def _after_create(_target: Table, connection: Connection, **_: Any) -> None:
    for statement in invariant_statements(*DISPOSED, connection.dialect.name):
        connection.exec_driver_sql(statement)


event.listen(callback_tasks, "after_create", _after_create)
