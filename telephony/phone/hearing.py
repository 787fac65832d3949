"""What a phone hears: the last two minutes of sound with their times, and waiting for a tone, a sound or silence.

Times are the event loop's (``loop.time()``, seconds), so that a test can measure from any instant to any other.
"""

import asyncio
import time
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from telephony.phone.mulaw import Samples
from telephony.phone.tones import LOUD, RATE, loudness, tone_share

_KEPT_SECONDS = 120
_GAP = 0.06  # seconds without a packet that count as a hole to be filled with silence


@dataclass(frozen=True)
class HeardPacket:
    """One RTP packet's sound. ``at``: loop clock, seconds; ``wall``: Unix time of arrival, seconds."""

    at: float
    wall: float
    samples: Samples = field(repr=False)


class Heard:
    """A ring of received packets. Everything happens on the event loop; nothing polls."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._packets: deque[HeardPacket] = deque(maxlen=_KEPT_SECONDS * 50)
        self._count = 0
        self._fresh = asyncio.Event()
        self._file: wave.Wave_write | None = None
        self._written_until = 0.0

    def add(self, samples: Samples) -> None:
        """Take the next packet."""
        packet = HeardPacket(self._loop.time(), time.time(), samples)
        self._packets.append(packet)
        self._count += 1
        if self._file is not None:
            self._write(packet)
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()

    def packets(self, since: float = 0.0) -> list[HeardPacket]:
        """What came at or after ``since`` (loop clock) and is still kept."""
        return [packet for packet in self._packets if packet.at >= since]

    def samples(self, since: float = 0.0) -> Samples:
        """The sound itself, packet after packet (holes are not filled)."""
        parts = [packet.samples for packet in self.packets(since)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    async def tone(self, hz: float, timeout: float, since: float | None = None) -> float:
        """Seconds from ``since`` (default: now) to the first of two packets in a row with ``hz``; ``TimeoutError``."""
        return await self._run(2, lambda p: loudness(p) > LOUD and tone_share(p, hz) > 0.7, timeout, since)

    async def sound(self, timeout: float, since: float | None = None) -> float:
        """Seconds from ``since`` (default: now) to the first of three loud packets in a row; ``TimeoutError``."""
        return await self._run(3, lambda p: loudness(p) > LOUD, timeout, since)

    async def silence(self, seconds: float, timeout: float) -> None:
        """Until nothing loud has come for ``seconds`` (no packets at all is silence too); ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            quiet_since = self._loop.time()
            while (left := quiet_since + seconds - self._loop.time()) > 0:
                count = self._count
                try:
                    async with asyncio.timeout(left):
                        await self._fresh.wait()
                except TimeoutError:
                    return
                if any(loudness(p.samples) > LOUD for p in self._after(count)):
                    quiet_since = self._loop.time()

    def record_to(self, path: Path) -> None:
        """Write what is heard from now on to a wav of 8 kHz mono; holes become silence. ``stop_recording`` ends it."""
        self.stop_recording()
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  (lives as long as the call)
        self._file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        self._written_until = self._loop.time()

    def stop_recording(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, packet: HeardPacket) -> None:
        assert self._file is not None
        duration = len(packet.samples) / RATE
        hole = packet.at - duration - self._written_until
        if hole > _GAP:
            self._file.writeframesraw(b"\0\0" * int(hole * RATE))
            self._written_until += hole
        self._file.writeframesraw(packet.samples.astype("<i2").tobytes())
        self._written_until += duration

    def _after(self, count: int) -> list[HeardPacket]:
        fresh = min(self._count - count, len(self._packets))
        return list(self._packets)[len(self._packets) - fresh :]

    async def _run(self, length: int, judge: Callable[[Samples], bool], timeout: float, since: float | None) -> float:
        start = self._loop.time() if since is None else since
        run: list[HeardPacket] = []
        async with asyncio.timeout(timeout):
            waiting = self.packets(start)
            while True:
                count = self._count
                for packet in waiting:
                    run = [*run, packet] if judge(packet.samples) else []
                    if len(run) == length:
                        return run[0].at - start
                await self._fresh.wait()
                waiting = self._after(count)
