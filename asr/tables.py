"""The room's own tables: what was said, one row per utterance, and which recordings have had their second pass."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, false

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
    Column("repaired", Boolean, nullable=False, default=False, server_default=false()),
    Column("corrected", Text),
    Column("corrected_by", String(64)),
    Column("corrected_at", Instant),
    Column("second_text", Text),
    Column("second_words", Text),
    Index("ix_utterances_call_id_started_at", "call_id", "started_at"),
)
"""``words``: JSON list of [word, seconds after ``started_at``, its length in seconds, confidence].
``second_text``: heard by night, by a bigger model; ``second_words``: its words, the fifth value says whether it is new.
``corrected``: the text as a person put it right; ``text`` stays what was heard."""

transcript_repairs = Table(
    "transcript_repairs",
    metadata,
    Column("recording_id", String(40), primary_key=True),
    Column("call_id", String(64), nullable=False, index=True),
    Column("done_at", Instant, nullable=False),
    Column("utterances", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)
"""One row per recording whose gaps were transcribed; ``seconds`` of speech were missing, ``utterances`` came of it."""

transcript_rereads = Table(
    "transcript_rereads",
    metadata,
    Column("recording_id", String(40), primary_key=True),
    Column("call_id", String(64), nullable=False, index=True),
    Column("done_at", Instant, nullable=False),
    Column("model", Text, nullable=False),
    Column("changed", Integer, nullable=False),
)
"""One row per recording that the bigger model read again; ``changed`` utterances got a second text."""
