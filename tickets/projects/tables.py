"""Governance projects, their work orders, and what was done, step by step."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata
from hotline.ledger import make_append_only

projects = Table(
    "projects",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("name", String(120), nullable=False),
    Column("category", String(64), nullable=False),
    Column("place", String(200), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("goal", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("due_on", String(10)),
    Column("opened_by", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("result", Text),
    Index("ix_projects_state_opened", "state", "opened_at"),
    Index("ix_projects_unit", "unit"),
)

project_tickets = Table(
    "project_tickets",
    metadata,
    Column("ticket_id", String(40), primary_key=True),
    Column("project_id", String(40), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_project_tickets_project", "project_id"),
)
"""A work order is in one project at most: the primary key holds it."""

project_steps = Table(
    "project_steps",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project_id", String(40), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Column("action", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("percent", Integer),
    Column("tickets", JSON, nullable=False),
    sqlite_autoincrement=True,
)
make_append_only(project_steps)
