"""The pages of return visits in a real browser: an agent phones back, a campaign is run, a citizen answers.

The real rooms on a real database behind the real web server; only the telephone line is a fake one, so no Asterisk.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from agent_desk.pages import STATIC, Pages
from agent_desk.server import create_app, serve
from callback.lifecycle import Event
from callback.sms.links import token_of
from callback.sms.tables import citizen_links
from hotline.demo.browser import find_browser, open_browser
from hotline.demo.site import free_ports
from hotline.facts.callbacks import RobotChanged
from hotline.outreach import Sms
from hotline.settings import Callback, Web
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.integration.visits_given_up import ONCE
from tests.system.pages import page_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
CITIZEN = "13800000001"
SHEET = "电话,姓名,分组\n" + "".join(f"1380000{n:04d},市民{n},兰山区\n" for n in range(4)) + "12,x,兰山区\n"


@dataclass
class Scene:
    """A house with a work order whose citizen the robot could not reach, and a browser."""

    house: TicketsHouse
    browser: Browser
    address: str

    def page(self, account: str, path: str) -> AbstractAsyncContextManager[Page]:
        """Signed in as ``account``, at ``path``."""
        return page_of(self.browser, self.address, account, path)

    async def unreached(self, n: int, phone: str) -> tuple[str, str]:
        """A work order that was answered, and whose citizen did not pick up: its id and the task's."""
        orders, house = self.house.orders, self.house.house
        fields = {"description": f"锦绣小区路灯不亮{n}", "phone": phone, "place": "沂水县沂城街道"}
        ticket = str((await orders.intake.receive("web", f"v{n}", fields, None))["ticket_id"])
        for account, action, form in (
            ("supervisor", "accept", {}), ("supervisor", "dispatch", {"unit": "371323"}), ("department", "sign", {}),
            ("department", "reply", {"contact": "电话联系", "reply": f"已更换灯泡并恢复照明，经本人确认{n}"}),
        ):  # fmt: skip
            async with house.signed_in(account) as client:
                answer = await client.post(f"/api/tickets/{ticket}/actions/{action}", json=form)
                assert answer.status_code == 200, answer.text
        (visit,) = await self.house.visits.of_ticket(ticket)
        claimed = await self.house.visits.claim(await self.house.visits.get(visit["task_id"]))
        assert claimed is not None
        await self.house.visits.fail(await self.house.visits.dial(claimed), Event.NO_ANSWER, ONCE)
        return ticket, str(visit["task_id"])

    async def state_of(self, ticket: str) -> str:
        async with self.house.house.signed_in("supervisor") as client:
            return str((await client.get(f"/api/tickets/{ticket}")).json()["state"])


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    """The house, served, and a browser."""
    async with contextlib.AsyncExitStack() as stack:
        sms = Callback(sms=Sms(page_url="https://12345.example"))
        house = await stack.enter_async_context(open_tickets_house(folder, callback=sms))
        house.house.clock.advance((datetime.now(UTC) - NOON).total_seconds())
        desk = house.house.app.state.desk
        settings = desk.settings.model_copy(update={"web": Web(port=free_ports()["web_port"])})
        serving = asyncio.create_task(serve(create_app(desk, Pages(STATIC)), settings))
        stack.push_async_callback(_end, serving)
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        yield Scene(house, browser, f"http://127.0.0.1:{settings.web.port}")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_scene(Path(folder)) as opened:
            yield opened


async def test_an_agent_phones_a_citizen_back(scene: Scene) -> None:
    ticket, _ = await scene.unreached(1, CITIZEN)
    async with scene.page("agent1001", "/visits/hand") as page:
        await page.get_by_test_id("hand-row").click()
        await expect(page.get_by_test_id("hand-phone")).to_have_text("138****0001")
        await page.keyboard.press("t")
        await expect(page.get_by_test_id("hand-phone")).to_have_text("138 0000 0001")
        await expect(page.get_by_test_id("hand-matter")).to_contain_text("路灯不亮")
        await page.keyboard.press("d")
        call = page.get_by_test_id("hand-call")
        await expect(call).to_have_attribute("data-stage", "talking")
        assert scene.house.line.rung == [CITIZEN]
        (channel,) = scene.house.line.up
        await scene.house.line.hang_up(channel)
        await expect(call).to_have_attribute("data-stage", "over")
        await expect(page.get_by_test_id("hand-record")).to_be_disabled()
        await page.get_by_test_id("hand-solved").click()
        await page.get_by_test_id("hand-grade-2").click()
        await page.get_by_test_id("hand-words").fill("师傅很快就来了")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_test_id("hand-empty")).to_be_visible()
    assert await scene.state_of(ticket) == "closed"


async def test_a_campaign_from_the_editor_to_its_bars(scene: Scene) -> None:
    house = scene.house
    async with scene.page("supervisor", "/visits/campaigns") as page:
        await page.get_by_test_id("campaigns-empty").wait_for()
        await page.keyboard.press("n")
        await page.get_by_test_id("campaign-name").fill("营商环境民调")
        await page.get_by_test_id("campaign-quotas").fill("兰山区=2")
        await page.get_by_test_id("campaign-save").click()
        file = page.get_by_test_id("campaign-file")
        await file.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": SHEET.encode("gb18030")})
        await expect(page.get_by_test_id("campaign-faults")).to_contain_text("第 6 行")
        await page.get_by_test_id("campaign-skip").click()
        await page.get_by_test_id("campaign-start").click()
        await expect(page.get_by_test_id("campaign-state")).to_have_attribute("data-state", "running")
        await house.outreach.campaigns.feed()
        feeding = asyncio.create_task(house.outreach.campaigns.run())
        try:
            due = await house.visits.due(house.house.clock.now(), 10)
            assert len(due) == 2
            for row, key in zip(due, "12", strict=True):
                claimed = await house.visits.claim(row)
                assert claimed is not None
                task = await house.visits.answer(await house.visits.dial(claimed))
                await house.visits.finish(await house.visits.keep(task, "satisfied", key), Event.SURVEY)
            await expect(page.get_by_test_id("campaign-state")).to_have_attribute("data-state", "done")  # by the feed
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        bars = page.get_by_test_id("bars-question-satisfied")
        await expect(bars.locator("[data-key='1']")).to_have_attribute("data-count", "1")
        await expect(bars.locator("[data-key='2']")).to_have_attribute("data-count", "1")


async def test_the_robot_is_quieted_and_its_calls_come_by_the_feed(scene: Scene) -> None:
    async with scene.page("supervisor", "/visits/robot") as page:
        await expect(page.get_by_test_id("robot-page")).to_have_attribute("data-state", "working")
        await expect(page.get_by_test_id("robot-lines")).to_have_attribute("data-in-use", "1")
        await page.keyboard.press("p")
        await page.get_by_test_id("robot-reason").fill("线路检修")
        await page.get_by_test_id("robot-confirm").click()
        await expect(page.get_by_test_id("robot-page")).to_have_attribute("data-paused", "true")
        robot = scene.house.house.app.state.desk.rooms.robot
        assert robot.paused_by == "supervisor"
        robot.paused_by = ""
        scene.house.house.bus.publish(RobotChanged())
        await expect(page.get_by_test_id("robot-page")).to_have_attribute("data-paused", "false")


async def test_a_citizen_answers_on_a_telephone(scene: Scene) -> None:
    ticket, task = await scene.unreached(2, "13800000002")
    async with scene.house.house.database.reading() as connection:
        query = citizen_links.select().where(citizen_links.c.task_id == task)
        link = (await connection.execute(query)).mappings().one()
    token = token_of(link["id"], scene.house.tokens.get("citizen_link_key"))
    context = await scene.browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True)
    page = await context.new_page()
    await page.goto(f"{scene.address}/c/{token}")
    await page.get_by_label("没有解决", exact=True).check()
    await page.get_by_role("group", name="满意吗").first.get_by_label("不满意", exact=True).check()
    await page.get_by_role("textbox").fill("还是不亮")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("谢谢您的评价")
    await page.goto(f"{scene.address}/c/{token}")
    await expect(page.get_by_role("status")).to_contain_text("已经评价过")
    await context.close()
    assert await scene.state_of(ticket) == "dispatched"  # dissatisfied: redone
