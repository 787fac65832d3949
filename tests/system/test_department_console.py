"""The department's console and the figures in a real browser, on the real work orders; no telephone is needed.

Pictures are taken where HOTLINE_PICTURES names a folder.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_desk.pages import STATIC, Pages
from agent_desk.server import create_app
from hotline.demo.browser import find_browser, open_browser
from hotline.demo.site import free_ports
from hotline.security import Person, Role
from tests.integration.test_api_feed import serving
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.system.pages import sign_in

BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
MATTERS = ("路灯不亮", "电梯困人，物业不管", "施工噪声扰民", "路面塌陷", "自来水浑浊", "垃圾无人清运")
PICTURES = os.environ.get("HOTLINE_PICTURES", "")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, port=free_ports()["web_port"]) as opened:
        opened.house.app = create_app(opened.house.app.state.desk, Pages(STATIC))
        for number in range(24):
            opened.house.clock.advance(900)
            fields = {
                "description": f"{MATTERS[number % 6]}，请尽快处理（{number}）", "type": ("投诉", "求助")[number % 2],
                "place": "沂水县沂城街道罗家庄村", "phone": "13800000001", "urgency": ("一般", "紧急")[number % 4 == 3],
            }  # fmt: skip
            made = await opened.orders.intake.receive("web", f"w-{number}", fields, None)
            await opened.orders.act(made["ticket_id"], "accept", {}, BOSS)
            await opened.orders.act(made["ticket_id"], "dispatch", {"unit": "371323"}, BOSS)
        async with serving(opened.house):
            yield opened


async def page_of(browser: Any, house: TicketsHouse, account: str) -> Any:
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", accept_downloads=True)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{house.house.settings.web.port}/")
    await sign_in(page, account)
    return page


async def take(page: Any, name: str) -> None:
    if PICTURES:
        await page.mouse.move(700, 760)
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def test_a_unit_finds_signs_replies_saves_exports_and_reads_its_figures(house: TicketsHouse) -> None:
    async with open_browser(find_browser() or "") as browser:
        page = await page_of(browser, house, "department")
        await page.goto(page.url.split("#")[0] + "#/tickets")
        rows = page.get_by_test_id("ticket-row")
        await rows.nth(23).wait_for()
        await take(page, "console-inbox")

        await page.get_by_test_id("ticket-search").fill("电梯困人")
        await rows.nth(4).wait_for(state="detached")
        assert await rows.count() == 4
        await page.get_by_test_id("view-new").click()
        await page.get_by_test_id("view-name").fill("电梯")
        await page.get_by_test_id("view-save").click()
        await page.get_by_test_id("view-drop").wait_for()  # the filter is the saved view's now

        await page.get_by_test_id("pick-all").check()
        await take(page, "console-bulk")
        await page.get_by_test_id("bulk-sign").click()
        await page.locator('[data-testid=ticket-row][data-state="in_progress"]').nth(3).wait_for()
        await page.keyboard.press("j")
        reply = page.get_by_test_id("ticket-reply-text")
        await reply.fill("维保人员当日十时到场，更换了控制板，电梯已恢复运行，并与物业约定每周巡检。")
        await page.get_by_test_id("reply-text-keep").click()
        await page.get_by_test_id("ticket-reply-contact").fill("十一时电话联系诉求人，表示满意")
        await take(page, "console-reply")
        await page.get_by_test_id("ticket-reply-submit").click()
        await page.locator('[data-testid=ticket-sheet] [data-state="to_callback"]').first.wait_for()
        await page.emulate_media(media="print")
        await take(page, "console-print")
        assert not await page.get_by_test_id("ticket-filters").is_visible()
        await page.emulate_media(media="screen")

        async with page.expect_download() as download:
            await page.get_by_test_id("ticket-export").click()
        assert (await download.value).suggested_filename.endswith(".xlsx")

        await page.get_by_test_id("nav-figures").click()
        await page.get_by_test_id("figures-total").wait_for()
        assert await page.get_by_test_id("figures-total").inner_text() == "24"
        await take(page, "figures")
        await page.get_by_test_id("figure").first.click()
        await page.wait_for_url(re.compile("unit=371323"))
        await rows.nth(23).wait_for()
        await take(page, "figures-through")
        await page.get_by_test_id("ticket-search").fill("没有这样的事")
        await page.get_by_test_id("ticket-empty").wait_for()
        await take(page, "console-empty")
