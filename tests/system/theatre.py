"""A stage for browser tests: an agent's page at seat 1001 and a supervisor's with seat 1003, their microphones humming.

The citizen and the department hum too, each a tone of its own, so every act is proved by who hears whom.
``open_theatre`` is one house for all tests of a file; each test is one call's life.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hotline.demo.browser import BrowserAgent, browser_agent, find_browser, open_browser, open_page
from telephony.phone import PhoneCall
from tests.system.engines import AT_ONCE, CHIEF_LOGIN, FLOWS, LINES, House, add_chief, open_house, speaking
from tests.system.test_story import shown
from tests.system.who_hears import hears

CITIZEN, SEAT, DEPARTMENT, CHIEF = 400.0, 700.0, 1100.0, 1700.0
NUMBER, NOBODY_IN = "6001", "6002"


@dataclass
class Stage:
    """Who is there."""

    house: House
    agent: BrowserAgent
    chief: Any
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def page(self) -> Any:
        return self.agent.page

    async def press(self, key: str) -> None:
        """A key on the agent's page."""
        await self.page.keyboard.press(key)

    async def stage(self, name: str) -> None:
        """What the controls under the call bar show."""
        await shown(self.page, f"[data-testid=call-controls][data-stage={name}]", 30_000)

    async def connect(self, number: str) -> tuple[PhoneCall, str]:
        """A citizen calls, is taken by the key that agents use, and both hear each other."""
        citizen = await self.house.dial(number)
        offer = await shown(self.page, "[data-testid=offer-panel]")
        call_id = str(await offer.get_attribute("data-call"))
        await self.press("Space")
        await self.talks(call_id)
        await self.stack.enter_async_context(speaking(citizen, CITIZEN))
        await hears(citizen, SEAT)
        await heard_by(self.page, CITIZEN)
        return citizen, call_id

    async def talks(self, call_id: str) -> None:
        await shown(self.page, f"[data-testid=call-state][data-state=talking][data-call={call_id}]")

    async def asks_department(self, key: str, button: str) -> PhoneCall:
        """Dial the department from the address book; it answers and hums."""
        await self.press(key)
        await (await shown(self.page, "[data-testid=transfer-filter]")).fill(NUMBER)
        row = await shown(self.page, f"[data-testid=target-phone-{NUMBER}]")
        await row.get_by_test_id(button).click()
        party = await (await self.house.gateway.citizen(NUMBER).next_call(timeout=20)).answer()
        await self.stack.enter_async_context(speaking(party, DEPARTMENT))
        return party

    async def answer_comes_late(self, act: str) -> asyncio.Event:
        """The engine's answer to this act reaches the page only once the event is set: the feed is quicker."""
        let_go = asyncio.Event()

        async def hold(route: Any) -> None:
            response = await route.fetch()
            await let_go.wait()
            await route.fulfill(response=response)

        await self.page.route(f"**/{act}", hold, times=1)
        return let_go

    async def idle(self) -> None:
        """Wrap-up is over, by its key."""
        await shown(self.page, "[data-testid=call-state][data-state=wrap_up]")
        await self.press("Alt+w")
        await shown(self.page, "[data-testid=seat-status][data-state=idle]")


async def hum(page: Any, hertz: float) -> None:
    """A tone comes out of the page's microphone from now on; 0: silence."""
    await page.evaluate("hertz => window.hum(hertz)", hertz)


async def heard_by(page: Any, *pitches: float, but: tuple[float, ...] = ()) -> None:
    """Until the page's loudspeaker has these tones and none of ``but``."""
    await page.wait_for_function(
        "([want, but]) => want.every((hz) => window.heard(hz) > -55) && but.every((hz) => window.heard(hz) < -70)",
        arg=[list(pitches), list(but)],
        timeout=10_000,
    )


@asynccontextmanager
async def open_theatre(folder: Path, **site: Any) -> AsyncIterator[Stage]:
    """The house with its engine, and both pages in one Chromium."""
    async with AsyncExitStack() as stack:
        flows = {**FLOWS, **site.pop("flows", {})}
        house = await stack.enter_async_context(open_house(folder, flows=flows, lines=LINES, **site))
        house.line = AT_ONCE
        for number in (NUMBER, NOBODY_IN):
            house.gateway.citizen(number)  # from now on the number exists
        await add_chief(house)
        logins = replace(house.site, logins={**house.site.logins, CHIEF_LOGIN.account: CHIEF_LOGIN})
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        agent = await stack.enter_async_context(browser_agent(logins, browser, "1001"))
        watching = await stack.enter_async_context(open_page(browser, logins, CHIEF_LOGIN.account))
        await shown(watching, "[data-testid=leg-state][data-state=up]", 20_000)
        await agent.ready()
        yield Stage(house, agent, watching)


@asynccontextmanager
async def one_act(theatre: Stage) -> AsyncIterator[Stage]:
    """One test's stage: whatever becomes of it, the next one finds the agent idle."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_at_rest, theatre)
        await hum(theatre.page, SEAT)
        yield replace(theatre, stack=stack)


async def _at_rest(theatre: Stage) -> None:
    person = theatre.agent.person
    await theatre.house.hang_up_all()
    seat = (await person.get("/desk"))["seat"]
    if seat["state"] == "talking":
        seat = await person.feed.until("seat", lambda one: one["state"] != "talking", since=len(person.feed.seen))
    if seat["state"] == "wrap_up":
        await person.post("/desk/wrap-up/end")
