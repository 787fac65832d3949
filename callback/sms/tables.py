"""What goes out to citizens' telephones, and the links in it. A row is written with the fact that demands it."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata

sms_messages = Table(
    "sms_messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("task_id", String(40), nullable=False, index=True),
    Column("ticket_id", String(40), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("link_id", String(24)),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("failure", Text),
    Index("ix_sms_messages_state_due", "state", "due_at"),
    Index("ix_sms_messages_created", "created_at"),
)

citizen_links = Table(
    "citizen_links",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("task_id", String(40), nullable=False, index=True),
    Column("ticket_id", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)
