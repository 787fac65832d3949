"""119 by one click on the real Asterisk: three hear each other; the data arrives though the engine is killed."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hotline.facts.emergency import EmergencyAccepted, EmergencyAnswered, EmergencyPushed, EmergencyUnreached
from tests.integration.platform import open_platform
from tests.system.engines import AT_ONCE, FLOWS, LINES, open_house, speaking
from tests.system.who_hears import hears

GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}]
CITIZEN, SEAT, FIRE = 400.0, 700.0, 1100.0
PHONE = "13800000119"


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_fire(tmp_path: Path) -> None:
    async with open_platform() as probe:
        url = probe.url  # its port is free again once it is closed
    platforms = [
        {"code": "119", "label": "消防", "push_url": url},
        {"code": "120", "label": "急救"},
    ]
    lines = [{"number": AT_ONCE, "group": "general", "flow": "at-once"}]
    async with (
        open_house(tmp_path / "site", flows=FLOWS, lines=lines, groups=GROUPS, emergency=platforms) as house,
        AsyncExitStack() as stack,
    ):
        house.line = LINES[1]["number"]
        agent = await stack.enter_async_context(house.ready_agent("1001"))
        citizen = await house.dial(PHONE)
        call_id = (await agent.accept(PHONE))["call_id"]
        await stack.enter_async_context(speaking(citizen, CITIZEN))
        await stack.enter_async_context(speaking(agent.leg, SEAT))
        await hears(citizen, SEAT)

        # 120 is busy: citizen and agent go on, the data lies in the outbox, the screen says so.
        refusing = asyncio.create_task(house.gateway.citizen("120").next_call())
        await agent.person.post(f"/desk/calls/{call_id}/emergency/120")
        (await refusing).reject(486)
        await agent.person.feed.until("emergency", lambda news: news["stage"] == "busy")
        await hears(citizen, SEAT)
        (unreached,) = await house.all(EmergencyUnreached)
        assert (unreached.platform, unreached.reason) == ("120", "busy")
        await house.until_facts(EmergencyPushed, lambda pushed: pushed.platform == "120")
        assert len(list((house.site.folder / "outbox").glob("push_*.json"))) == 1

        # 119 answers: three hear each other. Nobody takes the data yet.
        ringing = asyncio.create_task(house.gateway.citizen("119").next_call())
        await agent.person.post(f"/desk/calls/{call_id}/emergency/119")
        fire = await (await ringing).answer()
        await stack.enter_async_context(speaking(fire, FIRE))
        await hears(citizen, SEAT, FIRE)
        await hears(fire, CITIZEN, SEAT)
        await house.until_facts(EmergencyAnswered, lambda answered: answered.platform == "119")
        draft = (await agent.person.get("/desk"))["draft"]
        assert draft["tags"] == ["转接 120 急救", "转接 119 消防"]

        # The engine is killed before the platform takes the data; the next engine delivers it.
        await house.engine.kill()
        port = int(url.split(":")[2].split("/")[0])
        async with open_platform(port=port) as platform:
            await house.engine.start()
            async with asyncio.timeout(30):
                await platform.taken.wait()
            assert {message["call_id"] for message in platform.got} == {call_id}
            assert platform.got[-1]["phone"] == PHONE
            await house.until_facts(EmergencyPushed, lambda pushed: pushed.platform == "119")
        await hears(citizen, SEAT, FIRE)
        await agent.leg.hang_up()  # the agent leaves; the two stay together
        await hears(citizen, FIRE, but=(SEAT,))
        await fire.hang_up()
        accepted = await house.until_facts(EmergencyAccepted, lambda fact: fact.platform == "119")
        assert [fact.accepted_by for fact in accepted] == ["platform"]
        await citizen.hang_up()
