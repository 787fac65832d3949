"""Two scripted phones talking to each other over loopback, and strangers who send them rubbish."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telephony.phone import CallOver, CallRefused, ScriptedGateway, ScriptedPhone
from telephony.phone.calls import read_sound
from telephony.phone.commands import phone_command
from telephony.phone.raw import RawCaller, RawInvite, forged_event
from telephony.phone.repairs import Message
from telephony.phone.tones import make_tone
from telephony.phone.wire import Address


def reserve_port() -> Address:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address: Address = probe.getsockname()
        return address


@pytest.fixture
async def pair() -> AsyncIterator[tuple[ScriptedPhone, ScriptedPhone]]:
    here, there = reserve_port(), reserve_port()
    async with ScriptedPhone("1", there, here) as one, ScriptedPhone("2", here, there) as two:
        yield one, two


async def test_a_whole_conversation(pair: tuple[ScriptedPhone, ScriptedPhone], tmp_path: Path) -> None:
    calling = pair[0].start_call("12345")
    ringing = await pair[1].next_call()
    assert (ringing.number, ringing.dialled) == ("1", "12345")
    called = await ringing.answer()
    await calling.wait_answered()
    called.record_to(tmp_path / "heard.wav")
    assert await calling.say(make_tone(700, 0.5))
    assert await calling.press("1#")
    assert [await called.next_key(), await called.next_key()] == ["1", "#"]
    await called.hears_silence(0.2)
    assert (await called.hang_up()).by_us
    assert not (await calling.wait_ended()).by_us
    assert len(read_sound(tmp_path / "heard.wav")) > 6000
    with pytest.raises(CallOver):
        await calling.say(b"\0\0")


async def test_speech_is_cut_off_by_the_end(pair: tuple[ScriptedPhone, ScriptedPhone]) -> None:
    calling = pair[0].start_call("2")
    called = await (await pair[1].next_call()).answer()
    await calling.wait_answered()
    speaking = asyncio.create_task(calling.say_tone(700, 30))
    await called.hears_tone(700)
    await called.hang_up()
    assert await speaking is False


@pytest.mark.parametrize("status", [480, 486, 603])
async def test_a_refusal_is_told(pair: tuple[ScriptedPhone, ScriptedPhone], status: int) -> None:
    dialling = asyncio.create_task(pair[0].dial("2"))
    (await pair[1].next_call()).reject(status)
    with pytest.raises(CallRefused) as refused:
        await dialling
    assert refused.value.status == status


async def test_dialling_gives_up_and_the_other_stops_ringing(pair: tuple[ScriptedPhone, ScriptedPhone]) -> None:
    with pytest.raises(TimeoutError):
        await pair[0].dial("2", timeout=0.2)
    ringing = await pair[1].next_call()
    assert (await ringing.wait_ended()).status == 487
    with pytest.raises(CallOver):
        await ringing.answer()


async def test_a_lost_invite_is_sent_again() -> None:
    here, there = reserve_port(), reserve_port()
    async with ScriptedPhone("1", there, here) as one:
        calling = one.start_call("2")  # nobody is there yet: this one is lost
        async with ScriptedPhone("2", here, there) as two:
            await (await two.next_call()).answer()
            await calling.wait_answered()


async def test_a_dead_number_costs_only_the_time_given() -> None:
    async with ScriptedPhone("1", reserve_port()) as phone:
        call = phone.start_call("2")
        assert (await call.hang_up(timeout=0.2)).status == 408


async def test_rubbish_does_not_silence_the_phone(pair: tuple[ScriptedPhone, ScriptedPhone]) -> None:
    async with RawCaller(pair[1].address) as stranger:
        for datagram in (
            b"",
            b"\0\0\0\0",
            b"\xff" * 900,
            b"INVITE\r\n\r\n",
            b"SIP/2.0 999 ?\r\n\r\n",
            b"a b SIP/2.0\r\n\r\n",
        ):
            stranger.send(datagram)
    calling = pair[0].start_call("2")
    await (await pair[1].next_call()).answer()
    await calling.wait_answered()


async def test_an_offer_without_mu_law_is_refused(pair: tuple[ScriptedPhone, ScriptedPhone]) -> None:
    invite = RawInvite("2", "1").write(pair[1].address, pair[0].address)
    pair[0].line.wire.sendto(invite.replace(b"AVP 0 101", b"AVP 8 111"), pair[1].address)
    with pytest.raises(TimeoutError):
        await pair[1].next_call(timeout=0.2)
    assert "488 INVITE" in pair[0].line.journal


async def test_options_are_answered(pair: tuple[ScriptedPhone, ScriptedPhone]) -> None:
    raw = RawInvite("2", "1").write(pair[1].address, pair[0].address)
    pair[0].line.wire.sendto(raw.replace(b"INVITE", b"OPTIONS"), pair[1].address)
    calling = pair[0].start_call("2")
    await pair[1].next_call()
    await calling.wait_ringing()
    assert "200 OPTIONS" in pair[0].line.journal


async def test_a_gateway_knows_its_citizens_only() -> None:
    here, there = reserve_port(), reserve_port()
    async with ScriptedPhone("12345", there, here) as hotline, ScriptedGateway(here, there) as gateway:
        citizens = [gateway.citizen(f"1380000000{n}") for n in range(3)]
        for citizen in citizens:
            calling = hotline.start_call(citizen.number)
            assert (await citizen.next_call()).dialled == citizen.number
            await calling.hang_up()
        with pytest.raises(CallRefused) as refused:
            await hotline.dial("13999999999")
        assert refused.value.status == 404


def test_headers_in_any_form_are_read() -> None:
    message = Message(
        b"SIP/2.0 404 Not Found\r\nv: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\nf: <sip:1@h>;tag=a;x=y\r\n"
        b't: "N" <sip:2@h>;tag=b\r\ni: id\r\nCSeq: 7 INVITE\r\nm: <sip:2@h:5070>;expires=9\r\n'
        b"Supported:\r\nl: 0\r\n\r\n"
    )
    assert (message.code, message.call_id, message.cseq, message.kind) == (404, "id", (7, "INVITE"), "INVITE")
    assert (message.headers["From"]["tag"], message.contact) == ("a", "sip:2@h:5070")


def test_a_forged_event_is_one_line_until_it_is_decoded() -> None:
    assert (
        forged_event("Hangup", Uniqueid="1.1") == "138%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%201.1%0D%0A%0D%0A"
    )


async def test_the_command_dials_says_and_presses_in_order(tmp_path: Path) -> None:
    here, there = reserve_port(), reserve_port()
    heard = tmp_path / "heard.wav"
    script = ["--press", "1", "--wait", "0.1", "--press", "2", "--hold-seconds", "5", "--hear", str(heard)]
    ends = ["--dial", "12345", "--server", f"127.0.0.1:{here[1]}", "--bind", f"127.0.0.1:{there[1]}"]
    async with ScriptedPhone("12345", there, here) as hotline:
        command = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, phone_command, [*ends, *script]))
        call = await (await hotline.next_call()).answer()
        assert [await call.next_key(), await call.next_key()] == ["1", "2"]
        await call.hang_up()
        result = await command
    assert result.exit_code == 0, result.output
    assert heard.stat().st_size > 44


@pytest.mark.parametrize(
    "arguments",
    [[], ["--dial", "1", "--listen"], ["--dial", "1", "--press", "x"], ["--dial", "1", "--say", "/none.wav"]],
)
def test_the_command_refuses_nonsense(arguments: list[str]) -> None:
    assert CliRunner().invoke(phone_command, arguments).exit_code != 0
