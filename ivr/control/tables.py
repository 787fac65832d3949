"""Call control's own table: one row for each operation under way."""

from sqlalchemy import Column, String, Table, Text

from hotline.database import Instant, metadata

call_control = Table(
    "call_control",
    metadata,
    Column("call_id", String(40), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
