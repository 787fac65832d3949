"""kill -9 between any two statements of quality, projects, dossiers and assessment: each deed is whole or never was."""

import asyncio
import os
import random
import signal
import sys
from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.facts.oversight import AssessmentPublished, DossierWritten, ProjectChanged, QualityScored
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import Secrets, load_settings
from tickets.assessment.tables import assessment_months
from tickets.dossiers.law import Entry, Kind
from tickets.dossiers.tables import dossier_entries, dossiers
from tickets.oversight import Oversight
from tickets.projects.tables import project_steps, project_tickets, projects
from tickets.quality.tables import quality_reviews
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.tables import ticket_timeline, tickets

ROOT = Path(__file__).parents[2]
ROUNDS, SIZE, LIVES, LATEST = 6, 3, 3, 60
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
WORKER = """
import asyncio, os, signal, sys
from tests.integration.test_oversight_kill import ROUNDS, deeds, open_house
from hotline.database import UnitOfWork

left, execute = int(sys.argv[2]), UnitOfWork.execute

async def dying(self, *said):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return await execute(self, *said)

UnitOfWork.execute = dying

async def main():
    database, orders, oversight = await open_house(sys.argv[1], sys.argv[4])
    for number in range(int(sys.argv[3]), ROUNDS):
        await deeds(database, oversight, number)
    await database.close()

asyncio.run(main())
"""


async def open_house(url: str, folder: str) -> tuple[Database, WorkOrders, Oversight]:
    settings, clock = load_settings(ROOT / "config.yaml"), SystemClock()
    database, site = await Database.open(url, Bus()), TicketSite.of(settings)
    orders = WorkOrders(database, clock, site, CallbackTasks(database, clock, settings.site.zone))
    return database, orders, Oversight.of(database, clock, settings, site, orders, Secrets(Path(folder)))


async def ids_of(database: Database, number: int) -> list[str]:
    query = select(tickets.c.id).where(tickets.c.sender_id.startswith(f"{number}-")).order_by(tickets.c.sender_id)
    async with database.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def deeds(database: Database, oversight: Oversight, number: int) -> None:
    """One round: a month published, a meeting with a decision, a project, and last a failed sheet."""
    ids = await ids_of(database, number)
    settings = load_settings(ROOT / "config.yaml")
    unit, sheet = next(iter(TicketSite.of(settings).ready)), settings.quality.sheets["order"]
    month = f"2025-{number + 1:02}"
    async with database.reading() as connection:
        published = (await connection.execute(select(assessment_months.c.month))).scalars().all()
        joined = (await connection.execute(select(project_tickets.c.ticket_id))).scalars().all()
    if month not in published:
        await oversight.assessment.publish(month, BOSS)
    held = {"title": f"第{number}次调度", "begins_on": date(2026, 3, 2), "lead": "市长"}
    meeting = await oversight.dossiers.open(Kind.MEETING, held, [], BOSS)
    await oversight.dossiers.write(meeting["id"], Entry.DECISION, {"text": "限期修复路灯", "unit": unit}, BOSS)
    if ids[0] not in joined:
        fields = {"name": f"治理{number}", "category": "", "place": "", "unit": unit, "goal": "路灯"}
        await oversight.projects.open(fields, ids, BOSS)
    await oversight.quality.score(ids[0], "order", {item.name: 0 for item in sheet.items}, "要素不全", BOSS)


async def test_killed_between_any_two_statements_a_deed_is_whole_or_never_was(
    database_url: str, tmp_path: Path
) -> None:
    database, orders, _ = await open_house(database_url, str(tmp_path))
    for number in range(ROUNDS):
        for n in range(SIZE):
            made = await orders.intake.receive("web", f"{number}-{n}", {"description": "路灯不亮"}, None)
            await orders.act(made["ticket_id"], "accept", {}, BOSS)
    await database.close()
    first = 0
    for _ in range(LIVES):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, database_url, str(random.randrange(1, LATEST)), str(first), str(tmp_path),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        async with asyncio.timeout(60):
            _, said = await worker.communicate()
        assert worker.returncode == -signal.SIGKILL, said.decode()
        first = await _check(database_url, str(tmp_path))


async def _check(url: str, folder: str) -> int:
    """Rows, ledger and states say the same of every deed. Returns the first round that has no sheet yet."""
    database, _, _ = await open_house(url, folder)
    facts = [entry.fact async for entry in read(database)]
    async with database.reading() as connection:

        async def column(query: object) -> list[str]:
            return sorted((await connection.execute(query)).scalars())  # type: ignore[call-overload]

        scored = await column(select(quality_reviews.c.ticket_id))
        assert scored == sorted(f.ticket_id for f in facts if isinstance(f, QualityScored))
        assert scored == await column(select(tickets.c.id).where(tickets.c.state == "pending"))
        assert scored == await column(select(ticket_timeline.c.ticket_id).where(ticket_timeline.c.action == "fail"))

        opened = await column(select(projects.c.id))
        changed = [f for f in facts if isinstance(f, ProjectChanged)]
        assert opened == sorted(f.project_id for f in changed) == await column(select(project_steps.c.project_id))
        members = select(func.count()).select_from(project_tickets).group_by(project_tickets.c.project_id)
        assert set(await column(members)) <= {SIZE}

        written = [f for f in facts if isinstance(f, DossierWritten)]
        assert await column(select(dossiers.c.id)) == sorted(f.dossier_id for f in written if f.entry == "open")
        decided = sorted(one for f in written for one in f.tickets)
        assert decided == await column(select(dossier_entries.c.ticket_id))
        assert decided == await column(select(tickets.c.id).where(tickets.c.state == "dispatched"))
        assert decided == await column(select(tickets.c.id).where(tickets.c.channel == "house"))

        months = await column(select(assessment_months.c.month))
        assert months == sorted(f.month for f in facts if isinstance(f, AssessmentPublished))
        done = set(scored)
    rounds = [await ids_of(database, number) for number in range(ROUNDS)]
    await database.close()
    return next(number for number, ids in enumerate(rounds) if ids[0] not in done)
