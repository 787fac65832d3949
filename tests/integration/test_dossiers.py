"""Dossiers through the API: a duty with its roster, an enterprise's milestones, an inspection's sample, a meeting."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.facts.oversight import DossierWritten
from hotline.ledger import read
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house

CODE = "91350100M000100Y43"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, database_url) as opened:
        yield opened


async def call(house: TicketsHouse, account: str, path: str, body: Any = None, expect: int = 200) -> dict[str, Any]:
    async with house.house.signed_in(account) as browser:
        answer = await (browser.get(f"/api{path}") if body is None else browser.post(f"/api{path}", json=body))
        assert answer.status_code == expect, answer.text
        return dict(answer.json())


async def test_a_holiday_opens_with_its_roster_and_the_desk_tells_who_is_on_duty(house: TicketsHouse) -> None:
    held = {"kind": "duty", "title": "国庆假期值守", "begins_on": "2026-10-01", "ends_on": "2026-10-07"}
    refused = await call(house, "supervisor", "/dossiers", held, 409)
    assert "值班表" in refused["error"]["zh"]
    hours = [(NOON + timedelta(hours=8 * n)).isoformat() for n in range(3)]
    roster = [{"who": f"{n}班", "begins": hours[n], "ends": hours[n + 1]} for n in range(2)]
    made = await call(house, "supervisor", "/dossiers", held | {"roster": roster})
    assert (made["number"][:2], made["on_duty"]) == ("ZB", ["0班"])
    house.house.clock.advance(8 * 3600)
    path = f"/dossiers/{made['id']}"
    assert (await call(house, "admin", path))["on_duty"] == ["1班"]
    logged = await call(house, "supervisor", f"{path}/entries", {"entry": "log", "text": "景区客流平稳"})
    assert [one["entry"] for one in logged["entries"]] == ["roster", "roster", "log"]
    await call(house, "supervisor", f"{path}/close", {"text": "平稳度过"})
    await call(house, "supervisor", f"{path}/entries", {"entry": "log", "text": "晚了"}, 409)
    written = [entry.fact async for entry in read(house.house.database, kinds=[DossierWritten])]
    assert [f.entry for f in written if isinstance(f, DossierWritten)] == ["open", "roster", "roster", "log", "close"]


async def test_the_named_agent_logs_visits_and_milestones_to_the_enterprise(house: TicketsHouse) -> None:
    held = {"kind": "enterprise", "title": "拎包入住", "subject": CODE, "subject_name": "某公司", "lead": "王专员"}
    made = await call(house, "supervisor", "/dossiers", held | {"unit": "371323"})
    path = f"/dossiers/{made['id']}/entries"
    await call(house, "supervisor", path, {"entry": "visit", "who": "王专员", "text": "走访,提出用电需求"})
    shown = await call(house, "supervisor", path, {"entry": "milestone", "text": "通电", "due_on": "2026-04-01"})
    milestone = shown["entries"][-1]["id"]
    assert shown["entries"][-1]["due_on"] == "2026-04-01"
    await call(house, "supervisor", f"/dossiers/{made['id']}/close", {"text": "x"}, 409)
    await call(house, "supervisor", path, {"entry": "done", "refers_to": milestone})
    await call(house, "supervisor", path, {"entry": "done", "refers_to": milestone}, 409)
    assert (await call(house, "department", "/dossiers?kind=enterprise"))["total"] == 1
    assert (await call(house, "elsewhere", "/dossiers?kind=enterprise"))["total"] == 0
    await call(house, "elsewhere", f"/dossiers/{made['id']}", expect=404)
    await call(house, "inspector", path, {"entry": "log", "text": "x"}, 403)
    assert (await call(house, "supervisor", f"/dossiers/{made['id']}/close", {"text": "已投产"}))["state"] == "closed"


async def test_an_inspection_cites_work_orders_that_a_lot_chose(house: TicketsHouse) -> None:
    for n in range(6):
        made = await house.orders.intake.receive("web", str(n), {"description": "路灯不亮"}, None)
        path = f"/tickets/{made['ticket_id']}/actions"
        await call(house, "supervisor", f"{path}/accept", {})
        await call(house, "supervisor", f"{path}/dispatch", {"unit": "371323" if n else "371312"})
    held = {"kind": "inspection", "title": "派驻检查", "unit": "371323", "place": "县大厅", "lead": "李组长"}
    made = await call(house, "discipline", "/dossiers", held)
    path = f"/dossiers/{made['id']}"
    drawn = await call(house, "discipline", f"{path}/samples", {"count": 3})
    assert len(drawn["samples"]) == 3
    drawn = await call(house, "inspector", f"{path}/samples", {"count": 9})
    numbers = [one["number"] for one in drawn["samples"]]
    assert len(set(numbers)) == 5  # all of the unit's, the other unit's never, none twice
    assert {one["unit"] for one in drawn["samples"]} == {"371323"}
    await call(house, "inspector", f"{path}/close", {"text": "x"}, 409)
    finding = {"entry": "finding", "text": "未联系群众", "ticket": "260302000000000001"}
    await call(house, "inspector", f"{path}/entries", finding, 409)
    shown = await call(house, "inspector", f"{path}/entries", finding | {"ticket": numbers[0]})
    assert shown["entries"][0]["ticket"]["number"] == numbers[0]
    assert (await call(house, "discipline", f"{path}/close", {"text": "已反馈"}))["state"] == "closed"
    await call(house, "department", path, expect=404)  # whom it is about is not told
    assert (await call(house, "supervisor", "/dossiers?kind=inspection&state=closed"))["total"] == 1


async def test_a_decision_becomes_a_work_order_and_is_tracked_to_its_end(house: TicketsHouse) -> None:
    held = {"kind": "meeting", "title": "防汛调度", "begins_on": "2026-03-02", "lead": "副市长"}
    made = await call(house, "supervisor", "/dossiers", held)
    path = f"/dossiers/{made['id']}"
    decision = {"entry": "decision", "text": "三日内清淤", "unit": "nowhere"}
    await call(house, "supervisor", f"{path}/entries", decision, 409)
    shown = await call(house, "supervisor", f"{path}/entries", decision | {"unit": "371323"})
    ticket = shown["entries"][0]["ticket"]
    assert (ticket["state"], ticket["unit"], "防汛调度" in ticket["title"] or ticket["title"]) == (
        "dispatched", "371323", "三日内清淤",
    )  # fmt: skip
    refused = await call(house, "supervisor", f"{path}/close", {"text": "x"}, 409)
    assert ticket["number"] in refused["error"]["zh"]
    act = f"/tickets/{ticket['id']}/actions"
    await call(house, "department", f"{act}/sign", {})
    await call(house, "department", f"{act}/reply", {"contact": "内部事项", "reply": "已完成清淤三公里"})
    done = await call(house, "supervisor", f"/tickets/{ticket['id']}")
    assert (done["state"], done["callbacks"]) == ("closed", [])  # no citizen brought it, nobody is phoned
    assert (await call(house, "supervisor", f"{path}/close", {"text": "已落实"}))["state"] == "closed"


async def test_an_office_system_takes_a_work_order_and_sends_the_reply(house: TicketsHouse) -> None:
    made = await house.orders.intake.receive("web", "1", {"description": "路灯不亮"}, None)
    ticket = made["ticket_id"]
    await call(house, "supervisor", f"/tickets/{ticket}/actions/accept", {})
    await call(house, "supervisor", f"/tickets/{ticket}/actions/dispatch", {"unit": "371323"})
    bearer = {"Authorization": f"Bearer {house.tokens.get('office_371323_token')}"}
    async with house.house.browser(headers=bearer) as machine:
        [order] = (await machine.get("/api/office/371323/tickets?state=dispatched")).json()["items"]
        assert order["id"] == ticket
        door = f"/api/office/371323/tickets/{ticket}/actions"
        assert (await machine.post(f"{door}/sign", json={})).status_code == 200
        assert (await machine.post(f"{door}/suspend", json={})).status_code == 403  # the hotline's, not the unit's
        said = {"contact": "电话联系", "reply": "已更换灯泡,现已亮灯", "solved": True}
        replied = await machine.post(f"{door}/reply", json=said)
        assert replied.json()["timeline"][-1]["by"] in ("unit:371323", "system"), replied.text
        for other in ("/api/office/371312/tickets", "/api/office/nowhere/tickets"):
            assert (await machine.get(other)).status_code == 401
        assert (await machine.get("/api/tickets")).status_code == 401  # the token opens this door and no other
    async with house.house.signed_in("department") as unit:
        assert (await unit.get(f"/api/office/371323/tickets/{ticket}")).json()["reply"] == said["reply"]
        assert (await unit.get("/api/office/371312/tickets")).status_code == 403
