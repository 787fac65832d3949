"""kill -9 in the middle of bulk moves: every one is done whole or not at all, and the ledger says the same."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from sqlalchemy import select

from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.facts.tickets import TicketMoved
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import load_settings
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.tables import ticket_timeline, tickets

ROOT = Path(__file__).parents[2]
BATCHES, SIZE = 8, 12
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
WORKER = """
import asyncio, sys
from tests.integration.test_tickets_kill import BATCHES, BOSS, open_orders, ids_of

async def main():
    database, orders = await open_orders(sys.argv[1])
    for batch in range(int(sys.argv[2]), BATCHES):
        ids = await ids_of(database, batch)
        print(batch, flush=True)
        await orders.act_on_all(ids, "accept", {}, BOSS)

asyncio.run(main())
"""


async def open_orders(url: str) -> tuple[Database, WorkOrders]:
    settings, clock = load_settings(ROOT / "config.yaml"), SystemClock()
    database = await Database.open(url, Bus())
    visits = CallbackTasks(database, clock, settings.site.zone)
    return database, WorkOrders(database, clock, TicketSite.of(settings), visits)


async def ids_of(database: Database, batch: int) -> list[str]:
    query = select(tickets.c.id).where(tickets.c.sender_id.startswith(f"{batch}-"))
    async with database.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def test_killed_in_the_middle_a_bulk_move_is_whole_or_nothing(database_url: str) -> None:
    database, orders = await open_orders(database_url)
    for batch in range(BATCHES):
        for n in range(SIZE):
            await orders.intake.receive("web", f"{batch}-{n}", {"description": "路灯不亮"}, None)
    await database.close()

    first = 0
    for _ in range(3):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, database_url, str(first), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert worker.stdout is not None
        async with asyncio.timeout(30):
            await worker.stdout.readline()  # it begins its first batch
        await asyncio.sleep(random.uniform(0.0, 0.15))
        if worker.returncode is None:
            worker.send_signal(signal.SIGKILL)
        await worker.wait()
        first = await _check(database_url)


async def _check(url: str) -> int:
    """The first batch that is still to be done."""
    database, _ = await open_orders(url)
    moved = [entry.fact async for entry in read(database, kinds=[TicketMoved])]
    in_ledger = {fact.ticket_id for fact in moved if isinstance(fact, TicketMoved) and fact.action == "accept"}
    async with database.reading() as connection:
        rows = (await connection.execute(select(tickets.c.id, tickets.c.state, tickets.c.sender_id))).all()
        steps = select(ticket_timeline.c.ticket_id).where(ticket_timeline.c.action == "accept")
        in_timeline = set((await connection.execute(steps)).scalars())
    await database.close()
    accepted = {row.id for row in rows if row.state == "to_dispatch"}
    assert accepted == in_ledger == in_timeline
    for batch in range(BATCHES):
        states = {row.state for row in rows if row.sender_id.startswith(f"{batch}-")}
        assert len(states) == 1, (batch, states)
    return len(accepted) // SIZE
