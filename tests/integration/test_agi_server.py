"""The FastAGI server over real sockets: a client that behaves like Asterisk, and many that do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hotline.errors import ConfigurationError
from telephony.agi import AgiHandler, AgiServer
from telephony.port import CallerGone, CallerSession, Recorded

OPENING = (
    "agi_network: yes\nagi_network_script: {script}\nagi_channel: PJSIP/trunk-1\nagi_uniqueid: 1.1\n"
    "agi_callerid: {caller}\nagi_extension: s\nagi_threadid: 7\n\n"
)


class Dialplan:
    """The client's end: what Asterisk says and hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, text: str) -> None:
        self.writer.write(text.encode())

    async def hear(self) -> str:
        """The next command; empty when the engine has closed."""
        try:
            async with asyncio.timeout(5):
                return (await self.reader.readline()).decode().strip()
        except ConnectionError:  # closed with something of ours unread
            return ""

    async def obey(self, *exchanges: tuple[str, str]) -> None:
        """Expect commands one after the other and answer each."""
        for command, answer in exchanges:
            assert await self.hear() == command
            self.say(answer + "\n")


@asynccontextmanager
async def server(handler: AgiHandler, **limits: float) -> AsyncIterator[AgiServer]:
    agi = AgiServer("127.0.0.1", 0, **limits)  # type: ignore[arg-type]
    agi.route("citizen", handler)
    await agi.open()
    try:
        yield agi
    finally:
        await agi.close()


@asynccontextmanager
async def dialplan(agi: AgiServer, script: str = "citizen", caller: str = "138") -> AsyncIterator[Dialplan]:
    reader, writer = await asyncio.open_connection("127.0.0.1", agi.port)
    plan = Dialplan(reader, writer)
    if script:
        plan.say(OPENING.format(script=script, caller=caller))
    try:
        yield plan
    finally:
        writer.close()


async def forever(session: CallerSession) -> None:
    await session.until_gone()


async def test_every_verb_speaks_and_reads_agi() -> None:
    results: list[object] = []

    async def handler(session: CallerSession) -> None:
        results.extend([session.channel, session.uniqueid, session.environment["agi_callerid"], dict(session.query)])
        await session.answer()
        results.append(await session.play("hotline/welcome", "12"))
        results.append(await session.play_many(["hotline/a", "hotline/b", "hotline/c"], "9"))
        results.append(await session.wait_key(2.5))
        results.append(await session.wait_key(1))
        await session.set_music(True)
        await session.set_music(False)
        await session.set_variable("HOTLINE_CALL", 'call "1"')
        results.append(await session.get_variable("HOTLINE_AFTER"))
        results.append(await session.get_variable("NOTHING"))
        await session.hang_up()

    async with server(handler) as agi, dialplan(agi, "citizen?task=7&x=%201") as plan:
        await plan.obey(
            ("ANSWER", "200 result=0"),
            ('STREAM FILE "hotline/welcome" "12"', "100 result=0 Trying...\n200 result=49 endpos=800"),
            ('STREAM FILE "hotline/a" "9"', "200 result=0 endpos=800"),
            ('STREAM FILE "hotline/b" "9"', "200 result=57 endpos=80"),
            ('WAIT FOR DIGIT "2500"', "200 result=35"),
            ('WAIT FOR DIGIT "1000"', "200 result=0"),
            ('SET MUSIC "on"', "200 result=0"),
            ('SET MUSIC "off"', "200 result=0"),
            ('SET VARIABLE "HOTLINE_CALL" "call \\"1\\""', "200 result=1"),
            ('GET VARIABLE "HOTLINE_AFTER"', "200 result=1 (hangup)"),
            ('GET VARIABLE "NOTHING"', "200 result=0"),
            ("HANGUP", "200 result=1"),
            ("", ""),
        )
    expected = ["PJSIP/trunk-1", "1.1", "138", {"task": "7", "x": " 1"}, "1", "9", "#", None, "hangup", None]
    assert results == expected


@pytest.mark.parametrize(
    "answer", ["200 result=-1", "HANGUP\n200 result=-1", "511 Command Not Permitted on a dead channel"]
)
async def test_a_hang_up_ends_the_handler(answer: str) -> None:
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def handler(session: CallerSession) -> None:
        try:
            await session.answer()
        except CallerGone:
            ended.set_result(True)
            raise

    async with server(handler) as agi, dialplan(agi) as plan:
        await plan.obey(("ANSWER", answer))
        assert await ended
        assert await plan.hear() == ""


@pytest.mark.parametrize("how", ["HANGUP", "close", "reset"])
async def test_a_silent_waiting_room_notices_a_hang_up(how: str) -> None:
    waiting, ended = asyncio.Event(), asyncio.Event()

    async def handler(session: CallerSession) -> None:
        waiting.set()
        await session.until_gone()
        with pytest.raises(CallerGone):
            await session.set_music(False)
        ended.set()

    async with server(handler) as agi, dialplan(agi) as plan, asyncio.timeout(5):
        await waiting.wait()
        if how == "HANGUP":
            plan.say("HANGUP\n")
        elif how == "close":
            plan.writer.close()
        else:
            plan.writer.transport.abort()
        await ended.wait()


async def test_music_until_a_key_that_counts_and_a_message() -> None:
    results: list[object] = []

    async def handler(session: CallerSession) -> None:
        results.append(await session.rest(0.01))
        results.append(await session.rest(30, "19"))
        results.append(await session.record("/spool/m1", seconds=60, silence=4, key="#"))

    async with server(handler) as agi, dialplan(agi) as plan, asyncio.timeout(5):
        for key in ("5", "1"):  # a key that means nothing here does not end the music
            assert (await plan.hear()).startswith("WAIT FOR DIGIT")
            plan.say(f"200 result={ord(key)}\n")
        await plan.obey(
            ('RECORD FILE "/spool/m1" "wav" "#" "60000" "0" "s=4"', "200 result=35 (dtmf) endpos=24000"), ("", "")
        )
    assert results == [None, "1", Recorded(3.0, "#")]


async def test_a_socket_closed_in_mid_command_is_a_hang_up() -> None:
    ended = asyncio.Event()

    async def handler(session: CallerSession) -> None:
        with pytest.raises(CallerGone):
            await session.play("hotline/welcome")
        ended.set()

    async with server(handler) as agi, dialplan(agi) as plan, asyncio.timeout(5):
        await plan.hear()
        plan.writer.close()
        await ended.wait()


async def test_a_missing_prompt_does_not_cost_the_call() -> None:
    played: list[str | None] = []

    async def handler(session: CallerSession) -> None:
        played.append(await session.play("hotline/nix"))
        await session.answer()

    async with server(handler) as agi, dialplan(agi) as plan:
        await plan.obey(
            ('STREAM FILE "hotline/nix" ""', "200 result=-1 endpos=0"),
            ("CHANNEL STATUS", "200 result=6"),
            ("ANSWER", "200 result=0"),
            ("", ""),
        )
    assert played == [None]


async def test_a_cancelled_verb_leaves_the_session_usable() -> None:
    async def handler(session: CallerSession) -> None:
        playing = asyncio.create_task(session.play("hotline/welcome"))
        await asyncio.sleep(0)
        playing.cancel()
        await session.set_variable("A", "1")

    async with server(handler) as agi, dialplan(agi) as plan:
        await plan.hear()
        assert await plan.hear() == 'SET VARIABLE "A" "1"'
        plan.say("200 result=0 endpos=1\n200 result=1\n")
        assert await plan.hear() == ""


async def test_release_gives_the_leg_back_at_once() -> None:
    async def handler(session: CallerSession) -> None:
        await session.release()
        await session.until_gone()

    async with server(handler) as agi, dialplan(agi) as plan:
        assert await plan.hear() == ""


async def test_a_failing_handler_costs_only_its_own_session() -> None:
    async def handler(session: CallerSession) -> None:
        raise ZeroDivisionError

    async with server(handler) as agi:
        for _ in range(2):
            async with dialplan(agi) as plan:
                assert await plan.hear() == ""


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"\n",
        b"\n\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",
        b"agi_network_script: citizen\n" * 2 + b"agi_threadid: 1\n\n",
        b"".join(b"agi_x%d: y\n" % number for number in range(500)) + b"\n",
        b"agi_callerid: " + b"1" * 100_000 + b"\n\n",
        OPENING.format(script="nowhere", caller="").encode(),
        OPENING.format(script="citizen", caller="138\n\n200 result=1").encode(),
        OPENING.format(script="citizen", caller="138\nagi_uniqueid: 9.9").encode(),
    ],
)
async def test_garbage_is_closed_and_the_server_serves_on(opening: bytes) -> None:
    reached: list[str] = []

    async def handler(session: CallerSession) -> None:
        reached.append(session.uniqueid)

    async with server(handler, handshake_seconds=0.2) as agi:
        async with dialplan(agi, "") as plan:
            plan.writer.write(opening)
            assert await plan.hear() == ""
        async with dialplan(agi) as plan:
            assert await plan.hear() == ""
    assert reached == ["1.1"]


async def test_connect_and_close_does_not_block_the_loop() -> None:
    async with server(forever) as agi, asyncio.timeout(5):
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", agi.port)
            writer.close()
            await writer.wait_closed()
        async with dialplan(agi, "nowhere") as plan:
            assert await plan.hear() == ""


async def test_a_reply_that_nobody_asked_for_ends_the_session() -> None:
    async with server(forever) as agi, dialplan(agi) as plan:
        plan.say("200 result=49\n")
        assert await plan.hear() == ""


async def test_a_caller_id_of_500_characters_is_served() -> None:
    seen: list[str] = []

    async def handler(session: CallerSession) -> None:
        seen.append(session.environment["agi_callerid"])

    async with server(handler) as agi, dialplan(agi, caller="9" * 500) as plan:
        assert await plan.hear() == ""
    assert seen == ["9" * 500]


async def test_sessions_are_bounded() -> None:
    async with server(forever, most_sessions=1) as agi, dialplan(agi), dialplan(agi) as second:
        assert await second.hear() == ""


async def test_closing_gives_every_leg_back() -> None:
    agi = AgiServer("127.0.0.1", 0)
    agi.route("citizen", forever)
    await agi.open()
    async with dialplan(agi) as plan:
        await asyncio.sleep(0.01)
        await agi.close()
        assert await plan.hear() == ""


async def test_a_taken_port_names_the_setting() -> None:
    async with server(forever) as agi:
        with pytest.raises(ConfigurationError, match="agi_port"):
            await AgiServer("127.0.0.1", agi.port).open()
