"""What time alone does to work orders: late dispatch, missed deadlines, review days, archiving; restarts lose none."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from callback.tasks import CallbackTasks
from hotline.clock import Clock, FakeClock, SystemClock
from hotline.database import Database
from hotline.facts import Fact
from hotline.facts.tickets import DeadlineMissed, DispatchLate
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import load_settings
from tickets.commands import tickets_command
from tickets.movement import Mover
from tickets.process_book import ProcessBook
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.timers import Timers

SETTINGS = load_settings(Path(__file__).parents[2] / "config.yaml")
MONDAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
DAY = 24 * 3600
AGENT = Person(account="agent1", name="一号", roles=frozenset({Role.AGENT}), seat="1001")
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
YISHUI = Person(account="yishui", name="沂水", roles=frozenset({Role.DEPARTMENT}), unit="371323")


class World:
    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.calls = database, FakeClock(MONDAY), 0
        self.start()

    def start(self, clock: Clock | None = None) -> None:
        """The engine, begun (again)."""
        clock, site = clock or self.clock, TicketSite.of(SETTINGS)
        visits = CallbackTasks(self.database, clock, SETTINGS.site.zone)
        self.orders = WorkOrders(self.database, clock, site, visits)
        self.timers = Timers(self.database, clock, Mover(clock, site, visits, ProcessBook(site.process, clock)))

    async def make(self, unit: str = "") -> str:
        self.calls += 1
        await self.orders.open_draft(f"call_{self.calls}", "13800000001", "12345")
        fields = {"description": "罗家庄村路灯不亮", "unit": unit}
        return str((await self.orders.submit(f"call_{self.calls}", fields, "dispatch", None, AGENT))["id"])

    async def show(self, ticket: str) -> dict[str, Any]:
        return await self.orders.ticket(ticket, BOSS)

    async def facts(self, kind: type[Fact]) -> list[Fact]:
        return [entry.fact async for entry in read(self.database, kinds=[kind])]


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


async def test_at_three_minutes_and_a_moment_dispatch_is_late_once(world: World) -> None:
    ticket = await world.make()
    assert await world.timers.tick() == pytest.approx(180.01)
    world.clock.advance(180)
    await world.timers.tick()
    assert await world.facts(DispatchLate) == []
    world.clock.advance(1)
    for _ in range(2):
        await world.timers.tick()
    [late] = await world.facts(DispatchLate)
    assert isinstance(late, DispatchLate)
    assert (late.ticket_id, late.at, late.due_at) == (ticket, world.clock.now(), MONDAY.replace(minute=3))
    assert (await world.show(ticket))["lamp"] == "red"


async def test_what_fell_due_while_the_engine_was_away_is_done_at_its_start(world: World) -> None:
    late, dispatched = await world.make(), await world.make("371323")
    world.clock.advance(10 * DAY)
    world.start()
    await world.timers.tick()
    assert [fact.ticket_id for fact in await world.facts(DispatchLate) if isinstance(fact, DispatchLate)] == [late]
    [missed] = await world.facts(DeadlineMissed)
    assert isinstance(missed, DeadlineMissed)
    assert (missed.ticket_id, missed.unit) == (dispatched, "371323")
    supervised = await world.show(dispatched)
    assert (supervised["supervise_level"], supervised["timeline"][-1]["by"]) == (1, "system")
    world.start()
    await world.timers.tick()
    assert len(await world.facts(DeadlineMissed)) == 1


async def test_an_extended_deadline_may_be_missed_anew(world: World) -> None:
    ticket = await world.make("371323")
    await world.orders.act(ticket, "sign", {}, YISHUI)
    await world.orders.act(ticket, "extend", {"days": 2, "note": "施工"}, YISHUI)
    world.clock.advance(8 * DAY)
    await world.timers.tick()
    await world.orders.act(ticket, "grant_extension", {}, BOSS)
    await world.timers.tick()
    assert len(await world.facts(DeadlineMissed)) == 1
    world.clock.advance(3 * DAY)
    await world.timers.tick()
    assert len(await world.facts(DeadlineMissed)) == 2


async def test_a_suspended_matter_comes_back_on_its_day(world: World) -> None:
    ticket = await world.make("371323")
    await world.orders.act(ticket, "sign", {}, YISHUI)
    await world.orders.act(ticket, "suspend", {"note": "等材料", "review_on": date(2026, 11, 20)}, BOSS)
    world.clock.advance(3 * DAY)
    pause = await world.timers.tick()
    assert (await world.show(ticket))["state"] == "suspended"
    world.clock.advance(pause)
    await world.timers.tick()
    back = await world.show(ticket)
    assert (back["state"], back["timeline"][-1]["by"]) == ("in_progress", "system")
    assert back["due_at"] == "2026-11-27T16:00:00+08:00"  # 40.5 working hours were left


async def test_closed_ones_go_to_the_archive_by_themselves(world: World) -> None:
    ticket = await world.make("371323")
    await world.orders.act(ticket, "sign", {}, YISHUI)
    await world.orders.act(ticket, "reply", {"contact": "电话", "reply": "已修复"}, YISHUI)
    async with world.database.unit_of_work() as uow:
        await world.orders.conclude(uow, ticket, disposition="已评价", solved=True, satisfaction=1)
    world.clock.advance(7 * DAY - 60)
    pause = await world.timers.tick()
    assert (await world.show(ticket))["state"] == "closed"
    world.clock.advance(pause)
    await world.timers.tick()
    assert (await world.show(ticket))["state"] == "archived"


async def test_it_sleeps_until_then_and_wakes_for_what_is_new(world: World) -> None:
    """Real time: a work order that came in 179.8 seconds ago."""
    real = _Shifted()
    world.start(real)
    with world.database.bus.subscribe("test", DispatchLate) as heard:
        work = asyncio.create_task(world.timers.run(world.database.bus))
        await asyncio.sleep(0)
        real.ago = 179.8
        await world.make()
        real.ago = 0.0
        await world.make()  # news of the right hour: it may have gone to sleep by the clock of before
        async with asyncio.timeout(5):
            late = await anext(heard)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert isinstance(late, DispatchLate)
    assert 0 < (late.at - late.due_at).total_seconds() < 1


class _Shifted(SystemClock):
    """The machine's clock, set back by ``ago`` seconds."""

    ago = 0.0

    def now(self) -> datetime:
        return super().now() - timedelta(seconds=self.ago)


def test_the_command_lists_and_moves(tmp_path: Path) -> None:
    site = tmp_path / "config.yaml"
    raw = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
    raw["storage"] = {"folder": str(tmp_path / "var")}
    site.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    result = CliRunner().invoke(tickets_command, ["recompute", "--config", str(site), "--dry-run"])
    assert result.exit_code == 0, result.output
    assert "0 would move" in result.output
