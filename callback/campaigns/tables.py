"""Campaigns and their entries. An entry that is with the robot has a callback task of kind ``campaign`` with its id."""

from sqlalchemy import JSON, Column, Date, Index, Integer, String, Table

from hotline.database import Instant, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("goal", String(500), nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("flow", String(40), nullable=False),
    Column("questions", JSON, nullable=False),
    Column("quotas", JSON, nullable=False),
    Column("hours", String(11), nullable=False),
    Column("begins_on", Date),
    Column("ends_on", Date),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("version", Integer, nullable=False),
)

campaign_entries = Table(
    "campaign_entries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("campaign_id", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("phone", String(32), nullable=False),
    Column("name", String(40), nullable=False),
    Column("group", String(40), nullable=False),
    Column("note", String(80), nullable=False),
    Column("ticket_id", String(40)),
    Column("state", String(8), nullable=False),
    Column("task_id", String(40)),
    Column("disposition", String(20)),
    Column("answers", JSON, nullable=False, server_default="{}"),
    Column("words", String(1000), nullable=False, server_default=""),
    Column("done_at", Instant),
    Index("uq_campaign_entries_campaign_phone", "campaign_id", "phone", unique=True),
    Index("ix_campaign_entries_campaign_state_place", "campaign_id", "state", "place"),
)
