"""The roads beside the straight one, on a real database: parts, merging, suspension, extension, versions, calendar."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from callback.tasks import CallbackTasks
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.facts.tickets import DeadlineRecomputed, TicketMoved
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import Handler, Settings, Unit, load_settings
from tickets.finding import Wanted
from tickets.quality.sampling import selected
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.tables import tickets

SHIPPED = load_settings(Path(__file__).parents[2] / "config.yaml")
MONDAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
DAY = 24 * 3600
AGENT = Person(account="agent1", name="一号", roles=frozenset({Role.AGENT}), seat="1001")
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
REPLY = {"contact": "电话联系", "reply": "已修复"}
TWO = [Handler(name="甲"), Handler(name="乙")]


def of_unit(code: str) -> Person:
    return Person(account=f"u{code}", name=code, roles=frozenset({Role.DEPARTMENT}), unit=code)


YISHUI, TOWN, VILLAGE, FEIXIAN = (of_unit(code) for code in ("371323", "town", "village", "371325"))


def with_tickets(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update={"tickets": settings.tickets.model_copy(update=changes)})


def four_levels() -> Settings:
    below = [
        Unit(code="town", name="沂城街道", level=3, kind="town", parent="371323", leader="主任", handlers=TWO),
        Unit(code="village", name="罗家庄村", level=4, kind="village", parent="town", leader="书记", handlers=TWO),
        Unit(code="bare", name="新单位", level=3, kind="town", parent="371323", leader="主任", handlers=TWO[:1]),
    ]
    organisation = SHIPPED.organisation.model_copy(update={"units": [*SHIPPED.organisation.units, *below]})
    return SHIPPED.model_copy(update={"organisation": organisation})


class World:
    """Work orders of one site; ``reopen`` starts the engine anew with other settings."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.calls = database, FakeClock(MONDAY), 0
        self.reopen(four_levels())

    def reopen(self, settings: Settings) -> None:
        visits = CallbackTasks(self.database, self.clock, settings.site.zone)
        self.orders = WorkOrders(self.database, self.clock, TicketSite.of(settings), visits)

    async def make(self, unit: str = "371323", **fields: str) -> str:
        self.calls += 1
        call = f"call_{self.calls}"
        await self.orders.open_draft(call, "13800000001", "12345")
        wanted = {"description": "罗家庄村路灯不亮", "unit": unit} | fields
        ticket = await self.orders.submit(call, wanted, "dispatch", None, AGENT)
        return str(ticket["id"])

    async def act(self, ticket: str, action: str, by: Person, **fields: Any) -> dict[str, Any]:
        return await self.orders.act(ticket, action, fields, by)

    async def refused(self, ticket: str, action: str, by: Person, **fields: Any) -> str:
        with pytest.raises(RuleBroken) as refusal:
            await self.act(ticket, action, by, **fields)
        return refusal.value.zh

    async def show(self, ticket: str) -> dict[str, Any]:
        return await self.orders.ticket(ticket, BOSS)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


async def test_four_levels_down_and_the_reply_climbs_back(world: World) -> None:
    city = await world.make()
    await world.act(city, "sign", YISHUI)
    assert "两名以上" in await world.refused(city, "delegate", YISHUI, unit="bare")
    assert "下级" in await world.refused(city, "delegate", YISHUI, unit="371325")
    due = datetime(2026, 11, 19, 9, 30, tzinfo=UTC)
    handed = await world.act(city, "delegate", YISHUI, unit="town", due_at=due)
    [town] = handed["parts"]
    assert (town["state"], town["unit"], town["part_zh"]) == ("dispatched", "town", "下派")
    assert town["due_at"] == "2026-11-19T17:30:00+08:00"
    await world.act(town["id"], "sign", TOWN)
    village = (await world.act(town["id"], "delegate", TOWN, unit="village"))["parts"][0]
    assert village["due_at"] == town["due_at"]
    assert "子工单" in await world.refused(city, "reply", YISHUI, **REPLY)
    assert "子工单" in await world.refused(town["id"], "reply", TOWN, **REPLY)
    await world.act(village["id"], "sign", VILLAGE)
    waits = await world.act(village["id"], "reply", VILLAGE, **REPLY)
    assert (waits["state"], waits["callbacks"]) == ("reply_review", [])
    with pytest.raises(NotFound):
        await world.act(village["id"], "accept_part", FEIXIAN)
    world.clock.advance(DAY)
    back = await world.act(village["id"], "send_back", TOWN, note="请附照片")
    assert back["due_at"] <= town["due_at"]
    await world.act(village["id"], "reply", VILLAGE, **REPLY)
    assert (await world.act(village["id"], "accept_part", TOWN))["state"] == "closed"
    await world.act(town["id"], "reply", TOWN, **REPLY)
    await world.act(town["id"], "accept_part", YISHUI)
    assert (await world.act(city, "reply", YISHUI, **REPLY))["state"] == "to_callback"


async def test_assisting_units_get_their_own_and_the_page_lists_one(world: World) -> None:
    ticket = await world.make(unit="")
    moved = await world.act(ticket, "dispatch", BOSS, unit="371323", assist=["371325", "jiaotong"])
    assert {part["unit"] for part in moved["parts"]} == {"371325", "jiaotong"}
    assert {part["due_at"] for part in moved["parts"]} == {moved["due_at"]}
    assert (await world.orders.page(BOSS, Wanted()))["total"] == 1
    assert (await world.orders.page(FEIXIAN, Wanted()))["total"] == 1
    assert "主办单位" in await world.refused(ticket, "invite", BOSS, unit="371323")
    assert len((await world.act(ticket, "invite", BOSS, unit="huanbao"))["parts"]) == 3
    voided = await world.act(ticket, "void", BOSS, note="重复录入")
    assert {part["state"] for part in voided["parts"]} == {"void"}


async def test_merging_follows_its_parent_and_can_be_taken_back(world: World) -> None:
    first, second = await world.make(), await world.make(unit="")
    for wrong in (second, "ticket_none"):
        assert "另一个未办结" in await world.refused(second, "merge", AGENT, into=wrong)
    merged = await world.act(second, "merge", AGENT, into=first)
    assert (merged["state"], merged["merged_into"]) == ("merged", first)
    assert [one["id"] for one in (await world.show(first))["merged"]] == [second]
    back = await world.act(second, "unmerge", AGENT, note="不是同一件事")
    assert (back["state"], back["merged_into"], back["lamp"]) == ("to_dispatch", None, "green")
    await world.act(second, "merge", AGENT, into=first)
    await world.act(first, "void", BOSS, note="恶作剧")
    assert (await world.show(second))["state"] == "to_dispatch"


async def test_suspending_pauses_the_clock(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "sign", YISHUI)
    world.clock.advance(DAY)
    assert "复核日期" in await world.refused(ticket, "suspend", BOSS, note="等材料", review_on=date(2026, 11, 17))
    held = await world.act(ticket, "suspend", BOSS, note="等材料", review_on=date(2026, 11, 20))
    assert (held["state"], held["review_at"], held["lamp"]) == ("suspended", "2026-11-20T08:30:00+08:00", "none")
    world.clock.advance(2 * DAY)
    resumed = await world.act(ticket, "resume", BOSS)
    assert (resumed["state"], resumed["due_at"]) == ("in_progress", "2026-11-25T17:30:00+08:00")


async def test_an_extension_is_asked_once_before_due_and_granted(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "sign", YISHUI)
    assert "1至10" in await world.refused(ticket, "extend", YISHUI, days=11, note="施工")
    asked = await world.act(ticket, "extend", YISHUI, days=10, note="施工")
    assert (asked["extension_zh"], asked["due_at"]) == ("申请中", "2026-11-23T17:30:00+08:00")
    granted = await world.act(ticket, "grant_extension", BOSS)
    assert (granted["extension"], granted["due_at"]) == ("granted", "2026-12-07T17:30:00+08:00")
    assert "一次" in await world.refused(ticket, "extend", YISHUI, days=1, note="再延")


async def test_returning_twice_then_arbitration_by_the_leaders_word(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "return", YISHUI, note="非本单位职责")
    rejected = await world.act(ticket, "reject_return", BOSS, note="属地管理")
    assert "return" not in [one["action"] for one in (await world.orders.ticket(ticket, YISHUI))["actions"]]
    assert rejected["state"] == "in_progress"
    assert "禁止再退" in await world.refused(ticket, "return", YISHUI, note="再退")
    second = await world.make()
    for unit in (YISHUI, FEIXIAN):
        await world.act(second, "return", unit, note="非本单位职责")
        if unit is YISHUI:
            await world.act(second, "agree_return", BOSS)
            await world.act(second, "dispatch", BOSS, unit="371325")
    await world.act(second, "arbitrate", BOSS)
    await world.act(second, "instruct", BOSS, leader="王副市长", instruction="由沂水县牵头办理")
    assigned = await world.act(second, "assign", BOSS, unit="371323")
    assert "王副市长批示：由沂水县牵头办理" in assigned["timeline"][-1]["note"]
    assert assigned["due_at"] == "2026-11-23T17:30:00+08:00"  # the first deadline runs on
    third = await world.make()
    world.clock.advance(3 * DAY)
    assert "退单期限" in await world.refused(third, "return", YISHUI, note="迟了")


async def test_refusal_names_the_channel_and_answers_name_the_article(world: World) -> None:
    await world.orders.open_draft("call_a", "13800000001", "")
    with pytest.raises(RuleBroken):
        await world.orders.submit("call_a", {"description": "不服判决"}, "refuse", None, AGENT, matter="天气")
    refused = await world.orders.submit("call_a", {"description": "不服判决"}, "refuse", None, AGENT, matter="诉讼")
    assert (refused["state"], refused["matter"]) == ("refused", "诉讼")
    assert "12368" in refused["route"]
    assert "12368" in refused["timeline"][-1]["note"]
    await world.orders.open_draft("call_b", "13800000001", "")
    asked = {"description": "医保怎么办"}
    answered = await world.orders.submit("call_b", asked, "direct", "到大厅", AGENT, article_id="kb_1")
    assert (answered["state"], answered["article_id"]) == ("closed_direct", "kb_1")


async def test_closing_archiving_and_reopening(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "sign", YISHUI)
    await world.act(ticket, "reply", YISHUI, **REPLY)
    async with world.database.unit_of_work() as uow:
        await world.orders.conclude(uow, ticket, disposition="已评价", solved=True, satisfaction=1)
    archived = await world.act(ticket, "archive", BOSS)
    assert (archived["state"], archived["disposition"]) == ("archived", "已评价")
    world.clock.advance(30 * DAY)
    again = await world.act(ticket, "reopen", BOSS, note="又坏了")
    assert (again["state"], again["due_at"], again["satisfaction"]) == ("to_dispatch", None, None)
    moved = await world.act(ticket, "dispatch", BOSS, unit="371323")
    assert moved["due_at"] == "2026-12-23T17:30:00+08:00"


async def test_supervision_climbs_one_by_one(world: World) -> None:
    ticket, grave = await world.make(), await world.make()
    assert "越级" in await world.refused(ticket, "supervise", BOSS, level=3, note="超期")
    assert (await world.act(ticket, "supervise", BOSS, level=1, note="超期"))["supervise_level"] == 1
    assert "尚无结果" in await world.refused(ticket, "supervise", BOSS, level=2, note="仍未办")
    assert (await world.act(ticket, "release", BOSS, note="已办结"))["supervise_level"] == 0
    jumped = await world.act(grave, "supervise", BOSS, level=4, note="超期", skip_reason="涉及安全")
    assert (jumped["supervise_level"], jumped["state"]) == (4, "dispatched")


async def test_supervising_what_waits_for_its_visit_demands_no_second_one(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "sign", YISHUI)
    await world.act(ticket, "reply", YISHUI, **REPLY)
    pressed = await world.act(ticket, "supervise", BOSS, level=1, note="答复雷同")
    assert (pressed["state"], len(pressed["callbacks"])) == ("to_callback", 1)
    assert len((await world.act(ticket, "release", BOSS, note="已查清"))["callbacks"]) == 1


async def test_a_share_of_the_citizens_is_asked_and_the_sample_can_be_drawn_again(world: World) -> None:
    world.reopen(with_tickets(four_levels(), visit_share=0.5, visit_seed="2026"))
    ended = []
    for _ in range(12):
        ticket = await world.make()
        await world.act(ticket, "sign", YISHUI)
        ended.append(await world.act(ticket, "reply", YISHUI, **REPLY))
    asked = [one for one in ended if one["state"] == "to_callback"]
    passed = [one for one in ended if one["disposition"] == "not_sampled"]
    assert (len(asked) + len(passed), {one["state"] for one in passed} <= {"closed"}) == (12, True)
    assert [one["id"] for one in asked] == [
        one["id"] for one in ended if selected("2026", "return visit", one["id"], 0.5)
    ]  # fmt: skip
    for one in passed:
        assert (await world.act(one["id"], "archive", BOSS))["state"] == "archived"


async def test_a_type_of_matter_has_a_share_of_its_own(world: World) -> None:
    world.reopen(with_tickets(four_levels(), visit_shares={"咨询": 0.0}))
    states = []
    for kind in ("咨询", "投诉"):
        ticket = await world.make(type=kind)
        await world.act(ticket, "sign", YISHUI)
        states.append((await world.act(ticket, "reply", YISHUI, **REPLY))["state"])
    assert states == ["closed", "to_callback"]


async def test_the_first_score_stays_beside_the_last(world: World) -> None:
    ticket = await world.make()
    visits = CallbackTasks(world.database, world.clock, four_levels().site.zone)
    visits.conclusions["visit"] = world.orders
    for solved, grade, manner in ((False, 5, 4), (True, 1, None)):
        await world.act(ticket, "sign", YISHUI)
        await world.act(ticket, "reply", YISHUI, **REPLY)
        visit = (await visits.of_ticket(ticket))[-1]["task_id"]
        await visits.settle_by(
            visit, disposition="surveyed", solved=solved, satisfaction=grade, manner=manner, by="agent1"
        )
    async with world.database.reading() as connection:
        row = (await connection.execute(select(tickets).where(tickets.c.id == ticket))).mappings().one()
    assert (row["first_solved"], row["first_satisfaction"]) == (False, 5)
    assert (row["solved"], row["satisfaction"], row["manner"]) == (True, 1, None)


async def test_an_edited_sla_leaves_open_work_orders_on_theirs(world: World) -> None:
    old = await world.make()
    shorter = with_tickets(four_levels(), deadline_days={"特急": 1, "紧急": 1, "一般": 2}, returns=0)
    world.reopen(with_tickets(shorter, type_days={"咨询": {"一般": 1}}))
    fresh, question = await world.make(), await world.make(type="咨询")
    shown = [await world.show(ticket) for ticket in (old, fresh, question)]
    assert [ticket["due_at"][:10] for ticket in shown] == ["2026-11-23", "2026-11-18", "2026-11-17"]
    assert shown[0]["process"] != shown[1]["process"] == shown[2]["process"]
    assert (await world.act(old, "return", YISHUI, note="非本单位职责"))["state"] == "return_review"
    assert "不能再退" in await world.refused(fresh, "return", YISHUI, note="非本单位职责")
    await world.act(old, "reject_return", BOSS, note="属地")
    await world.act(old, "reply", YISHUI, **REPLY)
    async with world.database.unit_of_work() as uow:  # rework: a new clock, still of the old version
        await world.orders.conclude(uow, old, disposition="已评价", solved=False, satisfaction=5)
    assert (await world.show(old))["due_at"][:10] == "2026-11-23"


async def test_a_new_holiday_moves_every_running_clock_and_the_dry_run_none(world: World) -> None:
    plain, part = await world.make(), await world.make()
    await world.act(part, "sign", YISHUI)
    await world.act(part, "delegate", YISHUI, unit="town")
    stopped = await world.make()
    await world.act(stopped, "sign", YISHUI)
    await world.act(stopped, "extend", YISHUI, days=2, note="施工")
    await world.act(stopped, "grant_extension", BOSS)
    before = [(await world.show(ticket))["due_at"] for ticket in (plain, part, stopped)]
    world.reopen(with_tickets(four_levels(), calendar={date(2026, 11, 18): "holiday"}))
    tried = await world.orders.recompute(dry_run=True)
    assert [(await world.show(ticket))["due_at"] for ticket in (plain, part, stopped)] == before
    done = await world.orders.recompute()
    assert [one.number for one in tried] == [one.number for one in done]
    assert [(await world.show(ticket))["due_at"][:10] for ticket in (plain, part, stopped)] == [
        "2026-11-24", "2026-11-24", "2026-11-26",
    ]  # fmt: skip
    assert await world.orders.recompute() == []
    facts = [entry async for entry in read(world.database, ticket_id=plain, kinds=[DeadlineRecomputed])]
    assert len(facts) == 1


async def test_every_move_tells_what_changed(world: World) -> None:
    ticket = await world.make()
    await world.act(ticket, "return", YISHUI, note="非本单位职责")
    facts = [entry.fact async for entry in read(world.database, ticket_id=ticket, kinds=[TicketMoved])]
    dispatched, returned = facts[1], facts[2]
    assert isinstance(dispatched, TicketMoved)
    assert isinstance(returned, TicketMoved)
    assert dispatched.changed["unit"] == [None, "371323"]
    assert dispatched.changed["clock"]["effect"] == "start"
    assert returned.changed == {"returns": [0, 1]}
