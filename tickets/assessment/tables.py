"""Exclusions asked for and decided, and the months that were published."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata
from hotline.ledger import make_append_only

assessment_exclusions = Table(
    "assessment_exclusions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", Instant),
    Column("note", Text),
    Index("ux_assessment_exclusions_ticket", "ticket_id", unique=True),
    Index("ix_assessment_exclusions_state_at", "state", "asked_at"),
)

assessment_months = Table(
    "assessment_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("through", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("marks", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)
"""``since`` and ``through``: from which instant work orders were gathered, and up to which row of the ledger."""
make_append_only(assessment_months)
