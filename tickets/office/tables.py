"""Notices to office systems. A row is written with the move that it tells of."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata

office_notices = Table(
    "office_notices",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("unit", String(20), nullable=False),
    Column("ticket_id", String(40), nullable=False, index=True),
    Column("number", String(18), nullable=False),
    Column("action", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("holder", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("send_at", Instant),
    Column("sent_at", Instant),
    Column("failure", Text),
    Index("ix_office_notices_send_at", "send_at"),
)
"""``holder``: the unit that has it after the move. ``send_at``: when it is told (again); empty: it was, or given up."""
