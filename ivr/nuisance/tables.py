"""The list of malicious callers. One proposed or standing entry a number, held by the database itself."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, text

from hotline.database import Instant, metadata

_OPEN = text("state IN ('proposed', 'listed')")

nuisance_callers = Table(
    "nuisance_callers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("phone", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("marks", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", Instant),
    Column("note", String(500), nullable=False, server_default=""),
    Column("until", Instant),
    Column("removed_by", String(64)),
    Column("removed_at", Instant),
    Column("removed_because", String(500), nullable=False, server_default=""),
    Column("treated", Integer, nullable=False, server_default="0"),
    Column("treated_at", Instant),
    Index("ix_nuisance_callers_state_created", "state", "created_at"),
    Index("uq_nuisance_callers_phone_open", "phone", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)
