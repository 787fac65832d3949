"""What goes to emergency platforms: one row a message, until it has arrived. It outlives a killed engine."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata

emergency_pushes = Table(
    "emergency_pushes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("call_id", String(40), nullable=False, index=True),
    Column("platform", String(8), nullable=False),
    Column("label", String(40), nullable=False),
    Column("target", String(32), nullable=False),
    Column("party_id", String(40)),
    Column("seat", String(16)),
    Column("by", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("failure", Text),
    Column("outcome", String(16)),
    Index("ix_emergency_pushes_state_due", "state", "due_at"),
    Index("ix_emergency_pushes_created", "created_at"),
)
