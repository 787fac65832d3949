"""The room's own table: what was said, one row per utterance, read by screens and drafts."""

from sqlalchemy import Column, Float, Index, String, Table, Text

from hotline.database import Instant, metadata

utterances = Table(
    "utterances",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("call_id", String(40), nullable=False),
    Column("who", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("confidence", Float),
    Column("words", Text, nullable=False),
    Index("ix_utterances_call_id_started_at", "call_id", "started_at"),
)
"""``words``: JSON list of [word, seconds after ``started_at``, its length in seconds, confidence]."""
