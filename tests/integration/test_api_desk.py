"""What people do over HTTP, on a real database of accounts and rooms that behave."""

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from agent_desk.armour import LARGEST_BODY
from agent_desk.ports import Health
from hotline.errors import Unavailable
from hotline.security import Deed
from tests.integration.desk_fakes import CITIZEN, NOON, PASSWORD, FakeTrack, House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


# -- signing in -------------------------------------------------------------------------------------------------------


async def test_signing_in_gives_a_cookie_that_scripts_cannot_read(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.post("/api/login", json={"account": "agent1001", "password": PASSWORD})
        assert answer.json() == {
            "account": "agent1001",
            "name": "王敏",
            "roles": ["agent"],
            "seat": "1001",
            "unit": None,
            "summaries": False,
        }
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert (await browser.get("/api/me")).json()["account"] == "agent1001"


async def test_signing_out_ends_the_session_not_only_the_cookie(house: House) -> None:
    async with house.signed_in("agent1001") as browser:
        token = browser.cookies["hotline_session"]
        assert (await browser.post("/api/logout")).status_code == 204
        stolen = await browser.get("/api/me", headers={"Cookie": f"hotline_session={token}"})
    assert stolen.status_code == 401


async def test_five_failures_answer_401_then_423_even_with_the_right_password(house: House) -> None:
    async with house.browser() as browser:
        for account in ("agent1001", "nobody"):
            wrong = {"account": account, "password": "wrong"}
            assert [(await browser.post("/api/login", json=wrong)).status_code for _ in range(6)] == [401] * 5 + [423]
        locked = await browser.post("/api/login", json={"account": "agent1001", "password": PASSWORD})
        assert (locked.status_code, code_of(locked)) == (423, "locked_out")
        assert "5 分钟" in locked.json()["error"]["zh"]
        assert "5 minute" in locked.json()["error"]["en"]
        house.clock.advance(300)
        assert (
            await browser.post("/api/login", json={"account": "agent1001", "password": PASSWORD})
        ).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"account": "a"},
        {"account": "a" * 65, "password": "x"},
        {"account": "a", "password": "x", "role": "admin"},
        [],
    ],
)
async def test_bad_input_is_422_in_our_shape_and_repeats_nothing(house: House, wish: object) -> None:
    async with house.browser() as browser:
        answer = await browser.post("/api/login", json=wish)
    assert (answer.status_code, code_of(answer)) == (422, "bad_input")
    assert "aaaa" not in answer.text


async def test_a_disabled_account_is_out_at_once(house: House) -> None:
    async with house.signed_in("agent1001") as browser:
        await house.security.accounts.disable("agent1001", by="admin", from_where="console")
        assert (await browser.get("/api/me")).status_code == 401


# -- the desk ---------------------------------------------------------------------------------------------------------


async def test_the_desk_shows_everything_at_one_instant(house: House) -> None:
    house.centre.connect("1001", "call_1")
    house.orders.drafts["call_1"] = {
        "call_id": "call_1",
        "title": "路灯",
        "typed": ["title"],
        "because": {"place": ["沂城"]},
    }
    said = {"id": "u1", "call_id": "call_1", "who": "citizen", "text": "路灯坏了", "started_at": NOON, "seconds": 1.5}
    house.transcripts.said["call_1"] = [said]
    async with house.signed_in("agent1001") as browser:
        shown = (await browser.get("/api/desk")).json()
    assert shown["seat"]["state"] == "talking"
    assert shown["call"]["caller"] == CITIZEN
    assert shown["draft"]["typed"] == ["title"]
    assert shown["transcript"][0]["text"] == "路灯坏了"
    assert shown["offer"] is None
    assert shown["reasons"] == ["小休", "用餐", "培训", "会议"]
    sip = shown["sip"]
    assert (sip["ws_url"], sip["uri"], sip["extension"]) == ("ws://127.0.0.1:8088/ws", "sip:1001@127.0.0.1", "seat")
    assert len(sip["password"]) >= 24


async def test_a_call_from_offer_to_wrap_up(house: House) -> None:
    house.centre.arrive("call_1")
    offer = house.centre.offer("1001", "call_1")
    async with house.signed_in("agent1001") as browser:
        assert (await browser.get("/api/desk")).json()["offer"]["offer_id"] == offer.offer_id
        accepted = await browser.post(f"/api/desk/offers/{offer.offer_id}/accept")
        assert (accepted.json()["state"], accepted.json()["seat"]) == ("talking", "1001")
        draft = await browser.patch("/api/desk/calls/call_1/draft", json={"title": "路灯不亮", "unit": None})
        assert draft.json()["typed"] == ["title", "unit"]
        ticket = await browser.post("/api/desk/calls/call_1/submit", json={"how": "dispatch", "title": "路灯不亮"})
        assert (ticket.json()["state_zh"], ticket.json()["title"]) == ("待签收", "路灯不亮")
        assert "secret" not in ticket.json()
        assert (await browser.post("/api/desk/calls/call_1/hangup")).json()["end_reason"] == "agent_hung_up"
        assert (await browser.post("/api/desk/wrap-up/end")).json()["state"] == "idle"
        detail = (await browser.get("/api/calls/call_1")).json()
        assert (detail["ticket_id"], detail["call"]["caller"]) == ("ticket_1", CITIZEN)


async def test_two_tabs_accept_at_once_and_one_wins(house: House) -> None:
    house.centre.arrive("call_1")
    offer = house.centre.offer("1001", "call_1")
    async with house.signed_in("agent1001") as one, house.signed_in("agent1001") as other:
        accept = f"/api/desk/offers/{offer.offer_id}/accept"
        answers = await asyncio.gather(one.post(accept), other.post(accept))
        late = await one.post(accept)
    assert late.status_code == 409
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 200])
    assert code_of(late) == "offer_over"


async def test_nobody_touches_the_call_of_another_seat(house: House) -> None:
    house.centre.connect("1002", "call_2")
    async with house.signed_in("agent1001") as browser:
        for answer in (
            await browser.get("/api/calls/call_2"),
            await browser.patch("/api/desk/calls/call_2/draft", json={"title": "x"}),
            await browser.post("/api/desk/calls/call_2/submit", json={"how": "direct", "answer": "x"}),
        ):
            assert answer.status_code == 404
        assert (await browser.post("/api/desk/calls/call_2/hangup")).status_code == 409


async def test_numbers_are_masked_for_those_not_on_the_call(house: House) -> None:
    house.centre.connect("1001", "call_1")
    house.centre.arrive("call_2")
    async with house.signed_in("supervisor") as browser:
        assert (await browser.get("/api/calls/call_1")).json()["call"]["caller"] == "138****0001"
        live = (await browser.get("/api/live")).json()
    assert [call["caller"] for call in live["waiting"]] == ["138****0001"]
    assert CITIZEN not in str(live)


async def test_a_status_with_an_unknown_reason_breaks_a_rule(house: House) -> None:
    async with house.signed_in("agent1001") as browser:
        assert (await browser.put("/api/desk/status", json={"status": "ready"})).json()["status"] == "ready"
        refused = await browser.put("/api/desk/status", json={"status": "not_ready", "reason": "打盹"})
        assert (refused.status_code, code_of(refused)) == (409, "unknown_reason")
        assert (await browser.put("/api/desk/status", json={"status": "offline"})).status_code == 422


# -- work orders and the rest -----------------------------------------------------------------------------------------


async def test_a_department_sees_its_own_work_orders_only(house: House) -> None:
    house.orders.add("ticket_1", unit="371323")
    house.orders.add("ticket_2", unit="371312")
    async with house.signed_in("department") as browser:
        page = (await browser.get("/api/tickets")).json()
        assert ([item["id"] for item in page["items"]], page["total"]) == (["ticket_1"], 1)
        assert (await browser.get("/api/tickets/ticket_2")).status_code == 404
        signed = await browser.post("/api/tickets/ticket_1/actions/sign", json={})
        assert signed.json()["state"] == "in_progress"
        assert (await browser.post("/api/tickets/ticket_1/actions/fly", json={})).status_code == 409


async def test_the_small_directories(house: House) -> None:
    async with house.signed_in("agent1001") as browser:
        assert (await browser.get("/api/categories")).json() == {
            "items": [{"level1": "市政公用", "leaves": ["路灯井盖"]}]
        }
        assert [unit["code"] for unit in (await browser.get("/api/units")).json()["items"]] == ["371323", "371312"]
        assert (await browser.get("/api/tickets/deadline?urgency=一般")).json() == {"due_at": "2026-03-07T04:00:00Z"}
        assert (await browser.get("/api/tickets/deadline?urgency=急")).status_code == 409
        assert (await browser.get("/api/knowledge?q=路灯")).json()["items"][0]["title"] == "路灯报修"
        assert (await browser.get("/api/callbacks")).json()["items"][0]["satisfaction"] == 1
        house.orders.add("ticket_1")
        house.centre.arrive("call_1")
        history = (await browser.get(f"/api/citizens/{CITIZEN}/tickets")).json()
    assert ([item["id"] for item in history["items"]], history["calls_this_month"]) == (["ticket_1"], 1)


async def test_health_is_open_and_says_why_it_is_degraded(house: House) -> None:
    async with house.browser() as browser:
        well = (await browser.get("/api/health")).json()
        assert well == {"status": "ok", "asterisk": "up", "recognition": "on", "reason": None}
        house.health = Health("up", "off")
        assert (await browser.get("/api/health")).json()["status"] == "ok"
        house.health = Health("down", "on", "Asterisk 未连接")
        assert (await browser.get("/api/health")).json()["status"] == "degraded"


# -- recordings -------------------------------------------------------------------------------------------------------


@pytest.fixture
def track(house: House, tmp_path: Path) -> Path:
    path = tmp_path / "mix.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(256)) * 100)
    house.centre.connect("1001", "call_1")
    house.recordings.tracks["rec_1"] = FakeTrack(path, "call_1")
    return path


@pytest.fixture
def sealed_track(house: House, track: Path) -> Path:
    path = track.with_name("mix.wav.sealed")
    house.recordings.keys.seal(track, path)
    house.recordings.tracks["rec_1"] = FakeTrack(path, "call_1")
    return path


async def deeds(house: House) -> list[Deed]:
    return [entry.deed for entry in await house.security.audit.latest() if entry.deed.what == "recording_played"]


async def test_a_recording_plays_whole_and_in_parts_and_is_written_down_once(house: House, track: Path) -> None:
    whole = await asyncio.to_thread(track.read_bytes)
    async with house.signed_in("agent1001") as browser:
        answer = await browser.get("/api/recordings/rec_1/audio")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
        assert answer.content == whole
        assert answer.headers["accept-ranges"] == "bytes"
        part = await browser.get("/api/recordings/rec_1/audio?track=mix", headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        beyond = await browser.get("/api/recordings/rec_1/audio", headers={"Range": f"bytes={len(whole) + 10}-"})
        assert beyond.status_code == 416
        (deed,) = await deeds(house)
        assert (deed.who, deed.whom, deed.from_where) == ("agent1001", "rec_1", "10.0.0.9")
        assert deed.detail == {"track": "mix", "call_id": "call_1"}
        await browser.get("/api/recordings/rec_1/audio?track=citizen")
        house.clock.advance(601)
        await browser.get("/api/recordings/rec_1/audio")
    assert len(await deeds(house)) == 3


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        (None, 200, 0, None), ("bytes=100-199", 206, 100, 200), ("bytes=25000-", 206, 25000, None),
        ("bytes=-44", 206, -44, None), ("bytes=0-999999", 206, 0, None), ("bytes=9-3", 200, 0, None),
        ("seconds=1-2", 200, 0, None), ("bytes=0-1,5-6", 200, 0, None),
    ],
)  # fmt: skip
async def test_a_sealed_recording_plays_in_parts_too(
    house: House, track: Path, sealed_track: Path, asked: str | None, status: int, start: int, end: int | None
) -> None:
    whole = await asyncio.to_thread(track.read_bytes)
    async with house.signed_in("agent1001") as browser:
        answer = await browser.get("/api/recordings/rec_1/audio", headers={"Range": asked} if asked else {})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "audio/wav")
        assert answer.content == whole[start:end]
        beyond = await browser.get("/api/recordings/rec_1/audio", headers={"Range": f"bytes={len(whole)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert len(await deeds(house)) == 1


async def test_an_altered_sealed_recording_is_refused(house: House, sealed_track: Path) -> None:
    def alter() -> None:
        body = bytearray(sealed_track.read_bytes())
        body[100] ^= 1
        sealed_track.write_bytes(body)

    await asyncio.to_thread(alter)
    async with house.signed_in("agent1001") as browser:
        assert (await browser.get("/api/recordings/rec_1/audio")).status_code == 503


@pytest.mark.parametrize(("account", "status"), [("agent1002", 403), ("department", 403), ("inspector", 200)])
async def test_only_the_entitled_listen(house: House, track: Path, account: str, status: int) -> None:
    async with house.signed_in(account) as browser:
        assert (await browser.get("/api/recordings/rec_1/audio")).status_code == status
    assert len(await deeds(house)) == (status == 200)


async def test_a_lost_file_is_unavailable_not_a_crash(house: House, track: Path) -> None:
    await asyncio.to_thread(track.unlink)
    async with house.signed_in("agent1001") as browser:
        answer = await browser.get("/api/recordings/rec_1/audio")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await deeds(house) == []


@pytest.mark.parametrize("path", ["/api/recordings/rec_9/audio", "/api/recordings/..%2f..%2fetc%2fpasswd/audio"])
async def test_what_is_no_recording_is_not_found(house: House, path: str) -> None:
    async with house.signed_in("supervisor") as browser:
        assert (await browser.get(path)).status_code == 404


# -- the armour -------------------------------------------------------------------------------------------------------


async def test_every_answer_carries_the_security_headers(house: House) -> None:
    async with house.browser() as browser:
        for path in ("/api/health", "/api/me", "/", "/nonsense.js"):
            headers = (await browser.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "connect-src 'self' ws: wss:" in headers["content-security-policy"]
        assert (await browser.get("/api/health")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_foreign_page_can_change_nothing(house: House, headers: dict[str, str]) -> None:
    async with house.signed_in("agent1001") as browser:
        answer = await browser.put("/api/desk/status", json={"status": "ready"}, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, "foreign_origin")
        own = {"Origin": "http://desk.test", "Sec-Fetch-Site": "same-origin"}
        assert (await browser.put("/api/desk/status", json={"status": "ready"}, headers=own)).status_code == 200


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


async def test_too_large_a_body_is_refused_announced_or_not(house: House) -> None:
    async with house.browser() as browser:
        announced = await browser.post("/api/login", content=b"x" * (LARGEST_BODY + 1))
        streamed = await browser.post("/api/login", content=chunks(LARGEST_BODY + 2048))
    for answer in (announced, streamed):
        assert (answer.status_code, code_of(answer)) == (413, "too_large")


async def test_unknown_addresses_and_methods_answer_in_our_shape(house: House) -> None:
    async with house.browser() as browser:
        assert code_of(await browser.get("/api/nonsense")) == "not_found"
        assert code_of(await browser.get("/api")) == "not_found"
        assert code_of(await browser.post("/nonsense")) == "method_not_allowed"
        assert code_of(await browser.delete("/api/health")) == "method_not_allowed"


async def test_an_unexpected_error_tells_nothing_of_the_inside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst() -> None:
        raise ZeroDivisionError("the secret inside")

    monkeypatch.setattr(house.centre, "live", burst)
    async with house.signed_in("supervisor") as browser:
        with capture_logs() as logged:
            answer = await browser.get("/api/live")
    assert (answer.status_code, code_of(answer)) == (500, "unexpected")
    assert [(entry["event"], entry["path"]) for entry in logged] == [("unexpected error in a request", "/api/live")]
    assert "secret" not in answer.text


async def test_a_room_that_is_away_is_503_with_its_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Unavailable("电话系统暂时不可用", "the telephone system is away")

    monkeypatch.setattr(house.centre, "live", away)
    async with house.signed_in("supervisor") as browser:
        answer = await browser.get("/api/live")
    assert (answer.status_code, answer.json()["error"]["zh"]) == (503, "电话系统暂时不可用")


# -- the pages --------------------------------------------------------------------------------------------------------


async def test_without_a_built_front_end_the_page_says_what_to_do(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


async def test_the_app_answers_at_every_address_but_not_for_missing_files(house: House, tmp_path: Path) -> None:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<title>desk</title>", encoding="utf-8")
    (tmp_path / "static" / "assets" / "app-1a2b.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    async with house.browser() as browser:
        for path in ("/", "/desk", "/department/ticket_1", "/index.html"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache"), path
            assert "<title>desk" in answer.text
        asset = await browser.get("/assets/app-1a2b.js")
        assert "immutable" in asset.headers["cache-control"]
        assert (await browser.get("/assets/gone.js")).status_code == 404
        assert "secret" not in (await browser.get("/..%2fsecret.txt")).text
