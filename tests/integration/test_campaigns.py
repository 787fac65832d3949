"""Campaigns through the API, fed to the real ledger of tasks: asked once each, no quota overshot, results counted."""

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callback.campaigns.lifecycle import Action
from callback.campaigns.lists import Listed
from callback.campaigns.outline import Outline
from callback.campaigns.service import CampaignService
from callback.lifecycle import Event
from callback.tasks import CallbackTasks
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.facts.outreach import CampaignMoved
from hotline.ledger import read
from hotline.outreach import Campaigns
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.integration.visits_given_up import ONCE, ZONE

WISH = {
    "name": "营商环境民调", "flow": "poll", "quotas": {"兰山区": 2, "河东区": 1},
    "questions": [{"name": "satisfied", "title": "是否满意", "choices": {"1": "满意", "2": "不满意"}}],
}  # fmt: skip
LIST = "电话,姓名,分组\n" + "".join(f"1380000{n:04d},市民{n},{'兰山区' if n % 2 else '河东区'}\n" for n in range(8))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, campaigns=Campaigns(ahead=3)) as opened:
        yield opened


@pytest.fixture
async def boss(house: TicketsHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.house.signed_in("supervisor") as browser:
        yield browser


async def made(boss: httpx.AsyncClient, sheet: str = LIST, **changes: Any) -> str:
    answer = await boss.post("/api/campaigns", json=WISH | changes)
    assert answer.status_code == 200, answer.text
    campaign = str(answer.json()["id"])
    answer = await boss.post(f"/api/campaigns/{campaign}/list", content=sheet.encode("gb18030"))
    assert answer.json()["faults"] == [], answer.text
    return campaign


async def answer_all(tasks: CallbackTasks, key: str = "1", event: Event = Event.SURVEY) -> int:
    """The robot phones everybody who is due."""
    due = await tasks.due(NOON.replace(year=2030), 100)
    for row in due:
        claimed = await tasks.claim(row)
        assert claimed is not None
        task = await tasks.dial(claimed)
        if event is Event.SURVEY:
            task = await tasks.keep(await tasks.answer(task), "satisfied", key)
            await tasks.finish(task, event)
        else:
            await tasks.fail(task, event, ONCE)
    return len(due)


async def test_a_campaign_from_the_list_to_the_table(house: TicketsHouse, boss: httpx.AsyncClient) -> None:
    campaign = await made(boss)
    assert (await boss.post(f"/api/campaigns/{campaign}/acts/start")).json()["state"] == "running"
    calls, service = 0, house.outreach.campaigns
    for _ in range(10):
        await service.feed()
        calls += await answer_all(house.visits)
    result = (await boss.get(f"/api/campaigns/{campaign}/result")).json()
    assert calls == 3  # a quota of 2 and one of 1: nobody is phoned for nothing
    assert (await boss.get(f"/api/campaigns/{campaign}")).json()["state"] == "done"
    assert {group["group"]: group["surveyed"] for group in result["groups"]} == {"兰山区": 2, "河东区": 1}
    (question,) = result["questions"]
    assert question["answered"] == 3
    assert question["choices"][0] == {"key": "1", "label": "满意", "count": 3, "share": 1.0}
    ended = {one["disposition"]: one["count"] for one in result["dispositions"]}
    assert ended == {"surveyed": 3, "withdrawn": 5}

    sheet = await boss.get(f"/api/campaigns/{campaign}/export?form=csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert rows[0] == ["序号", "电话", "姓名", "分组", "备注", "状态", "结果", "是否满意", "意见", "完成时间"]
    assert len(rows) == 9
    assert [row[7] for row in rows if row[6] == "已评价"] == ["满意"] * 3
    assert "13800000001" not in sheet.text
    book = await boss.get(f"/api/campaigns/{campaign}/export")
    assert zipfile.ZipFile(io.BytesIO(book.content)).testzip() is None
    deeds = [entry.deed.what for entry in await house.house.security.audit.latest()]
    assert deeds[:5] == [
        "campaign_exported", "campaign_exported", "campaign_start", "campaign_list", "campaign_made",
    ]  # fmt: skip


async def test_who_is_not_reached_makes_room_for_the_next(house: TicketsHouse, boss: httpx.AsyncClient) -> None:
    campaign = await made(boss, quotas={"": 2})
    await boss.post(f"/api/campaigns/{campaign}/acts/start")
    service = house.outreach.campaigns
    await service.feed()
    assert await answer_all(house.visits, event=Event.NO_ANSWER) == 2
    await service.feed()
    assert await answer_all(house.visits) == 2
    await service.feed()
    assert await answer_all(house.visits) == 0
    answer = (await boss.get(f"/api/campaigns/{campaign}")).json()
    assert (answer["state"], answer["surveyed"], answer["done"]) == ("done", 2, 8)


async def test_faults_are_told_with_their_lines_and_nothing_is_kept(boss: httpx.AsyncClient) -> None:
    campaign = (await boss.post("/api/campaigns", json=WISH | {"quotas": {}})).json()["id"]
    body = "电话\n13800000001\nabc\n13800000001\n".encode()
    told = (await boss.post(f"/api/campaigns/{campaign}/list", content=body)).json()
    assert (told["kept"], told["read"]) == (0, 1)
    assert [(fault["line"], fault["zh"]) for fault in told["faults"]] == [
        (3, "不是有效的电话号码"), (4, "号码与第 2 行重复"),
    ]  # fmt: skip
    refused = await boss.post(f"/api/campaigns/{campaign}/acts/start")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "empty_list")
    told = (await boss.post(f"/api/campaigns/{campaign}/list?skip_faults=true", content=body)).json()
    assert told["kept"] == 1
    assert (await boss.post(f"/api/campaigns/{campaign}/acts/start")).status_code == 200
    late = await boss.post(f"/api/campaigns/{campaign}/list", content=body)
    assert late.json()["error"]["code"] == "begun"


async def test_what_makes_no_sense_is_refused(boss: httpx.AsyncClient) -> None:
    for wrong, code in (({"flow": "nobody"}, "unknown_flow"), ({"hours": "11:00-09:00"}, "bad_field")):
        answer = await boss.post("/api/campaigns", json=WISH | wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    campaign = await made(boss, quotas={"郯城县": 1})
    answer = await boss.post(f"/api/campaigns/{campaign}/acts/start")
    assert "郯城县" in answer.json()["error"]["zh"]
    too_large = await boss.post(f"/api/campaigns/{campaign}/list", content=b"1" * (4 * 1024 * 1024 + 1))
    assert too_large.status_code == 413


async def test_paused_and_stopped(house: TicketsHouse, boss: httpx.AsyncClient) -> None:
    campaign, service = await made(boss, quotas={}), house.outreach.campaigns
    await boss.post(f"/api/campaigns/{campaign}/acts/start")
    await service.feed()
    assert service.is_open(campaign, house.house.clock.now())
    await boss.post(f"/api/campaigns/{campaign}/acts/pause")
    assert not service.is_open(campaign, house.house.clock.now())
    await service.feed()
    assert len(await house.visits.due(NOON.replace(year=2030), 100)) == 3  # what was with the robot waits there
    await boss.post(f"/api/campaigns/{campaign}/acts/resume")
    on_the_phone = await house.visits.claim((await house.visits.due(NOON.replace(year=2030), 100))[0])
    assert on_the_phone is not None
    await boss.post(f"/api/campaigns/{campaign}/acts/stop")
    assert await house.visits.due(NOON.replace(year=2030), 100) == []
    task = await house.visits.keep(await house.visits.answer(await house.visits.dial(on_the_phone)), "satisfied", "2")
    await house.visits.finish(task, Event.SURVEY)  # who was on the line is asked to the end, and counted
    result = (await boss.get(f"/api/campaigns/{campaign}/result")).json()
    assert {one["disposition"]: one["count"] for one in result["dispositions"]} == {"surveyed": 1, "withdrawn": 7}
    assert (await boss.post(f"/api/campaigns/{campaign}/acts/start")).status_code == 409


async def test_a_query_asks_each_citizen_once_and_no_protected_reporter(
    house: TicketsHouse, boss: httpx.AsyncClient
) -> None:
    for n, (phone, type_) in enumerate(
        [
            ("13800000001", "投诉"),
            ("13800000001", "求助"),
            ("13800000002", "投诉"),
            ("13800000003", "举报"),
            ("", "投诉"),
        ]
    ):
        fields = {"description": f"路灯不亮{n}", "type": type_} | ({"phone": phone} if phone else {})
        await house.orders.intake.receive("web", str(n), fields, None)
    campaign = (await boss.post("/api/campaigns", json=WISH | {"quotas": {}})).json()["id"]
    told = (await boss.post(f"/api/campaigns/{campaign}/query", json={})).json()
    assert (told["kept"], told["read"]) == (2, 2)
    entries = (await boss.get(f"/api/campaigns/{campaign}/entries")).json()
    assert sorted(one["phone_masked"] for one in entries["items"]) == ["138****0001", "138****0002"]
    assert all(one["ticket_id"] for one in entries["items"])
    half = (await boss.post(f"/api/campaigns/{campaign}/query", json={"share": 0.5, "seed": "3"})).json()
    assert half["kept"] == 1


async def test_two_engines_feed_one_campaign_without_doubles(database: Database) -> None:
    clock = FakeClock(NOON)
    tasks = CallbackTasks(database, clock, ZONE)
    services = [
        CampaignService(database, database.bus, clock, ZONE, tasks, Campaigns(ahead=4), lambda: ["poll"])
        for _ in range(3)
    ]
    tasks.conclusions["campaign"] = services[0]
    row = await services[0].make(Outline(name="民调", flow="poll", quotas={}), "boss")
    await services[0].set_list(row["id"], [Listed(phone=f"1380000{n:04d}") for n in range(10)], "boss", "csv")
    await services[0].act(row["id"], Action.START, "boss")
    asked = 0
    for _ in range(6):
        await asyncio.gather(*(service.feed() for service in services))
        due = await tasks.due(clock.now(), 100)
        assert len(due) <= 4
        asked += await answer_all(tasks)
    assert asked == 10
    moves = [entry.fact async for entry in read(database, kinds=[CampaignMoved])]
    assert [fact.action for fact in moves if isinstance(fact, CampaignMoved)] == ["make", "list", "start", "finish"]


async def test_a_pause_holds_on_every_engine_at_once(database: Database) -> None:
    """What another engine remembers of a campaign is old by then: the claim itself asks."""
    clock = FakeClock(NOON)
    here, there = CallbackTasks(database, clock, ZONE), CallbackTasks(database, clock, ZONE)
    mine, theirs = (
        CampaignService(database, database.bus, clock, ZONE, tasks, Campaigns(), lambda: ["poll"])
        for tasks in (here, there)
    )
    here.gate, there.gate = mine, theirs
    row = await mine.make(Outline(name="民调", flow="poll", quotas={}), "boss")
    await mine.set_list(row["id"], [Listed(phone="13800000001")], "boss", "csv")
    await mine.act(row["id"], Action.START, "boss")
    await theirs.feed()
    (task,) = await there.due(clock.now(), 9)
    await mine.act(row["id"], Action.PAUSE, "boss")
    assert theirs.is_open(row["id"], clock.now())  # nobody has told them
    assert await there.claim(task, "there") is None
    await theirs.feed()
    assert not theirs.is_open(row["id"], clock.now())
    await mine.act(row["id"], Action.RESUME, "boss")
    await here.pause("", "boss", "检修")
    assert await there.claim(task, "there") is None
    await here.resume("", "boss")
    assert await there.claim(task, "there") is not None
