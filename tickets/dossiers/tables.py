"""Dossiers, what is written in them, and the work orders that they sampled."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata
from hotline.ledger import make_append_only

dossiers = Table(
    "dossiers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("title", String(120), nullable=False),
    Column("subject", String(18), nullable=False),
    Column("subject_name", String(120), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("lead", String(64), nullable=False),
    Column("place", String(200), nullable=False),
    Column("begins_on", String(10)),
    Column("ends_on", String(10)),
    Column("state", String(10), nullable=False),
    Column("opened_by", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("result", Text),
    Index("ix_dossiers_kind_opened", "kind", "opened_at"),
)

dossier_entries = Table(
    "dossier_entries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("dossier_id", String(40), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Column("entry", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("who", String(120), nullable=False),
    Column("begins", Instant),
    Column("ends", Instant),
    Column("due_on", String(10)),
    Column("refers_to", Integer),
    Column("unit", String(20), nullable=False),
    Column("ticket_id", String(40), index=True),
    sqlite_autoincrement=True,
)
make_append_only(dossier_entries)

dossier_samples = Table(
    "dossier_samples",
    metadata,
    Column("dossier_id", String(40), primary_key=True),
    Column("ticket_id", String(40), primary_key=True),
    Column("drawn", Integer, nullable=False),
)
"""``drawn``: its place in the draw, which anybody can draw again."""
