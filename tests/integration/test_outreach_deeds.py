"""No act of the outreach pages without its line in the audit trail: both stand in one transaction, or neither."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callback.sms.tables import sms_messages
from hotline.database import Database
from hotline.errors import Unavailable
from hotline.outreach import Sms
from hotline.security import Deed
from hotline.settings import Callback
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.integration.visits_given_up import given_up

OUTLINE = {"name": "民调", "flow": "poll", "quotas": {}, "questions": []}
DEED = Deed(who="supervisor", what="robot_paused", whom="robot")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    sms = Callback(sms=Sms(page_url="https://12345.example"))
    async with open_tickets_house(tmp_path, callback=sms) as opened:
        yield opened


@asynccontextmanager
async def without_a_trail(database: Database) -> AsyncIterator[None]:
    """The trail takes nothing: as if the engine died just before it was written."""
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE security_audit RENAME TO gone")
    yield
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE gone RENAME TO security_audit")


async def deeds(house: TicketsHouse) -> list[str]:
    return [entry.deed.what for entry in reversed(await house.house.security.audit.latest())]


async def test_a_campaigns_acts(house: TicketsHouse) -> None:
    async with house.house.signed_in("supervisor") as boss:
        async with without_a_trail(house.house.database):
            assert (await boss.post("/api/campaigns", json=OUTLINE)).status_code == 503
        assert (await boss.get("/api/campaigns")).json()["total"] == 0
        campaign = (await boss.post("/api/campaigns", json=OUTLINE)).json()["id"]
        path = f"/api/campaigns/{campaign}"
        sheet = "电话\n13800000001\n".encode()
        async with without_a_trail(house.house.database):
            assert (await boss.put(path, json=OUTLINE | {"name": "另一个"})).status_code == 503
            assert (await boss.post(f"{path}/list", content=sheet)).status_code == 503
        assert (await boss.get(path)).json()["name"] == "民调"
        assert (await boss.get(f"{path}/entries")).json()["total"] == 0
        assert (await boss.post(f"{path}/list", content=sheet)).status_code == 200
        async with without_a_trail(house.house.database):
            assert (await boss.post(f"{path}/acts/start")).status_code == 503
        assert (await boss.get(path)).json()["state"] == "draft"
        assert (await boss.post(f"{path}/acts/start")).json()["state"] == "running"
    assert (await deeds(house))[-3:] == ["campaign_made", "campaign_list", "campaign_start"]
    entries = await house.house.security.audit.latest()
    assert {entry.deed.whom for entry in entries if entry.deed.what.startswith("campaign")} == {campaign}


async def test_a_persons_return_visit(house: TicketsHouse) -> None:
    row = await given_up(house.house.database, house.visits, house.house.clock)
    base = f"/api/by-hand/{row['id']}"
    async with house.house.signed_in("agent1001") as agent:
        async with without_a_trail(house.house.database):
            assert (await agent.post(f"{base}/take")).status_code == 503
        assert (await agent.get(base)).json()["task"]["claim"] is None
        await agent.post(f"{base}/take")
        async with without_a_trail(house.house.database):
            assert (await agent.post(f"{base}/dial")).status_code == 503
        assert house.line.rung == []
        assert (await agent.get(base)).json()["task"]["state"] == "human"
        refused = {"disposition": "refused"}
        async with without_a_trail(house.house.database):
            assert (await agent.post(f"{base}/result", json=refused)).status_code == 503
            assert (await agent.post(f"{base}/release")).status_code == 503
        shown = (await agent.get(base)).json()["task"]
        assert (shown["state"], shown["mine"]) == ("human", True)
        assert (await agent.post(f"{base}/release")).status_code == 200
    assert (await deeds(house))[-2:] == ["visit_taken", "visit_released"]


async def test_the_robots_rest_and_a_message_sent_again(house: TicketsHouse) -> None:
    row = await given_up(house.house.database, house.visits, house.house.clock)
    async with without_a_trail(house.house.database):
        with pytest.raises(Unavailable):
            await house.visits.pause("", "supervisor", "检修", DEED)
    assert await house.visits.pauses() == {}
    await house.visits.pause("", "supervisor", "检修", DEED)
    assert await house.visits.pauses() == {"": "supervisor"}
    (message,) = await house.outreach.messages.of_task(row["id"])
    async with house.house.database.unit_of_work() as uow:
        await uow.execute(sms_messages.update().values(state="given_up"))
    path = f"/api/sms/{message['id']}/resend"
    async with house.house.signed_in("supervisor") as boss:
        async with without_a_trail(house.house.database):
            assert (await boss.post(path)).status_code == 503
        assert (await boss.get("/api/sms?state=given_up")).json()["total"] == 1
        assert (await boss.post(path)).json()["state"] == "due"
    assert (await deeds(house))[-1] == "sms_resent"
