"""A citizen whom the robot cannot reach, on the real Asterisk: a message goes out, an agent phones, it closes."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hotline.facts.callbacks import CallbackHanded
from hotline.facts.outreach import HandCallEnded, HandCallMade, SmsSent
from hotline.facts.recordings import RecordingReady
from hotline.facts.tickets import TicketMoved
from tests.system.engines import in_conversation, open_house

CITIZEN = "13800000071"
CALLBACK = {
    "retry_minutes": [], "retry_by_outcome": {}, "ring_seconds": 10, "lines": 1, "sms": {"page_url": "https://12345.example"},
    "by_hand": {"ring_seconds": 20},
}  # fmt: skip


@pytest.mark.timeout(150)
async def test_the_robot_gives_up_and_an_agent_phones(tmp_path: Path) -> None:
    async with open_house(tmp_path / "site", callback=CALLBACK) as house, AsyncExitStack() as stack:
        agent = await stack.enter_async_context(house.ready_agent("1001"))
        clerk = await stack.enter_async_context(house.person("unitzhujian"))
        call = await house.dial(CITIZEN)
        call_id = (await agent.accept(CITIZEN))["call_id"]
        matter = {"description": "路灯不亮", "place": "沂水县沂城街道", "unit": "zhujian", "type": "求助"}
        ticket = (await agent.person.post(f"/desk/calls/{call_id}/submit", how="dispatch", **matter))["id"]
        await call.hang_up()
        await clerk.post(f"/tickets/{ticket}/actions/sign")

        robot_rings = asyncio.create_task(house.gateway.citizen(CITIZEN).next_call(timeout=30))
        reply = "已更换灯泡并恢复照明，经本人确认"
        await clerk.post(f"/tickets/{ticket}/actions/reply", contact="电话联系", reply=reply)
        (await robot_rings).reject(486)
        (handed,) = await house.until_facts(CallbackHanded, bool)
        await house.until_facts(SmsSent, lambda fact: fact.task_id == handed.task_id)
        (line,) = (tmp_path / "site" / "outbox" / "sms.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["phone"] == CITIZEN

        base = f"/by-hand/{handed.task_id}"
        assert (await agent.person.post(f"{base}/take"))["phone"] == CITIZEN
        phone_rings = asyncio.create_task(house.gateway.citizen(CITIZEN).next_call(timeout=30))
        await agent.person.post(f"{base}/dial")
        citizen = await (await phone_rings).answer()
        async with in_conversation(citizen, agent.leg):
            pass
        await citizen.hang_up()
        (made,) = await house.all(HandCallMade)
        (ended,) = await house.until_facts(HandCallEnded, bool)
        assert (ended.outcome, ended.channel_id) == ("talked", made.channel_id)
        await house.until_facts(RecordingReady, lambda fact: fact.call_id == ended.call_id)
        await agent.person.post(f"{base}/result", disposition="surveyed", solved=True, satisfaction=1)
        moves = await house.until_facts(TicketMoved, lambda fact: fact.ticket_id == ticket and fact.action == "close")
        assert moves[-1].to_state == "closed"
