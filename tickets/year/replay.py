"""Writing a replayed year: work orders in bunches, each bunch one transaction, so that it may be stopped anywhere.

How far it came is what is in the database: bunches are whole, serials are drawn in order. Beginning again goes on
after the last one; so does a replay that was killed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, insert, select

from hotline import ledger
from hotline.database import Database
from hotline.facts import Fact
from hotline.ids import work_order_number
from tickets import store
from tickets.search import searchable
from tickets.site import TicketSite
from tickets.tables import ticket_processes, ticket_serials, ticket_timeline, tickets
from tickets.year.course import Course, live
from tickets.year.matters import Matter, YearPlan

Row = dict[str, Any]
BUNCH = 500


@dataclass(frozen=True)
class Bunch:
    """What one transaction writes."""

    orders: Sequence[Row]
    steps: Sequence[Row]
    facts: Sequence[Fact]


class YearReplay:
    """One plan's way into one database."""

    def __init__(self, database: Database, site: TicketSite, plan: YearPlan) -> None:
        self._database = database
        self._site = site
        self._plan = plan
        self._rules = {kind: site.rules_of(site.process, kind) for kind in ("咨询", "投诉", "举报", "建议", "求助")}
        self._process = site.process.version
        self._sender = f"replay-{plan.seed}-{plan.total}-"

    async def done(self) -> int:
        """How many intakes of this plan are in the database already."""
        mine = tickets.c.sender_id.between(self._sender, self._sender + "~")
        async with self._database.reading() as connection:
            return int((await connection.execute(select(func.count()).where(mine))).scalar_one())

    async def run(self) -> AsyncIterator[int]:
        """Write what is missing; after each bunch, how many there are. Closing it leaves whole bunches."""
        at = await self.done()
        await self._keep_process()
        while at < self._plan.total:
            until = min(at + BUNCH, self._plan.total)
            await self._write(self.bunch(range(at, until)))
            at = until
            yield at

    def bunch(self, serials: Sequence[int]) -> Bunch:
        """The lives of these intakes. Pure but for the site's own rules."""
        courses = [self._live(self._plan.matter(serial)) for serial in serials]
        steps = [step for course in courses for step in course.steps]
        return Bunch([course.row for course in courses], steps, [fact for course in courses for fact in course.facts])

    def _live(self, matter: Matter) -> Course:
        name = f"{self._sender}{matter.serial:07d}"
        row = store.stamp(matter.at, {
            "id": f"ticket_{name}", "number": work_order_number(matter.at, matter.serial, self._plan.zone),
            "state": "draft", "title": matter.phrase, "description": f"{matter.place}{matter.phrase}，请尽快处理",
            "type": matter.type, "category": matter.category, "place": matter.place, "urgency": matter.urgency,
            "phone": matter.phone, "channel": matter.channel, "line": "年度回放", "sender_id": name,
            "created_by": "replay-agent", "process": self._process, "area": matter.area,
            "day": matter.at.date().isoformat(), "protected": matter.type in self._site.protected_types,
        })  # fmt: skip
        row["words"] = searchable((row["title"], row["place"], row["description"]))
        course = Course(row, self._site.process, self._rules[matter.type], self._site.ready)
        return live(course, matter, self._site.drafter.directory)

    async def _write(self, bunch: Bunch) -> None:
        async with self._database.unit_of_work() as uow:
            await uow.execute(insert(ticket_serials), [{"ticket_id": row["id"]} for row in bunch.orders])
            await uow.execute(insert(tickets), bunch.orders)
            await uow.execute(insert(ticket_timeline), bunch.steps)
            await ledger.append(uow, bunch.facts)  # nobody listens to a year of facts

    async def _keep_process(self) -> None:
        process = self._site.process
        async with self._database.unit_of_work() as uow:
            known = select(ticket_processes.c.version).where(ticket_processes.c.version == process.version)
            if (await uow.execute(known)).first() is None:
                row = {"version": process.version, "body": asdict(process), "since": self._plan.matter(0).at}
                await uow.execute(insert(ticket_processes).values(row))
