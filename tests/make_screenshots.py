"""Take the pictures of the documentation from the real thing: engine, Asterisk, browser, a citizen who speaks.

python tests/make_screenshots.py docs/images
"""

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hotline.demo.browser import browser_agent, find_browser, open_browser, open_page
from hotline.demo.cast import SPEECH
from hotline.demo.engine import EngineProcess
from hotline.demo.scripts import STREET_LAMP
from hotline.demo.site import prepare_site
from hotline.settings import load_settings
from telephony.phone import ScriptedGateway


async def main(folder: Path) -> None:
    base = load_settings(Path("config.yaml"))
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = await prepare_site(scratch, base, fresh_ports=True, asr={"model": "tiny"})
        engine = EngineProcess(site)
        stack.push_async_callback(engine.stop)
        await engine.start()
        asterisk = site.settings.asterisk
        gateway = await stack.enter_async_context(
            ScriptedGateway((asterisk.host, asterisk.sip_port), (asterisk.trunk.host, asterisk.trunk.port))
        )
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        agent = await stack.enter_async_context(browser_agent(site, browser, "1001"))
        live = await stack.enter_async_context(open_page(browser, site, "supervisor"))
        clerk = await stack.enter_async_context(open_page(browser, site, "unit371323"))
        await agent.ready()
        script = STREET_LAMP
        call = await gateway.citizen(script.phone).dial("12345", timeout=20)
        await agent.at("offer-panel").wait_for(timeout=20_000)
        waiting = await gateway.citizen("13800000002").dial("12345", timeout=20)
        await agent.page.mouse.move(640, 500)  # no tooltip
        await agent.page.screenshot(path=folder / "offer.png")
        shown = await agent.accept(script.phone)
        for who, name in script.turns:
            since = len(agent.person.feed.seen)
            await (call.say(SPEECH / f"{name}.wav") if who == "citizen" else agent.say(SPEECH / f"{name}.wav"))
            await agent.person.feed.until("utterance", since=since)
        await agent.page.mouse.move(640, 640)
        await agent.page.wait_for_timeout(600)  # what was told under the mouse fades
        await agent.page.screenshot(path=folder / "desk.png")
        await agent.person.post("/desk/hand", raised=True, note="市民情绪激动")
        await live.get_by_test_id("live-hand-1001").wait_for()
        await live.mouse.move(900, 700)
        await live.screenshot(path=folder / "live.png")
        await show_room(live, site.url, folder)
        ticket = await agent.submit(shown["call_id"], script.corrections)
        await waiting.hang_up()
        await agent.hang_up(shown["call_id"])
        await agent.at("wrapup").wait_for()
        await agent.page.keyboard.press("2")
        await agent.page.locator("[data-testid=wrapup][data-kept=true]").wait_for()
        await agent.page.screenshot(path=folder / "wrap-up.png")
        await agent.end_wrap_up()
        await clerk.locator(f"[data-ticket={ticket['id']}]").first.click()
        await clerk.get_by_test_id("ticket-sign").click()
        await clerk.get_by_test_id("ticket-reply-text").wait_for()
        await clerk.locator(".el-message").first.wait_for(state="detached")
        await clerk.screenshot(path=folder / "department.png")


async def show_room(live: Any, url: str, folder: Path) -> None:
    """The supervisor's drawer on a seat that talks and asks for help, and the wallboard, dark as it hangs on walls."""
    await live.get_by_test_id("live-seat-1001").click()
    await live.get_by_test_id("drawer-transcript").wait_for()
    await live.screenshot(path=folder / "drawer.png")
    await live.get_by_test_id("theme-switch").click()
    await live.wait_for_timeout(600)  # colours fade over
    await live.screenshot(path=folder / "drawer-dark.png")
    await live.goto(f"{url}/#/wallboard")
    await live.locator("[data-testid=wallboard][data-known=true]").wait_for()
    await live.screenshot(path=folder / "wallboard.png")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
