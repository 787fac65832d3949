"""The tickets room's tables. The timeline is append-only; the database itself refuses changes to it."""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    event,
    false,
    text,
)

from hotline.database import Instant, metadata
from hotline.invariants import invariant_statements
from hotline.ledger import make_append_only
from tickets.counting import (
    AREAS,
    COUNTS,
    FIGURES,
    GRAINS,
    MONTHS,
    UNITS,
    counting_statements,
    searching_statements,
)
from tickets.states import DONE, WITH_UNIT, State


def _among(states: frozenset[State]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


IS_OPEN = text(f"state NOT IN ({_among(DONE)})")
RUNS = text(f"state IN ({_among(WITH_UNIT)})")
"""Written out, not bound, so that a database sees that its partial index answers."""

ticket_drafts = Table(
    "ticket_drafts",
    metadata,
    Column("call_id", String(40), primary_key=True),
    Column("caller", String(32), nullable=False),
    Column("line", String(64), nullable=False),
    Column("spoken", JSON, nullable=False),
    Column("typed", JSON, nullable=False),
    Column("values", JSON, nullable=False),
    Column("because", JSON, nullable=False),
    Column("ticket_id", String(40)),
    Column("updated_at", Instant, nullable=False),
    Column("tags", JSON, nullable=False, server_default="[]"),
)

ticket_serials = Table(
    "ticket_serials",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", String(40), nullable=False),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(18), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("type", String(20), nullable=False),
    Column("category", String(64), nullable=False),
    Column("place", String(200), nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("phone", String(32), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("line", String(64), nullable=False),
    Column("call_id", String(40), unique=True),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("unit", String(20)),
    Column("dispatched_at", Instant),
    Column("due_at", Instant),
    Column("due_provisional", Boolean, nullable=False),
    Column("stopped_at", Instant),
    Column("contact", Text),
    Column("reply", Text),
    Column("answer", Text),
    Column("solved_by_unit", Boolean),
    Column("solved", Boolean),
    Column("satisfaction", Integer),
    Column("manner", Integer),
    Column("first_solved", Boolean),
    Column("first_satisfaction", Integer),
    Column("returns", Integer, nullable=False),
    Column("reworks", Integer, nullable=False),
    Column("process", String(16)),
    Column("accepted_by", String(64)),
    Column("dispatch_due_at", Instant),
    Column("dispatch_breached_at", Instant),
    Column("overdue_at", Instant),
    Column("closed_at", Instant),
    Column("archive_at", Instant),
    Column("disposition", String(40)),
    Column("extension", String(10), nullable=False, server_default="none"),
    Column("extension_days", Integer),
    Column("supervise_level", Integer, nullable=False, server_default="0"),
    Column("forbid_return", Boolean, nullable=False, server_default=false()),
    Column("review_at", Instant),
    Column("merged_into", String(40)),
    Column("matter", String(20)),
    Column("route", Text),
    Column("article_id", String(40)),
    Column("leader", String(64)),
    Column("instruction", Text),
    Column("parent_id", String(40)),
    Column("parent_unit", String(20)),
    Column("part", String(10)),
    Column("sender_id", String(128)),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("protected", Boolean, nullable=False, server_default=false()),
    Column("contacted", Boolean),
    Column("contact_at", Instant),
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("day", String(10), nullable=False, server_default=""),
    Column("area", String(40), nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),
    Index("ix_tickets_created_number", "created_at", "number"),
    Index("ix_tickets_unit_created", "unit", "created_at"),
    Index("ix_tickets_category_created", "category", "created_at"),
    Index("ix_tickets_area_created", "area", "created_at"),
    Index("ix_tickets_urgency_created", "urgency", "created_at"),
    Index("ix_tickets_channel_created", "channel", "created_at"),
    Index("ix_tickets_sender", "sender_id"),
    Index("ix_tickets_open_created", "created_at", "number", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index("ix_tickets_running_due", "due_at", "number", sqlite_where=RUNS, postgresql_where=RUNS),
    Index("ix_tickets_unit_state_created", "unit", "state", "created_at"),
    Index("ix_tickets_created_by_created", "created_by", "created_at"),
    Index("ix_tickets_phone_created", "phone", "created_at"),
    Index("ix_tickets_state_created", "state", "created_at"),
    Index("ix_tickets_parent", "parent_id"),
    Index("ix_tickets_parent_unit", "parent_unit"),
    Index("ix_tickets_merged_into", "merged_into"),
    Index("ix_tickets_accepted_by", "accepted_by"),
    Index("ix_tickets_state_due", "state", "due_at"),
)

ticket_timeline = Table(
    "ticket_timeline",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", String(40), ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("action", String(20), nullable=False),
    Column("from_state", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("changed", JSON),
    sqlite_autoincrement=True,
)
make_append_only(ticket_timeline)

ticket_processes = Table(
    "ticket_processes",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("since", Instant, nullable=False),
)

ticket_intakes = Table(
    "ticket_intakes",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("sender_id", String(128), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("received_at", Instant, nullable=False),
)

ticket_repeats = Table(
    "ticket_repeats",
    metadata,
    Column("ticket_id", String(40), primary_key=True),
    Column("other_id", String(40), primary_key=True),
    Column("score", Integer, nullable=False),
    Column("because", JSON, nullable=False),
    Index("ix_ticket_repeats_other", "other_id"),
)

ticket_attachments = Table(
    "ticket_attachments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), ForeignKey("tickets.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(120), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ux_ticket_attachments_content", "ticket_id", "sha256", unique=True),
)

_WIDTHS = {"day": 10, "month": 7, "area": 40, "type": 20, "unit": 20}


def _counts(name: str, *indexes: Index) -> Table:
    keys = (Column(key, String(_WIDTHS[key]), primary_key=True) for key in GRAINS[name])
    return Table(name, metadata, *keys, *(Column(figure, Integer, nullable=False) for figure in FIGURES), *indexes)


ticket_counts = _counts(
    COUNTS, Index("ix_ticket_counts_unit_day", "unit", "day"), Index("ix_ticket_counts_area_day", "area", "day")
)
COUNT_TABLES = {COUNTS: ticket_counts, **{name: _counts(name) for name in (MONTHS, AREAS, UNITS)}}

ticket_deltas = Table(
    "ticket_deltas",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    *(Column(name, String(40), nullable=False) for name in ("day", "area", "type", "unit")),
    *(Column(name, Integer, nullable=False) for name in FIGURES),
)

ticket_shelves = Table(
    "ticket_shelves",
    metadata,
    Column("owner", String(80), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

CONCLUDED = (
    "ticket_concluded",
    "tickets",
    "NEW.state = 'archived' AND NEW.disposition IS NULL AND NEW.parent_id IS NULL",
)
"""Nothing is archived without a disposition; a sub-order has its main order's."""


def _after_create(_target: Table, connection: Connection, **_: Any) -> None:
    for statement in invariant_statements(*CONCLUDED, connection.dialect.name):
        connection.exec_driver_sql(statement)
    for statement in counting_statements(connection.dialect.name) + searching_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


event.listen(ticket_deltas, "after_create", _after_create)
