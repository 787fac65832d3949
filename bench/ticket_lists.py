"""A million work orders on PostgreSQL: a page of the list, and a pivot, as the API asks for them.

Twenty thousand work orders are lived through the law (``hotline simulate --year``) and then repeated with other dates,
numbers and telephones until there are a million. The peers are asked in the same run, in turns: the list as it was
before (exact count, offset, LIKE over three columns, with the indexes of then), and the same figures grouped over the
table of work orders.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.dialects import postgresql

from bench.registry import Tell
from bench.rows import Row
from callback.tasks import CallbackTasks
from hotline.app import settle_memory
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.migrations import migrate
from hotline.security import Person, Role
from hotline.settings import Settings, load_settings
from tests.postgresql import temporary_cluster
from tickets import finding, store
from tickets.counting import GRAINS, folding_statements, searching_statements
from tickets.deadlines import WorkCalendar
from tickets.finding import Wanted
from tickets.grains import PivotWish
from tickets.service import WorkOrders, actor_of
from tickets.site import TicketSite
from tickets.states import DONE
from tickets.tables import tickets
from tickets.year.commands import plan_of
from tickets.year.replay import YearReplay

REPOSITORY = Path(__file__).resolve().parents[1]
LIVED, TIMES = 20_000, 50
DAYS, MOMENTS = 365, ("created_at", "updated_at", "due_at")
SHOWN, PEER_EVERY = 240, 8
NOON = datetime(2026, 1, 15, 4, tzinfo=UTC)
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
UNIT = Person(account="yishui", name="沂水", roles=frozenset({Role.DEPARTMENT}), unit="371323")
AGENT = Person(account="replay-agent-7", name="座席", roles=frozenset({Role.AGENT}))
WORDS = (
    "路灯",
    "罗庄街道",
    "噪声",
    "物业费",
    "13900",
    "欠薪 九曲",
    "开发商不给",
    "停水",
    "ETC",
    "电梯困人",
    "没有这句话",
)
SERVER = ("shared_buffers=1GB", "work_mem=32MB", "maintenance_work_mem=1GB", "max_wal_size=4GB", "fsync=off")


async def run(tell: Tell) -> Sequence[Row]:
    """Both rows."""
    settings = load_settings(REPOSITORY / "config.yaml")
    with temporary_cluster(settings=SERVER) as cluster:
        database = await Database.open(cluster.url(), Bus())
        try:
            await migrate(database)
            await _fill(database, settings, tell)
            clock = FakeClock(NOON)
            visits = CallbackTasks(database, clock, settings.site.zone)
            orders = WorkOrders(database, clock, TicketSite.of(settings), visits)
            settle_memory()  # as the engine does
            return [await _lists(database, orders, tell), await _pivots(database, orders, tell)]
        finally:
            await database.close()


async def _fill(database: Database, settings: Settings, tell: Tell) -> None:
    replay = YearReplay(database, TicketSite.of(settings), plan_of(settings, LIVED, 1))
    async for at in replay.run():
        tell(f"{at} of {LIVED} work orders lived")
    fresh = ("id", "number", "sender_id", "created_by", "phone")
    names = [column.name for column in tickets.columns if column.name not in fresh]
    since, year = "(day::date - date '2025-01-01')", "date '2025-01-01'"
    later = f"({since} + i * 7) % {DAYS}"
    shifted = {name: f'"{name}" + make_interval(days => {later} - {since})' for name in MOMENTS}
    shifted["day"] = f"({year} + {later})::text"
    made = ", ".join(shifted.get(name, f'"{name}"') for name in names)
    into = ", ".join(f'"{name}"' for name in names)
    steps = [
        "SET session_replication_role = replica",
        "DROP INDEX ticket_words",
        f"INSERT INTO tickets ({', '.join(fresh)}, {into}) SELECT id || '-' || i, "
        "lpad((900000000000000000 + i * 1000000 + row_number() OVER ())::text, 18, '0'), sender_id || '-' || i, "
        "'replay-agent-' || (random() * 60)::int, "
        f"lpad((13900000000 + (random() * 99999999)::bigint)::text, 11, '0'), {made} "
        f"FROM tickets, generate_series(1, {TIMES - 1}) i",
        *searching_statements("postgresql"),
        f"TRUNCATE ticket_deltas, {', '.join(GRAINS)}",
        "INSERT INTO ticket_deltas (day, area, type, unit, tickets, done, overdue) "
        "SELECT day, area, type, COALESCE(unit, ''), count(*), count(*) FILTER "
        f"(WHERE state IN ({', '.join(repr(state.value) for state in DONE)})), count(overdue_at) "
        "FROM tickets WHERE parent_id IS NULL GROUP BY 1, 2, 3, 4",
        *folding_statements("postgresql"),
        "SET session_replication_role = DEFAULT",
    ]
    async with database.engine.begin() as connection:
        for step in steps:
            tell(step[:60])
            await connection.exec_driver_sql(step)
    async with database.engine.connect() as connection:
        raw = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await raw.exec_driver_sql("VACUUM ANALYZE")


def _wishes(settings_units: Sequence[str], random: Random) -> list[tuple[Person, Wanted, int]]:
    """What people ask for, drawn anew: viewer, filters, page."""
    first = date(2025, 1, 1)
    found: list[tuple[Person, Wanted, int]] = []
    for number in range(SHOWN):
        since = first + timedelta(days=random.randrange(300))
        kinds = (
            Wanted(), Wanted(words=random.choice(WORDS)), Wanted(unit=random.choice(settings_units)),
            Wanted(state="open"), Wanted(state="open", order="due"), Wanted(lamp="red"),
            Wanted(category=random.choice(("物业管理", "物业管理/电梯", "市政公用/路灯井盖"))),
            Wanted(area="沂水县", type="投诉", since=since, until=since + timedelta(days=30)),
            Wanted(state="archived", unit=random.choice(settings_units), words="小区"),
            Wanted(channel="web", urgency="特急"),
        )  # fmt: skip
        viewer = (BOSS, BOSS, UNIT, AGENT)[number % 4]
        found.append((viewer, kinds[number % len(kinds)], random.choice((1, 1, 1, 5, 20))))
    return found


async def _lists(database: Database, orders: WorkOrders, tell: Tell) -> Row:
    units = sorted(unit["code"] for unit in orders.units())
    calendar = orders._site.rules.calendar
    ours, peers = list[float](), list[float]()
    slowest = (0.0, "")
    for number, (viewer, wanted, page) in enumerate(_wishes(units, Random(5))):
        took, found = await _timed(orders.page, viewer, wanted, page=page)
        ours.append(took)
        slowest = max(slowest, (took, f"{viewer.account} {wanted} page {page}"))
        if found["next"]:  # and on by the cursor, as the screen does
            ours.append((await _timed(orders.page, viewer, wanted, after=found["next"]))[0])
        if number % PEER_EVERY == 0:
            peers.append((await _timed(_as_before, database, calendar, viewer, wanted, page))[0])
            tell(f"list {number}: ours {took:.1f} ms, before {peers[-1]:.1f} ms")
    for wanted in (Wanted(), Wanted(words="电梯困人"), Wanted(state="open", order="due")):
        tell(await _plan(database, orders, wanted))
    tell(f"slowest of ours {slowest[0]:.0f} ms: {slowest[1]}")
    name = "the list as it was: exact count, offset, LIKE"
    return Row("tickets.list_1m_p95", "ms", _p95(ours), _p95(peers), name, "make bench ONLY=tickets.list_1m_p95")


async def _plan(database: Database, orders: WorkOrders, wanted: Wanted) -> str:
    """How PostgreSQL goes about it, for the document."""
    query = select(tickets).where(*orders._where(BOSS, wanted)).order_by(*finding.sorting(wanted).clauses).limit(50)
    written = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    async with database.reading() as connection:
        lines = (await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {written}")).scalars().all()
    return f"{wanted.words or wanted.order}: " + " | ".join(line.strip()[:110] for line in lines)


async def _as_before(database: Database, calendar: WorkCalendar, viewer: Person, wanted: Wanted, page: int) -> None:
    c, plain = tickets.c, replace(wanted, words="")
    where = [store.visible_to(actor_of(viewer)), *finding.conditions(plain, NOON, calendar, database.dialect)]
    for word in wanted.words.split():
        where.append(or_(c.number.startswith(word), c.phone == word, c.title.contains(word), c.place.contains(word),
                         c.description.contains(word)))  # fmt: skip
    query: Select[Any] = select(tickets).where(*where).order_by(*finding.sorting(wanted).clauses)
    async with database.reading() as connection:
        await connection.execute(select(func.count()).select_from(tickets).where(*where))
        (await connection.execute(query.limit(50).offset((page - 1) * 50))).all()


async def _pivots(database: Database, orders: WorkOrders, tell: Tell) -> Row:
    random, ours, peers = Random(6), list[float](), list[float]()
    whole = PivotWish(rows="unit", columns="month")
    wishes = [
        whole, PivotWish(rows="area", columns="type"), PivotWish(rows="day", columns="area"),
        PivotWish(rows="month", columns="type", area="沂水县"), PivotWish(rows="area", columns="unit"),
        replace(whole, since=date(2025, 3, 1), until=date(2025, 3, 31)),
    ]  # fmt: skip
    for number in range(60):
        wish = random.choice(wishes)
        took, table = await _timed(_answered, orders, wish)
        ours.append(took)
        if number % PEER_EVERY == 0:
            took, total = await _timed(_grouped, database)
            peers.append(took)
            assert total == LIVED * TIMES
            assert wish.area or wish.since or table["total"]["tickets"] == total
            tell(f"pivot {number}: ours {ours[-1]:.1f} ms, grouped {took:.1f} ms")
    return Row("tickets.pivot_1m_p95", "ms", _p95(ours), _p95(peers), "GROUP BY over the work orders",
               "make bench ONLY=tickets.pivot_1m_p95")  # fmt: skip


async def _answered(orders: WorkOrders, wish: PivotWish) -> Any:
    """The figures, and the answer of the API made of them."""
    table = await orders.figures(BOSS, wish)
    to_json(table)
    return table


async def _grouped(database: Database) -> int:
    query = text("SELECT unit, substr(day, 1, 7), count(*) FROM tickets WHERE parent_id IS NULL GROUP BY 1, 2")
    async with database.reading() as connection:
        return sum(row[2] for row in (await connection.execute(query)).all())


async def _timed(work: Callable[..., Awaitable[Any]], *wish: Any, **how: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = await work(*wish, **how)
    return (time.perf_counter() - began) * 1000, found


def _p95(values: Sequence[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)], 2)
