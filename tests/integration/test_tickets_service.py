"""Work orders on a real database: drafts, submission, moves, races, who sees what."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

from callback.tables import callback_tasks
from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import Forbidden, NotFound, RuleBroken
from hotline.facts.calls import CallArrived
from hotline.facts.speech import UtteranceHeard
from hotline.facts.tickets import DraftChanged, TicketMoved
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import load_settings
from tickets.finding import Wanted
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.tables import ticket_timeline, tickets

SETTINGS = load_settings(Path(__file__).parents[2] / "config.yaml")
MONDAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
AGENT = Person(account="agent1", name="一号", roles=frozenset({Role.AGENT}), seat="1001")
OTHER_AGENT = Person(account="agent2", name="二号", roles=frozenset({Role.AGENT}), seat="1002")
YISHUI = Person(account="yishui", name="沂水", roles=frozenset({Role.DEPARTMENT}), unit="371323")
FEIXIAN = Person(account="feixian", name="费县", roles=frozenset({Role.DEPARTMENT}), unit="371325")
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
INSPECTOR = Person(account="eye", name="质检", roles=frozenset({Role.INSPECTOR}))
REPLY = {"contact": "11月17日电话联系诉求人", "reply": "路灯已修复"}


@dataclass
class World:
    database: Database
    bus: Bus
    clock: FakeClock
    orders: WorkOrders

    async def moved(self, ticket_id: str) -> list[tuple[str, str, str]]:
        facts = [entry.fact async for entry in read(self.database, ticket_id=ticket_id, kinds=[TicketMoved])]
        return [(f.from_state, f.action, f.to_state) for f in facts if isinstance(f, TicketMoved)]


@pytest.fixture
def world(database: Database) -> World:
    clock = FakeClock(MONDAY)
    visits = CallbackTasks(database, clock, SETTINGS.site.zone)
    return World(database, database.bus, clock, WorkOrders(database, clock, TicketSite.of(SETTINGS), visits))


def heard(call_id: str, text: str, second: int, who: str = "citizen") -> UtteranceHeard:
    started = MONDAY + timedelta(seconds=second)
    return UtteranceHeard(at=started, call_id=call_id, who=who, text=text, started_at=started, seconds=2.0)


async def make(world: World, call_id: str = "call_1", by: Person = AGENT, **fields: str) -> dict[str, Any]:
    await world.orders.open_draft(call_id, "13800000001", "12345 热线")
    await world.orders.hear(heard(call_id, "我要反映沂水县沂城街道罗家庄村路灯不亮", 1))
    return await world.orders.submit(call_id, fields, "dispatch", None, by)


async def test_a_draft_grows_with_the_conversation_and_tells_the_screen(world: World) -> None:
    with world.bus.subscribe("test", DraftChanged) as screen:
        follower = asyncio.create_task(world.orders.follow(world.bus))
        await asyncio.sleep(0)  # let it subscribe
        arrived = {"dialled": "12345", "line": "12345 热线", "channel": "PJSIP/trunk-1", "uniqueid": "1.1"}
        world.bus.publish(CallArrived(at=MONDAY, call_id="call_1", caller="13900000009", **arrived))
        world.bus.publish(heard("call_1", "我要反映沂水县罗家庄村路灯不亮", 1))
        world.bus.publish(heard("call_1", "手机号一三八零零零零零零零一", 9))
        drafts = [await anext(screen) for _ in range(2)]
        follower.cancel()
    last = drafts[-1]
    assert isinstance(last, DraftChanged)
    assert last.draft["phone"] == "13800000001"
    assert last.draft["place"] == "沂水县罗家庄村"
    assert last.draft == await world.orders.draft("call_1")


async def test_utterances_are_ordered_by_when_they_began_and_taken_once(world: World) -> None:
    await world.orders.open_draft("call_1", "", "")
    late = heard("call_1", "已经三天了", 20)
    for utterance in (late, heard("call_1", "沂水县罗家庄村路灯不亮", 5), late):
        await world.orders.hear(utterance)
    draft = await world.orders.draft("call_1")
    assert draft is not None
    assert draft["description"] == "诉求人反映：沂水县罗家庄村路灯不亮；已经三天了。"


async def test_typed_fields_are_never_overwritten(world: World) -> None:
    await world.orders.open_draft("call_1", "13800000001", "")
    await world.orders.edit_draft("call_1", {"place": "费县探沂镇"}, AGENT)
    await world.orders.hear(heard("call_1", "沂水县罗家庄村路灯不亮", 5))
    draft = await world.orders.draft("call_1")
    assert draft is not None
    assert (draft["place"], draft["unit"], draft["typed"]) == ("费县探沂镇", "371325", ["place"])
    for wrong in ({"colour": "红"}, {"urgency": "很急"}, {"unit": "nobody"}, {"category": "天气"}, {"phone": "1'; --"}):
        with pytest.raises(RuleBroken):
            await world.orders.edit_draft("call_1", wrong, AGENT)


async def test_submit_numbers_dispatches_and_sets_the_deadline(world: World) -> None:
    ticket = await make(world)
    assert ticket["number"].startswith("261116100000")
    assert len(ticket["number"]) == 18
    assert (ticket["state"], ticket["state_zh"], ticket["unit_name"]) == ("dispatched", "待签收", "沂水县")
    assert ticket["due_at"] == "2026-11-23T17:30:00+08:00"
    assert ticket["lamp"] == "green"
    assert ticket["phone"] == "13800000001"
    assert ticket["phone_masked"] == "138****0001"
    assert [step["action_zh"] for step in ticket["timeline"]] == ["受理", "派单"]
    assert await world.moved(ticket["id"]) == [
        ("", "submit", "to_dispatch"),
        ("to_dispatch", "dispatch", "dispatched"),
    ]
    assert await world.orders.of_call("call_1") == ticket["id"]
    draft = await world.orders.draft("call_1")
    assert draft is not None
    assert draft["ticket_id"] == ticket["id"]


async def test_submitting_twice_or_at_once_makes_one_work_order(world: World) -> None:
    first = await make(world)
    again, other = await asyncio.gather(
        world.orders.submit("call_1", {"title": "另一个"}, "dispatch", None, AGENT),
        world.orders.submit("call_1", {}, "direct", "答复", AGENT),
    )
    assert again["id"] == other["id"] == first["id"]
    async with world.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(tickets)) == 1


async def test_numbers_are_unique_within_one_second(world: World) -> None:
    made = await asyncio.gather(*(make(world, f"call_{n}") for n in range(20)))
    assert len({ticket["number"] for ticket in made}) == 20


async def test_a_direct_answer_needs_words_and_closes_on_the_line(world: World) -> None:
    await world.orders.open_draft("call_1", "13800000001", "")
    await world.orders.hear(heard("call_1", "请问医保卡怎么办理", 1))
    with pytest.raises(RuleBroken):
        await world.orders.submit("call_1", {}, "direct", " ", AGENT)
    assert await world.orders.of_call("call_1") is None
    ticket = await world.orders.submit("call_1", {}, "direct", "可在社保大厅办理", AGENT)
    assert (ticket["state"], ticket["answer"], ticket["lamp"]) == ("closed_direct", "可在社保大厅办理", "none")


async def test_without_a_unit_it_waits_for_the_dispatcher_against_the_clock(world: World) -> None:
    await world.orders.open_draft("call_1", "13800000001", "")
    ticket = await world.orders.submit("call_1", {"description": "说不清的事"}, "dispatch", None, AGENT)
    assert (ticket["state"], ticket["unit"], ticket["lamp"]) == ("to_dispatch", None, "green")
    world.clock.advance(181)
    assert (await world.orders.ticket(ticket["id"], AGENT))["lamp"] == "red"
    moved = await world.orders.act(ticket["id"], "dispatch", {"unit": "371323"}, AGENT)
    assert (moved["state"], moved["unit"], moved["due_at"]) == ("dispatched", "371323", "2026-11-23T17:30:00+08:00")


async def test_an_empty_work_order_is_refused_and_leaves_nothing(world: World) -> None:
    with pytest.raises(RuleBroken):
        await world.orders.submit("call_1", {}, "dispatch", None, AGENT)
    assert (await world.orders.page(BOSS, Wanted()))["total"] == 0


async def test_signing_and_replying_bring_the_return_visit_in_the_same_transaction(world: World) -> None:
    ticket = await make(world)
    signed = await world.orders.act(ticket["id"], "sign", {}, YISHUI)
    assert [one["action"] for one in signed["actions"]] == ["return", "extend", "reply"]
    replied = await world.orders.act(ticket["id"], "reply", REPLY, YISHUI)
    assert (replied["state"], replied["lamp"], replied["reply"]) == ("to_callback", "none", "路灯已修复")
    assert [visit["state"] for visit in replied["callbacks"]] == ["due"]
    approved = replied["timeline"][-1]
    assert (approved["action"], approved["role"], approved["by"]) == ("approve", "system", "system")


async def test_a_failing_demand_takes_the_reply_back(world: World) -> None:
    ticket = await make(world)
    await world.orders.act(ticket["id"], "sign", {}, YISHUI)
    async with world.database.unit_of_work() as uow:
        await uow.execute(callback_tasks.delete())
        named = {"ticket_id": ticket["id"], "number": "1", "title": "", "phone": "1", "at": MONDAY}
        await CallbackTasks(world.database, world.clock, SETTINGS.site.zone).demand(uow, **named)  # one is open already
    with pytest.raises(DBAPIError):
        await world.orders.act(ticket["id"], "reply", REPLY, YISHUI)
    after = await world.orders.ticket(ticket["id"], YISHUI)
    assert (after["state"], after["reply"], len(after["timeline"])) == ("in_progress", None, 3)


async def test_the_review_may_send_a_reply_back_and_restores_unused_time(world: World) -> None:
    settings = SETTINGS.model_copy(update={"tickets": SETTINGS.tickets.model_copy(update={"review": True})})
    visits = CallbackTasks(world.database, world.clock, SETTINGS.site.zone)
    world.orders = orders = WorkOrders(world.database, world.clock, TicketSite.of(settings), visits)
    ticket = await make(world)
    await orders.act(ticket["id"], "sign", {}, YISHUI)
    world.clock.advance(24 * 3600)  # Tuesday 10:00
    replied = await orders.act(ticket["id"], "reply", REPLY, YISHUI)
    assert (replied["state"], replied["callbacks"]) == ("reply_review", [])
    with pytest.raises(Forbidden):
        await orders.act(ticket["id"], "approve", {}, YISHUI)
    world.clock.advance(24 * 3600)  # Wednesday 10:00: one working day with the reviewer
    back = await orders.act(ticket["id"], "send_back", {"note": "答复不具体"}, INSPECTOR)
    assert (back["state"], back["due_at"]) == ("in_progress", "2026-11-24T17:30:00+08:00")
    await orders.act(ticket["id"], "reply", REPLY, YISHUI)
    assert (await orders.act(ticket["id"], "approve", {}, INSPECTOR))["state"] == "to_callback"


@pytest.mark.parametrize(
    ("solved", "satisfaction", "state"), [(True, 1, "closed"), (False, 5, "dispatched"), (None, None, "closed")]
)
async def test_conclusions(world: World, solved: bool | None, satisfaction: int | None, state: str) -> None:
    ticket = await make(world)
    await world.orders.act(ticket["id"], "sign", {}, YISHUI)
    await world.orders.act(ticket["id"], "reply", REPLY, YISHUI)
    world.clock.advance(2 * 24 * 3600)
    async with world.database.unit_of_work() as uow:
        said: dict[str, Any] = {"solved": solved, "satisfaction": satisfaction}
        await world.orders.conclude(uow, ticket["id"], disposition="已评价", **said)
    after = await world.orders.ticket(ticket["id"], BOSS)
    assert (after["state"], after["satisfaction"]) == (state, satisfaction)
    if state == "dispatched":  # redone, with a new clock
        assert after["due_at"] == "2026-11-25T17:30:00+08:00"
        assert [step["to_state"] for step in after["timeline"][-2:]] == ["rework", "dispatched"]
    async with world.database.unit_of_work() as uow:  # a second conclusion finds nobody waiting
        await world.orders.conclude(uow, ticket["id"], disposition="已评价", solved=True, satisfaction=1)
    assert (await world.orders.ticket(ticket["id"], BOSS))["state"] == state


async def test_of_many_who_race_one_wins_and_the_ledger_agrees(world: World) -> None:
    ticket = await make(world)
    results = await asyncio.gather(
        *(world.orders.act(ticket["id"], "sign", {}, YISHUI) for _ in range(30)), return_exceptions=True
    )
    won = [result for result in results if isinstance(result, dict)]
    lost = [result for result in results if isinstance(result, RuleBroken)]
    assert (len(won), len(lost)) == (1, 29)
    assert (await world.moved(ticket["id"])).count(("dispatched", "sign", "in_progress")) == 1
    assert len((await world.orders.ticket(ticket["id"], BOSS))["timeline"]) == 3


async def test_who_sees_what(world: World) -> None:
    ticket = await make(world)
    await make(world, "call_2", OTHER_AGENT, place="费县探沂镇")
    seen = {}
    for person in (AGENT, OTHER_AGENT, YISHUI, FEIXIAN, BOSS, INSPECTOR):
        page = await world.orders.page(person, Wanted())
        seen[person.account] = page["total"]
        assert all(item["phone_masked"] == "138****0001" and "phone" not in item for item in page["items"])
    assert seen == {"agent1": 1, "agent2": 1, "yishui": 1, "feixian": 1, "boss": 2, "eye": 2}
    for stranger in (OTHER_AGENT, FEIXIAN):
        with pytest.raises(NotFound):
            await world.orders.ticket(ticket["id"], stranger)
        with pytest.raises(NotFound):
            await world.orders.act(ticket["id"], "sign", {}, stranger)
    assert (await world.orders.ticket(ticket["number"], YISHUI))["phone"] == "13800000001"
    assert (await world.orders.ticket(ticket["id"], INSPECTOR))["phone"] == "138****0001"
    with pytest.raises(NotFound):
        await world.orders.ticket("ticket_none", BOSS)


async def test_filters_pages_and_history(world: World) -> None:
    for n in range(5):
        await make(world, f"call_{n}", title=f"路灯{n}")
        world.clock.advance(60)

    async def titles(**wanted: Any) -> list[str]:
        turned = {name: wanted.pop(name) for name in ("page", "size", "after") if name in wanted}
        return [item["title"] for item in (await world.orders.page(BOSS, Wanted(**wanted), **turned))["items"]]

    assert await titles(page=2, size=2) == ["路灯2", "路灯1"]
    assert await titles(words="灯3 沂水县") == ["路灯3"]
    assert await titles(words="100%") == await titles(state="closed") == await titles(unit="371325") == []
    assert len(await titles(words="13800000001")) == len(await titles(unit="371323", state="dispatched")) == 5
    history = await world.orders.history("13800000001", limit=3)
    assert [item["title"] for item in history] == ["路灯4", "路灯3", "路灯2"]
    assert await world.orders.history("") == []


async def test_a_deadline_beyond_the_calendar_is_marked_and_settled_later(world: World) -> None:
    world.clock.advance((datetime(2026, 12, 29, 2, 0, tzinfo=UTC) - MONDAY).total_seconds())
    ticket = await make(world)
    assert (ticket["state"], ticket["due_provisional"]) == ("dispatched", True)
    assert "2027年的工作日历尚未录入" in ticket["timeline"][-1]["note"]
    assert await world.orders.settle_provisional() == 0
    days = {f"2027-01-{day:02}": "holiday" for day in range(1, 14)}
    raw = SETTINGS.model_dump() | {"tickets": SETTINGS.tickets.model_dump() | {"calendar": days}}
    site = TicketSite.of(type(SETTINGS).model_validate(raw))
    visits = CallbackTasks(world.database, world.clock, SETTINGS.site.zone)
    orders = WorkOrders(world.database, world.clock, site, visits)
    assert await orders.settle_provisional() == 1
    settled = await orders.ticket(ticket["id"], BOSS)
    assert (settled["due_at"], settled["due_provisional"]) == ("2027-01-18T17:30:00+08:00", False)


async def test_a_returned_work_order_goes_on_against_its_first_deadline(world: World) -> None:
    ticket = await make(world)
    await world.orders.act(ticket["id"], "return", {"note": "非本单位职责"}, YISHUI)
    world.clock.advance(24 * 3600)
    await world.orders.act(ticket["id"], "agree_return", {}, BOSS)
    moved = await world.orders.act(ticket["id"], "dispatch", {"unit": "371325"}, BOSS)
    assert (moved["unit"], moved["due_at"]) == ("371325", ticket["due_at"])
    with pytest.raises(NotFound):
        await world.orders.ticket(ticket["id"], YISHUI)


async def test_bad_wishes_are_refused_with_a_sentence(world: World) -> None:
    ticket = await make(world)
    for action, fields in (("fly", {}), ("reply", REPLY), ("sign", {"unit": "nobody"})):
        with pytest.raises(RuleBroken) as refusal:
            await world.orders.act(ticket["id"], action, fields, YISHUI)
        assert refusal.value.zh
        assert refusal.value.en
    with pytest.raises(RuleBroken):
        await world.orders.edit_draft("call_1", {"title": "迟了"}, AGENT)
    with pytest.raises(RuleBroken):
        world.orders.due_at("很急")
    assert world.orders.due_at("特急") == datetime(2026, 11, 17, 9, 30, tzinfo=UTC)


async def test_the_timeline_refuses_to_be_changed(world: World) -> None:
    await make(world)
    with pytest.raises(DBAPIError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(delete(ticket_timeline))


async def test_what_the_desk_lists(world: World) -> None:
    assert world.orders.categories()[2]["leaves"][-1] == "路灯井盖"
    assert {"code": "371323", "name": "沂水县", "level": 2, "parent": None, "ready": True} in world.orders.units()
    ticket = await make(world)
    glance = await world.orders.summary(ticket["id"])
    assert glance is not None
    assert (glance.maker, glance.summary["number"]) == ("agent1", ticket["number"])
    assert await world.orders.summary("ticket_none") is None


async def test_a_message_waits_for_a_dispatcher_with_its_words(world: World) -> None:
    await world.orders.open_draft("call_1", "13800000001", "12345 热线")
    await world.orders.hear(heard("call_1", "我要反映沂水县沂城街道罗家庄村路灯不亮", 1))
    number = await world.orders.take_message("call_1", "13800000001", "12345 热线", 12.0)
    assert await world.orders.take_message("call_1", "13800000001", "12345 热线", 12.0) == number
    ticket = await world.orders.ticket(number, BOSS)
    assert (ticket["state"], ticket["unit"], ticket["call_id"]) == ("to_dispatch", None, "call_1")
    assert ticket["description"].startswith("【电话留言 12 秒】")
    assert "路灯不亮" in ticket["description"]
    silent = await world.orders.take_message("call_2", "13800000002", "12345 热线", 3.0)
    assert (await world.orders.ticket(silent, BOSS))["description"] == "【电话留言 3 秒】请听录音"


async def test_progress_is_told_to_the_number_that_called(world: World) -> None:
    made = await make(world)
    (found,) = await world.orders.progress("13800000001")
    assert (found["number"], found["state"]) == (made["number"], "dispatched")
    assert await world.orders.progress("13800000001", made["number"][-6:]) == [found]
    assert await world.orders.progress("13800000001", "000000") == []
    assert await world.orders.progress("13900000000") == []
    assert await world.orders.progress("") == []
