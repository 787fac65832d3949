"""A campaign on the real Asterisk: three citizens are phoned, one answers with keys, one is busy, one hangs up."""

import asyncio
from pathlib import Path

import pytest

from hotline.facts.callbacks import CallbackAnswered, CallbackDialled
from hotline.facts.outreach import CampaignEntryDone, CampaignMoved
from tests.system.engines import open_house

ANSWERS, BUSY, GONE = "13800000081", "13800000082", "13800000083"
CALLBACK = {"retry_minutes": [], "retry_by_outcome": {}, "ring_seconds": 15, "lines": 3}
CAMPAIGN = {
    "name": "满意度民调", "flow": "poll",
    "questions": [{"name": "satisfied", "title": "是否满意", "choices": {"1": "满意", "5": "不满意"}}],
}  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_three_citizens_are_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path / "site", callback=CALLBACK) as house, house.person("supervisor") as boss:
        campaign = (await boss.post("/campaigns", **CAMPAIGN))["id"]
        sheet = "电话\n" + "\n".join((ANSWERS, BUSY, GONE))
        told = await boss.http.post(f"/api/campaigns/{campaign}/list", content=sheet.encode())
        assert told.json()["kept"] == 3, told.text
        ringing = {
            number: asyncio.create_task(house.gateway.citizen(number).next_call(timeout=40))
            for number in (ANSWERS, BUSY, GONE)
        }
        await boss.post(f"/campaigns/{campaign}/acts/start")
        (await ringing[BUSY]).reject(486)
        gone = await (await ringing[GONE]).answer()
        await gone.hears_sound()
        await gone.hang_up()
        her = await (await ringing[ANSWERS]).answer()
        await her.hears_sound()
        await her.press("1")  # shortens the introduction
        await asyncio.sleep(0.3)
        await her.press("5")
        await asyncio.sleep(0.3)
        await her.press("1")
        await her.hang_up()
        await house.until_facts(CampaignEntryDone, bool, 3, timeout=60)
        await house.until_facts(CampaignMoved, lambda fact: fact.to_state == "done", timeout=30)
        result = await boss.get(f"/campaigns/{campaign}/result")
        ended = {one["disposition"]: one["count"] for one in result["dispositions"]}
        assert ended["surveyed"] == 1
        assert ended["busy"] == 1
        assert sum(ended.values()) == 3
        (question,) = result["questions"]
        assert {one["key"]: one["count"] for one in question["choices"] if one["count"]} == {"5": 1}
        assert len(await house.all(CallbackDialled)) == 3
        assert len(await house.all(CallbackAnswered)) == 2
