"""Supervision through the API: proposals come by themselves, levels wait for results, letters, seals."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from sqlalchemy import text, update

from callback.tables import callback_tasks
from hotline.facts.oversight import LetterAnswered, LetterSent, ProposalDecided, ReferralSealed, SupervisionProposed
from hotline.ledger import read
from hotline.oversight import Supervision
from tests.integration.tickets_house import TicketsHouse, open_tickets_house

DAY = 24 * 3600
PHONE = "13912345678"
GROUND = "推诿扯皮、不履行职责"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, supervision=Supervision(copies=3)) as opened:
        yield opened


async def dispatched(house: TicketsHouse, n: int = 1, **fields: Any) -> str:
    wanted = {"description": f"第{n}件：路灯不亮", "phone": PHONE} | fields
    ticket = str((await house.orders.intake.receive("web", f"s{n}", wanted, None))["ticket_id"])
    async with house.house.signed_in("supervisor") as boss:
        await boss.post(f"/api/tickets/{ticket}/actions/accept", json={})
        done = await boss.post(f"/api/tickets/{ticket}/actions/dispatch", json={"unit": "371323"})
        assert done.status_code == 200, done.text
    return ticket


async def act(house: TicketsHouse, account: str, path: str, **body: Any) -> dict[str, Any]:
    async with house.house.signed_in(account) as browser:
        answer = await browser.post(f"/api{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def get(house: TicketsHouse, account: str, path: str) -> dict[str, Any]:
    async with house.house.signed_in(account) as browser:
        answer = await browser.get(f"/api{path}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def test_overdue_enters_supervision_unattended_and_the_next_time_is_a_proposal(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    house.house.clock.advance(10 * DAY)
    await house.orders.tick()
    found = await get(house, "inspector", "/supervision/proposals")
    [proposal] = found["items"]
    assert (proposal["ground"], proposal["state"], proposal["decided_by"]) == ("overdue", "accepted", "system")
    shown = await get(house, "inspector", f"/supervision/tickets/{ticket}")
    assert [(course["level"], course["name"]) for course in shown["courses"]] == [(1, "热线督办")]
    page = await get(house, "admin", "/supervision/tickets")
    assert (page["total"], page["levels"][0]["count"], page["items"][0]["waits_for_result"]) == (1, 1, True)


async def test_the_next_level_waits_for_the_result_of_this_one(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    path = f"/tickets/{ticket}/actions/supervise"
    await act(house, "inspector", path, level=1, note="群众重复反映")
    async with house.house.signed_in("supervisor") as boss:
        refused = await boss.post(f"/api{path}", json={"level": 2, "note": "仍未办"})
        assert refused.status_code == 409
        assert "尚无结果" in refused.json()["error"]["zh"]
        skipped = await boss.post(f"/api{path}", json={"level": 4, "note": "仍未办", "skip_reason": "影响大"})
        assert skipped.status_code == 409  # a reason skips a level, not a result
    await act(house, "inspector", f"/supervision/tickets/{ticket}/result", result="承办单位未按要求整改", solved=False)
    assert (await act(house, "supervisor", path, level=2, note="仍未办"))["supervise_level"] == 2
    ended = await act(house, "inspector", f"/supervision/tickets/{ticket}/result", result="已整改", solved=True)
    assert ended["level"] == 0
    assert [(one["level"], one["solved"]) for one in ended["courses"]] == [(1, False), (2, True)]
    await act(house, "department", f"/tickets/{ticket}/actions/sign")
    async with house.house.signed_in("inspector") as browser:  # 督导 supervises, and edits no reply (D4)
        said = {"contact": "电话", "reply": "已办"}
        assert (await browser.post(f"/api/tickets/{ticket}/actions/reply", json=said)).status_code == 403


async def test_two_returns_are_proposed_once_and_decided_once(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    for n in range(2):
        await act(house, "department", f"/tickets/{ticket}/actions/return", note="非本单位职责")
        if n == 0:
            await act(house, "supervisor", f"/tickets/{ticket}/actions/agree_return")
            await act(house, "supervisor", f"/tickets/{ticket}/actions/dispatch", unit="371323")
    [proposal] = (await get(house, "inspector", "/supervision/proposals?state=open"))["items"]
    assert (proposal["ground"], proposal["level"], proposal["level_name"]) == ("returned", 1, "热线督办")
    accepted = await act(house, "inspector", f"/supervision/proposals/{proposal['id']}/accept")
    assert (accepted["state"], accepted["ticket"]["supervise_level"]) == ("accepted", 1)
    async with house.house.signed_in("supervisor") as boss:
        path = f"/api/supervision/proposals/{proposal['id']}"
        assert (await boss.post(f"{path}/dismiss", json={"note": "不必"})).status_code == 409
        assert (await boss.post(f"{path}/accept", json={})).status_code == 409
    facts = [entry async for entry in read(house.house.database, ticket_id=ticket, kinds=[SupervisionProposed])]
    assert len(facts) == 1


async def copied_three_times(house: TicketsHouse, first: int = 1) -> str:
    """The last of them."""
    for n in range(first, first + 3):
        ticket = await dispatched(house, n)
        await act(house, "department", f"/tickets/{ticket}/actions/sign")
        said = {"contact": "电话联系", "reply": f"您好，您反映的问题我单位高度重视，已于3月{n}日安排人员处理，感谢理解"}
        await act(house, "department", f"/tickets/{ticket}/actions/reply", **said)
    return ticket


async def test_a_reply_copied_across_work_orders_is_flagged(house: TicketsHouse) -> None:
    ticket = await copied_three_times(house)
    [proposal] = (await get(house, "inspector", "/supervision/proposals?ground=boilerplate"))["items"]
    assert proposal["ticket"]["id"] == ticket
    assert len(proposal["others"]) == 2


async def test_dissatisfied_after_the_rework_is_proposed(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    for _ in range(2):
        await act(house, "department", f"/tickets/{ticket}/actions/sign")
        await act(house, "department", f"/tickets/{ticket}/actions/reply", contact="电话", reply="已经处理好了请放心")
        async with house.house.database.unit_of_work() as uow:
            await uow.execute(update(callback_tasks).values(state="closed", disposition="surveyed"))
            await house.orders.conclude(uow, ticket, disposition="surveyed", solved=False, satisfaction=5)
    [proposal] = (await get(house, "inspector", "/supervision/proposals"))["items"]
    assert (proposal["ground"], proposal["because"]) == ("dissatisfied", "回访第2次不满意")


async def test_proposals_of_what_is_done_by_now_lapse_and_boilerplate_stays(house: TicketsHouse) -> None:
    """A proposal in the list is one that can be taken up; the one that cannot says what to do instead."""
    ticket = await dispatched(house)
    await act(house, "department", f"/tickets/{ticket}/actions/return", note="非本单位职责")
    await act(house, "supervisor", f"/tickets/{ticket}/actions/agree_return")
    await act(house, "supervisor", f"/tickets/{ticket}/actions/dispatch", unit="371323")
    await act(house, "department", f"/tickets/{ticket}/actions/return", note="非本单位职责")
    await act(house, "supervisor", f"/tickets/{ticket}/actions/void", note="市民撤回")
    assert (await get(house, "inspector", "/supervision/proposals?state=open"))["total"] == 0
    [lapsed] = (await get(house, "inspector", "/supervision/proposals"))["items"]
    assert (lapsed["state"], lapsed["decided_by"]) == ("lapsed", "system")
    decided = [entry.fact async for entry in read(house.house.database, kinds=[ProposalDecided])]
    assert [fact.accepted for fact in decided if isinstance(fact, ProposalDecided)] == [False]
    async with house.house.signed_in("supervisor") as boss:
        assert (await boss.post(f"/api/supervision/proposals/{lapsed['id']}/accept", json={})).status_code == 409

    await copied_three_times(house, first=2)
    flagged = "/supervision/proposals?state=open&ground=boilerplate"
    [copied] = (await get(house, "inspector", flagged))["items"]
    async with house.house.database.unit_of_work() as uow:
        await house.orders.conclude(uow, copied["ticket"]["id"], disposition="surveyed", solved=True, satisfaction=1)
    assert (await get(house, "inspector", flagged))["total"] == 1
    async with house.house.signed_in("supervisor") as boss:
        refused = await boss.post(f"/api/supervision/proposals/{copied['id']}/accept", json={})
    assert (refused.status_code, "重新办理" in refused.json()["error"]["zh"]) == (409, True)


async def test_letters_are_numbered_answered_by_their_unit_and_printed(house: TicketsHouse) -> None:
    ticket = await dispatched(house, type="举报", description=f"我叫李明，电话{PHONE}，村干部截留补贴")
    letters = f"/supervision/tickets/{ticket}/letters"
    async with house.house.signed_in("supervisor") as boss:
        early = await boss.post(f"/api{letters}", json={"kind": "letter", "text": "请限期办结"})
        assert early.status_code == 409  # supervised first, pressed then
    await act(house, "supervisor", f"/tickets/{ticket}/actions/supervise", level=1, note="超期")
    first = await act(house, "supervisor", letters, kind="letter", text="请限期办结")
    second = await act(house, "inspector", letters, kind="letter", text="再次督办")
    urged = await act(house, "inspector", letters, kind="urge", text="请抓紧")
    assert [one["number"] for one in (first, second, urged)] == [
        "热线督字〔2026〕1号", "热线督字〔2026〕2号", "催办〔2026〕1号",
    ]  # fmt: skip
    assert (await get(house, "department", "/supervision/letters"))["total"] == 3
    assert (await get(house, "elsewhere", "/supervision/letters"))["total"] == 0
    async with house.house.signed_in("elsewhere") as other:
        assert (
            await other.post(f"/api/supervision/letters/{first['id']}/answer", json={"text": "x"})
        ).status_code == 404
        assert (await other.get(f"/api/supervision/letters/{first['id']}/document")).status_code == 404
    house.house.clock.advance(8 * DAY)
    assert (await get(house, "department", "/supervision/letters?state=late"))["total"] == 3
    answered = await act(house, "department", f"/supervision/letters/{first['id']}/answer", text="已办结，补贴已发放")
    assert (answered["late"], answered["answered_by"]) == (True, "department")
    async with house.house.signed_in("department") as unit:
        assert (
            await unit.post(f"/api/supervision/letters/{first['id']}/answer", json={"text": "再"})
        ).status_code == 409
        paper = await unit.get(f"/api/supervision/letters/{first['id']}/document")
    word = Document(BytesIO(paper.content))
    lines = [one.text for one in word.paragraphs] + [cell.text for row in word.tables[0].rows for cell in row.cells]
    printed = "\n".join(lines)
    assert "热线督字〔2026〕1号" in printed
    assert "补贴已发放" in printed
    assert PHONE not in printed
    assert "李明" not in printed
    facts = [entry.fact async for entry in read(house.house.database, kinds=[LetterSent, LetterAnswered])]
    assert len(facts) == 4


async def test_a_referral_is_opened_by_the_discipline_role_alone_and_leaves_no_trace_of_its_content(
    house: TicketsHouse,
) -> None:
    ticket = await dispatched(house)
    receipt = await act(house, "inspector", "/referrals", tickets=[ticket], text="某局长涉嫌截留补贴")
    for account in ("inspector", "supervisor", "admin", "department", "agent1001"):
        async with house.house.signed_in(account) as browser:
            for path in ("/api/referrals", f"/api/referrals/{receipt['id']}", "/api/discipline/cases"):
                assert (await browser.get(path)).status_code == 403, (account, path)
    [listed] = (await get(house, "discipline", "/referrals"))["items"]
    assert (listed["state"], "text" in listed) == ("sealed", False)
    opened = await get(house, "discipline", f"/referrals/{receipt['id']}")
    assert (opened["text"], opened["state"], opened["tickets"][0]["phone"]) == ("某局长涉嫌截留补贴", "opened", PHONE)
    closed = await act(house, "discipline", f"/referrals/{receipt['id']}/close", text="已立案")
    assert (closed["state"], closed["outcome"]) == ("closed", "已立案")
    deeds = [entry.deed.what for entry in await house.house.security.audit.latest(who="discipline")]
    assert deeds.count("referral_opened") == 1
    async with house.house.database.reading() as connection:
        for table in ("ledger", "sealed_referrals", "security_audit", "ticket_timeline"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()
            assert not [row for row in rows if "某局长" in str(row) or "已立案" in str(row)], table
    facts = [entry.fact async for entry in read(house.house.database, kinds=[ReferralSealed])]
    assert len(facts) == 1


async def test_the_discipline_ledger_counts_and_names_nobody_to_others(house: TicketsHouse) -> None:
    body = {"unit": "371323", "ground": GROUND, "penalty": "通报批评", "decided_on": "2026-03-02", "names": "某某"}
    await act(house, "discipline", "/discipline/cases", **body, persons=2, published=True)
    await act(house, "discipline", "/discipline/cases", **body | {"unit": "371312"}, persons=1, published=False)
    async with house.house.signed_in("discipline") as browser:
        wrong = body | {"penalty": "纪律处分", "persons": 1, "published": False}
        refused = await browser.post("/api/discipline/cases", json=wrong)
        assert (refused.status_code, "只能给予" in refused.json()["error"]["zh"]) == (409, True)
    told = await get(house, "admin", "/discipline/summary")
    assert told["total"] == {"cases": 2, "persons": 3, "published": 1}
    assert [(one["name"], one["persons"]) for one in told["unit"]] == [("河东区", 1), ("沂水县", 2)]
    assert "某某" not in str(told)
    assert (await get(house, "discipline", "/discipline/cases"))["items"][0]["names"] == "某某"
