"""One call goes the whole way: real Asterisk, real SIP phones, real browsers, real database, real recognition.

The eight steps of the story, each looked at on a screen and in the ledger. The agent, the department's clerk and
the supervisor sit in Chromium; the citizen is behind the carrier's gateway.
"""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hotline.bus import Bus
from hotline.database import Database
from hotline.demo.browser import BrowserAgent, browser_agent, find_browser, open_browser, open_page
from hotline.demo.cast import Script, converse
from hotline.demo.engine import EngineProcess
from hotline.demo.report import Story, read_story, steps_of
from hotline.demo.scripts import STREET_LAMP
from hotline.demo.site import Site, prepare_site
from hotline.facts.recordings import RecordingReady
from hotline.settings import load_settings
from telephony.phone import PhoneCall, ScriptedGateway
from tests.passwords import cheap_passwords
from tests.system.engines import hears_prompt

REPOSITORY = Path(__file__).resolve().parents[2]
ASKED = ("callback-intro", "callback-satisfied", "callback-manner")
"""What the robot says before each key."""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]


@dataclass
class Theatre:
    """Everybody, at their places."""

    site: Site
    gateway: ScriptedGateway
    agent: BrowserAgent
    supervisor: Any
    clerk: Any


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    base = load_settings(REPOSITORY / "config.yaml")
    site = await prepare_site(
        tmp_path / "site", base, fresh_ports=True, passwords=cheap_passwords(), asr={"model": "tiny"}
    )
    asterisk = site.settings.asterisk
    engine = EngineProcess(site)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.stop)
        await engine.start()
        server, trunk = (asterisk.host, asterisk.sip_port), (asterisk.trunk.host, asterisk.trunk.port)
        gateway = await stack.enter_async_context(ScriptedGateway(server, trunk))
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        agent = await stack.enter_async_context(browser_agent(site, browser, "1001"))
        supervisor = await stack.enter_async_context(open_page(browser, site, "supervisor"))
        clerk = await stack.enter_async_context(open_page(browser, site, "unit371323"))
        yield Theatre(site, gateway, agent, supervisor, clerk)
    log = (site.folder / "engine.log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log[-4000:]
    shutil.rmtree(site.folder, ignore_errors=True)


async def shown(page: Any, selector: str, timeout: float = 15_000) -> Any:
    """The first element that matches, once it is on the screen; else what the page says instead."""
    found = page.locator(selector).first
    try:
        await found.wait_for(timeout=timeout)
    except Exception as failure:
        raise AssertionError(f"not seen: {selector}\n{await page.inner_text('body')}") from failure
    return found


async def test_one_call_goes_the_whole_way(theatre: Theatre) -> None:
    script, agent = STREET_LAMP, theatre.agent
    await agent.ready()
    await shown(theatre.supervisor, "[data-testid=live-seat-1001][data-status=ready][data-state=idle]")
    call, call_id = await the_citizen_reaches_the_agent(theatre, script)
    await their_words_fill_the_draft(theatre, call, script)
    ticket = await the_agent_sends_it_out(theatre, call_id, script)
    await the_recording_plays(theatre, call_id)
    rang = asyncio.create_task(theatre.gateway.citizen(script.phone).next_call(timeout=60))
    await the_department_replies(theatre, ticket)
    await the_robot_asks(theatre, await rang, ticket, script)
    await everything_is_in_the_ledger(theatre, call_id, script)


async def the_citizen_reaches_the_agent(theatre: Theatre, script: Script) -> tuple[PhoneCall, str]:
    call = await theatre.gateway.citizen(script.phone).dial("12345", timeout=20)
    await call.hears_sound(timeout=5)  # the greeting
    offer = await shown(theatre.agent.page, "[data-testid=offer-panel]")
    await shown(theatre.supervisor, "[data-testid=live-seat-1001][data-state=offered]")
    call_id = await offer.get_attribute("data-call")
    await theatre.agent.page.keyboard.press("Space")
    bar = await shown(theatre.agent.page, "[data-testid=call-state][data-state=talking]")
    assert await bar.get_attribute("data-call") == call_id
    caller = await shown(theatre.agent.page, "[data-testid=call-caller]")
    assert await caller.get_attribute("data-caller") == script.phone
    await shown(theatre.supervisor, "[data-testid=live-seat-1001][data-state=talking]")
    return call, str(call_id)


async def their_words_fill_the_draft(theatre: Theatre, call: PhoneCall, script: Script) -> None:
    await converse(theatre.agent, call, script)
    page = theatre.agent.page
    for who in ("citizen", "agent"):
        lines = await page.get_by_test_id(f"utterance-{who}").all_inner_texts()
        assert len(lines) >= 3, lines
    said = "".join(await page.get_by_test_id("utterance-citizen").all_inner_texts())
    assert "路灯" in said
    assert "沂水县" in said
    assert await page.get_by_test_id("draft-title").input_value()
    assert "沂水县" in await page.get_by_test_id("draft-place").input_value()
    assert await page.get_by_test_id("draft-phone").input_value() == script.phone
    assert not await page.get_by_test_id("summary").count(), "this site has no language model"
    category = await shown(page, "[data-testid=draft-category]")
    assert await category.get_attribute("data-value") == "市政公用/路灯井盖"


async def the_agent_sends_it_out(theatre: Theatre, call_id: str, script: Script) -> dict[str, Any]:
    ticket = await theatre.agent.submit(call_id, script.corrections)
    assert ticket["title"] == script.corrections["title"]
    assert (ticket["unit"], ticket["state"]) == ("371323", "dispatched")
    assert ticket["due_at"]
    await shown(theatre.agent.page, f"[data-testid=submitted][data-ticket={ticket['id']}]")
    assert ticket["number"] in await (await shown(theatre.agent.page, "[data-testid=draft-number]")).inner_text()
    await theatre.agent.hang_up(call_id)
    await shown(theatre.agent.page, "[data-testid=call-state][data-state=wrap_up]")
    await shown(theatre.supervisor, "[data-testid=live-seat-1001][data-state=wrap_up]")
    await theatre.agent.end_wrap_up()
    await shown(theatre.supervisor, "[data-testid=live-seat-1001][data-status=ready][data-state=idle]")
    return ticket


async def the_recording_plays(theatre: Theatre, call_id: str) -> None:
    page = theatre.agent.page
    await theatre.agent.person.feed.until("recording", lambda one: one["call_id"] == call_id, timeout=30)
    await page.get_by_test_id("tab-recent").click()
    await (await shown(page, f"[data-testid=recent-call][data-call={call_id}]")).click()
    audio = await shown(page, "[data-testid=recording-audio]")
    await audio.evaluate("one => one.play()")
    await page.wait_for_function("one => one.currentTime > 0.3 && one.duration > 20", arg=await audio.element_handle())
    await audio.evaluate("one => one.pause()")


async def the_department_replies(theatre: Theatre, ticket: dict[str, Any]) -> None:
    page = theatre.clerk
    await (await shown(page, f"[data-testid=ticket-row][data-ticket={ticket['id']}]")).click()
    await (await shown(page, "[data-testid=ticket-sign]")).click()
    await shown(page, "[data-testid=ticket-sheet] [data-testid=ticket-state][data-state=in_progress]")
    await (await shown(page, "[data-testid=ticket-reply-text]")).fill("已到现场更换灯头,当晚恢复照明。")
    await page.get_by_test_id("ticket-reply-contact").fill("已电话联系反映人")
    solved = page.get_by_test_id("ticket-reply-solved-yes")
    if await solved.count():
        await solved.first.click()
    await page.get_by_test_id("ticket-reply-submit").click()
    await shown(page, "[data-testid=ticket-sheet] [data-testid=ticket-state][data-state=to_callback]")


async def the_robot_asks(theatre: Theatre, incoming: Any, ticket: dict[str, Any], script: Script) -> None:
    visit = await incoming.answer()
    for question, key in zip(ASKED, script.keys, strict=True):  # a key is pressed once the question is known
        await hears_prompt(visit, question)
        await visit.press(key)
    await visit.wait_ended(timeout=30)
    state = "[data-testid=ticket-sheet] [data-testid=ticket-state]"
    await shown(theatre.clerk, f"{state}[data-state={script.verdict}]")
    whole = await theatre.agent.person.get(f"/tickets/{ticket['id']}")
    (callback,) = whole["callbacks"]
    assert (callback["solved"], callback["satisfaction"]) == (True, 1)


async def everything_is_in_the_ledger(theatre: Theatre, call_id: str, script: Script) -> None:
    database = await Database.open(theatre.site.settings.database_url, Bus())
    story: Story = await read_story(database, call_id)
    await database.close()
    ready = story.first(RecordingReady)
    assert ready is not None
    (mix,) = theatre.site.folder.glob(f"recordings/*/*/*/{call_id}*/mix.wav")
    matches = hashlib.sha256(mix.read_bytes()).hexdigest() == ready.sha256
    steps = steps_of(story, live_messages=1, hash_matches=matches, verdict=script.verdict)
    assert [step.number for step in steps if not step.seen] == []
