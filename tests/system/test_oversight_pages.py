"""The pages of oversight in a real browser: quality, supervision, assessment, projects, discipline, dispatch, review.

The real tickets room on a real database behind the real web server; no telephone is needed here, so no Asterisk.
"""

import asyncio
import base64
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from agent_desk.pages import STATIC, Pages
from agent_desk.server import create_app, serve
from callback.tables import callback_tasks
from hotline.demo.browser import find_browser, open_browser
from hotline.demo.site import free_ports
from hotline.facts.callbacks import CallbackDone
from hotline.oversight import Assessment, Projects, Quality
from hotline.settings import Web
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.system.pages import page_of
from tickets.tables import tickets

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
WHOLE = Quality(shares=dict.fromkeys(("call", "order", "handling", "callback"), 1.0))


@dataclass
class Scene:
    """A house with work orders in all states that these pages show, and a browser."""

    house: TicketsHouse
    browser: Browser
    address: str

    def page(self, account: str, path: str) -> AbstractAsyncContextManager[Page]:
        """Signed in as ``account``, at ``path``."""
        return page_of(self.browser, self.address, account, path)

    async def call(self, account: str, method: str, path: str, **body: Any) -> dict[str, Any]:
        async with self.house.house.signed_in(account) as client:
            answer = await client.request(method, f"/api{path}", json=body if method == "POST" else None)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

    async def dispatched(self, n: int, text: str = "锦绣小区路灯不亮") -> str:
        fields = {"description": f"{text}{n}", "phone": "13800000001", "place": "沂水县沂城街道"}
        ticket = str((await self.house.orders.intake.receive("web", f"s{n}", fields, None))["ticket_id"])
        await self.call("supervisor", "POST", f"/tickets/{ticket}/actions/accept")
        await self.call("supervisor", "POST", f"/tickets/{ticket}/actions/dispatch", unit="371323")
        return ticket

    async def closed(self, n: int, solved: bool) -> str:
        ticket = await self.dispatched(n)
        await self.call("department", "POST", f"/tickets/{ticket}/actions/sign")
        said = {"contact": "电话联系", "reply": f"已更换灯泡并恢复照明，经本人确认{n}"}
        await self.call("department", "POST", f"/tickets/{ticket}/actions/reply", **said)
        grade, house = (1 if solved else 3), self.house.house
        async with house.database.unit_of_work() as uow:
            uow.record(
                CallbackDone(
                    at=house.clock.now(), task_id="t", ticket_id=ticket, disposition="surveyed", solved=solved,
                    satisfaction=grade,
                )
            )  # fmt: skip
            await uow.execute(update(callback_tasks).values(state="closed", disposition="surveyed"))
            await self.house.orders.conclude(uow, ticket, disposition="surveyed", solved=solved, satisfaction=grade)
        return ticket


async def fill(scene: Scene) -> None:
    """Three closed ones, one returned twice, one overdue and supervised, one that waits, a sealed referral."""
    late = await scene.dispatched(1, "污水外溢无人处理")
    clock = scene.house.house.clock
    clock.advance((datetime.now(UTC) - NOON - timedelta(minutes=5)).total_seconds())
    await scene.house.orders.tick()
    for n in range(2, 5):
        await scene.closed(n, solved=n > 2)
    returned = await scene.dispatched(5, "小区门口占道经营")
    for n in range(2):
        await scene.call("department", "POST", f"/tickets/{returned}/actions/return", note="非本单位职责")
        if n == 0:
            await scene.call("supervisor", "POST", f"/tickets/{returned}/actions/agree_return")
            await scene.call("supervisor", "POST", f"/tickets/{returned}/actions/dispatch", unit="371323")
    await scene.call("inspector", "POST", "/referrals", tickets=[late], text="承办人员涉嫌推诿")
    async with scene.house.house.database.unit_of_work() as uow:
        await uow.execute(update(tickets).values(category="市政公用/路灯井盖"))


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    """The house, served, and a browser."""
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            open_tickets_house(folder, quality=WHOLE, projects=Projects(least=3), assessment=Assessment(least=1))
        )
        desk = house.house.app.state.desk
        settings = desk.settings.model_copy(update={"web": Web(port=free_ports()["web_port"])})
        serving = asyncio.create_task(serve(create_app(desk, Pages(STATIC)), settings))
        stack.push_async_callback(_end, serving)
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        scene = Scene(house, browser, f"http://127.0.0.1:{settings.web.port}")
        await fill(scene)
        yield scene


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_scene(Path(folder)) as opened:
            yield opened


async def test_quality_a_fail_sends_the_work_order_back(scene: Scene) -> None:
    async with scene.page("inspector", "/quality") as page:
        rows = page.get_by_test_id("quality-row")
        await expect(rows).to_have_count(3)
        await rows.first.click()
        await page.get_by_test_id("quality-item-措施到位").fill("5")
        await expect(page.get_by_test_id("quality-sum")).to_have_attribute("data-total", "75")
        await expect(page.get_by_test_id("quality-submit")).to_be_disabled()
        await page.get_by_test_id("quality-note").fill("未见整改照片")
        await page.get_by_test_id("quality-submit").click()
        await expect(page.get_by_test_id("ticket-brief").get_by_text("质检退回").first).to_be_visible()
    async with scene.page("department", "/quality") as page:
        await page.get_by_test_id("quality-row").first.click()
        await page.get_by_test_id("quality-text").fill("照片已在附件中")
        await page.get_by_test_id("quality-appeal").click()
        await expect(page.get_by_test_id("quality-appeal-shown")).to_contain_text("照片已在附件中")


async def test_supervision_from_proposal_to_the_units_answer(scene: Scene) -> None:
    async with scene.page("inspector", "/supervision") as page:
        await page.get_by_test_id("supervision-row").filter(has_text="多次退单").first.click()
        await page.get_by_test_id("supervision-accept").click()
        await expect(page.get_by_test_id("supervision-level")).to_have_attribute("data-level", "1")
        await page.get_by_test_id("supervision-text").fill("请于三日内办结并反馈")
        await page.get_by_test_id("supervision-letter").click()
        await expect(page.get_by_test_id("supervision-letters")).to_contain_text("热线督字")
    async with scene.page("department", "/supervision") as page:
        await page.get_by_test_id("supervision-row").first.click()
        await page.get_by_test_id("letter-answer-text").fill("已办结")
        await page.get_by_test_id("letter-answer").click()
        await expect(page.get_by_test_id("supervision-letters")).to_contain_text("已反馈")


async def test_assessment_shows_formulas_and_what_is_behind_a_figure(scene: Scene) -> None:
    async with scene.page("supervisor", "/assessment") as page:
        await expect(page.get_by_test_id("assessment-whole")).to_contain_text("回访已解决 ÷")
        await page.locator("[data-testid=assessment-row][data-key='371323']").click()
        await page.get_by_test_id("assessment-figure-solved").click()
        await expect(page.get_by_test_id("assessment-behind").locator("li")).not_to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_test_id("assessment-bulletin").click()
        assert (await download.value).suggested_filename.endswith(".docx")


async def test_a_project_from_a_suggestion_gets_on(scene: Scene) -> None:
    async with scene.page("supervisor", "/projects") as page:
        await expect(page.get_by_test_id("projects-empty")).to_be_visible()
        await page.get_by_test_id("projects-tab-suggestions").click()
        await page.get_by_test_id("projects-row").first.click()
        await page.get_by_test_id("project-goal").fill("更换老化线路")
        await page.get_by_test_id("project-open").click()
        await page.get_by_test_id("projects-tab-open").click()
        await page.get_by_test_id("projects-row").first.click()
        await page.get_by_test_id("project-text").fill("已更换十盏")
        await page.get_by_test_id("project-percent").fill("40")
        await page.get_by_test_id("project-progress").click()
        await expect(page.get_by_test_id("project-timeline")).to_contain_text("已更换十盏")


async def test_the_discipline_role_has_its_own_page_and_no_other(scene: Scene) -> None:
    async with scene.page("discipline", "/assessment") as page:
        await expect(page.get_by_test_id("discipline-page")).to_be_visible()
        await page.get_by_test_id("discipline-row").first.click()
        await expect(page.get_by_test_id("referral-text")).to_contain_text("涉嫌推诿")
        assert await page.get_by_test_id("nav-tickets").count() == 0
    async with scene.page("admin", "/discipline") as page:
        await expect(page.get_by_test_id("nav-assessment")).to_be_visible()
        assert await page.get_by_test_id("discipline-page").count() == 0


async def test_dispatcher_and_reviewer_have_their_own_lists(scene: Scene) -> None:
    await scene.house.orders.intake.receive("web", "fresh", {"description": "井盖缺失", "phone": "13800000009"}, None)
    async with scene.page("supervisor", "/dispatch") as page:
        await page.get_by_test_id("ticket-tab-pending").click()
        await page.get_by_test_id("ticket-row").first.click()
        await page.get_by_test_id("ticket-accept").click()
        await expect(page.get_by_test_id("ticket-state")).to_have_attribute("data-state", "to_dispatch")
    async with scene.page("supervisor", "/review") as page:
        await page.get_by_test_id("ticket-tab-closed").click()
        await expect(page.get_by_test_id("ticket-row").first).to_be_visible()


async def test_a_letter_is_registered_by_hand_and_kept_from_the_unit(scene: Scene) -> None:
    async with scene.page("supervisor", "/dispatch") as page:
        await page.get_by_test_id("ticket-register").click()
        await page.get_by_test_id("register-description").fill("来信反映河东区九曲街道排水不畅")
        await page.get_by_test_id("register-number").fill("信〔2026〕7号")
        await page.get_by_test_id("register-phone").fill("13800000077")
        await page.get_by_test_id("register-confidential").check()
        await page.get_by_test_id("register-submit").click()
        await expect(page.get_by_test_id("ticket-description")).to_contain_text("排水不畅")
        await page.get_by_test_id("ticket-accept").click()
        await expect(page.get_by_test_id("ticket-state")).to_have_attribute("data-state", "to_dispatch")
        ticket = await page.get_by_test_id("ticket-sheet").get_attribute("data-ticket")
        await scene.call("supervisor", "POST", f"/tickets/{ticket}/actions/dispatch", unit="371323")
    async with scene.page("department", "/tickets") as page:
        await page.locator(f"[data-ticket={ticket}]").first.click()
        await expect(page.get_by_test_id("ticket-description")).to_contain_text("排水不畅")
        await expect(page.get_by_test_id("ticket-sheet")).not_to_contain_text("0077")
        await page.get_by_test_id("ticket-sign").click()
        await page.get_by_test_id("ticket-reply-contacted-no").click()
        await expect(page.get_by_test_id("ticket-actions")).to_contain_text("未联系原因")
        await page.get_by_test_id("ticket-reply-contact").fill("诉求人要求保密，无联系方式")
        await page.get_by_test_id("ticket-reply-text").fill("已疏通雨水管三十米，雨后复查无积水")
        await page.get_by_test_id("ticket-reply-submit").click()
        await expect(page.get_by_test_id("ticket-state")).not_to_have_attribute("data-state", "in_progress")
    read = await scene.call("supervisor", "GET", f"/tickets/{ticket}")
    assert (read["channel"], read["contacted"], read["protected"]) == ("letter", False, True)


async def test_a_meeting_turns_its_decision_into_a_work_order(scene: Scene) -> None:
    async with scene.page("supervisor", "/dossiers") as page:
        await expect(page.get_by_test_id("dossiers-empty")).to_contain_text("排班")
        await page.get_by_test_id("dossiers-tab-meeting").click()
        await page.get_by_test_id("dossier-new").click()
        for field, value in {"title": "排水调度会", "begins_on": "2026-03-02", "lead": "副市长"}.items():
            await page.get_by_test_id(f"dossier-{field}").fill(value)
        await page.get_by_test_id("dossier-submit").click()
        await page.get_by_test_id("entry-text-field").fill("三日内清淤")
        await page.get_by_test_id("entry-unit").click()
        await page.get_by_role("option", name="河东区").click()
        await page.get_by_test_id("entry-submit").click()
        await expect(page.get_by_test_id("dossier-entries")).to_contain_text("待签收")
        await page.get_by_test_id("dossier-result").fill("已落实")
        await page.get_by_test_id("dossier-end").click()
        await expect(page.locator(".el-message").first).to_contain_text("尚未办结")
        await expect(page.get_by_test_id("dossier-state")).to_have_attribute("data-state", "open")


async def test_figures_are_drawn_and_the_list_goes_on(scene: Scene) -> None:
    for n in range(60):
        await scene.house.orders.intake.receive("web", f"many{n}", {"description": f"噪声{n}"}, None)
    async with scene.page("supervisor", "/figures") as page:
        await page.get_by_test_id("figures-as-chart").click()
        chart = page.get_by_test_id("chart")
        await expect(chart).to_have_attribute("data-kind", "line")
        await expect(chart.locator("canvas")).to_be_visible()
        await page.get_by_test_id("figures-as-map").click()
        await expect(page.locator("[data-testid=area-tile][data-area='']")).to_be_disabled()
        await page.locator("[data-testid=area-tile][data-area='沂水县']").click()
        await expect(page.get_by_test_id("ticket-row").first).to_contain_text("沂水县")
        await page.goto(f"{scene.address}/#/tickets")
        await expect(page.get_by_test_id("ticket-row")).to_have_count(50)
        await page.get_by_test_id("ticket-load-more").click()
        await expect(page.get_by_test_id("ticket-row")).not_to_have_count(50)
        numbers = await page.get_by_test_id("ticket-row").evaluate_all("rows => rows.map(row => row.dataset.number)")
        assert len(set(numbers)) == len(numbers) > 60


async def begin_dossier(page: Page, kind: str, fields: dict[str, str]) -> None:
    """The form of one kind, filled in, not yet handed in; its list is empty."""
    await page.get_by_test_id(f"dossiers-tab-{kind}").click()
    await expect(page.get_by_test_id("dossiers-empty")).to_be_visible()
    await page.get_by_test_id("dossier-new").click()
    await expect(page.get_by_test_id("dossier-submit")).to_be_disabled()
    for field, value in fields.items():
        await page.get_by_test_id(f"dossier-{field}").fill(value)


async def is_told(page: Page, sentence: str) -> None:
    await expect(page.locator(".el-message").filter(has_text=sentence).first).to_be_visible()


@pytest.mark.long
async def test_an_enterprise_has_its_agent_visits_and_milestones(scene: Scene) -> None:
    company = {"title": "建厂代办", "subject": "91371300MA3C00000B", "subject_name": "某机械公司", "lead": "专员"}
    async with scene.page("supervisor", "/dossiers") as page:
        await begin_dossier(page, "enterprise", company)
        await page.get_by_test_id("dossier-submit").click()
        await is_told(page, "统一社会信用代码有误")
        await page.get_by_test_id("dossier-subject").fill("91371300MA3C000005")  # what was filled in is kept
        await page.get_by_test_id("dossier-submit").click()
        await page.get_by_test_id("entry-submit").click()
        await is_told(page, "请填写人员")
        await page.get_by_test_id("entry-who-field").fill("专员")
        await page.get_by_test_id("entry-text-field").fill("到厂了解用电报装进度")
        await page.get_by_test_id("entry-submit").click()
        await expect(page.get_by_test_id("dossier-entries")).to_contain_text("用电报装")
        await page.get_by_test_id("entry-milestone").click()
        await page.get_by_test_id("entry-text-field").fill("取得施工许可")
        await page.get_by_test_id("entry-due_on-field").fill("2026-12-31")
        await page.get_by_test_id("entry-submit").click()
        await page.get_by_test_id("dossier-result").fill("已投产")
        await page.get_by_test_id("dossier-end").click()
        await is_told(page, "节点尚未完成")
        await page.get_by_test_id("entry-done").click()
        await page.get_by_test_id("entry-refers_to").click()
        await page.get_by_role("option", name="取得施工许可").click()
        await page.get_by_test_id("entry-submit").click()
        await expect(page.get_by_test_id("dossier-entries").locator("[data-entry=done]")).to_be_visible()
        await page.get_by_test_id("dossier-end").click()
        await expect(page.get_by_test_id("dossier-state")).to_have_attribute("data-state", "closed")


@pytest.mark.long
async def test_an_inspection_draws_work_orders_and_finds_something(scene: Scene) -> None:
    async with scene.page("inspector", "/dossiers") as page:
        await begin_dossier(page, "inspection", {"title": "效能检查", "lead": "派驻组", "place": "政务大厅三楼"})
        await page.get_by_test_id("dossier-submit").click()
        await is_told(page, "请填写单位")
        await page.get_by_test_id("dossier-unit").click()
        await page.get_by_role("option", name="沂水县").click()
        await page.get_by_test_id("dossier-submit").click()
        await page.get_by_test_id("dossier-draw").click()
        await expect(page.get_by_test_id("dossier-samples").locator("li")).not_to_have_count(0)
        await page.get_by_test_id("entry-text-field").fill("答复与现场不符")
        await page.get_by_test_id("entry-submit").click()
        await is_told(page, "请填写抽查的工单")
        await page.get_by_test_id("entry-ticket").click()
        await page.get_by_role("option").first.click()
        await page.get_by_test_id("entry-submit").click()
        await expect(page.get_by_test_id("dossier-entries")).to_contain_text("答复与现场不符")


@pytest.mark.long
async def test_a_holiday_opens_with_its_roster(scene: Scene) -> None:
    async with scene.page("supervisor", "/dossiers") as page:
        await begin_dossier(page, "duty", {"title": "国庆值守", "begins_on": "2026-10-01", "ends_on": "2026-10-07"})
        await page.get_by_test_id("dossier-submit").click()
        await is_told(page, "请先排好值班表")
        for row, (who, begins, ends) in enumerate(
            (("王主任", "2020-01-01T08:00", "2099-01-01T08:00"), ("赵科长", "2099-01-02T08:00", "2099-01-01T08:00"))
        ):
            if row:
                await page.get_by_test_id("roster-more").click()
            await page.get_by_test_id(f"roster-who-{row}").fill(who)
            await page.get_by_test_id(f"roster-begins-{row}").fill(begins)
            await page.get_by_test_id(f"roster-ends-{row}").fill(ends)
        await page.get_by_test_id("dossier-submit").click()
        await is_told(page, "值班结束时间须晚于开始时间")
        await page.get_by_test_id("roster-begins-1").fill("2098-01-02T08:00")
        await page.get_by_test_id("dossier-submit").click()
        await expect(page.get_by_test_id("dossier-on-duty")).to_contain_text("王主任")
        await expect(page.get_by_test_id("dossier-on-duty")).not_to_contain_text("赵科长")
        await expect(page.get_by_test_id("duty-map")).to_contain_text("还没有工单")


FILM = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/mp4;codecs=vp9" });
  const pieces = [];
  recorder.ondataavailable = (piece) => pieces.push(piece.data);
  const over = new Promise((done) => (recorder.onstop = done));
  recorder.start();
  for (let at = 0; at < 40; at++) {
    canvas.getContext("2d").fillStyle = `hsl(${at * 9} 80% 50%)`;
    canvas.getContext("2d").fillRect(0, 0, 64, 64);
    await new Promise((next) => setTimeout(next, 25));
  }
  recorder.stop();
  await over;
  return btoa(String.fromCharCode(...new Uint8Array(await new Blob(pieces).arrayBuffer())));
}"""
"""A second of changing colours, filmed by the browser itself: base64 of an MP4."""


@pytest.mark.long
async def test_a_citizens_film_and_picture_play_in_the_work_order(scene: Scene) -> None:
    ticket = await scene.dispatched(90, "河道有人倾倒垃圾")
    async with scene.page("department", "/tickets") as page:
        await page.locator(f"[data-ticket={ticket}]").first.click()
        film = base64.b64decode(await page.evaluate(FILM))
        picture = await page.screenshot()
        box = page.get_by_test_id("ticket-attach")
        await box.set_input_files({"name": "现场.mp4", "mimeType": "video/mp4", "buffer": film})
        await box.set_input_files({"name": "现场.png", "mimeType": "image/png", "buffer": picture})
        await box.set_input_files({"name": "现场.mp4", "mimeType": "video/mp4", "buffer": b"MZ no film"})
        await is_told(page, "只接受 JPEG")
        await expect(page.get_by_test_id("attachment-png")).to_have_js_property("complete", True)
        assert await page.get_by_test_id("attachment-png").evaluate("one => one.naturalWidth") == 1366
        shown = page.get_by_test_id("attachment-mp4")
        await expect(shown).to_have_count(1)
        await shown.evaluate("one => { one.muted = true; return one.play(); }")
        await expect(shown).to_have_js_property("ended", True)
        assert await shown.evaluate("one => one.currentTime") > 0.3
