"""A citizen's way through the house by what agents click: passed on to all that the dialog lists, parked, picked up.

Two real desks in Chromium, 1001 of the general line and 1003 of a second group, on the real Asterisk. It is one call
all the way: each step finds it under the id that the first offer had.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from hotline.demo.browser import find_browser, open_page
from hotline.facts.calls import CallArrived
from hotline.facts.control import CallTransferred, SeatLeftCall
from tests.system.engines import hears_prompt, speaking
from tests.system.scene import MENU
from tests.system.test_story import shown
from tests.system.theatre import (
    CHIEF,
    CITIZEN,
    DEPARTMENT,
    NOBODY_IN,
    NUMBER,
    SEAT,
    Stage,
    heard_by,
    hum,
    one_act,
    open_theatre,
)
from tests.system.who_hears import hears
from tests.system.wire import Wire

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]
_GROUP = {"offer_seconds": 60, "wrap_up_seconds": 300, "announce_seconds": 600}
GROUPS = [{"id": "general", "name": "综合", **_GROUP}, {"id": "second", "name": "二组", **_GROUP}]
SEATS = [
    {"id": "1001", "groups": ["general"]},
    {"id": "1002", "groups": ["general"]},
    {"id": "1003", "groups": ["second"]},
]
UNITS = [{"code": "zhujian", "name": "市住建局", "phone": NUMBER}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_theatre(
        tmp_path_factory.mktemp("desk-transfers"),
        groups=GROUPS,
        seats=SEATS,
        organisation={"units": UNITS, "directory": [{"unit": "zhujian"}]},
        flows={"menu": MENU},
    ) as theatre:
        await theatre.chief.get_by_test_id("nav-desk").click()
        await theatre.chief.get_by_test_id("status-ready").click()
        await hum(theatre.chief, CHIEF)
        yield theatre


@pytest_asyncio.fixture(loop_scope="module")
async def stage(theatre: Stage) -> AsyncIterator[Stage]:
    async with one_act(theatre) as stage:
        yield stage


async def pass_on(page: Any, kind: str, target: str, words: str) -> None:
    """By the dialog: F4, some words, the row, its button."""
    await page.keyboard.press("F4")
    await (await shown(page, "[data-testid=transfer-filter]")).fill(words)
    await (await shown(page, f"[data-testid='target-{kind}-{target}'] [data-testid=do-transfer]")).click()
    await page.get_by_test_id("transfer-dialog").wait_for(state="detached")


async def take(page: Any, call_id: str) -> None:
    """The offer of this very call, by the key that agents use; wrap-up, if there is one, is ended for it."""
    if await page.locator("[data-testid=call-state][data-state=wrap_up]").count():
        await page.keyboard.press("Alt+w")
    await shown(page, f"[data-testid=offer-panel][data-call={call_id}]")
    await page.keyboard.press("Space")
    await shown(page, f"[data-testid=call-state][data-state=talking][data-call={call_id}]")


async def test_a_citizen_is_passed_on_by_the_dialog_to_all_that_it_lists(stage: Stage) -> None:
    page, colleague, house = stage.page, stage.chief, stage.house
    citizen, call_id = await stage.connect("13800000041")

    await stage.press("F8")
    await hears(citizen, but=(SEAT,))
    since = asyncio.get_running_loop().time()
    await pass_on(page, "flow", "menu/ask", "主菜单")
    await hears_prompt(citizen, "menu-main", since=since)
    await citizen.press("0")
    await shown(page, "[data-testid=call-state][data-state=wrap_up]")
    await take(page, call_id)
    await hears(citizen, SEAT)  # muting has ended with the talk

    await pass_on(page, "unit", "zhujian", "住建")
    department = await (await house.gateway.citizen(NUMBER).next_call(timeout=20)).answer()
    await stage.stack.enter_async_context(speaking(department, DEPARTMENT))
    await hears(citizen, DEPARTMENT, but=(SEAT,))
    await hears(department, CITIZEN)
    await department.hang_up()
    await take(page, call_id)
    await hears(citizen, SEAT)

    await pass_on(page, "phone", NOBODY_IN, NOBODY_IN)
    (await house.gateway.citizen(NOBODY_IN).next_call(timeout=20)).reject(486)
    await take(page, call_id)
    await hears(citizen, SEAT)

    await pass_on(page, "group", "second", "二组")
    await take(colleague, call_id)
    await hears(citizen, CHIEF, but=(SEAT,))
    await stage.idle()

    await pass_on(colleague, "seat", "1001", "1001")
    await stage.talks(call_id)
    await hears(citizen, SEAT, but=(CHIEF,))
    await heard_by(page, CITIZEN)
    await colleague.get_by_test_id("wrapup-end").click()
    await stage.press("F9")
    await citizen.wait_ended()
    await stage.idle()

    passed = [(fact.seat, fact.how, fact.to) for fact in await house.all(CallTransferred, call_id)]
    assert passed == [
        ("1001", "blind", "flow:menu/ask"),
        ("1001", "blind", NUMBER),
        ("1001", "blind", "second"),
        ("1003", "blind", "1001"),
    ]
    assert len(await house.all(CallArrived)) == 1


async def test_a_parked_citizen_is_picked_up_at_another_desk(stage: Stage) -> None:
    page, colleague, house = stage.page, stage.chief, stage.house
    citizen, call_id = await stage.connect("13800000042")
    await stage.press("Alt+o")
    await hears(citizen, but=(SEAT,))
    await citizen.hears_sound()  # music
    for desk in (page, colleague):
        parked = await shown(desk, f"[data-testid=parked-call][data-call={call_id}]")
        words = await parked.inner_text()
        assert ("138 **** 0042" in words, "1001" in words) == (True, True), words
    await stage.idle()
    await colleague.get_by_test_id("pick-up").click()
    await shown(colleague, f"[data-testid=call-state][data-state=talking][data-call={call_id}]")
    await hears(citizen, CHIEF, but=(SEAT,))
    await heard_by(colleague, CITIZEN)
    for desk in (page, colleague):
        await desk.get_by_test_id("parked-calls").wait_for(state="detached")
    await colleague.keyboard.press("F9")
    await citizen.wait_ended()
    await colleague.get_by_test_id("wrapup-end").click()
    left = await house.all(SeatLeftCall, call_id)
    assert [(fact.seat, fact.reason) for fact in left] == [("1001", "parked")]


@pytest.mark.long
async def test_ten_seconds_without_network_cost_no_talk(stage: Stage) -> None:
    """Web, signalling and sound of a seat are gone, and come back: the same leg, the same talk, no offer."""
    house, browser = stage.house, stage.page.context.browser
    await stage.agent.person.be("not_ready")
    async with Wire(house.site.settings.web.port) as wire, AsyncExitStack() as stack:
        web = house.site.settings.web.model_copy(update={"port": wire.web_port})
        led = replace(house.site, settings=house.site.settings.model_copy(update={"web": web}))
        page = await stack.enter_async_context(open_page(browser, led, "agent1002"))
        await shown(page, "[data-testid=seat-status]", 20_000)
        await wire.lead(page)
        await page.reload()
        await shown(page, "[data-testid=leg-state][data-state=up]", 20_000)
        await page.get_by_test_id("status-ready").click()
        citizen = await house.dial("13800000043")
        call_id = str(await (await shown(page, "[data-testid=offer-panel]")).get_attribute("data-call"))
        await take(page, call_id)
        await stage.stack.enter_async_context(speaking(citizen, CITIZEN))
        await hum(page, SEAT)
        await hears(citizen, SEAT)
        await heard_by(page, CITIZEN)

        wire.cut()
        mended = asyncio.get_running_loop().time() + 10.0
        await hears(citizen, but=(SEAT,))
        await heard_by(page, but=(CITIZEN,))
        await asyncio.sleep(mended - asyncio.get_running_loop().time())
        wire.mend()
        await hears(citizen, SEAT, timeout=15)
        await heard_by(page, CITIZEN)
        await page.keyboard.press("F7")  # the desk works as before
        await shown(page, "[data-testid=call-controls][data-stage=held]", 30_000)
        await page.keyboard.press("F7")
        await hears(citizen, SEAT)
        counted = await house.counted(call_id)
        assert (counted["CallConnected"], counted["CallOffered"], counted["SeatLeftCall"]) == (1, 1, 0)
        await page.keyboard.press("F9")
        await citizen.wait_ended()
