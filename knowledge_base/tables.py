"""The knowledge base's table."""

from sqlalchemy import JSON, Column, String, Table, Text

from hotline.database import Instant, metadata

articles = Table(
    "articles",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("answer", Text, nullable=False),
    Column("category", String(64), nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(64), nullable=False),
)
