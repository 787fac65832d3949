"""Return visits on the real Asterisk, one by one: a live agent at once, English, a carrier that goes silent."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hotline.demo.browser import find_browser, open_browser, open_page
from hotline.demo.site import free_ports
from hotline.facts.callbacks import CallbackBreakerClosed, CallbackBreakerOpened, CallbackDialled
from hotline.facts.recordings import RecordingReady
from hotline.facts.tickets import TicketMoved
from ivr.prompt_maker import write_wav
from telephony.phone import PhoneCall
from telephony.phone.tones import make_tone
from tests.system.engines import House, in_conversation, open_house
from tests.system.visited import GOOD, PACE, TONES, WAYS, Citizens, Ledger, prepare

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
ENGLISH = 100
"""So many hertz an English prompt lies above the Chinese one."""
CONTENT = WAYS[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for prompt, hertz in TONES.items():
            write_wav(folder / "sounds/en/hotline" / f"{prompt}.wav", make_tone(hertz + ENGLISH, 0.3))
        trunk = free_ports()["trunk"] | {"qualify_seconds": 1}
        callback = {**PACE, "lines": 6}
        async with open_house(folder, asr={"enabled": False}, callback=callback, asterisk={"trunk": trunk}) as opened:
            yield opened


async def picks_up(house: House, number: str) -> PhoneCall:
    """This citizen is phoned, and answers."""
    return await (await house.gateway.citizen(number).next_call(timeout=60)).answer()


async def answers(call: PhoneCall, *said: tuple[str, str], higher: int = 0) -> None:
    """(question, key) in turn, each key when its question was heard."""
    loop, since = asyncio.get_running_loop(), 0.0
    for question, key in said:
        await call.hears_tone(TONES[f"callback-{question}"] + higher, 30, since)
        since = loop.time()
        await call.press(key)


async def until_closed(ledger: Ledger, number: str) -> dict[str, Any]:
    """The task, once it has ended."""
    async with asyncio.timeout(30):
        while (row := (await ledger.rows())[number])["state"] != "closed":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return row


@pytest.mark.long
async def test_a_dissatisfied_citizen_has_a_live_agent_at_once(house: House) -> None:
    number, ledger = "13900000101", Ledger(house.database, house.site)
    async with house.ready_agent("1001") as agent:
        ticket = await ledger.owe(number)
        citizen = await picks_up(house, number)
        said = (("solved", "2"), ("satisfied", "5"), ("manner", "4"), ("reason", "3"), ("agent", "1"))
        await answers(citizen, *said)
        taken = await agent.accept(number)
        async with in_conversation(citizen, agent.leg):
            row = (await ledger.rows())[number]
        assert (row["state"], row["disposition"], row["satisfaction"]) == ("human", "surveyed", 5)
        assert row["answers"] == {"solved": "2", "satisfied": "5", "manner": "4", "reason": "3"}
        assert taken["caller"] == number
        await citizen.hang_up()
        base = f"/by-hand/{row['id']}"  # the agent writes down what the talk came to
        await agent.person.post(f"{base}/take")
        await agent.person.post(f"{base}/result", disposition="surveyed", solved=False, satisfaction=4, words="仍不亮")
        redone = await house.until_facts(
            TicketMoved, lambda fact: fact.ticket_id == ticket and fact.from_state == "to_callback"
        )
        assert redone[-1].to_state in ("rework", "dispatched")
    async with house.person("supervisor") as boss:
        seen = await boss.get(f"/tickets/{ticket}")
        assert (seen["first_satisfaction"], seen["satisfaction"]) == (5, 4)  # what the robot heard, and the last word


@pytest.mark.long
async def test_who_presses_9_is_asked_in_english(house: House) -> None:
    number, ledger = "13900000102", Ledger(house.database, house.site)
    await ledger.owe(number)
    citizen = await picks_up(house, number)
    await answers(citizen, ("solved", "9"))
    said = (("solved", "1"), ("satisfied", "2"), ("manner", "1"), ("words", "#"))
    await answers(citizen, *said, higher=ENGLISH)
    row = await until_closed(ledger, number)
    assert (row["disposition"], row["answers"]) == ("surveyed", GOOD)


@pytest.mark.long
async def test_a_silent_carrier_makes_the_robot_quiet_until_it_is_back(house: House) -> None:
    """Nobody was rung while it was silent, so nobody loses a try; nobody presses a button to go on."""
    numbers, ledger = [f"139000002{n:02}" for n in range(10)], Ledger(house.database, house.site)
    citizens = Citizens(house, [CONTENT])
    citizens.ways = dict.fromkeys(numbers, CONTENT)
    async with citizens.at_home(), house.person("supervisor") as boss:
        house.gateway.switch_off()
        for number in numbers:
            await ledger.owe(number)
        await house.until_facts(CallbackBreakerOpened, bool, timeout=60)
        assert (await boss.get("/visits/robot"))["breaker"] == "open"
        dialled = len(await house.all(CallbackDialled))
        await house.until_facts(CallbackBreakerOpened, bool, 2, timeout=60)  # one call tried, and it was too early
        assert len(await house.all(CallbackDialled)) == dialled + 1
        assert (await house.all(CallbackBreakerClosed), sum(citizens.rung.values())) == ([], 0)
        house.gateway.switch_on()
        await house.until_facts(CallbackBreakerClosed, bool, timeout=90)
        rows = [await until_closed(ledger, number) for number in numbers]
    assert {(row["disposition"], row["attempt"]) for row in rows} == {("surveyed", 1)}
    assert set(citizens.rung.values()) == {1}
    assert {row["phone"] for row in rows} == set(numbers)


@pytest.mark.long
async def test_the_page_of_a_robot_at_work(house: House) -> None:
    """What a supervisor sees while citizens are phoned; pausing is real; the survey can be listened to."""
    first, second, ledger = "13900000301", "13900000302", Ledger(house.database, house.site)
    async with open_browser(find_browser() or "") as browser, open_page(browser, house.site, "supervisor") as page:
        await page.get_by_test_id("me").wait_for()
        await page.goto(f"{house.site.url}/#/visits/robot")
        robot, lines = page.get_by_test_id("robot-page"), page.get_by_test_id("robot-lines")
        await expect(lines).to_have_attribute("data-in-use", "0")
        await ledger.owe(first)
        citizen = await picks_up(house, first)
        await citizen.hears_tone(TONES["callback-solved"], 30, 0.0)
        await expect(lines).to_have_attribute("data-in-use", "1")
        await expect(page.get_by_test_id("robot-line").first).to_contain_text("139****0301")
        await expect(page.get_by_test_id("robot-line").first).to_contain_text("是否解决")
        await answers(citizen, *CONTENT.keys)
        await until_closed(ledger, first)
        await expect(lines).to_have_attribute("data-in-use", "0")

        await page.keyboard.press("p")
        await page.get_by_test_id("robot-reason").fill("线路检修")
        await page.get_by_test_id("robot-confirm").click()
        await expect(robot).to_have_attribute("data-paused", "true")
        await ledger.owe(second)
        await page.reload()  # it was owed beside the engine, which therefore told nobody
        await expect(page.get_by_test_id("robot-waiting")).to_have_text("1")
        assert (await ledger.rows())[second]["state"] == "due"
        await page.keyboard.press("p")
        await page.get_by_test_id("robot-confirm").click()
        again = await picks_up(house, second)
        await expect(robot).to_have_attribute("data-paused", "false")
        await again.hang_up()

        await house.until_facts(RecordingReady, lambda fact: fact.call_id.startswith("callback_"), timeout=30)
        await page.goto(f"{house.site.url}/#/visits/results")
        await page.get_by_test_id("visits-row").filter(has_text="139****0301").click()
        audio = page.get_by_test_id("visits-sheet").get_by_test_id("recording-audio").first
        await audio.wait_for(state="attached")
        heard = await page.request.get(f"{house.site.url}{await audio.get_attribute('src')}")
        assert (heard.ok, len(await heard.body()) > 8000) == (True, True)
