"""The table of recordings: what the archive holds, what is still owed, and why something failed."""

from enum import StrEnum

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table, Text

from hotline.database import Instant, metadata


class State(StrEnum):
    """How far a recording has come."""

    PENDING = "pending"
    """Its call is over, and nothing has come of it yet. Only earlier versions wrote it down."""
    READY = "ready"
    """In the archive, its hash in the ledger."""
    FAILED = "failed"
    """The last try failed; ``error`` says why, ``retry_at`` when it is tried again. The spool files are kept."""
    SILENT = "silent"
    """The spool files hold no sound at all (killed before the first buffer was written)."""
    PURGED = "purged"
    """Kept for the period that the site sets, then deleted."""


OWED = (State.PENDING, State.FAILED)
"""Still to be made."""

recordings = Table(
    "recordings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("call_id", String(64), nullable=False, index=True),
    Column("uniqueid", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False, index=True),
    Column("folder", String(128), nullable=False, unique=True),
    Column("ended_at", Instant, nullable=False, index=True),
    Column("seconds", Float),
    Column("started_at", Instant),
    Column("kind", String(16), nullable=False, default="call", server_default="call"),
    Column("held_by", String(64)),
    Column("held_reason", Text),
    Column("ready_at", Instant),
    Column("purged_at", Instant),
    Column("tries", Integer, nullable=False, default=0),
    Column("retry_at", Instant),
    Column("error", Text),
    Column("parts", Text, nullable=False, default="", server_default=""),
)

recording_tracks = Table(
    "recording_tracks",
    metadata,
    Column("recording_id", String(40), ForeignKey("recordings.id"), primary_key=True),
    Column("track", String(16), primary_key=True),
    Column("speaker", String(80), nullable=False, default="", server_default=""),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("format", String(8), nullable=False, default="wav", server_default="wav"),
)
