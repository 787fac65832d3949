"""The ivr room's own tables: the last known picture of each call and seat. Readings of the ledger, kept for speed."""

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, text

from hotline.database import Instant, metadata

calls = Table(
    "calls",
    metadata,
    Column("call_id", String(40), primary_key=True),
    Column("caller", String(40), nullable=False),
    Column("dialled", String(40), nullable=False),
    Column("line", String(80), nullable=False),
    Column("group", String(40), nullable=False),
    Column("channel", String(120), nullable=False),
    Column("uniqueid", String(80), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("seat", String(16)),
    Column("account", String(64)),
    Column("arrived_at", Instant, nullable=False, index=True),
    Column("queued_at", Instant),
    Column("connected_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", String(40)),
    Column("talked_seconds", Float, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("needs", JSON, nullable=False, server_default="{}"),
    Column("duty", String(80)),
    Column("promise", String(40)),
    Column("told_wait", Float),
    Column("told_at", Instant),
    Index("ix_calls_caller_arrived", "caller", "arrived_at"),
    Index("ix_calls_seat_arrived", "seat", "arrived_at"),
)

seats = Table(
    "seats",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account", String(64)),
    Column("agent_name", String(80)),
    Column("status", String(16), nullable=False),
    Column("reason", String(80)),
    Column("since", Instant, nullable=False),
    Column("calls_taken", Integer, nullable=False),
    Column("call_id", String(40)),
    Column("calls_since_break", Integer, nullable=False, server_default="0"),
    Column("break_until", Instant),
    Column("kind", String(8)),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("call_id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, index=True),
    Column("note", String(200), nullable=False),
    Column("seat", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)
"""What each call came to, as its agent said last (话后小结)."""

_OPEN = text("state = 'open'")

owed_calls = Table(
    "owed_calls",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("phone", String(40), nullable=False),
    Column("call_id", String(40), nullable=False),
    Column("line", String(80), nullable=False),
    Column("group", String(40), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("state", String(8), nullable=False),
    Column("since", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("by", String(64)),
    Column("stage", String(10), nullable=False, server_default="waiting"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("channel_id", String(40)),
    Column("due_at", Instant, nullable=False),
    Column("engine", String(40)),
    Column("dialled_at", Instant),
    Index("ix_owed_calls_state_since", "state", "since"),
    Index("uq_owed_calls_phone_open", "phone", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)
