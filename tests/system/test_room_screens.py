"""The screens for the rare things, in real browsers: 110/119/120 by one click, malicious callers, rests.

One house, an agent's page and a supervisor's; each test is one matter from beginning to end. With HOTLINE_PICTURES set
to a folder the screens are photographed there, to be looked at.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hotline.demo.browser import BrowserAgent, browser_agent, find_browser, open_browser, open_page
from hotline.facts.emergency import EmergencyAnswered, EmergencyPushed
from hotline.facts.nuisance import NuisanceEvidenceTaken
from hotline.facts.seats import RestDecided, SeatStatusChosen
from telephony.phone import PhoneCall
from tests.integration.platform import Platform, open_platform
from tests.system.engines import AT_ONCE, FLOWS, LINES, House, open_house, speaking
from tests.system.test_story import shown
from tests.system.who_hears import hears

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}]
CITIZEN, FIRE = 400.0, 1100.0
PICTURES = os.environ.get("HOTLINE_PICTURES")


@dataclass
class Room:
    """Who is there."""

    house: House
    agent: BrowserAgent
    chief: Any
    platform: Platform

    @property
    def page(self) -> Any:
        return self.agent.page

    async def connect(self, number: str) -> tuple[PhoneCall, str]:
        """A citizen calls and is taken."""
        citizen = await self.house.dial(number)
        await shown(self.page, "[data-testid=offer-panel]")
        await look(self.page, f"offer-{number[-4:]}")
        await self.page.keyboard.press("Space")
        bar = await shown(self.page, "[data-testid=call-state][data-state=talking]")
        return citizen, str(await bar.get_attribute("data-call"))

    async def watchlist(self, tab: str) -> None:
        """The supervisor opens a list."""
        await self.chief.get_by_test_id("nav-watchlist").click()
        await self.chief.get_by_test_id(f"watchlist-{tab}").click()


def read_json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


async def look(page: Any, name: str) -> None:
    """A photograph, where somebody wants to see."""
    if PICTURES:
        await page.wait_for_timeout(400)  # what fades in has faded in
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


@pytest_asyncio.fixture(loop_scope="module")
async def room(theatre: Room) -> AsyncIterator[Room]:
    yield theatre
    await theatre.house.hang_up_all()
    await theatre.agent.person.be("ready")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(open_platform())
        emergency = [
            {"code": "110", "label": "公安"},
            {"code": "119", "label": "消防", "push_url": platform.url},
            {"code": "120", "label": "急救"},
        ]
        house = await stack.enter_async_context(
            open_house(
                tmp_path_factory.mktemp("screens"), groups=GROUPS, flows=FLOWS, lines=LINES, emergency=emergency,
                rest_approval=True,
            )
        )  # fmt: skip
        house.line = AT_ONCE
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        agent = await stack.enter_async_context(browser_agent(house.site, browser, "1001"))
        chief = await stack.enter_async_context(open_page(browser, house.site, "supervisor"))
        await agent.ready()
        yield Room(house, agent, chief, platform)


async def test_119_by_one_click_the_work_order_tagged_and_the_data_pushed(room: Room) -> None:
    page, chief, house = room.page, room.chief, room.house
    await room.watchlist("emergency")
    await shown(chief, "[data-testid=emergency-list][data-total='0']")
    await look(chief, "emergencies-empty")
    async with AsyncExitStack() as stack:
        citizen, call_id = await room.connect("13800000401")
        await stack.enter_async_context(speaking(citizen, CITIZEN))
        busy, ringing = (house.gateway.citizen(code).next_call(timeout=20) for code in ("120", "119"))
        await page.get_by_test_id("emergency-120").click()
        (await busy).reject(486)
        await shown(page, "[data-testid=emergency-news][data-stage=busy][data-push=sent]")
        await look(page, "emergency-busy")

        await page.keyboard.press("Control+Alt+2")  # the second of the site's platforms: 119
        fire = await (await ringing).answer()
        await stack.enter_async_context(speaking(fire, FIRE))
        await hears(fire, CITIZEN)
        await hears(citizen, FIRE)
        await shown(page, "[data-testid=emergency-news][data-stage=answered][data-push=sent]")
        await shown(page, "[data-testid=ticket-tag][data-tag='转接 119 消防']")
        await look(page, "emergency-answered")
        await house.until_facts(EmergencyAnswered, lambda fact: fact.platform == "119")
        await house.until_facts(EmergencyPushed, lambda fact: fact.platform == "119")
        assert [message["call_id"] for message in room.platform.got] == [call_id]
        matter = {"title": "居民楼起火", "description": "三楼起火"}
        await room.agent.person.ask("PATCH", f"/desk/calls/{call_id}/draft", matter)
        ticket = await room.agent.person.post(f"/desk/calls/{call_id}/submit", how="dispatch")
        assert ticket["tags"] == ["转接 120 急救", "转接 119 消防"]
        await room.agent.hang_up(call_id)
        await citizen.wait_ended()
    await room.watchlist("nuisance")
    await room.watchlist("emergency")
    await shown(chief, "[data-testid=emergency-list][data-total='2']")
    assert await chief.locator("[data-testid=emergency-row][data-state=sent]").count() == 2
    await look(chief, "emergencies")


async def test_a_malicious_caller_from_the_agents_mark_to_the_evidence(room: Room) -> None:
    page, chief, house = room.page, room.chief, room.house
    number = "13800000402"
    await room.watchlist("nuisance")
    await shown(chief, "[data-testid=nuisance-list][data-total='0']")
    await look(chief, "nuisance-empty")
    citizen, call_id = await room.connect(number)
    await page.get_by_test_id("nuisance-mark").click()
    await (await shown(page, "[data-testid=nuisance-reason]")).fill("反复来电辱骂座席,占用线路")
    await look(page, "nuisance-mark")
    await page.get_by_test_id("nuisance-send").click()
    await page.get_by_test_id("nuisance-reason").wait_for(state="hidden")
    await room.agent.hang_up(call_id)
    await citizen.wait_ended()

    await room.watchlist("emergency")
    await room.watchlist("nuisance")
    row = await shown(chief, "[data-testid=nuisance-row][data-state=proposed]")
    assert "138****0402" in await row.inner_text()
    await look(chief, "nuisance-proposed")
    await row.get_by_test_id("nuisance-approve").click()
    await (await shown(chief, "[data-testid=nuisance-words]")).fill("三次以上")
    await look(chief, "nuisance-approve")
    await chief.get_by_test_id("nuisance-confirm").click()
    await chief.get_by_test_id("nuisance-tab-listed").click()
    row = await shown(chief, "[data-testid=nuisance-row][data-state=listed]")

    citizen = await house.dial(number)
    await shown(page, "[data-testid=offer-panel] [data-testid=caller-listed]")
    await look(page, "nuisance-offer")
    await page.keyboard.press("Space")
    await shown(page, "[data-testid=call-state][data-state=talking]")
    await citizen.hang_up()

    async with chief.expect_download() as download:
        await row.get_by_test_id("nuisance-evidence").click()
    package = read_json(Path(await (await download.value).path()))
    assert {one["call_id"] for one in package["listing"]["marks"]} == {call_id}
    assert number in json.dumps(package, ensure_ascii=False)
    (taken,) = await house.until_facts(NuisanceEvidenceTaken, lambda _: True)
    assert taken.by == "supervisor"
    await row.get_by_test_id("nuisance-remove").click()
    assert await chief.get_by_test_id("nuisance-confirm").is_disabled()
    await (await shown(chief, "[data-testid=nuisance-words]")).fill("已道歉")
    await chief.get_by_test_id("nuisance-confirm").click()
    await chief.get_by_test_id("nuisance-tab-all").click()
    await shown(chief, "[data-testid=nuisance-row][data-state=removed]")
    await look(chief, "nuisance-removed")


async def test_a_rest_is_asked_for_and_a_break_is_forced(room: Room) -> None:
    page, chief, house = room.page, room.chief, room.house
    await chief.get_by_test_id("nav-live").click()
    await shown(page, "[data-testid=seat-status][data-status=ready]")
    citizen, _ = await room.connect("13800000403")
    await page.get_by_test_id("status-not-ready").click()
    await look(page, "rest-reasons")
    await page.get_by_test_id("status-reason-小休").click()
    await shown(page, "[data-testid=rest-asked]")
    await (await shown(chief, "[data-testid=live-seat-1001]")).click()
    grant = await shown(chief, "[data-testid=seat-drawer] [data-testid=rest-grant]")
    await look(chief, "rest-asked")
    await grant.click()
    await shown(page, "[data-testid=rest-owed]")  # the talk comes first
    await look(page, "rest-owed")
    await citizen.hang_up()
    await shown(page, "[data-testid=seat-status][data-status=not_ready][data-reason=小休]")
    await shown(page, "[data-testid=rest-clock][data-over=false]")
    await look(page, "rest")
    await page.get_by_test_id("status-ready").click()

    await (await shown(chief, "[data-testid=rest-send-5]")).click()
    await shown(page, "[data-testid=seat-status][data-status=not_ready][data-reason=强制休息]")
    await look(page, "break")
    await look(chief, "break-room")
    await page.get_by_test_id("status-ready").click()
    await page.locator(".el-message", has_text="强制休息中").wait_for(timeout=10_000)
    await chief.get_by_test_id("rest-end").click()
    await shown(page, "[data-testid=seat-status][data-status=ready]")
    assert [fact.granted for fact in await house.all(RestDecided)] == [True]
    chosen = [(fact.status, fact.reason) for fact in await house.all(SeatStatusChosen) if fact.reason]
    assert chosen == [("not_ready", "小休"), ("not_ready", "强制休息")]
