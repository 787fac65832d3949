"""Score sheets as they were filled in, with the sheet that was then in force."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata

quality_reviews = Table(
    "quality_reviews",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("stage", String(10), nullable=False),
    Column("round", Integer, nullable=False),
    Column("account", String(64)),
    Column("unit", String(20)),
    Column("sheet", JSON, nullable=False),
    Column("marks", JSON, nullable=False),
    Column("total", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("fatal", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("returned", Boolean, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("appeal", Text),
    Column("appealed_by", String(64)),
    Column("appealed_at", Instant),
    Column("decision", Text),
    Column("decided_by", String(64)),
    Column("decided_at", Instant),
    Column("first_total", Integer),
    Index("ux_quality_reviews_round", "ticket_id", "stage", "round", unique=True),
    Index("ix_quality_reviews_state_at", "state", "at"),
    Index("ix_quality_reviews_account", "account"),
    Index("ix_quality_reviews_unit", "unit"),
)
"""``account`` or ``unit``: whose work was judged, and who may appeal. ``first_total``: before a decision changed it."""
