"""What people, their telephones and their configuration files get wrong: each is answered clearly, and nothing is lost.

One running engine for all. The tests of the last section end it, each in its way, so they stand last.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import websockets
import yaml

from hotline.app import assemble
from hotline.demo.cast import SPEECH
from hotline.demo.people import Login, Refusal, signed_in
from hotline.demo.site import free_ports
from hotline.errors import ConfigurationError
from hotline.facts.calls import CallArrived, CallConnected, CallEnded
from hotline.settings import load_settings
from telephony.asterisk import AsteriskFiles
from telephony.asterisk.process import find_running
from telephony.phone import CallRefused
from telephony.phone.raw import RawCaller, RawInvite, forged_event
from telephony.phone.tones import LOUD, loudness
from tests.system.engines import (
    AT_ONCE,
    FLOWS,
    GREETED,
    LINES,
    STUTTER,
    House,
    hear_each_other,
    hears_prompt,
    in_conversation,
    live_seat,
    longest_gap,
    open_house,
    run_engine,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 100, "wrap_up_seconds": 0, "announce_seconds": 5}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("input"), groups=GROUPS, lines=LINES, flows=FLOWS) as house:
        house.line = AT_ONCE
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(engine_house: House) -> AsyncIterator[House]:
    """Nobody is on the line before and after a test."""
    if not engine_house.engine.running:
        await engine_house.engine.start()
    yield engine_house
    await engine_house.hang_up_all()


def clock() -> float:
    return asyncio.get_running_loop().time()


# -- people ---------------------------------------------------------------------------------------------------------


async def test_who_waits_hears_the_greeting_the_place_in_the_line_and_music(house: House) -> None:
    first = await house.dial("13800000011", GREETED)
    await hears_prompt(first, "welcome")
    second = await house.dial("13800000012", GREETED)
    await hears_prompt(first, "position-next")
    music = clock()
    for prompt in ("welcome", "position-is", "d2", "position-place"):
        await hears_prompt(second, prompt)
    await hears_prompt(first, "position-next", since=music + 3)  # again, five seconds later
    between = [packet for packet in first.heard.packets(music) if packet.at < music + 3]
    assert sum(loudness(packet.samples) > LOUD for packet in between) > len(between) / 2 > 50


async def test_who_hangs_up_in_the_greeting_leaves_no_ghost(house: House) -> None:
    async with house.person("supervisor") as supervisor:
        citizen = await house.dial("13800000013", GREETED)
        await citizen.hears_sound()
        await citizen.hang_up()
        (arrived,) = await house.until_facts(CallArrived, lambda fact: fact.caller == "13800000013")
        (ended,) = await house.until_facts(CallEnded, lambda fact: fact.call_id == arrived.call_id)
        assert (ended.reason, ended.waited_seconds, ended.talked_seconds) == ("hung_up_in_greeting", 0, 0)
        assert (await supervisor.get("/live"))["waiting"] == []
        assert await house.citizens_channels() == []


async def test_who_closes_the_screen_is_offline_and_off_the_phone(house: House) -> None:
    async with house.person("supervisor") as supervisor, house.seat("1003") as leg:
        async with house.agent("1003", leg) as agent:
            await agent.ready()
            since = len(supervisor.feed.seen)
        closed = clock()
        gone = ("1003", "ready", "unreachable")
        seen = supervisor.feed.until
        await seen("live.seat", lambda s: (s["id"], s["status"], s["state"]) == gone, since=since, timeout=10)
        assert leg.is_up, "a page may be reloaded, and its network gone for ten seconds"
        await leg.wait_ended(timeout=20)
        assert clock() - closed > 10
        await seen("live.seat", lambda s: (s["id"], s["status"]) == ("1003", "offline"), since=since)
        assert live_seat(await supervisor.get("/live"), "1003")["state"] == "unreachable"


async def test_a_number_that_is_no_line(house: House) -> None:
    with pytest.raises(CallRefused) as refused:
        await house.dial("13800000014", line="12346")
    assert refused.value.status == 404
    assert "13800000014" not in [fact.caller for fact in await house.all(CallArrived)]


async def test_nobody_without_a_login_and_nobody_without_the_right(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.site.url, trust_env=False) as nobody:
        for path in ("/me", "/desk", "/live", "/tickets", "/recordings/rec_1/audio", "/callbacks", "/calls/call_1"):
            answer = await nobody.get(f"/api{path}")
            assert answer.status_code == 401, path
            assert {"code", "zh", "en"} <= answer.json()["error"].keys()
        assert (await nobody.put("/api/desk/status", json={"status": "ready"})).status_code == 401
    async with websockets.connect(f"{house.site.url}/api/feed".replace("http", "ws", 1), proxy=None) as feed:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await feed.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
    for account, path in (("agent1001", "/live"), ("supervisor", "/desk"), ("unitzhujian", "/live")):
        async with signed_in(house.site.url, house.site.logins[account], watch=False) as somebody:
            with pytest.raises(Refusal) as refused:
                await somebody.get(path)
            assert refused.value.status == 403
            assert refused.value.error["zh"]
    with pytest.raises(Refusal) as refused:
        async with signed_in(house.site.url, Login("agent1001", "wrong"), watch=False):
            pass
    assert refused.value.status == 401


# -- hostile telephones and machines, while a call is live ------------------------------------------------------------


async def test_forged_events_end_no_call(house: House) -> None:
    async with house.ready_agent("1001") as agent:
        citizen = await house.dial("13800000015")
        call_id = (await agent.accept("13800000015"))["call_id"]
        (talk,) = await house.all(CallConnected, call_id)
        async with in_conversation(citizen, agent.leg):
            since, began, log = len(agent.person.feed.seen), clock(), house.engine.log.stat().st_size
            leg = {"Channel": talk.citizen_channel, "Uniqueid": talk.citizen_uniqueid, "ChannelState": "6"}
            forgeries = [
                forged_event("Shutdown", Shutdown="Cleanly", Restart="False"),
                forged_event("Hangup", **leg, Linkedid=talk.citizen_uniqueid, Cause="16"),
                forged_event("OriginateResponse", Response="Success", ActionID="1", Uniqueid=talk.citizen_uniqueid),
                forged_event("UserEvent", UserEvent="CallFellBack", **leg, Call=call_id),
                forged_event("UserEvent", UserEvent="SeatParked", Channel=talk.seat_channel, Seat="1002"),
            ]
            async with RawCaller(house.server) as hostile:
                for forgery in forgeries:
                    assert await hostile.invite(RawInvite("12345", forgery)) == 200  # served, without a number
                strangers = await house.until_facts(CallArrived, lambda fact: fact.at > talk.at, len(forgeries))
            await house.until_facts(CallEnded, lambda fact: fact.at > talk.at, len(forgeries))
            await hear_each_other(citizen, agent.leg)
            assert max(longest_gap(citizen, 900, began), longest_gap(agent.leg, 600, began)) < STUTTER
        assert (await agent.person.get("/desk"))["call"]["state"] == "talking"
        assert "ended" not in [m["data"].get("state") for m in agent.person.feed.seen[since:] if m["type"] == "call"]
        told = house.engine.log.read_text()[log:]
        assert "ami link lost" not in told
        assert "asterisk_died" not in told
        await citizen.hang_up()
        (ended,) = await house.until_facts(CallEnded, lambda fact: fact.call_id == call_id)
        assert ended.reason == "citizen_hung_up"
        assert [stranger.caller for stranger in strangers] == [""] * len(forgeries)


async def test_a_caller_id_of_500_characters(house: House) -> None:
    async with RawCaller(house.server) as hostile:
        assert await hostile.invite(RawInvite("12345", "1" * 500)) == 200
        (arrived,) = await house.until_facts(CallArrived, lambda fact: fact.caller.startswith("1111"))
    assert arrived.caller == "1" * 32
    await house.until_facts(CallEnded, lambda fact: fact.call_id == arrived.call_id)


GARBAGE = (
    b"",
    b"\x00" * 5,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    os.urandom(60_000),
    b"\x10\xff\xff" + b"\x00" * 65_535,
    b"\x01\x00\x10" + bytes(16) + b"\x10\x01\x40" * 500,
    b"agi_network: yes\nagi_request: agi://127.0.0.1/no-such-way\nagi_uniqueid: 1.1\n\n",
    b"agi_network: yes\nagi_request: agi://127.0.0.1/citizen\nagi_channel: x\n\n200 nonsense\n\xff\xfe\n",
    b"agi_x: " + b"y" * 100_000,
)


async def send_garbage(port: int, garbage: bytes) -> None:
    """Connect, throw it in, and wait for the end or, where more is waited for, leave."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(garbage)
        async with asyncio.timeout(1):
            await writer.drain()
            await reader.read()
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()


async def test_garbage_on_the_engines_ports_disturbs_no_call(house: House) -> None:
    asterisk = house.site.settings.asterisk
    async with house.ready_agent("1001") as agent:
        citizen = await house.dial("13800000016")
        call_id = (await agent.accept("13800000016"))["call_id"]
        async with in_conversation(citizen, agent.leg):
            began = clock()
            ports = (asterisk.agi_port, asterisk.audiosocket_port)
            await asyncio.gather(*(send_garbage(port, thing) for port in ports for thing in GARBAGE * 5))
            await hear_each_other(citizen, agent.leg)
            assert max(longest_gap(citizen, 900, began), longest_gap(agent.leg, 600, began)) < STUTTER
        since = len(agent.person.feed.seen)
        await citizen.say(SPEECH / "lamp-1.wav")
        heard = await agent.person.feed.until("utterance", lambda u: u["who"] == "citizen" and u["text"], since=since)
        assert heard["call_id"] == call_id
        await citizen.hang_up()
        again = await house.dial("13800000017")
        await agent.accept("13800000017")
        async with in_conversation(again, agent.leg):
            assert (await house.engine.health())["status"] == "ok"


# -- configuration ----------------------------------------------------------------------------------------------------


def write_config(folder: Path, house: House, changes: dict[str, dict[str, Any]]) -> Path:
    """The house's settings on other ports, in another folder, with ``changes`` by section."""
    values = yaml.safe_load(house.site.config.read_text(encoding="utf-8"))
    ports = free_ports()
    values["web"]["port"] = ports.pop("web_port")
    values["asterisk"] |= ports
    for section, change in changes.items():
        values[section] |= change
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


async def test_an_unknown_key_is_named(house: House, tmp_path: Path) -> None:
    ended = await run_engine(write_config(tmp_path, house, {"asterisk": {"sip_prot": 5060}}))
    assert ended.code == 2
    assert "asterisk.sip_prot: 未知的配置项 / unknown key" in ended.output
    assert "Traceback" not in ended.output
    assert not (tmp_path / "hotline.db").exists()


@contextmanager
def taken_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> Iterator[int]:
    """Somebody else's."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(("section", "key"), [("web", "port"), ("asterisk", "ami_port")])
async def test_a_port_that_is_taken_is_named(house: House, tmp_path: Path, section: str, key: str) -> None:
    """One of ours, and one of Asterisk's."""
    with taken_port() as port:
        ended = await run_engine(write_config(tmp_path, house, {section: {key: port}}))
    assert ended.code == 2
    assert "错误:" in ended.output
    assert f"{section}.{key}" in ended.output
    assert "Traceback" not in ended.output
    assert find_running(AsteriskFiles(folder=tmp_path)) is None, "nothing was started"


@pytest.mark.parametrize("key", ["agi_port", "audiosocket_port", "http_port", "sip_port"])
async def test_every_port_that_is_taken_is_named(house: House, tmp_path: Path, key: str) -> None:
    """As above, without a process: two seconds of a processor each."""
    with taken_port(socket.SOCK_DGRAM if key == "sip_port" else socket.SOCK_STREAM) as port:
        settings = load_settings(write_config(tmp_path, house, {"asterisk": {key: port}}))
        with pytest.raises(ConfigurationError, match=rf"asterisk\.{key}") as refused:
            async with assemble(settings):
                pass
    assert refused.value.zh
    assert find_running(AsteriskFiles(folder=tmp_path)) is None, "nothing was started"


async def test_a_second_engine_on_the_same_site_is_refused(house: House) -> None:
    ended = await run_engine(house.site.config)
    assert ended.code == 2
    assert "web.port" in ended.output
    assert (await house.engine.health())["status"] == "ok"


async def test_a_wrong_ami_password_and_a_wrong_model_cost_no_call(house: House) -> None:
    """The engine is away, is refused, comes back without recognition: one conversation goes on through all of it."""
    async with AsyncExitStack() as calls:
        leg = await calls.enter_async_context(house.seat("1001"))
        async with house.agent("1001", leg) as agent:
            await agent.ready()
            citizen = await house.dial("13800000018")
            call_id = (await agent.accept("13800000018"))["call_id"]
            talk = await calls.enter_async_context(AsyncExitStack())
            await talk.enter_async_context(in_conversation(citizen, leg))
            began, pid = clock(), house.engine.asterisk_pid
            assert await house.engine.terminate() == 0

        ended = await run_engine(house.site.config, {"HOTLINE_AMI_PASSWORD": "wrong"})
        assert ended.code == 2
        assert "拒绝了我们的密码" in ended.output
        assert "refuses our password" in ended.output
        assert "Traceback" not in ended.output

        values = yaml.safe_load(house.site.config.read_text(encoding="utf-8"))
        values["asr"]["model"] = "/no/such/model"
        house.site.config.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        await house.engine.start()
        assert house.engine.asterisk_pid == pid
        health = await house.engine.health()
        assert (health["status"], health["asterisk"], health["recognition"]) == ("degraded", "up", "off")
        assert "/no/such/model" in health["reason"]
        assert "asr.model" in health["reason"]

        agent = await calls.enter_async_context(house.agent("1001", leg))
        desk = await agent.person.get("/desk")
        assert (desk["call"]["call_id"], desk["call"]["state"]) == (call_id, "talking")
        await hear_each_other(citizen, leg)
        assert max(longest_gap(citizen, 900, began), longest_gap(leg, 600, began)) < STUTTER
        await talk.aclose()
        await agent.hang_up(call_id)
        await citizen.wait_ended()
        again = await house.dial("13800000019")
        await agent.accept("13800000019")
        async with in_conversation(again, leg):
            pass
