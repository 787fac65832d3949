"""Units' own office systems are told of each move: nothing is lost, nothing of the citizen leaves, at least once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hotline.facts.tickets import OfficeNotTold, OfficeTold
from hotline.ledger import read
from hotline.settings import Handler, Organisation, Unit
from tests.integration.databases import on_sqlite
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tickets.office.notices import ATTEMPTS, LEASE, pause_after
from tickets.office.postman import OfficePostman, signature_of

UNIT, OTHER, KEY = "371323", "371312", "the unit's token"
TWO = [Handler(name="甲"), Handler(name="乙")]


@dataclass
class OfficeSystem:
    """A unit's own, on a real socket; ``answers``: the status lines it gives in turn, then 204."""

    answers: list[str] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["OfficeSystem"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notices"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.answers.pop(0) if self.answers else "204 No Content"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
async def office() -> AsyncIterator[OfficeSystem]:
    async with OfficeSystem().listening() as opened:
        yield opened


@pytest.fixture
async def house(tmp_path: Path, database_url: str, office: OfficeSystem) -> AsyncIterator[TicketsHouse]:
    units = [
        Unit(code=UNIT, name="沂水县", leader="县长", handlers=TWO, office_url=office.url),
        Unit(code=OTHER, name="河东区", leader="区长", handlers=TWO),
    ]
    async with open_tickets_house(tmp_path, database_url, organisation=Organisation(units=units)) as opened:
        yield opened


def postman(house: TicketsHouse, url: str) -> OfficePostman:
    return OfficePostman(house.house.database, house.house.bus, house.house.clock, {UNIT: url}, lambda _: KEY)


async def act(house: TicketsHouse, ticket: str, account: str, action: str, **form: Any) -> None:
    async with house.house.signed_in(account) as client:
        answer = await client.post(f"/api/tickets/{ticket}/actions/{action}", json=form)
        assert answer.status_code == 200, answer.text


async def dispatched(house: TicketsHouse, unit: str = UNIT) -> str:
    matter = {"description": "路灯不亮", "phone": "13800000001"}
    ticket = str((await house.orders.intake.receive("web", f"n-{unit}", matter, None))["ticket_id"])
    await act(house, ticket, "supervisor", "accept")
    await act(house, ticket, "supervisor", "dispatch", unit=unit)
    return ticket


async def test_a_system_is_told_what_comes_and_goes_and_nothing_of_the_citizen(
    house: TicketsHouse, office: OfficeSystem
) -> None:
    ticket = await dispatched(house)
    await dispatched(house, OTHER)  # asks by itself: is told nothing
    await act(house, ticket, "department", "return", note="不属于本单位职责")
    await act(house, ticket, "supervisor", "agree_return")
    await act(house, ticket, "supervisor", "dispatch", unit=OTHER)
    post = postman(house, office.url)
    await post.deliver_due()
    found = sorted((one["at"], one["action"], one["state"], one["holder"]) for one in office.told)
    assert {one[1:] for one in found} == {
        ("dispatch", "dispatched", UNIT), ("return", "return_review", UNIT), ("agree_return", "to_dispatch", UNIT),
        ("dispatch", "dispatched", OTHER),
    }  # fmt: skip
    assert {one["ticket_id"] for one in office.told} == {ticket}
    for headers, body in office.heard:
        assert headers["x-hotline-signature"] == signature_of(body, KEY)
        assert headers["idempotency-key"] == json.loads(body)["id"]
        assert b"13800000001" not in body
        assert "路灯" not in body.decode()
        assert KEY not in str(headers)
    await post.deliver_due()
    assert len(office.heard) == 4
    assert len([one async for one in read(house.house.database, kinds=[OfficeTold])]) == 4


@on_sqlite
async def test_what_its_own_system_did_it_is_not_told(house: TicketsHouse, office: OfficeSystem) -> None:
    ticket = await dispatched(house)
    bearer = {"Authorization": f"Bearer {house.tokens.get(f'office_{UNIT}_token')}"}
    async with house.house.browser(headers=bearer) as machine:
        signed = await machine.post(f"/api/office/{UNIT}/tickets/{ticket}/actions/sign", json={})
        assert signed.status_code == 200, signed.text
    await postman(house, office.url).deliver_due()
    assert [one["action"] for one in office.told] == ["dispatch"]


@on_sqlite
async def test_a_move_that_fails_owes_no_notice(house: TicketsHouse, office: OfficeSystem) -> None:
    ticket = await dispatched(house)
    post = postman(house, office.url)
    await post.deliver_due()
    async with house.house.signed_in("supervisor") as client:
        moved = {"ids": [ticket, "nobody"], "note": "误录"}
        assert (await client.post("/api/tickets/actions/void", json=moved)).status_code >= 400
    await post.deliver_due()
    assert [one["action"] for one in office.told] == ["dispatch"]


async def test_a_system_that_is_away_is_told_later_under_the_same_id(house: TicketsHouse, office: OfficeSystem) -> None:
    await dispatched(house)
    nowhere = postman(house, "http://127.0.0.1:9/")
    assert 0 < await nowhere.deliver_due() <= 10
    assert await postman(house, office.url).deliver_due() > 0
    assert office.heard == []  # not yet
    house.house.clock.advance(10)
    office.answers = ["500 Oh", "409 Conflict"]
    await postman(house, office.url).deliver_due()
    house.house.clock.advance(20)
    await postman(house, office.url).deliver_due()
    first, second = (headers["idempotency-key"] for headers, _ in office.heard)
    assert first == second
    (told,) = [one.fact async for one in read(house.house.database, kinds=[OfficeTold])]
    assert isinstance(told, OfficeTold)
    assert told.attempts == 3


@on_sqlite
async def test_whose_engine_died_while_telling_is_told_again(house: TicketsHouse, office: OfficeSystem) -> None:
    await dispatched(house)
    dying, other = postman(house, office.url), postman(house, office.url)
    (row,) = await dying.queue.due()
    claims = [await one.queue.claim(row) for one in (dying, other)]
    assert [claim is not None for claim in claims] == [True, False]
    await other.deliver_due()
    assert office.heard == []
    house.house.clock.advance(LEASE.total_seconds())
    await other.deliver_due()
    assert len(office.heard) == 1


@on_sqlite
async def test_it_is_given_up_aloud_after_days(house: TicketsHouse, office: OfficeSystem) -> None:
    await dispatched(house)
    post = postman(house, "http://127.0.0.1:9/")
    (row,) = await post.queue.due()
    claimed = await post.queue.claim(row | {"attempts": 0})
    assert claimed is not None
    assert await post.queue.failed(claimed, "away")
    total = sum(pause.total_seconds() for n in range(1, ATTEMPTS) if (pause := pause_after(n)) is not None)
    assert 2 * 86400 < total < 4 * 86400
    for _ in range(ATTEMPTS - 1):
        house.house.clock.advance(3600)
        (row,) = await post.queue.due()
        claimed = await post.queue.claim(row)
        assert claimed is not None
        again = await post.queue.failed(claimed, "away")
    assert not again
    assert await post.queue.next_due() is None
    assert len([one async for one in read(house.house.database, kinds=[OfficeNotTold])]) == 1
