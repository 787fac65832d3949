"""Take the pictures of pages that need no telephone: return visits, campaigns, figures, the command desk, a citizen's.

python tests/make_page_screenshots.py docs/images

The real rooms and web server on a database with two thousand replayed work orders and some of today; only the line
that rings citizens is a fake one. What needs a call is taken by ``make_screenshots.py``.
"""

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page

from agent_desk.pages import STATIC, Pages
from agent_desk.server import create_app, serve
from callback.lifecycle import Event
from callback.port import LiveCall, RobotStatus
from callback.sms.links import token_of
from callback.sms.tables import citizen_links
from hotline.demo.browser import find_browser, open_browser
from hotline.demo.site import free_ports
from hotline.outreach import Sms
from hotline.settings import Callback, Web, load_settings
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.system.test_visit_pages import Scene
from tickets.pivot import Pivot
from tickets.site import TicketSite
from tickets.year.commands import plan_of
from tickets.year.matters import YearPlan
from tickets.year.replay import YearReplay

REPLAYED, YEAR = 2_000, 365
CONFIG = load_settings(Path("config.yaml"))


async def main(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sms = Callback(sms=Sms(page_url="https://12345.example"))
        house = await stack.enter_async_context(
            open_tickets_house(scratch, organisation=CONFIG.organisation, callback=sms)
        )
        house.house.clock.advance((datetime.now(UTC) - NOON).total_seconds())
        await replay(house)
        house.house.app.state.desk.rooms.robot.status = talking_robot
        desk = house.house.app.state.desk
        settings = desk.settings.model_copy(update={"web": Web(port=free_ports()["web_port"])})
        serving = asyncio.create_task(serve(create_app(desk, Pages(STATIC)), settings))
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        scene = Scene(house, browser, f"http://127.0.0.1:{settings.web.port}")
        for take in (figures, command_desk, dispatch, robot, campaign, by_hand, citizen):
            await take(scene, folder)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def talking_robot() -> RobotStatus:
    """Four of six lines in use, each somewhere else in its talk."""
    now = datetime.now(UTC)
    talks = (("answered", 47, "solved"), ("answered", 21, "satisfied"), ("dialling", 6, ""), ("answered", 9, "manner"))
    calls = [
        LiveCall(
            f"t{n}", "visit", f"c{n}", f"2611291200{n:08d}", f"1380000{n:04d}", state, now - timedelta(seconds=s), q
        )
        for n, (state, s, q) in enumerate(talks)
    ]
    return RobotStatus(False, "", "closed", None, 6, len(calls), 2.0, now, tuple(calls))


async def replay(house: TicketsHouse) -> None:
    """A year that ended two months ago, and what came in during the last days."""
    now, plan = house.house.clock.now(), plan_of(CONFIG, REPLAYED, 5)
    first = (now - timedelta(days=YEAR + 60)).date()
    past = YearPlan(first, REPLAYED, 5, plan.zone, plan.phrases, plan.areas)
    async for _ in YearReplay(house.house.database, TicketSite.of(CONFIG), past).run():
        pass
    for n in range(40):
        matter = plan.matter(n)
        fields = {"description": f"{matter.place}{matter.phrase}", "phone": matter.phone, "place": matter.place}
        received = await house.orders.intake.receive("web", f"now{n}", fields | {"type": matter.type}, None)
        if n % 3:
            async with house.house.signed_in("supervisor") as client:
                await client.post(f"/api/tickets/{received['ticket_id']}/actions/accept", json={})
    await Pivot(house.house.database).fold()


async def shot(page: Page, path: Path) -> None:
    await page.mouse.move(700, 700)  # no tooltip
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(400)  # what fades has faded
    await page.screenshot(path=path)


async def figures(scene: Scene, folder: Path) -> None:
    async with scene.page("supervisor", "/figures") as page:
        await page.get_by_test_id("figures-as-chart").click()
        await page.get_by_test_id("chart").wait_for()
        await shot(page, folder / "figures.png")
        await page.get_by_test_id("figures-as-map").click()
        await page.get_by_test_id("area-map").wait_for()
        await shot(page, folder / "map.png")


async def command_desk(scene: Scene, folder: Path) -> None:
    async with scene.page("supervisor", "/dossiers") as page:
        today = datetime.now(UTC).date()
        await page.get_by_test_id("dossier-new").click()
        for field, value in (
            ("title", "元旦假期值守"),
            ("begins_on", str(today)),
            ("ends_on", str(today + timedelta(days=3))),
        ):
            await page.get_by_test_id(f"dossier-{field}").fill(value)
        for at, who in enumerate(("一班 王主任", "二班 赵科长")):
            if at:
                await page.get_by_test_id("roster-more").click()
            begins, ends = today + timedelta(days=at * 2 - 1), today + timedelta(days=at * 2 + 1)
            await page.get_by_test_id(f"roster-who-{at}").fill(who)
            await page.get_by_test_id(f"roster-begins-{at}").fill(f"{begins}T08:00")
            await page.get_by_test_id(f"roster-ends-{at}").fill(f"{ends}T08:00")
        await page.get_by_test_id("dossier-submit").click()
        await page.get_by_test_id("duty-map").wait_for()
        await page.locator(".el-message").first.wait_for(state="detached")
        await shot(page, folder / "command-desk.png")


async def dispatch(scene: Scene, folder: Path) -> None:
    async with scene.page("supervisor", "/dispatch") as page:
        await page.get_by_test_id("ticket-row").first.click()
        await page.get_by_test_id("ticket-description").wait_for()
        await shot(page, folder / "dispatch.png")


async def robot(scene: Scene, folder: Path) -> None:
    async with scene.page("supervisor", "/visits/robot") as page:
        await page.get_by_test_id("robot-lines").wait_for()
        await shot(page, folder / "robot.png")


async def campaign(scene: Scene, folder: Path) -> None:
    async with scene.page("supervisor", "/visits/campaigns") as page:
        await page.get_by_test_id("campaigns-empty").wait_for()
        await page.keyboard.press("n")
        await page.get_by_test_id("campaign-name").fill("营商环境民调")
        await page.get_by_test_id("campaign-quotas").fill("兰山区=10")
        await page.get_by_test_id("campaign-save").click()
        sheet = "电话,姓名,分组\n" + "".join(f"1381000{n:04d},市民{n},兰山区\n" for n in range(12))
        file = page.get_by_test_id("campaign-file")
        await file.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": sheet.encode()})
        await page.get_by_test_id("campaign-start").click()
        await page.locator("[data-testid=campaign-state][data-state=running]").wait_for()
        await scene.house.outreach.campaigns.feed()
        for row, key in zip(await scene.house.visits.due(scene.house.house.clock.now(), 6), "112134", strict=True):
            claimed = await scene.house.visits.claim(row)
            assert claimed is not None
            task = await scene.house.visits.answer(await scene.house.visits.dial(claimed))
            await scene.house.visits.finish(await scene.house.visits.keep(task, "satisfied", key), Event.SURVEY)
        await page.reload()
        await page.get_by_test_id("campaigns-row").first.click()
        await page.get_by_test_id("bars-question-satisfied").wait_for()
        await shot(page, folder / "campaign.png")


async def by_hand(scene: Scene, folder: Path) -> None:
    for n in range(1, 7):
        await scene.unreached(n, f"1380000{n:04d}")
    async with scene.page("agent1001", "/visits/hand") as page:
        await page.get_by_test_id("hand-row").first.click()
        await page.keyboard.press("t")
        await page.locator("[data-testid=hand-phone]", has_not_text="*").wait_for()
        await page.keyboard.press("d")
        await page.locator("[data-testid=hand-call][data-stage=talking]").wait_for()
        await shot(page, folder / "by-hand.png")


async def citizen(scene: Scene, folder: Path) -> None:
    async with scene.house.house.database.reading() as connection:
        link = (await connection.execute(citizen_links.select())).mappings().first()
    assert link is not None
    token = token_of(link["id"], scene.house.tokens.get("citizen_link_key"))
    context = await scene.browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True)
    page = await context.new_page()
    await page.goto(f"{scene.address}/c/{token}")
    await page.screenshot(path=folder / "citizen.png")
    await context.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
