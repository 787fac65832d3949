"""The door for all channels: tokens, idempotence, acknowledgement, repeats, attachments, progress."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.databases import on_sqlite
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tickets.intake import Channel

MATTER = {
    "description": "沂水县沂城街道罗家庄村路灯不亮已经三天", "type": "求助", "phone": "13800000001",
    "place": "沂水县沂城街道罗家庄村",
}  # fmt: skip
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(2000)


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, database_url) as opened:
        yield opened


def photograph(kind: str = "JPEG") -> bytes:
    """A picture with the place and the telephone in it."""
    exif = Image.Exif()
    exif[0x0110] = "Telephone 15"
    exif[0x8825] = {1: "N", 2: (35.0, 47.0, 0.0)}
    exif[0x0112] = 6  # lies on its side
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "orange").save(file, kind, exif=exif)
    return file.getvalue()


async def send(house: TicketsHouse, channel: str = "web", **fields: Any) -> dict[str, Any]:
    async with house.machine(channel) as machine:
        answer = await machine.post(f"/api/intake/{channel}", json={"sender_id": "w-1"} | MATTER | fields)
    assert answer.status_code == 200, answer.text
    shape: dict[str, Any] = answer.json()
    return shape


@on_sqlite
@pytest.mark.parametrize("channel", [channel.value for channel in Channel])
async def test_every_channel_makes_the_same_kind_of_work_order(house: TicketsHouse, channel: str) -> None:
    told = await send(house, channel)
    assert told["number"] in told["zh"]
    async with house.house.signed_in("agent1001") as browser:
        ticket = (await browser.get(f"/api/tickets/{told['number']}")).json()
        assert (ticket["state_zh"], ticket["channel"], ticket["type"]) == ("待受理", channel, "求助")
        taken = (await browser.post(f"/api/tickets/{told['number']}/actions/accept", json={})).json()
        assert taken["state"] == "to_dispatch"
        sent = await browser.post(f"/api/tickets/{told['number']}/actions/dispatch", json={"unit": "371323"})
        assert sent.json()["state"] == "dispatched"
    async with house.house.signed_in("agent1002") as browser:  # another agent's now
        assert (await browser.get(f"/api/tickets/{told['number']}")).status_code == 404


async def test_sent_twice_or_at_once_it_is_one(house: TicketsHouse) -> None:
    answers = await asyncio.gather(*(send(house) for _ in range(10)))
    assert len({answer["number"] for answer in answers}) == 1
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 9
    assert (await send(house, "app"))["duplicate"] is False


async def test_only_the_channels_own_token_opens_its_door(house: TicketsHouse) -> None:
    async with house.machine("web") as machine:
        for channel, status in (("app", 401), ("web", 200)):
            answer = await machine.post(f"/api/intake/{channel}", json={"sender_id": "1"} | MATTER)
            assert answer.status_code == status
        bad = await machine.post("/api/intake/web", json={"sender_id": "2", "description": "x", "category": "天气"})
        assert bad.status_code == 409
        assert "没有“天气”" in bad.json()["error"]["zh"]
        assert (await machine.post("/api/intake/fax", json={})).status_code == 422


async def test_the_third_call_about_the_same_matter_is_linked_and_flagged(house: TicketsHouse) -> None:
    first = await send(house, sender_id="1")
    second = await send(house, "wechat", description="罗家庄村的路灯还是不亮，已经三天了")
    third = await send(house, "app", description="沂城街道罗家庄村路灯不亮三天没人管", phone="13900000002")
    other = await send(house, "sms", description="小区物业费乱收", place="")
    assert (first["repeats"], second["repeats"]) == ([], [first["number"]])
    assert set(third["repeats"]) == {first["number"], second["number"]}
    assert other["repeats"] == []
    async with house.house.signed_in("supervisor") as browser:
        ticket = (await browser.get(f"/api/tickets/{third['number']}")).json()
        assert ticket["repeats"] == 2
        assert "地点相同" in ticket["alike"][0]["because"]
        await browser.post(f"/api/tickets/{third['number']}/actions/accept", json={})
        wish = {"into": first["number"]}
        merged = (await browser.post(f"/api/tickets/{third['number']}/actions/merge", json=wish)).json()
        assert merged["state"] == "merged"
    async with house.machine("app") as machine:  # the citizen sees how the whole goes, under his own number
        asked = await machine.get(f"/api/intake/app/{third['number']}?phone=13900000002")
        assert (asked.json()["number"], asked.json()["state_zh"]) == (third["number"], "待受理")


async def test_progress_is_told_by_any_channel_to_who_knows_number_and_telephone(house: TicketsHouse) -> None:
    told = await send(house)
    async with house.machine("wechat") as machine:
        right = await machine.get(f"/api/intake/wechat/{told['number']}?phone=13800000001")
        assert right.json()["state_zh"] == "待受理"
        assert (await machine.get(f"/api/intake/wechat/{told['number']}?phone=13800000002")).status_code == 404


async def test_what_is_out_of_scope_is_hinted_at(house: TicketsHouse) -> None:
    told = await send(house, description="法院判决不公，我要上诉", place="")
    assert "12368" in told["scope_hint"]
    async with house.house.signed_in("supervisor") as browser:
        answer = await browser.post(f"/api/tickets/{told['number']}/actions/refuse", json={"matter": "诉讼"})
    assert "12368" in answer.json()["route"]


async def test_a_photograph_loses_its_place_and_is_turned_upright(house: TicketsHouse) -> None:
    told = await send(house)
    where = f"/api/intake/web/{told['number']}/attachments"
    async with house.machine("web") as machine:
        sent = [await machine.post(f"{where}?name=路灯.jpg", content=photograph()) for _ in range(2)]
        film = await machine.post(f"{where}?name=../../x.mp4", content=MP4)
    assert sent[0].json() == sent[1].json()
    assert (film.json()["kind"], film.json()["name"]) == ("mp4", "x.mp4")
    async with house.house.signed_in("agent1001") as browser:
        ticket = (await browser.get(f"/api/tickets/{told['number']}")).json()
        assert [one["kind"] for one in ticket["attachments"]] == ["jpeg", "mp4"]
        kept = await browser.get(f"/api/tickets/{ticket['id']}/attachments/{sent[0].json()['id']}")
        part = await browser.get(
            f"/api/tickets/{ticket['id']}/attachments/{film.json()['id']}", headers={"Range": "bytes=4-7"}
        )
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert (picture.size, len(picture.getexif())) == ((20, 40), 0)
    assert b"Telephone" not in kept.content
    assert kept.headers["content-type"] == "image/jpeg"
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    async with house.house.signed_in("elsewhere") as browser:
        assert (await browser.get(f"/api/tickets/{ticket['id']}/attachments/{film.json()['id']}")).status_code == 404


async def test_an_assisting_unit_sees_the_pictures_of_the_whole(house: TicketsHouse) -> None:
    told = await send(house)
    async with house.machine("web") as machine:
        film = await machine.post(f"/api/intake/web/{told['number']}/attachments", content=MP4)
    async with house.house.signed_in("supervisor") as browser:
        await browser.post(f"/api/tickets/{told['number']}/actions/accept", json={})
        wish = {"unit": "371323", "assist": ["371312"]}
        part = (await browser.post(f"/api/tickets/{told['number']}/actions/dispatch", json=wish)).json()["parts"][0]
    async with house.house.signed_in("elsewhere") as browser:
        shown = (await browser.get(f"/api/tickets/{part['id']}")).json()
        assert [one["id"] for one in shown["attachments"]] == [film.json()["id"]]
        played = await browser.get(f"/api/tickets/{part['id']}/attachments/{film.json()['id']}")
        assert played.content == MP4
        own = await browser.post(f"/api/tickets/{part['id']}/attachments?name=after.png", content=photograph("PNG"))
        assert own.json()["kind"] == "png"


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 409), (b"MZ\x90\x00 a program", 409), (b"<svg onload=alert(1)>", 409), (photograph()[:300], 409),
     (photograph("PNG"), 200), (b"%PDF-1.7 a letter", 200)],
)  # fmt: skip
async def test_files_are_known_by_their_content(house: TicketsHouse, content: bytes, status: int) -> None:
    told = await send(house)
    async with house.machine("web") as machine:
        answer = await machine.post(f"/api/intake/web/{told['number']}/attachments?name=photo.jpg", content=content)
        assert answer.status_code == status, answer.text
        stranger = await machine.post("/api/intake/web/260302120000999999/attachments", content=content)
        assert stranger.status_code == 404
    assert list((house.folder / "attachments").glob("*.part")) == []
