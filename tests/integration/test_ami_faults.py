"""Every fault of panoramisk 1.4 that we know, closed: one test each, over a real socket to a server that misbehaves."""

import ast
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import telephony
from hotline.errors import ConfigurationError, RuleBroken, Unavailable
from telephony.ami import AmiAddress, AmiLink, LinkState, Patience
from telephony.ami_stream import LinkNotice
from telephony.messages import AmiMessage
from telephony.panoramisk_repaired import RepairedManager, RepairedProtocol
from telephony.port import Refused
from tests.integration.fake_ami import FakeAmi, FakeChannel, wire

QUICK = Patience(action=0.2, login=1.0, ping_every=0.05, ping=0.1, first_pause=0.01, longest_pause=0.05)
CALM = Patience(action=1.0, ping_every=60.0, first_pause=0.01, longest_pause=0.05)


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as server:
        yield server


@pytest.fixture
async def link(ami: FakeAmi) -> AsyncIterator[AmiLink]:
    link = AmiLink(ami.address, patience=CALM)
    await link.connect()
    yield link
    await link.close()


async def next_event(link: AmiLink) -> AmiMessage:
    async with asyncio.timeout(5):
        async for item in link.stream():
            if isinstance(item, AmiMessage):
                return item
    raise AssertionError("the stream ended")


async def next_notice(link: AmiLink) -> LinkNotice:
    async with asyncio.timeout(5):
        async for item in link.stream():
            if isinstance(item, LinkNotice):
                return item
    raise AssertionError("the stream ended")


class SilentTransport(asyncio.Transport):
    """Nobody is at its other end."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == 0, "what is sent to Asterisk waits for nothing"


def test_characters_cut_by_a_segment_are_kept_wherever_it_cuts() -> None:
    message = wire([("Event", "UserEvent"), ("UserEvent", "X"), ("Text", "市民热线")])
    for cut in range(len(message)):
        heard: list[AmiMessage] = []
        manager = RepairedManager("127.0.0.1", 1, frozenset({"UserEvent"}), lambda _: None)
        manager.listen(heard.append)
        protocol = RepairedProtocol(manager)
        protocol.connection_made(SilentTransport())
        protocol.data_received(message[:cut])
        protocol.data_received(message[cut:])
        assert [event.get("Text") for event in heard] == ["市民热线"]


CITIZEN = FakeChannel("PJSIP/trunk-00000001", "1700000000.1")


async def test_characters_cut_by_a_segment_are_kept(ami: FakeAmi, link: AmiLink) -> None:
    message = wire([("Event", "UserEvent"), ("UserEvent", "X"), ("Text", "市民热线")])
    for byte in message:
        ami.raw(bytes([byte]))
        await asyncio.sleep(0)  # lets the link read it: one character comes in three reads
    assert (await next_event(link)).get("Text") == "市民热线"


async def test_a_callbacks_exception_costs_neither_link_nor_event(ami: FakeAmi) -> None:
    link = AmiLink(ami.address, patience=CALM)

    def fail(event: AmiMessage) -> None:
        raise ZeroDivisionError

    link.listen(fail)
    await link.connect()
    ami.channel_event("Newchannel", CITIZEN)
    assert (await next_event(link)).event == "Newchannel"
    assert link.up
    assert link.counts["callback_failed"] >= 1
    await link.close()


async def test_an_action_whose_link_was_lost_is_never_replayed(ami: FakeAmi, link: AmiLink) -> None:
    ami.silent.add("Originate")
    asked = asyncio.create_task(link.originate({"Channel": "PJSIP/138@trunk", "ChannelId": "leg_1"}, 5))
    await ami.received("Originate")
    ami.drop()
    with pytest.raises(Unavailable):
        await asked
    assert [(await next_notice(link)).why for _ in range(3)][::2] == ["connected", "connected"]  # and lost between
    await link.action("CoreStatus")
    assert ami.names().count("Originate") == 1


async def test_a_list_cut_by_a_lost_link_ends(ami: FakeAmi, link: AmiLink) -> None:
    ami.answers["Status"] = lambda _: [[("Response", "Success"), ("EventList", "start")]]
    asked = asyncio.create_task(link.listing("Status"))
    await ami.received("Status")
    ami.drop()
    with pytest.raises(Unavailable):
        await asked


async def test_every_action_has_a_deadline(ami: FakeAmi, link: AmiLink) -> None:
    ami.silent.add("Hangup")
    ami.answers["Status"] = lambda _: [[("Response", "Success"), ("EventList", "start")]]
    with pytest.raises(Unavailable):
        await link.action("Hangup", timeout=0.05)
    with pytest.raises(Unavailable):
        await link.listing("Status", timeout=0.05)
    with pytest.raises(Unavailable):
        await link.originate({"Channel": "PJSIP/138@trunk"}, 0.05)  # "queued", and then nothing


async def test_originate_without_async_is_answered(ami: FakeAmi, link: AmiLink) -> None:
    ami.answers["Originate"] = lambda _: [[("Response", "Success"), ("Message", "Originate successfully queued")]]
    answer = await link.action("Originate", {"Channel": "PJSIP/138@trunk"})
    assert answer.response == "Success"
    assert link.up


async def test_originate_response_may_come_before_the_response(ami: FakeAmi, link: AmiLink) -> None:
    ami.answers["Originate"] = lambda _: [
        [("Event", "OriginateResponse"), ("Response", "Success"), ("Reason", "4")],
        [("Response", "Success"), ("Message", "Originate successfully queued")],
    ]
    answer = await link.originate({"Channel": "PJSIP/138@trunk"}, 1)
    assert answer.event == "OriginateResponse"
    assert (await link.action("CoreStatus")).response == "Success"


async def test_queue_add_is_answered(ami: FakeAmi, link: AmiLink) -> None:
    answer = await link.action("QueueAdd", {"Queue": "fallback", "Interface": "Local/1001@fallback-seat/n"})
    assert answer.get("Message") == "Added interface to queue"


async def test_an_error_answer_is_told(ami: FakeAmi, link: AmiLink) -> None:
    with pytest.raises(Refused, match="No such channel"):
        await link.action("Hangup", {"Channel": "nobody"})
    with pytest.raises(Refused, match="No such channel"):
        await link.listing("Status", {"Channel": "nobody", "Variables": "X"})


async def test_a_wrong_password_is_a_configuration_error_and_is_tried_once(ami: FakeAmi) -> None:
    wrong = AmiAddress(ami.address.host, ami.address.port, "hotline", "falsch")
    link = AmiLink(wrong, patience=QUICK)
    with pytest.raises(ConfigurationError, match="ami_password"):
        await link.connect()
    await asyncio.sleep(0.1)  # ten times the pause after which a retry would come
    assert ami.connections == 1
    assert link.state is LinkState.REFUSED
    with pytest.raises(ConfigurationError):
        await link.watch()
    await link.close()


async def test_an_unanswered_ping_is_a_lost_link(ami: FakeAmi) -> None:
    link = AmiLink(ami.address, patience=QUICK)
    await link.connect()
    assert (await next_notice(link)).why == "connected"
    ami.silent.add("Ping")
    assert (await next_notice(link)).why == "no answer to a ping"
    assert not link.up
    await ami.received("Login", 2)
    await link.close()


async def test_pauses_between_attempts_grow_and_are_jittered() -> None:
    link = AmiLink(AmiAddress("127.0.0.1", 1, "x", "x"), patience=Patience(first_pause=0.2, longest_pause=5))
    pauses = link._pauses()
    taken = [next(pauses) for _ in range(8)]
    limits = [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]
    assert all(limit / 2 <= pause <= limit for pause, limit in zip(taken, limits, strict=True))
    assert len(set(taken)) == 8


async def test_an_absent_asterisk_is_unavailable_and_is_found_when_it_comes() -> None:
    server = FakeAmi()
    await server.listen()
    await server.stop()
    link = AmiLink(server.address, patience=QUICK)
    with pytest.raises(Unavailable):
        await link.connect(wait=0.05)
    await server.listen()
    assert (await next_notice(link)).why == "connected"
    assert link.up
    await link.close()
    await server.stop()


async def test_a_closed_link_stays_closed(ami: FakeAmi) -> None:
    link = AmiLink(ami.address, patience=QUICK)
    await link.connect()
    await link.close()
    await asyncio.sleep(0.1)
    assert ami.connections == 1
    assert [item async for item in link.stream()] == [LinkNotice("connected")]
    with pytest.raises(Unavailable):
        await link.action("CoreStatus")
    with pytest.raises(RuntimeError):
        await link.connect()


@pytest.mark.parametrize("value", ["1001\r\nAction: Hangup", "a\nb", "a\rb", "a\0b"])
async def test_a_line_break_in_a_value_is_refused(ami: FakeAmi, link: AmiLink, value: str) -> None:
    with pytest.raises(RuleBroken):
        await link.action("Setvar", {"Variable": "X", "Value": value})
    with pytest.raises(RuleBroken):
        await link.action("Originate", {"Variable": ["A=1", value]})
    with pytest.raises(RuleBroken):
        await link.action("Setvar", {value: "x"})
    assert "Setvar" not in ami.names()


async def test_an_event_that_answers_an_action_is_dispatched_too(ami: FakeAmi) -> None:
    link = AmiLink(ami.address, events=frozenset({"OriginateResponse"}), patience=CALM)
    await link.connect()
    ami.answers["Originate"] = lambda _: [[("Event", "OriginateResponse"), ("Response", "Failure"), ("Reason", "5")]]
    answer = await link.originate({"Channel": "PJSIP/138@trunk"}, 1)
    assert answer.get("Reason") == "5"
    assert (await next_event(link)).get("Reason") == "5"
    await link.close()


async def test_events_keep_their_order(ami: FakeAmi, link: AmiLink) -> None:
    for number in range(500):
        ami.event("UserEvent", ("UserEvent", "X"), ("Number", str(number)))
    seen = [int((await next_event(link)).get("Number")) for _ in range(500)]
    assert seen == list(range(500))


async def test_a_reader_that_falls_behind_is_told_to_look_again(ami: FakeAmi) -> None:
    link = AmiLink(ami.address, patience=CALM, capacity=100)
    await link.connect()
    for number in range(150):
        ami.event("UserEvent", ("UserEvent", "X"), ("Number", str(number)))
    await link.action("CoreStatus")
    assert link.counts["overruns"] == 1
    assert (await next_notice(link)).why == "events lost"
    assert link.up
    await link.close()


async def test_a_shutdown_event_is_not_believed(ami: FakeAmi, link: AmiLink) -> None:
    ami.event("Shutdown", ("Shutdown", "Cleanly"), ("Restart", "False"))
    assert (await link.action("CoreStatus")).response == "Success"
    assert ami.connections == 1


async def test_a_forged_shape_is_refused_and_counted(ami: FakeAmi, link: AmiLink) -> None:
    forger = FakeChannel("PJSIP/trunk-2", "1700000000.2", caller="138\r\nUniqueid: 1700000000.1")
    ami.channel_event("Newchannel", forger)
    cut = FakeChannel("PJSIP/trunk-3", "1700000000.3", caller="138\r\n\r\nEvent: Nonsense")
    ami.channel_event("Newchannel", cut)
    ami.channel_event("Newchannel", CITIZEN)
    assert (await next_event(link)).get("Uniqueid") == CITIZEN.uniqueid
    assert link.counts["malformed"] == 2


async def test_a_message_without_an_end_drops_the_connection_not_the_memory(ami: FakeAmi, link: AmiLink) -> None:
    await next_notice(link)
    ami.raw(b"Event: " + b"x" * (1 << 21))
    await next_notice(link)
    await ami.received("Login", 2)


async def test_bytes_that_are_no_text_are_survived(ami: FakeAmi, link: AmiLink) -> None:
    ami.raw(b"\xff\xfe\r\n\r\nEvent: UserEvent\r\nUserEvent: X\r\nText: \xff\r\n\r\n")
    assert (await next_event(link)).get("Text") == "�"


def test_only_one_file_imports_panoramisk_and_none_its_call_manager() -> None:
    folder = Path(telephony.__file__).parent
    imports: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("panoramisk"):
                imports.setdefault(path.name, set()).update(alias.name for alias in node.names)
            if isinstance(node, ast.Import) and any(alias.name.startswith("panoramisk") for alias in node.names):
                imports.setdefault(path.name, set()).add("*")
    assert imports == {"panoramisk_repaired.py": {"Action", "AMIProtocol", "Manager"}}
