"""Asterisk's side of the AudioSocket, for tests: spies that connect over TCP and play voice at a chosen speed."""

import asyncio
import time
import wave
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import UUID

from asr.audiosocket import BYTES_PER_SECOND, Frame, Kind
from hotline.errors import Unavailable

_BATCH = 5
"""Frames per write: 100 ms."""


def read_wav(path: Path) -> bytes:
    """The samples of an 8 kHz mono file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return bytes(file.readframes(file.getnframes()))


def silence(seconds: float) -> bytes:
    """Digital silence."""
    return bytes(int(seconds * BYTES_PER_SECOND) // 320 * 320)


@dataclass
class FakeSpies:
    """Plays ``voices[uniqueid]`` into the socket; then keeps the line open and silent until it is stopped."""

    port: int
    voices: dict[str, bytes]
    speed: float = 1.0
    """Times real time."""
    cut_after: dict[str, int] = field(default_factory=dict)
    """Uniqueid → frames after which the first spy's socket is cut."""
    refusals: int = 0
    """Spies that Asterisk refuses first."""
    stopped: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._positions: dict[str, int] = {}
        self._played: dict[str, asyncio.Event] = {uniqueid: asyncio.Event() for uniqueid in self.voices}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        """As the telephony room offers it."""
        self.asked[uniqueid] += 1
        if self.refusals > 0:
            self.refusals -= 1
            raise Unavailable("拒绝", "refused, as scripted")
        spy = f"AudioSocket/{next(self._numbers)}"
        self._tasks[spy] = asyncio.create_task(self._play(uniqueid, UUID(stream)))
        return spy

    async def stop_spy(self, spy: str) -> None:
        """As the telephony room offers it."""
        self.stopped.append(spy)
        if task := self._tasks.pop(spy, None):
            task.cancel()
            await asyncio.wait([task])

    async def played(self, *uniqueids: str) -> None:
        """Wait until all of these voices have been played."""
        for uniqueid in uniqueids:
            await self._played[uniqueid].wait()

    async def _play(self, uniqueid: str, stream: UUID) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(Frame(Kind.IDENTITY, stream.bytes).encode())
            await self._play_voice(uniqueid, writer)
            await asyncio.Event().wait()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _play_voice(self, uniqueid: str, writer: asyncio.StreamWriter) -> None:
        voice, begun, sent = self.voices[uniqueid], time.monotonic(), 0
        cut = self.cut_after.pop(uniqueid, None)
        while (position := self._positions.get(uniqueid, 0)) < len(voice):
            if cut is not None and sent >= cut:
                raise ConnectionResetError("cut, as scripted")
            frames = [voice[at : at + 320] for at in range(position, min(position + 320 * _BATCH, len(voice)), 320)]
            writer.write(b"".join(Frame(Kind.AUDIO, frame).encode() for frame in frames))
            await writer.drain()
            self._positions[uniqueid] = position + sum(map(len, frames))
            sent += len(frames)
            await asyncio.sleep(max(0.0, begun + sent * 0.02 / self.speed - time.monotonic()))
        self._played[uniqueid].set()
