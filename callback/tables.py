"""The callback room's tables. The database itself keeps a citizen from being on two of our calls at once."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from callback.lifecycle import ON_THE_PHONE
from hotline.database import Instant, metadata

_OPEN = text("state IN ({})".format(", ".join(f"'{state.value}'" for state in ON_THE_PHONE)))
_UNFINISHED = text("state <> 'closed'")

callback_tasks = Table(
    "callback_tasks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
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
    Index("ix_callback_tasks_state_due", "state", "due_at"),
    Index("ix_callback_tasks_ticket", "ticket_id"),
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
    Column("dialled_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(20)),
)
