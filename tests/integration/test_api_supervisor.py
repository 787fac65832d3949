"""What supervisors steer by: promised calls, figures of any window, alarms, a seat sent to rest."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hotline.demo.site import free_ports
from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.security.tables import audit
from ivr.views import AlarmView
from tests.integration.desk_fakes import CITIZEN, NOON, House, open_house
from tests.integration.test_api_feed import cookie_of, feed, next_frame, serving, until


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, port=free_ports()["web_port"]) as opened:
        yield opened


async def test_an_agent_sees_and_keeps_the_promises_of_the_own_groups(house: House) -> None:
    house.centre.owe("owed_1")
    house.centre.owe("owed_2", group="other")
    async with house.signed_in("supervisor") as browser:
        items = (await browser.get("/api/promises")).json()["items"]
        assert [item["id"] for item in items] == ["owed_1", "owed_2"]
    async with house.signed_in("agent1001") as browser:
        (item,) = (await browser.get("/api/promises")).json()["items"]
        assert (item["id"], item["phone"], item["reason"]) == ("owed_1", CITIZEN, "abandoned")
        kept = await browser.post("/api/promises/owed_1/keep")
        assert (kept.json()["state"], kept.json()["by"]) == ("done", "agent1001")
        assert (await browser.post("/api/promises/owed_1/keep")).status_code == 404
        assert (await browser.post("/api/promises/owed_2/keep")).status_code == 404
        assert (await browser.get("/api/promises")).json()["items"] == []
        assert len((await browser.get("/api/promises?state=done")).json()["items"]) == 1


async def test_figures_come_with_their_formulas(house: House) -> None:
    async with house.signed_in("supervisor") as browser:
        window = {"from": "2026-03-01T00:00:00+08:00", "to": "2026-03-02T00:00:00+08:00", "group": "general"}
        kpi = (await browser.get("/api/kpi", params=window)).json()
        assert (kpi["answer_rate"], kpi["average_wait"], kpi["abandon_rate"]) == (0.75, 3.0, 0.25)
        assert "人工接通率" in kpi["formulas"]["answer_rate"]
        apart = (await browser.get("/api/kpi", params={"duty": "局长接听"})).json()
        assert (apart["answered"], apart["answer_rate"]) == (1, 1.0)
        backwards = {"from": window["to"], "to": window["from"]}
        assert (await browser.get("/api/kpi", params=backwards)).json()["error"]["code"] == "bad_window"
        year = window | {"from": "2025-03-01T00:00:00+08:00"}
        assert (await browser.get("/api/kpi", params=year)).status_code == 409
        assert (await browser.get("/api/kpi?group=nowhere")).status_code == 404
        assert (await browser.get("/api/kpi?from=2026-03-01T00:00:00")).status_code == 422


async def test_a_seat_is_sent_to_rest_and_that_is_audited(house: House) -> None:
    async with house.signed_in("supervisor") as browser:
        rests = await browser.post("/api/live/seats/1001/break", json={"minutes": 10})
        assert (rests.json()["status"], rests.json()["reason"]) == ("not_ready", "强制休息")
        assert (await browser.post("/api/live/seats/1001/break", json={"minutes": 0})).json()["status"] == "ready"
        assert (await browser.post("/api/live/seats/9999/break", json={"minutes": 1})).status_code == 404
        assert (await browser.post("/api/live/seats/1001/break", json={"minutes": -1})).status_code == 422
    async with house.database.reading() as connection:
        deeds = (await connection.execute(select(audit.c.what, audit.c.whom).order_by(audit.c.id))).all()
    assert [tuple(d) for d in deeds if d.what.startswith("seat_")] == [
        ("seat_break", "1001"),
        ("seat_break_ended", "1001"),
    ]


async def test_an_agent_asks_for_a_rest_and_the_answer_is_audited(house: House) -> None:
    async with house.signed_in("agent1001") as agent, house.signed_in("supervisor") as browser:
        assert (await browser.post("/api/live/seats/1001/rest", json={"granted": True})).status_code == 409
        asked = await agent.post("/api/desk/rest", json={"reason": "小休"})
        assert asked.json()["rest_asked"] == "小休"
        granted = (await browser.post("/api/live/seats/1001/rest", json={"granted": True})).json()
        assert (granted["rest_asked"], granted["rest_owed"]) == (None, True)
        assert (await agent.get("/api/desk")).json()["rest_approval"] is False
    async with house.database.reading() as connection:
        deeds = (await connection.execute(select(audit.c.what, audit.c.whom).order_by(audit.c.id))).all()
    assert [tuple(d) for d in deeds if d.what.startswith("rest_")][-1] == ("rest_granted", "1001")


async def test_alarms_are_in_the_room_and_come_and_go_in_the_feed(house: House) -> None:
    alarm = {"name": "等候过久", "figure": "longest_wait", "group": None, "threshold": 120.0}
    house.centre.alarms = (AlarmView(**alarm, value=150.0, since=NOON),)  # type: ignore[arg-type]
    async with house.signed_in("supervisor") as browser:
        (shown,) = (await browser.get("/api/live")).json()["alarms"]
        assert (shown["name"], shown["value"], shown["raised"]) == ("等候过久", 150.0, True)
    async with serving(house), feed(house, await cookie_of(house, "supervisor")) as screen:
        assert [one["name"] for one in (await next_frame(screen))["data"]["alarms"]] == ["等候过久"]
        house.bus.publish(AlarmRaised(at=NOON, value=150.0, **alarm))  # type: ignore[arg-type]
        house.bus.publish(AlarmCleared(at=NOON, value=None, **alarm))  # type: ignore[arg-type]
        first, second = (await until(screen, "live.alarm"))[-1], (await until(screen, "live.alarm"))[-1]
        assert [frame["data"]["raised"] for frame in (first, second)] == [True, False]
