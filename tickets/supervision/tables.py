"""Courses of supervision, proposals, letters; replies to compare with; sealed referrals and the discipline ledger."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from hotline.database import Instant, metadata

supervision_courses = Table(
    "supervision_courses",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("level", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("skip_reason", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", String(64), nullable=False),
    Column("result", Text),
    Column("solved", Boolean),
    Column("concluded_at", Instant),
    Column("concluded_by", String(64)),
    Index("ix_supervision_courses_ticket", "ticket_id"),
)

supervision_proposals = Table(
    "supervision_proposals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", String(40), nullable=False),
    Column("unit", String(20)),
    Column("ground", String(20), nullable=False),
    Column("occasion", String(40), nullable=False),
    Column("level", Integer, nullable=False),
    Column("because", Text, nullable=False),
    Column("others", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", String(64)),
    Column("note", Text),
    Index("ux_supervision_proposals_occasion", "ticket_id", "ground", "occasion", unique=True),
    Index("ix_supervision_proposals_state_at", "state", "at"),
)

supervision_letters = Table(
    "supervision_letters",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("number", String(40), nullable=False),
    Column("ticket_id", String(40), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("level", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("sent_by", String(64), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("answer", Text),
    Column("answered_at", Instant),
    Column("answered_by", String(64)),
    Index("ux_supervision_letters_number", "kind", "year", "serial", unique=True),
    Index("ix_supervision_letters_ticket", "ticket_id"),
    Index("ix_supervision_letters_unit_sent", "unit", "sent_at"),
)

unit_replies = Table(
    "unit_replies",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", String(40), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reply", Text, nullable=False),
    Index("ix_unit_replies_unit_at", "unit", "at"),
    sqlite_autoincrement=True,
)

sealed_referrals = Table(
    "sealed_referrals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("sealed_by", String(64), nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("opened_by", String(64)),
    Column("opened_at", Instant),
    Column("closed_by", String(64)),
    Column("closed_at", Instant),
    Column("outcome", Text),
    Index("ix_sealed_referrals_state_at", "state", "sealed_at"),
)
"""``sealed`` and ``outcome`` are ciphertexts: who reads the database learns that there is a referral, not of what."""

discipline_cases = Table(
    "discipline_cases",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("unit", String(20), nullable=False),
    Column("ground", String(80), nullable=False),
    Column("penalty", String(80), nullable=False),
    Column("persons", Integer, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("decided_on", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Index("ix_discipline_cases_decided", "decided_on"),
)
"""``sealed``: names and the referral, for the discipline role alone."""
