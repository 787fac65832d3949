"""Who works on which return visit by hand, and the calls made for it: one task is one person's."""

from sqlalchemy import Column, Index, Integer, String, Table, text

from hotline.database import Instant, metadata

_UP = text("ended_at IS NULL")

hand_claims = Table(
    "callback_hand_claims",
    metadata,
    Column("task_id", String(40), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("version", Integer, nullable=False),
)

hand_calls = Table(
    "callback_hand_calls",
    metadata,
    Column("channel_id", String(40), primary_key=True),
    Column("task_id", String(40), nullable=False, index=True),
    Column("ticket_id", String(40), nullable=False),
    Column("phone", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("seat", String(16), nullable=False),
    Column("call_id", String(40), nullable=False, index=True),
    Column("dialled_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(20)),
    Column("engine", String(40)),
    Index("uq_callback_hand_calls_phone_up", "phone", unique=True, sqlite_where=_UP, postgresql_where=_UP),
)
