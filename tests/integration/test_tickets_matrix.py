"""Role × action from the table itself, through the HTTP API: what it allows works, all else is refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from callback.tables import callback_tasks
from tests.integration.databases import on_sqlite
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tickets.roads import TABLE
from tickets.states import Action, Role, State
from tickets.tables import ticket_timeline, tickets

ACCOUNT = {
    Role.AGENT: "agent1001",
    Role.SUPERVISOR: "supervisor",
    Role.DEPARTMENT: "department",
    Role.INSPECTOR: "inspector",
    Role.ADMIN: "admin",
}
FORM: dict[str, Any] = {
    **dict.fromkeys(("note", "reply", "contact", "answer", "leader", "instruction", "skip_reason"), "有依据"),
    "unit": "town", "matter": "诉讼", "days": 3, "level": 2, "review_on": "2026-04-01",
}  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, database_url) as opened:
        yield opened


async def make(house: TicketsHouse, sender_id: str = "1") -> str:
    fields = {"description": "路灯不亮", "phone": "13800000001"}
    return str((await house.orders.intake.receive("web", sender_id, fields, None))["ticket_id"])


async def put(house: TicketsHouse, ticket: str, parent: str, state: State, action: Action, role: Role) -> None:
    """Put the work order where every guard of the cell agrees, for the right person."""
    guards = TABLE[state, action].guards if (state, action) in TABLE else ()
    is_part = "part" in guards or ("part_of_own" in guards and role is Role.DEPARTMENT)
    columns: dict[str, Any] = {
        "state": state.value, "unit": "371323", "created_by": "agent1001", "supervise_level": 1, "closed_at": NOON,
        "returns": 2 if "returned_twice" in guards else 0, "disposition": "已评价", "dispatched_at": NOON,
        "extension": "applied" if "extension_applied" in guards else "none", "extension_days": 3,
        "due_at": NOON + timedelta(days=5), "stopped_at": None, "forbid_return": False, "merged_into": None,
        "parent_id": parent if is_part else None, "parent_unit": "371323" if is_part else None,
        "part": "down" if is_part else None,
    }  # fmt: skip
    async with house.house.database.unit_of_work() as uow:
        await uow.execute(delete(callback_tasks))
        await uow.execute(update(tickets).where(tickets.c.parent_id == ticket).values(state="closed"))
        await uow.execute(update(tickets).where(tickets.c.id == ticket).values(columns))


@on_sqlite
@pytest.mark.parametrize("role", list(ACCOUNT))
async def test_what_the_table_allows_works_and_all_else_is_refused_in_words(house: TicketsHouse, role: Role) -> None:
    ticket, parent = await make(house), await make(house, "2")
    wrong, moved = [], True
    async with house.house.signed_in(ACCOUNT[role]) as browser:
        for state, action in product(State, Action):
            cell = TABLE.get((state, action))
            if moved or cell is not None or action is Action.REGISTER:
                await put(house, ticket, parent, state, action, role)
            answer = await browser.post(f"/api/tickets/{ticket}/actions/{action}", json=FORM | {"into": parent})
            expected = 409 if cell is None else 200 if role in cell.roles else 403
            moved = answer.status_code == 200
            if not _is(answer, expected):
                wrong.append((state.value, action.value, expected, answer.status_code, answer.text[:120]))
    assert wrong == []


def _is(answer: httpx.Response, expected: int) -> bool:
    if expected == 200:
        return answer.status_code == 200
    said = answer.json().get("error", {})
    return answer.status_code == expected and bool(said.get("zh")) and bool(said.get("en"))


async def test_of_a_hundred_clients_one_wins(house: TicketsHouse) -> None:
    ticket, parent = await make(house), await make(house, "2")
    await put(house, ticket, parent, State.DISPATCHED, Action.SIGN, Role.DEPARTMENT)
    async with house.house.signed_in("department") as browser:
        answers = await asyncio.gather(
            *(browser.post(f"/api/tickets/{ticket}/actions/sign", json={}) for _ in range(100))
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 99
    async with house.house.database.reading() as connection:
        signs = select(func.count()).where(ticket_timeline.c.ticket_id == ticket, ticket_timeline.c.action == "sign")
        assert await connection.scalar(signs) == 1


async def test_a_bulk_move_is_all_or_none(house: TicketsHouse) -> None:
    many = [await make(house, str(n)) for n in range(5)]
    async with house.house.signed_in("supervisor") as browser:
        odd = await browser.post(f"/api/tickets/{many[3]}/actions/void", json={"note": "误录"})
        assert odd.status_code == 200
        refused = await browser.post("/api/tickets/actions/accept", json={"ids": many})
        assert refused.status_code == 409
        assert "全部未执行" in refused.json()["error"]["zh"]
        page = (await browser.get("/api/tickets?state=pending")).json()
        assert page["total"] == 4
        rest = [one for one in many if one != many[3]]
        moved = await browser.post("/api/tickets/actions/accept", json={"ids": [*rest, rest[0]]})
        assert [one["state"] for one in moved.json()] == ["to_dispatch"] * 4
