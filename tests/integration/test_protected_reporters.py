"""A report's sender is hidden from the unit on every road by which a unit can look at it (D13)."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from agent_desk.feed.lookups import Lookups
from hotline.facts.tickets import TicketMoved
from hotline.ledger import read
from tests.integration.tickets_house import TicketsHouse, open_tickets_house

PHONE = "13912345678"
REPORT = {
    "type": "举报",
    "description": f"我叫李明，电话{PHONE}，村干部截留补贴",
    "phone": PHONE,
    "title": f"李明{PHONE}举报",
}
_PICTURE = io.BytesIO()
Image.new("RGB", (8, 8)).save(_PICTURE, "PNG")
PNG = _PICTURE.getvalue()
_OWN = io.BytesIO()
Image.new("RGB", (9, 9)).save(_OWN, "PNG")
OWN = _OWN.getvalue()
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, database_url) as opened:
        yield opened


async def dispatched(house: TicketsHouse, sender_id: str = "1", **fields: object) -> str:
    async with house.machine("web") as machine:
        got = await machine.post("/api/intake/web", json={"sender_id": sender_id} | REPORT | fields)
        assert got.status_code == 200, got.text
        for name, body in (("photo.png", PNG), ("letter.pdf", PDF)):
            number = got.json()["number"]
            put = await machine.post(f"/api/intake/web/{number}/attachments?name={name}", content=body)
            assert put.status_code == 200, put.text
    ticket = str(got.json()["ticket_id"])
    async with house.house.signed_in("supervisor") as boss:
        await boss.post(f"/api/tickets/{ticket}/actions/accept", json={})
        note = {"unit": "371323", "note": f"可回拨{PHONE}"}
        assert (await boss.post(f"/api/tickets/{ticket}/actions/dispatch", json=note)).status_code == 200
    return ticket


async def test_no_answer_to_a_unit_holds_number_or_name(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    async with house.house.signed_in("department") as unit:
        sheet = await unit.get(f"/api/tickets/{ticket}")
        texts = [sheet.text, (await unit.get("/api/tickets")).text]
        signed = await unit.post(f"/api/tickets/{ticket}/actions/sign", json={})
        handed = await unit.post(f"/api/tickets/{ticket}/actions/delegate", json={"unit": "town"})
        assert (signed.status_code, handed.status_code) == (200, 200)
        part = handed.json()["parts"][0]["id"]
        texts += [signed.text, handed.text, (await unit.get(f"/api/tickets/{part}")).text]
    for text in texts:
        assert PHONE not in text
        assert "5678" not in text
        assert "李明" not in text
    shown = sheet.json()
    assert (shown["protected"], shown["phone"], shown["phone_masked"], shown["call_id"]) == (True, "", "", None)
    assert shown["recordings"] == []
    assert "截留补贴" in shown["description"]
    async with house.house.signed_in("supervisor") as boss:
        assert (await boss.get(f"/api/tickets/{ticket}")).json()["phone"] == PHONE


async def test_a_search_does_not_tell_whether_a_guess_was_right(house: TicketsHouse) -> None:
    await dispatched(house)
    async with house.house.signed_in("department") as unit:
        for guess in (PHONE, "李明", "截留", "李明 补贴"):
            assert (await unit.get("/api/tickets", params={"q": guess})).json()["total"] == 0
        assert (await unit.get("/api/tickets", params={"q": "2603"})).json()["total"] == 1
    async with house.house.signed_in("supervisor") as boss:
        assert (await boss.get("/api/tickets", params={"q": "截留"})).json()["total"] == 1


async def test_pictures_letters_and_films_stay_with_the_hotline(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    async with house.house.signed_in("supervisor") as boss:
        files = {one["kind"]: one["id"] for one in (await boss.get(f"/api/tickets/{ticket}")).json()["attachments"]}
    assert set(files) == {"png", "pdf"}
    async with house.house.signed_in("department") as unit:
        assert (await unit.get(f"/api/tickets/{ticket}")).json()["attachments"] == []
        for kept in files.values():
            assert (await unit.get(f"/api/tickets/{ticket}/attachments/{kept}")).status_code == 404
        own = await unit.post(f"/api/tickets/{ticket}/attachments?name=site.png", content=OWN)
        assert (await unit.get(f"/api/tickets/{ticket}/attachments/{own.json()['id']}")).status_code == 200


async def test_the_voice_is_the_hotlines(house: TicketsHouse) -> None:
    house.house.centre.connect("1001", "call_1")
    async with house.house.signed_in("department") as unit:
        for path in ("/api/calls/call_1", "/api/recordings/rec_1/audio", "/api/recordings/rec_1/peaks"):
            assert (await unit.get(path)).status_code == 403


async def test_what_screens_are_told_has_no_number(house: TicketsHouse) -> None:
    ticket = await dispatched(house)
    moved = [entry.fact async for entry in read(house.house.database, ticket_id=ticket, kinds=[TicketMoved])]
    rooms = house.house.app.state.desk.rooms
    assert isinstance(moved[-1], TicketMoved)
    news = await Lookups(rooms).ticket(moved[-1])
    assert news is not None
    told = json.dumps(dict(news.summary), ensure_ascii=False)
    assert "5678" not in told
    assert "李明" not in told


async def test_whoever_asks_for_it_is_protected_too(house: TicketsHouse) -> None:
    ticket = await dispatched(house, "2", type="求助", confidential=True)
    plain = await dispatched(house, "3", type="求助")
    async with house.house.signed_in("department") as unit:
        assert (await unit.get(f"/api/tickets/{ticket}")).json()["phone"] == ""
        assert (await unit.get(f"/api/tickets/{plain}")).json()["phone"] == PHONE


async def test_a_caller_may_ask_for_it_too(house: TicketsHouse) -> None:
    house.house.centre.connect("1001", "call_1")
    wish = {"how": "dispatch", "description": "邻居养狗", "phone": PHONE, "unit": "371323", "type": "求助"}
    async with house.house.signed_in("agent1001") as agent:
        made = await agent.post("/api/desk/calls/call_1/submit", json=wish | {"confidential": True})
        assert (made.status_code, made.json()["protected"], made.json()["phone"]) == (200, True, PHONE), made.text
    async with house.house.signed_in("department") as unit:
        seen = (await unit.get(f"/api/tickets/{made.json()['id']}")).json()
    assert (seen["phone"], seen["call_id"], seen["recordings"]) == ("", None, [])
