"""Press 1 and we phone you, on the real Asterisk: rung when the place is reached, with a killed engine between."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hotline.facts.calls import CallArrived, CallEnded, CallPromised, PromiseDialled, PromiseKept, PromiseMissed
from tests.system.engines import in_conversation, open_house

FLOW = {
    "standard": "{waiting: {do: queue, keys: {1: owe}}, owe: {do: callback, next: bye, otherwise: waiting}, "
    "bye: {do: hang_up, prompts: [], reason: callback_promised}}"
}
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}]
RULES = {"windows": [], "pause_seconds": 0, "lead_seconds": 0}
FIRST, SECOND, THIRD = "13800000051", "13800000052", "13800000053"


@pytest.mark.timeout(150)
async def test_the_place_in_the_line_is_kept(tmp_path: Path) -> None:
    async with (
        open_house(tmp_path / "site", flows=FLOW, groups=GROUPS, promises=RULES) as house,
        AsyncExitStack() as stack,
    ):
        agent = await stack.enter_async_context(house.ready_agent("1001"))
        talking = await house.dial(FIRST)
        call_id = (await agent.accept(FIRST))["call_id"]
        # She waits, presses 1 and hangs up; somebody else comes later and waits on.
        waiting = await house.dial(SECOND)
        await waiting.hears_sound()
        await waiting.press("1")
        await waiting.wait_ended(10)
        (promised,) = await house.until_facts(CallPromised, lambda fact: fact.reason == "requested")
        await house.until_facts(CallEnded, lambda fact: fact.call_id == promised.call_id)
        behind = await house.dial(THIRD)
        assert await house.all(PromiseDialled) == []  # her turn has not come

        await house.engine.kill()  # the promise outlives the engine
        await house.engine.start()
        again = await stack.enter_async_context(house.agent("1001", agent.leg))
        ringing = asyncio.create_task(house.gateway.citizen(SECOND).next_call(timeout=30))
        await again.person.post(f"/desk/calls/{call_id}/hangup")
        her = await (await ringing).answer()
        taken = await again.accept(SECOND)
        async with in_conversation(her, again.leg):
            pass
        (arrived,) = [fact for fact in await house.all(CallArrived) if fact.promise == promised.task_id]
        assert (arrived.caller, arrived.call_id) == (SECOND, taken["call_id"])
        await house.until_facts(PromiseKept, lambda fact: fact.call_id == taken["call_id"])
        assert len(await house.all(PromiseDialled)) == 1
        await her.hang_up()
        await again.accept(THIRD)
        await behind.hang_up()
        if talking.is_up:
            await talking.hang_up()

        # Who gave up and then does not pick up is tried again later, and nobody is dialled twice for it.
        gone = await house.dial(FIRST)
        await gone.hears_sound()
        await again.person.be("not_ready", "小休")
        await gone.hang_up()
        (owed,) = await house.until_facts(CallPromised, lambda fact: fact.reason == "abandoned")
        busy = asyncio.create_task(house.gateway.citizen(FIRST).next_call(timeout=30))
        await again.person.be("ready")
        (await busy).reject(486)
        (missed,) = await house.until_facts(PromiseMissed, lambda fact: fact.task_id == owed.task_id)
        assert (missed.outcome, missed.by_hand) == ("busy", False)
        promises = (await again.person.get("/promises"))["items"]
        assert [(one["phone"], one["stage"], one["attempt"]) for one in promises] == [(FIRST, "waiting", 1)]
