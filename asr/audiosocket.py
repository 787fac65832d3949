"""The door through which Asterisk hands us a leg's voice: AudioSocket over TCP, on loopback only.

A frame is one byte of kind, two of length (big-endian), then the payload. Whoever connects must name, within two
seconds, a UUID that we expect; each UUID opens the door once. Anything else (garbage, a stranger, half a frame, a
giant length, a second UUID) is refused and logged, and nothing else happens.
"""

import asyncio
import enum
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

import structlog

from hotline.clock import Clock
from hotline.errors import ConfigurationError, RuleBroken

_log = structlog.get_logger()

SAMPLE_RATE = 8000
"""Samples a second that Asterisk sends with ``c(slin)``; 16-bit signed, little-endian, mono."""
BYTES_PER_SECOND = SAMPLE_RATE * 2
_HEADER = 3
_LONGEST_AUDIO = 3200
"""Bytes in one audio frame at most, 200 ms; Asterisk sends 320."""
_READ = 65536
"""Bytes per read: four seconds of voice, so that what piled up while we were busy is stamped as one stretch."""


class Malformed(RuleBroken):
    """The peer does not speak AudioSocket as we know it."""

    code = "audiosocket_malformed"


class Kind(enum.IntEnum):
    """The kinds of frame that an 8 kHz leg may send."""

    HANG_UP = 0x00
    IDENTITY = 0x01
    DIGIT = 0x03
    AUDIO = 0x10
    ERROR = 0xFF


_LENGTHS = {
    Kind.HANG_UP: range(1),
    Kind.IDENTITY: range(16, 17),
    Kind.DIGIT: range(1, 2),
    Kind.AUDIO: range(2, _LONGEST_AUDIO + 1, 2),
    Kind.ERROR: range(17),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame."""

    kind: Kind
    payload: bytes = b""

    def encode(self) -> bytes:
        """The frame as it goes over the wire."""
        return bytes([self.kind]) + len(self.payload).to_bytes(2, "big") + self.payload


class FrameParser:
    """Bytes in, whole frames out, whatever the TCP segments are. Holds at most one frame's bytes between reads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def inside_frame(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> None:
        """Add bytes as they arrived; then ask ``next_frame`` until it gives None."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None until more bytes come. Raises Malformed as soon as the header is wrong."""
        if len(self._buffer) < _HEADER:
            return None
        kind, length = self._check_header()
        if len(self._buffer) < _HEADER + length:
            return None
        payload = bytes(self._buffer[_HEADER : _HEADER + length])
        del self._buffer[: _HEADER + length]
        return Frame(kind, payload)

    def _check_header(self) -> tuple[Kind, int]:
        length = int.from_bytes(self._buffer[1:_HEADER], "big")
        try:
            kind = Kind(self._buffer[0])
        except ValueError as failure:
            raise Malformed("未知的帧类型", f"unknown kind of frame 0x{self._buffer[0]:02x}") from failure
        if length not in _LENGTHS[kind]:
            raise Malformed("帧长度不正确", f"a frame of kind {kind.name} cannot have {length} bytes")
        return kind, length


class Listener(Protocol):
    """Whoever waits for one leg's voice. Plain calls on the event loop: they take the news and return at once."""

    def connected(self) -> None:
        """Asterisk came with the expected UUID."""
        ...

    def heard(self, audio: bytes, arrived: datetime) -> None:
        """All voice of one read, in order; its last sample arrived now. Missing voice sends nothing."""
        ...

    def disconnected(self, why: str) -> None:
        """No more will come on this connection. Called once, and only after ``connected``."""
        ...


class AudioSocketServer:
    """Accepts expected connections and hands their voice to the listener that waits for them."""

    def __init__(self, port: int, clock: Clock, *, host: str = "127.0.0.1", patience: float = 2.0) -> None:
        self._address = (host, port)
        self._clock = clock
        self._patience = patience
        self._expected: dict[UUID, Listener] = {}
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, UUID | None] = {}
        self.refused: Counter[str] = Counter()
        """Connections refused since the start, by reason."""

    @property
    def port(self) -> int:
        """The port in use; of interest when 0 was asked for."""
        assert self._server is not None, "not started"
        return int(self._server.sockets[0].getsockname()[1])

    def expect(self, identity: UUID, listener: Listener) -> None:
        """Let one connection in that names ``identity``."""
        self._expected[identity] = listener

    def forget(self, identity: UUID) -> None:
        """Expect it no longer, and close the connection that came with it."""
        self._expected.pop(identity, None)
        for writer in [writer for writer, known in self._open.items() if known == identity]:
            writer.close()

    async def __aenter__(self) -> Self:
        host, port = self._address
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=_READ)
        except OSError as failure:
            raise ConfigurationError(
                f"asterisk.audiosocket_port: 端口 {port} 已被占用或无法监听,请修改配置或停止占用它的程序",
                f"asterisk.audiosocket_port: cannot listen on {host}:{port}: {failure.strerror}",
            ) from failure
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        parser = FrameParser()
        try:
            async with asyncio.timeout(self._patience):
                identity = await self._identify(reader, parser)
        except (Malformed, OSError, TimeoutError) as failure:
            self._refuse(failure)
        else:
            self._open[writer] = identity
            await self._hand_over(reader, parser, self._expected.pop(identity))
        finally:
            del self._open[writer]
            writer.close()

    async def _identify(self, reader: asyncio.StreamReader, parser: FrameParser) -> UUID:
        while (frame := parser.next_frame()) is None:
            data = await reader.read(_HEADER + 16)
            if not data:
                raise Malformed("未表明身份即断开", "closed before it said who it is")
            parser.receive(data)
        if frame.kind is not Kind.IDENTITY:
            raise Malformed("首帧不是身份", f"the first frame is {frame.kind.name}, not the UUID")
        identity = UUID(bytes=frame.payload)
        if identity not in self._expected:
            raise Malformed("未知的 UUID", "nobody expects this UUID")
        return identity

    async def _hand_over(self, reader: asyncio.StreamReader, parser: FrameParser, listener: Listener) -> None:
        listener.connected()
        why = "closed"
        try:
            why = await self._pump(reader, parser, listener)
        except Malformed as failure:
            why = failure.en
            self._refuse(failure)
        except OSError as failure:
            why = f"lost: {failure.strerror}"
        finally:
            listener.disconnected(why)

    async def _pump(self, reader: asyncio.StreamReader, parser: FrameParser, listener: Listener) -> str:
        while data := await reader.read(_READ):
            parser.receive(data)
            audio, why = self._take_frames(parser)
            if audio:
                listener.heard(audio, self._clock.now())
            if why is not None:
                return why
        if parser.inside_frame:
            raise Malformed("连接在半帧处断开", "closed inside a frame")
        return "closed"

    def _take_frames(self, parser: FrameParser) -> tuple[bytes, str | None]:
        voice = bytearray()
        while (frame := parser.next_frame()) is not None:
            match frame.kind:
                case Kind.AUDIO:
                    voice += frame.payload
                case Kind.HANG_UP:
                    return bytes(voice), "hung up"
                case Kind.ERROR:
                    return bytes(voice), f"error {frame.payload.hex()}"
                case Kind.IDENTITY:
                    raise Malformed("重复的身份", "a second UUID on one connection")
                case Kind.DIGIT:
                    pass  # keys are the ivr's business and reach it by FastAGI
        return bytes(voice), None

    def _refuse(self, failure: Exception) -> None:
        reason = failure.en if isinstance(failure, Malformed) else "no UUID in time"
        self.refused[reason] += 1
        _log.warning("audiosocket connection refused", reason=reason)
