"""Work orders per second of a replayed year, on PostgreSQL, beside one plain insert per transaction.

Ours lives each work order through the law (five to nine moves), and writes it with its timeline and its facts of the
ledger, triggers and indexes on, 500 to a transaction. The peer inserts the finished row alone, one to a transaction,
as a loop over a list would: no law, no timeline, no ledger.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import insert

from bench.registry import Tell
from bench.rows import Row
from hotline.bus import Bus
from hotline.database import Database
from hotline.migrations import migrate
from hotline.settings import load_settings
from tests.postgresql import temporary_cluster
from tickets.site import TicketSite
from tickets.tables import tickets
from tickets.year.commands import plan_of
from tickets.year.replay import YearReplay

REPOSITORY = Path(__file__).resolve().parents[1]
TOTAL, PLAIN = 20_000, 3_000
DURABLE = ("shared_buffers=512MB", "max_wal_size=2GB")


async def run(tell: Tell) -> Sequence[Row]:
    """One row."""
    settings = load_settings(REPOSITORY / "config.yaml")
    site = TicketSite.of(settings)
    with temporary_cluster(settings=DURABLE) as cluster:
        database = await Database.open(cluster.url(), Bus())
        try:
            await migrate(database)
            peer = YearReplay(database, site, plan_of(settings, PLAIN, 2)).bunch(range(PLAIN))
            began = time.perf_counter()
            for row in peer.orders:
                async with database.engine.begin() as connection:
                    await connection.execute(insert(tickets).values(row))
            plain = PLAIN / (time.perf_counter() - began)
            began = time.perf_counter()
            async for at in YearReplay(database, site, plan_of(settings, TOTAL, 1)).run():
                tell(f"{at} of {TOTAL}")
            ours = TOTAL / (time.perf_counter() - began)
        finally:
            await database.close()
    name = "plain inserts, one per transaction"
    return [
        Row(
            "tickets.year_replay",
            "work orders/s",
            round(ours),
            round(plain),
            name,
            "make bench ONLY=tickets.year_replay",
        )
    ]
