"""The AudioSocket door on a real socket: whom it lets in, and what it does about the rest (nothing)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import uuid4

import pytest

from asr.audiosocket import AudioSocketServer, Frame, Kind
from hotline.clock import SystemClock
from hotline.errors import ConfigurationError


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.gone = asyncio.Event()
        self.audio = b""
        self.why = ""

    def connected(self) -> None:
        self.came.set()

    def heard(self, audio: bytes, arrived: datetime) -> None:
        self.audio += audio

    def disconnected(self, why: str) -> None:
        assert not self.gone.is_set()
        self.why = why
        self.gone.set()


@pytest.fixture
async def door() -> AsyncIterator[AudioSocketServer]:
    async with AudioSocketServer(0, SystemClock(), patience=0.3) as server:
        yield server


async def send(door: AudioSocketServer, data: bytes, *, close: bool = False) -> bytes:
    """Connect, send, and wait until the door closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(data)
    if close:
        writer.write_eof()
    try:
        async with asyncio.timeout(3):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


VOICE = Frame(Kind.AUDIO, b"\x01\x02" * 160).encode()


async def test_the_expected_uuid_is_heard(door: AudioSocketServer) -> None:
    identity, ear = uuid4(), Ear()
    door.expect(identity, ear)
    await send(door, Frame(Kind.IDENTITY, identity.bytes).encode() + VOICE * 3 + Frame(Kind.HANG_UP).encode())
    assert ear.audio == b"\x01\x02" * 480
    assert ear.why == "hung up"
    assert not door.refused


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "unknown kind of frame 0x47"),
        (Frame(Kind.IDENTITY, uuid4().bytes).encode(), "nobody expects this UUID"),
        (VOICE, "the first frame is AUDIO, not the UUID"),
        (b"\x01\xff\xff" + bytes(60), "a frame of kind IDENTITY cannot have 65535 bytes"),
        (b"\x01\x00\x10half", "no UUID in time"),
        (b"", "no UUID in time"),
    ],
    ids=["http", "wrong uuid", "voice first", "giant", "half a uuid", "nothing"],
)
async def test_strangers_are_refused(door: AudioSocketServer, data: bytes, reason: str) -> None:
    ear = Ear()
    door.expect(uuid4(), ear)
    assert await send(door, data) == b""
    assert door.refused == {reason: 1}
    assert not ear.came.is_set()


async def test_closing_without_a_word_is_refused(door: AudioSocketServer) -> None:
    await send(door, b"", close=True)
    assert door.refused == {"closed before it said who it is": 1}


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (Frame(Kind.IDENTITY, uuid4().bytes).encode(), "a second UUID on one connection"),
        (b"\x10\xff\xff", "a frame of kind AUDIO cannot have 65535 bytes"),
        (VOICE[:100], "closed inside a frame"),
    ],
    ids=["second uuid", "giant", "half a frame"],
)
async def test_what_goes_wrong_later_ends_only_this_connection(door: AudioSocketServer, tail: bytes, why: str) -> None:
    identity, ear, other, other_ear = uuid4(), Ear(), uuid4(), Ear()
    door.expect(identity, ear)
    door.expect(other, other_ear)
    await send(door, Frame(Kind.IDENTITY, identity.bytes).encode() + VOICE + tail, close=True)
    await ear.gone.wait()
    assert ear.why == why
    await send(door, Frame(Kind.IDENTITY, other.bytes).encode() + VOICE, close=True)
    await other_ear.gone.wait()
    assert (other_ear.audio, other_ear.why) == (b"\x01\x02" * 160, "closed")


async def test_a_uuid_opens_the_door_once(door: AudioSocketServer) -> None:
    identity, ear = uuid4(), Ear()
    door.expect(identity, ear)
    hello = Frame(Kind.IDENTITY, identity.bytes).encode()
    await send(door, hello, close=True)
    await send(door, hello, close=True)
    assert door.refused == {"nobody expects this UUID": 1}


async def test_forgetting_closes_the_connection(door: AudioSocketServer) -> None:
    identity, ear = uuid4(), Ear()
    door.expect(identity, ear)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(Frame(Kind.IDENTITY, identity.bytes).encode())
    await ear.came.wait()
    door.forget(identity)
    async with asyncio.timeout(3):
        assert await reader.read() == b""
        await ear.gone.wait()
    writer.close()


async def test_a_taken_port_is_said_clearly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=r"asterisk\.audiosocket_port"):
            async with AudioSocketServer(port, SystemClock()):
                pass
