"""Quality through the API: every stage takes a sheet, a fail returns the work order, who was judged may appeal."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hotline.facts.oversight import QualityDecided, QualityScored
from hotline.ledger import read
from hotline.oversight import Quality
from hotline.security import Person, Role
from tests.integration.tickets_house import TicketsHouse, open_tickets_house

DAY = 24 * 3600
AGENT = Person(account="agent1001", name="王敏", roles=frozenset({Role.AGENT}), seat="1001")
MONTH = "2026-03"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    whole = Quality(shares=dict.fromkeys(("call", "order", "handling", "callback"), 1.0))
    async with open_tickets_house(tmp_path, database_url, quality=whole) as opened:
        yield opened


def marks(house: TicketsHouse, stage: str, short: int = 0) -> dict[str, int]:
    """Full marks, ``short`` points less on the first item."""
    items = house.house.desk.settings.quality.sheets[stage].items  # type: ignore[index]
    full = {item.name: item.points for item in items}
    return full | {items[0].name: items[0].points - short}


async def make(house: TicketsHouse, how: str = "dispatch", unit: str = "371323") -> str:
    """A work order of a call of agent1001."""
    call = f"call_{how}_{unit}"
    await house.orders.open_draft(call, "13800000001", "12345")
    fields = {"description": "路灯不亮", "unit": unit if how == "dispatch" else ""}
    return str((await house.orders.submit(call, fields, how, "已答复", AGENT))["id"])


async def reply(house: TicketsHouse, ticket: str) -> None:
    async with house.house.signed_in("department") as unit:
        await unit.post(f"/api/tickets/{ticket}/actions/sign", json={})
        said = await unit.post(f"/api/tickets/{ticket}/actions/reply", json={"contact": "电话", "reply": "已修复路灯"})
        assert said.status_code == 200, said.text


async def close(house: TicketsHouse, ticket: str) -> None:
    async with house.house.database.unit_of_work() as uow:
        await house.orders.conclude(uow, ticket, disposition="surveyed", solved=True, satisfaction=1)


async def scored(house: TicketsHouse, ticket: str, stage: str, short: int = 0, by: str = "inspector") -> dict[str, Any]:
    async with house.house.signed_in(by) as browser:
        body = {"stage": stage, "marks": marks(house, stage, short), "note": "见录音" if short else ""}
        answer = await browser.post(f"/api/quality/tickets/{ticket}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def state_of(house: TicketsHouse, ticket: str) -> str:
    async with house.house.signed_in("supervisor") as browser:
        return str((await browser.get(f"/api/tickets/{ticket}")).json()["state"])


async def test_a_failed_order_goes_back_to_the_agent_and_a_failed_answer_too(house: TicketsHouse) -> None:
    direct = await make(house, "direct")
    assert (await scored(house, direct, "call", 20))["returned"] is False  # 80 points: passed
    assert (await scored(house, direct, "order", 30))["returned"] is True
    assert await state_of(house, direct) == "pending"
    sent = await make(house)
    assert (await scored(house, sent, "order", 30))["returned"] is True
    assert await state_of(house, sent) == "to_dispatch"


async def test_a_failed_handling_and_a_failed_visit_are_done_again(house: TicketsHouse) -> None:
    ticket = await make(house)
    async with house.house.signed_in("inspector") as browser:
        early = await browser.post(
            f"/api/quality/tickets/{ticket}", json={"stage": "handling", "marks": marks(house, "handling")}
        )
        assert early.status_code == 409
    await reply(house, ticket)
    await close(house, ticket)
    assert (await scored(house, ticket, "callback", 20))["passed"] is True
    assert (await scored(house, ticket, "handling", 20))["passed"] is True  # 80 of 100
    again = await make(house, unit="371312")
    async with house.house.signed_in("elsewhere") as unit:
        await unit.post(f"/api/tickets/{again}/actions/sign", json={})
        await unit.post(f"/api/tickets/{again}/actions/reply", json={"contact": "电话", "reply": "已修复"})
    await close(house, again)
    async with house.house.signed_in("inspector") as browser:
        body = {"stage": "handling", "marks": marks(house, "handling") | {"弄虚作假": 1}, "note": "照片系旧图"}
        answer = (await browser.post(f"/api/quality/tickets/{again}", json=body)).json()
    assert (answer["total"], answer["passed"], answer["fatal"], answer["returned"]) == (100, False, ["弄虚作假"], True)
    assert await state_of(house, again) == "dispatched"  # redone with a new clock
    async with house.house.signed_in("supervisor") as browser:
        shown = (await browser.get(f"/api/tickets/{again}")).json()
    assert (shown["reworks"], shown["closed_at"], shown["satisfaction"]) == (1, None, None)
    assert [step["action"] for step in shown["timeline"]][-2:] == ["fail", "redispatch"]


async def test_the_agent_appeals_in_time_and_another_pair_of_eyes_decides(house: TicketsHouse) -> None:
    ticket = await make(house, "direct")
    review = await scored(house, ticket, "call", 20)
    path = f"/api/quality/reviews/{review['id']}"
    async with house.house.signed_in("agent1002") as stranger:
        assert (await stranger.post(f"{path}/appeal", json={"text": "不服"})).status_code == 404
        assert (await stranger.get("/api/quality/reviews")).json()["total"] == 0
    async with house.house.signed_in("agent1001") as agent:
        assert (await agent.post(f"{path}/appeal", json={"text": "已复述"})).json()["state"] == "appealed"
        assert (await agent.post(f"{path}/appeal", json={"text": "再诉"})).status_code == 409
    async with house.house.signed_in("inspector") as same:
        assert (await same.post(f"{path}/decision", json={"text": "维持"})).status_code == 409
    async with house.house.signed_in("supervisor") as other:
        decided = await other.post(f"{path}/decision", json={"text": "采纳", "marks": marks(house, "call")})
        assert (decided.json()["state"], decided.json()["total"], decided.json()["first_total"]) == ("revised", 100, 80)
    facts = [entry.fact async for entry in read(house.house.database, kinds=[QualityScored, QualityDecided])]
    assert [type(fact).__name__ for fact in facts] == ["QualityScored", "QualityDecided"]


async def test_an_appeal_comes_too_late(house: TicketsHouse) -> None:
    ticket = await make(house, "direct")
    review = await scored(house, ticket, "call", 20)
    house.house.clock.advance(8 * DAY)
    async with house.house.signed_in("agent1001") as agent:
        late = await agent.post(f"/api/quality/reviews/{review['id']}/appeal", json={"text": "不服"})
    assert late.status_code == 409
    assert "期限" in late.json()["error"]["zh"]


async def test_the_sample_shows_what_is_done(house: TicketsHouse) -> None:
    ticket = await make(house)
    await reply(house, ticket)
    await scored(house, ticket, "handling")
    async with house.house.signed_in("inspector") as browser:
        sample = (await browser.get(f"/api/quality/sample?stage=handling&month={MONTH}")).json()
        assert (sample["of"], sample["share"]) == (1, 1.0)
        assert sample["items"][0]["review"]["total"] == 100
        twice = await browser.post(
            f"/api/quality/tickets/{ticket}", json={"stage": "handling", "marks": marks(house, "handling")}
        )
        assert twice.status_code == 409
        assert (await browser.get("/api/quality/sample?stage=handling&month=2026-02")).json()["of"] == 0
    async with house.house.signed_in("department") as unit:
        assert (await unit.get("/api/quality/reviews")).json()["total"] == 1
    async with house.house.signed_in("elsewhere") as other:
        assert (await other.get("/api/quality/reviews")).json()["total"] == 0
