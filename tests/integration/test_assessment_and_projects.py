"""A month of real work orders through the API: figures and what is behind them, exclusions, papers, projects."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from sqlalchemy import update

from callback.tables import callback_tasks
from hotline.facts.callbacks import CallbackDone
from hotline.facts.oversight import AssessmentPublished, ExclusionDecided, ProjectChanged
from hotline.ledger import read
from hotline.oversight import Assessment, Projects
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tickets.tables import tickets

DAY = 24 * 3600
MONTH = "2026-03"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, assessment=Assessment(least=1), projects=Projects(least=4)) as opened:
        yield opened


async def call(house: TicketsHouse, account: str, method: str, path: str, **body: Any) -> dict[str, Any]:
    async with house.house.signed_in(account) as browser:
        answer = await browser.request(method, f"/api{path}", json=body if method == "POST" else None)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def closed(house: TicketsHouse, n: int, *, unit: str = "371323", solved: bool = True) -> str:
    """Taken in, sent, replied, visited, closed."""
    account = {"371323": "department", "371312": "elsewhere"}[unit]
    ticket = await dispatched(house, n, unit)
    await call(house, account, "POST", f"/tickets/{ticket}/actions/sign")
    said = {"contact": "电话联系", "reply": f"已派人处理完毕{n}"}
    await call(house, account, "POST", f"/tickets/{ticket}/actions/reply", **said)
    async with house.house.database.unit_of_work() as uow:
        grade = 1 if solved else 3
        now = house.house.clock.now()
        uow.record(
            CallbackDone(
                at=now, task_id="t", ticket_id=ticket, disposition="surveyed", solved=solved, satisfaction=grade
            )
        )
        await uow.execute(update(callback_tasks).values(state="closed", disposition="surveyed"))
        await house.orders.conclude(uow, ticket, disposition="surveyed", solved=solved, satisfaction=grade)
    return ticket


async def dispatched(house: TicketsHouse, n: int, unit: str = "371323") -> str:
    fields = {"description": f"锦绣小区路灯不亮{n}", "phone": "13800000001", "place": "沂水县沂城街道"}
    ticket = str((await house.orders.intake.receive("web", f"s{n}", fields, None))["ticket_id"])
    await call(house, "supervisor", "POST", f"/tickets/{ticket}/actions/accept")
    await call(house, "supervisor", "POST", f"/tickets/{ticket}/actions/dispatch", unit=unit)
    return ticket


def of_unit(month: dict[str, Any], unit: str) -> dict[str, Any]:
    return next(one for one in month["units"] if one["unit"] == unit)


async def test_a_month_is_counted_drilled_into_published_and_recomputed(house: TicketsHouse) -> None:
    for n in range(3):
        await closed(house, n, solved=n > 0)
    await closed(house, 9, unit="371312")
    month = await call(house, "inspector", "GET", f"/assessment/months/{MONTH}")
    own = of_unit(month, "371323")
    assert (own["closed"], own["rates"]["solved"]["counted"], own["rates"]["solved"]["of"]) == (3, 2, 3)
    assert (own["board"], of_unit(month, "371312")["score"]) == ("none", 100.0)
    assert month["figures"][0]["formula_zh"] == "已联系诉求人 ÷ 本月办结"
    behind = await call(house, "department", "GET", f"/assessment/months/{MONTH}/units/371323/solved")
    assert [one["counts"] for one in behind["items"]] == [False, True, True]
    async with house.house.signed_in("department") as unit:
        assert (await unit.get(f"/api/assessment/months/{MONTH}/units/371312/solved")).status_code == 403
    async with house.house.signed_in("inspector") as inspector:
        assert (await inspector.post(f"/api/assessment/months/{MONTH}/publish")).status_code == 409
    house.house.clock.advance(30 * DAY)
    async with house.house.signed_in("inspector") as inspector:
        published = await inspector.post(f"/api/assessment/months/{MONTH}/publish")
        assert published.status_code == 200, published.text
        assert (await inspector.post(f"/api/assessment/months/{MONTH}/publish")).status_code == 409
    first = published.json()
    await call(
        house, "supervisor", "POST", f"/tickets/{behind['items'][0]['ticket']['id']}/actions/reopen", note="又坏"
    )
    again = await call(house, "admin", "GET", f"/assessment/months/{MONTH}")
    assert again["units"] == first["units"]  # what happens later changes no month that stands
    verified = await call(house, "admin", "GET", f"/assessment/months/{MONTH}/verify")
    assert verified["same"] is True
    trend = await call(house, "department", "GET", "/assessment/units/371323/trend")
    assert [(one["month"], one["score"]) for one in trend["items"]] == [(MONTH, of_unit(first, "371323")["score"])]
    facts = [entry.fact async for entry in read(house.house.database, kinds=[AssessmentPublished])]
    assert len(facts) == 1


async def test_an_exclusion_needs_another_pair_of_eyes_and_then_counts_nowhere(house: TicketsHouse) -> None:
    bad = await closed(house, 1, solved=False)
    await closed(house, 2)
    asked = await call(house, "department", "POST", "/assessment/exclusions", ticket_id=bad, reason="诉求不合理")
    path = f"/assessment/exclusions/{asked['id']}/decision"
    async with house.house.signed_in("elsewhere") as other:
        wish = {"ticket_id": bad, "reason": "x"}
        assert (await other.post("/api/assessment/exclusions", json=wish)).status_code == 404
        assert (await other.get("/api/assessment/exclusions")).json()["total"] == 0
        assert (await other.post(f"/api{path}", json={"approved": True})).status_code == 403
    before = of_unit(await call(house, "inspector", "GET", f"/assessment/months/{MONTH}"), "371323")
    await call(house, "inspector", "POST", path, approved=True, note="属实")
    after = of_unit(await call(house, "inspector", "GET", f"/assessment/months/{MONTH}"), "371323")
    assert (before["closed"], after["closed"], after["excluded"]) == (2, 1, 1)
    assert after["score"] > before["score"]
    async with house.house.signed_in("inspector") as inspector:
        assert (await inspector.post(f"/api{path}", json={"approved": False})).status_code == 409
    own = await call(
        house, "supervisor", "POST", "/assessment/exclusions", ticket_id=await closed(house, 3), reason="测试"
    )
    async with house.house.signed_in("supervisor") as same:
        answer = await same.post(f"/api/assessment/exclusions/{own['id']}/decision", json={"approved": True})
        assert answer.status_code == 409
    facts = [entry.fact async for entry in read(house.house.database, kinds=[ExclusionDecided])]
    assert len(facts) == 1


async def test_the_bulletin_and_the_table_are_files(house: TicketsHouse) -> None:
    await closed(house, 1)
    async with house.house.signed_in("inspector") as browser:
        paper = await browser.get(f"/api/assessment/months/{MONTH}/bulletin")
        table = await browser.get(f"/api/assessment/months/{MONTH}/table")
        book = await browser.get(f"/api/assessment/months/{MONTH}/table?format=xlsx")
    word = Document(BytesIO(paper.content))
    assert "办理情况通报" in word.paragraphs[0].text
    assert [cell.text for cell in word.tables[0].rows[1].cells][:2] == ["沂水县", "1"]
    assert table.text.startswith("\ufeffmonth,unit,name")
    assert (book.content[:2], book.headers["content-disposition"].endswith(".xlsx")) == (b"PK", True)
    assert "attachment" in table.headers["content-disposition"]


async def test_similar_work_orders_become_a_project_that_gets_on_and_closes(house: TicketsHouse) -> None:
    many = [await dispatched(house, n) for n in range(5)]
    async with house.house.database.unit_of_work() as uow:
        await uow.execute(update(tickets).values(category="市政公用/路灯井盖"))
    [found] = (await call(house, "supervisor", "GET", "/projects/suggestions"))["items"]
    assert (found["count"], found["unit"]) == (5, "371323")
    wish = {"name": "路灯治理", "unit": "371323", "goal": "更换老化线路", "category": found["category"]}
    project = await call(house, "supervisor", "POST", "/projects", **wish, tickets=found["ticket_ids"][:4])
    assert (project["count"], project["done"], project["state"]) == (4, 0, "open")
    assert (await call(house, "supervisor", "GET", "/projects/suggestions"))["items"] == []
    path = f"/projects/{project['id']}"
    grown = await call(house, "inspector", "POST", f"{path}/tickets", tickets=[many[4], many[0]])
    assert grown["count"] == 5
    fewer = await call(house, "supervisor", "POST", f"{path}/tickets/remove", ticket=many[4], note="不是同一线路")
    assert fewer["count"] == 4
    second = await call(house, "supervisor", "POST", "/projects", **wish | {"name": "另一个"}, tickets=[many[4]])
    async with house.house.signed_in("supervisor") as boss:
        taken = await boss.post(f"/api{path}/tickets", json={"tickets": [many[4]]})
        assert (taken.status_code, "另一项目" in taken.json()["error"]["zh"]) == (409, True)
    async with house.house.signed_in("elsewhere") as other:
        assert (await other.get(f"/api{path}")).status_code == 404
        assert (await other.post(f"/api{path}/progress", json={"note": "x", "percent": 1})).status_code in (403, 404)
    got_on = await call(house, "department", "POST", f"{path}/progress", note="已更换30盏", percent=60)
    assert got_on["percent"] == 60
    ended = await call(house, "supervisor", "POST", f"{path}/close", text="全部更换，复查合格")
    assert [step["action"] for step in ended["timeline"]] == ["open", "add", "remove", "progress", "close"]
    async with house.house.signed_in("department") as unit:
        assert (await unit.post(f"/api{path}/progress", json={"note": "再", "percent": 70})).status_code == 409
    assert (await call(house, "department", "GET", "/projects"))["total"] == 2
    facts = [entry.fact async for entry in read(house.house.database, kinds=[ProjectChanged])]
    assert len(facts) == 6
    assert second["number"] != project["number"]
