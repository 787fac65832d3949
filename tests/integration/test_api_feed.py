"""The live feed over real WebSockets on a real port."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent_desk.server import serve
from hotline.demo.site import free_ports
from hotline.errors import ConfigurationError, NotFound
from hotline.facts.oversight import LetterAnswered, LetterSent
from hotline.facts.recordings import RecordingReady
from hotline.facts.screens import CallChanged, RecognitionChanged, SeatChanged, WaitingChanged
from hotline.facts.speech import PartialHeard, UtteranceHeard
from hotline.facts.tickets import DraftChanged, TicketMoved
from hotline.security import Person, Role, Session
from ivr.views import SeatState, SeatStatus
from tests.integration.desk_fakes import CITIZEN, NOON, PASSWORD, RECOGNITION, House, open_house, settings_for

Frame = dict[str, Any]


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[None]:
    server = asyncio.create_task(serve(house.app, house.settings))
    await asyncio.wait(
        [asyncio.create_task(house.app.state.desk.hub.listening.wait()), server], return_when=asyncio.FIRST_COMPLETED
    )
    try:
        yield
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, port=free_ports()["web_port"]) as opened, serving(opened):
        yield opened


def base(house: House) -> str:
    return f"127.0.0.1:{house.settings.web.port}"


async def cookie_of(house: House, account: str) -> str:
    async with httpx.AsyncClient(base_url=f"http://{base(house)}") as browser:
        answer = await browser.post("/api/login", json={"account": account, "password": PASSWORD})
        return f"hotline_session={answer.cookies['hotline_session']}"


def feed(house: House, cookie: str, **options: Any) -> connect:
    headers = {"Cookie": cookie} if cookie else {}
    return connect(f"ws://{base(house)}/api/feed", additional_headers=headers, compression=None, **options)


async def next_frame(screen: ClientConnection) -> Frame:
    async with asyncio.timeout(10):
        frame: Frame = json.loads(await screen.recv())
    return frame


async def until(screen: ClientConnection, type_: str) -> list[Frame]:
    """The frames up to and including the first of ``type_``."""
    frames = [await next_frame(screen)]
    while frames[-1]["type"] != type_:
        frames.append(await next_frame(screen))
    return frames


async def close_code(screen: ClientConnection) -> int | None:
    async with asyncio.timeout(20):
        try:
            while True:
                await screen.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def test_a_call_from_offer_to_work_order_on_the_agents_screen(house: House) -> None:
    house.orders.add("ticket_0")
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        desk = await next_frame(screen)
        assert (desk["type"], desk["seq"], desk["data"]["seat"]["agent_name"]) == ("desk", 1, "王敏")
        house.centre.arrive("call_1")
        offer = house.centre.offer("1001", "call_1")
        frames = {f["type"]: f["data"] for f in await until(screen, "offer")}
        assert frames["seat"]["state"] == "offered"
        assert (frames["offer"]["caller"], frames["offer"]["history"][0]["id"]) == (CITIZEN, "ticket_0")
        accepted = httpx.AsyncClient(headers={"Cookie": await cookie_of(house, "agent1001")})
        async with accepted as browser:
            url = f"http://{base(house)}/api/desk/offers/{offer.offer_id}/accept"
            assert (await browser.post(url)).status_code == 200
        got = await until(screen, "seat")
        assert [f["type"] for f in got] == ["offer_ended", "call", "seat"]
        assert got[0]["data"] == {"offer_id": offer.offer_id, "outcome": "accepted"}

        house.bus.publish(PartialHeard(call_id="call_1", who="citizen", text="路灯"))
        house.bus.publish(
            UtteranceHeard(at=NOON, call_id="call_1", who="citizen", text="路灯坏了", started_at=NOON, seconds=1.2)
        )
        house.bus.publish(DraftChanged(call_id="call_1", draft={"call_id": "call_1", "title": "路灯坏了"}))
        words = await until(screen, "draft")
        assert [(f["type"], f["data"].get("text")) for f in words[:2]] == [
            ("partial", "路灯"),
            ("utterance", "路灯坏了"),
        ]
        house.orders.add("ticket_1", call_id="call_1", created_by="somebody")
        house.bus.publish(moved("ticket_1", call_id="call_1"))
        house.bus.publish(
            RecordingReady(at=NOON, call_id="call_1", recording_id="rec_1", sha256="0" * 64, seconds=3, tracks=("mix",))
        )
        done = await until(screen, "recording")
        assert [f["data"]["id"] for f in done] == ["ticket_1", "rec_1"]


def moved(ticket_id: str, *, call_id: str | None = None, by: str = "robot") -> TicketMoved:
    return TicketMoved(
        at=NOON, by=by, ticket_id=ticket_id, number="1", action="sign", from_state="a", to_state="b", role="department",
        call_id=call_id,
    )  # fmt: skip


async def test_frames_are_numbered_without_a_gap(house: House) -> None:
    house.centre.connect("1001", "call_1")
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        await next_frame(screen)
        for number in range(50):
            house.bus.publish(PartialHeard(call_id="call_1", who="citizen", text=str(number)))
        frames = [await next_frame(screen) for _ in range(50)]
    assert [f["seq"] for f in frames] == list(range(2, 52))
    assert [f["data"]["text"] for f in frames] == [str(n) for n in range(50)]


async def test_of_a_burst_of_changes_only_the_last_is_shown(house: House) -> None:
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        await next_frame(screen)
        for number in range(500):
            house.centre.change_seat("1001", name=f"座席 {number}")
        assert (await next_frame(screen))["data"]["name"] == "座席 499"


async def test_nothing_is_lost_or_doubled_between_snapshot_and_stream(house: House) -> None:
    """Words keep coming while screens open: each screen has every word exactly once."""
    house.centre.connect("1001", "call_1")
    cookie = await cookie_of(house, "agent1001")

    async def talk() -> None:
        for number in range(120):
            heard = UtteranceHeard(
                at=NOON, call_id="call_1", who="citizen", text=str(number), started_at=NOON + timedelta(seconds=number),
                seconds=1.0,
            )  # fmt: skip
            id_ = f"call_1-citizen-{round(heard.started_at.timestamp() * 1000)}"
            said = {"id": id_, "call_id": "call_1", "who": "citizen", "text": heard.text, "seconds": 1.0}
            house.transcripts.said.setdefault("call_1", []).append(said | {"started_at": heard.started_at})
            house.bus.publish(heard)
            await asyncio.sleep(0.005)

    async def watch() -> list[str]:
        async with feed(house, cookie) as screen:
            desk = await next_frame(screen)
            words = [said["text"] for said in desk["data"]["transcript"]]
            while "119" not in words:
                frame = await next_frame(screen)
                if frame["type"] == "utterance":
                    words.append(frame["data"]["text"])
            return words

    talking = asyncio.create_task(talk())
    for words in await asyncio.gather(*(watch() for _ in range(8))):
        assert words == [str(number) for number in range(120)]
    await talking


async def test_the_supervisor_sees_the_room_change_with_masked_numbers(house: House) -> None:
    async with feed(house, await cookie_of(house, "supervisor")) as screen:
        live = await next_frame(screen)
        assert (live["type"], [seat["id"] for seat in live["data"]["seats"]]) == ("live", ["1001", "1002"])
        house.centre.arrive("call_1")
        waiting = (await until(screen, "live.waiting"))[-1]["data"]
        assert [call["caller"] for call in waiting] == ["138****0001"]
        group = (await until(screen, "live.group"))[-1]["data"]
        assert group["waiting"] == 1
        house.centre.change_seat("1002", status=SeatStatus.READY)
        assert (await until(screen, "live.seat"))[-1]["data"]["status"] == "ready"


async def test_sums_are_gathered_before_they_are_sent(house: House) -> None:
    async with feed(house, await cookie_of(house, "supervisor")) as screen:
        await next_frame(screen)
        for number in range(100):
            house.centre.arrive(f"call_{number}")
        first = (await until(screen, "live.waiting"))[-1]["data"]
        assert len(first) == 100
        assert [f["type"] for f in await until(screen, "live.group")] == ["live.figures", "live.group"]


async def test_the_supervisor_sees_how_recognition_fares(house: House) -> None:
    async with feed(house, await cookie_of(house, "supervisor")) as screen:
        live = await next_frame(screen)
        assert (live["data"]["recognition"]["live"], live["data"]["recognition"]["skipped"]) == (2, 1)
        for number in range(1, 51):
            house.recognition = RECOGNITION | {"live": number}
            house.bus.publish(RecognitionChanged())
        told = await next_frame(screen)
        assert (told["type"], told["data"]["live"], told["data"]["hosts"][0]["up"]) == ("live.recognition", 50, True)


async def test_a_department_hears_of_its_own_work_orders(house: House) -> None:
    house.orders.add("ticket_1", unit="371312")
    house.orders.add("ticket_2", unit="371323")
    async with feed(house, await cookie_of(house, "department")) as screen:
        assert (await next_frame(screen))["type"] == "ping"
        for ticket in ("ticket_1", "ticket_2"):
            house.bus.publish(moved(ticket))
        frame = await next_frame(screen)
    assert (frame["type"], frame["data"]["id"], frame["data"]["phone_masked"]) == ("ticket", "ticket_2", "138****0001")
    assert "description" not in frame["data"]


@pytest.mark.parametrize(
    ("account", "heard"),
    [("department", ["sent", "last"]), ("elsewhere", ["last"]), ("inspector", ["sent", "answered", "last"])],
)
async def test_a_letter_is_heard_of_by_its_unit_and_its_answer_by_who_supervises(
    house: House, account: str, heard: list[str]
) -> None:
    house.orders.add("ticket_1", unit="371323")
    unit = "371312" if account == "elsewhere" else "371323"
    named: dict[str, Any] = {"at": NOON, "letter_id": "letter_1", "ticket_id": "ticket_1"}
    sent: dict[str, Any] = named | {"by": "boss", "kind": "letter", "level": 1, "due_at": NOON}
    async with feed(house, await cookie_of(house, account)) as screen:
        assert (await next_frame(screen))["type"] == "ping"
        house.bus.publish(LetterSent(unit="371323", number="sent", **sent))
        house.bus.publish(LetterAnswered(by="u1", late=False, number="answered", **named))
        house.bus.publish(LetterSent(unit=unit, number="last", **sent))
        letters = [(await next_frame(screen))["data"] for _ in heard]
    assert [letter["number"] for letter in letters] == heard
    assert all(letter["answered"] is (letter["number"] == "answered") for letter in letters)


async def test_the_open_feed_is_what_keeps_the_seat_reachable(house: House) -> None:
    cookie = await cookie_of(house, "agent1001")
    async with feed(house, cookie) as one:
        await next_frame(one)
        async with feed(house, cookie) as other:
            await next_frame(other)
        house.centre.change_seat("1001", name="still here")
        await until(one, "seat")
        assert house.centre.screens == [("opened", "1001")]
    async with asyncio.timeout(5):
        await house.centre.screen_closed.wait()
    assert house.centre.screens == [("opened", "1001"), ("closed", "1001")]


async def test_a_seat_does_not_change_hands_while_somebody_sits_there(house: House) -> None:
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        await next_frame(screen)
        async with feed(house, await cookie_of(house, "relief1001")) as relief:
            assert await close_code(relief) == 4409
        house.centre.change_seat("1001", name="still here")
        await until(screen, "seat")
    assert house.centre.screens[0] == ("opened", "1001")


async def test_who_is_not_signed_in_is_told_so(house: House) -> None:
    for cookie in ("", "hotline_session=forged"):
        async with feed(house, cookie) as screen:
            assert await close_code(screen) == 4401


async def test_a_foreign_page_gets_no_feed(house: House) -> None:
    cookie = await cookie_of(house, "agent1001")
    with pytest.raises(InvalidStatus) as refused:
        async with feed(house, cookie, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with feed(house, cookie, origin=f"http://{base(house)}") as screen:
        assert (await next_frame(screen))["type"] == "desk"


async def test_signing_out_darkens_this_sessions_screens_only(house: House) -> None:
    leaving, staying = await cookie_of(house, "agent1001"), await cookie_of(house, "agent1001")
    async with feed(house, leaving) as one, feed(house, staying) as other:
        await next_frame(one)
        await next_frame(other)
        async with httpx.AsyncClient(headers={"Cookie": leaving}) as browser:
            await browser.post(f"http://{base(house)}/api/logout")
        assert await close_code(one) == 4401
        house.centre.change_seat("1001", name="still here")
        await until(other, "seat")


async def test_a_disabled_account_goes_dark_at_once(house: House) -> None:
    async with feed(house, await cookie_of(house, "supervisor")) as screen:
        await next_frame(screen)
        await house.security.accounts.disable("supervisor", by="admin", from_where="console")
        assert await close_code(screen) == 4401


async def test_a_slow_browser_is_cut_and_the_others_never_notice(house: House) -> None:
    """The slow one stops reading: its buffers fill, then its queue, then it is closed; it comes back to a snapshot."""
    cookie = await cookie_of(house, "agent1001")
    big = "慢" * 2000
    small_buffers = {"max_queue": 1, "write_limit": 1024}
    async with feed(house, cookie, **small_buffers) as slow, feed(house, cookie) as quick:
        await next_frame(slow)
        await next_frame(quick)
        seen = 0
        for number in range(3000):
            house.centre.change_seat("1001", name=f"{number} {big}")
            assert (await next_frame(quick))["type"] == "seat"
            seen += 1
            if house.hub.screens() == 1:
                break
        assert seen < 3000, "the slow browser was never cut"
        assert await close_code(slow) == 4008
        house.centre.change_seat("1001", name="after")
        assert (await next_frame(quick))["data"]["name"] == "after"
    async with feed(house, cookie) as back:
        assert (await next_frame(back))["data"]["seat"]["name"] == "after"


async def test_a_bad_message_darkens_nobody(house: House) -> None:
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        await next_frame(screen)
        house.bus.publish(SeatChanged(seat="9999"))
        house.bus.publish(CallChanged(call_id="unknown"))
        house.bus.publish(PartialHeard(call_id="unknown", who="citizen", text="?"))
        house.bus.publish(moved("ticket_unknown"))
        house.bus.publish(WaitingChanged(group="unknown"))
        house.centre.change_seat("1001", name="still here")
        assert (await until(screen, "seat"))[-1]["data"]["name"] == "still here"


async def test_an_offer_that_is_over_before_its_history_is_read_is_never_shown(house: House) -> None:
    async with feed(house, await cookie_of(house, "agent1001")) as screen:
        await next_frame(screen)
        house.centre.arrive("call_1")
        house.centre.offer("1001", "call_1")
        house.centre.end_offer("1001", "withdrawn")
        house.centre.change_seat("1001", name="after")
        frames = await until(screen, "seat")
        while frames[-1]["data"].get("name") != "after":
            frames += await until(screen, "seat")
    assert "offer" not in [f["type"] for f in frames]


async def test_everybody_hears_a_beat_and_the_console_can_end_a_session(tmp_path: Path) -> None:
    async with open_house(tmp_path, port=free_ports()["web_port"], ping_seconds=0.05) as house, serving(house):
        cookie = await cookie_of(house, "inspector")
        async with feed(house, cookie) as screen:
            for seq in (1, 2, 3):
                assert await next_frame(screen) == {"type": "ping", "data": {}, "seq": seq}
            house.clock.advance(13 * 3600)
            assert await close_code(screen) == 4401


async def test_stopping_closes_the_screens_and_frees_the_port(tmp_path: Path) -> None:
    async with open_house(tmp_path, port=free_ports()["web_port"]) as house:
        async with serving(house):
            screen = await feed(house, await cookie_of(house, "agent1001"))
            await next_frame(screen)
        assert await close_code(screen) in (1001, 1012)
        assert house.centre.screens == [("opened", "1001"), ("closed", "1001")]
        async with serving(house):
            assert await cookie_of(house, "agent1001")


async def test_a_taken_port_names_the_setting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with open_house(tmp_path, port=port) as house:
            with pytest.raises(ConfigurationError, match=r"web\.port"):
                await serve(house.app, settings_for(port))


async def test_a_seat_missing_from_the_floor_leaves_nothing_behind(house: House) -> None:
    ghost = Person(account="ghost", name="G", roles=frozenset({Role.AGENT}), seat="9999")
    for _ in range(2):
        with pytest.raises(NotFound, match="座席"), house.hub.joined(Session(ghost, "f", NOON)):
            pass
    assert house.hub.screens() == 0
    assert house.centre.seats["1001"].state is SeatState.UNREACHABLE
