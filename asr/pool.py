"""Recognition on several machines: each call is given to one, and moves to another when that one fails.

What a voice said since its last settled words is kept, a minute of it at most: when its host is lost the next one hears
that again, and the sentence goes on whole. While no host answers the engine decodes by itself, if it has a model.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

import structlog

from asr.audiosocket import BYTES_PER_SECOND
from asr.recogniser import Heard, Recogniser, RecogniserFailed, Voice
from asr.remote import RemoteHost, RemoteVoice
from hotline.errors import Unavailable
from hotline.settings import AsrTls

_log = structlog.get_logger()

_MOST_KEPT = 60 * BYTES_PER_SECOND
_AGAIN = 4 * BYTES_PER_SECOND
"""Bytes per message when what was said is said again."""
_FIRST_ANSWER_SECONDS = 3.0
_PATIENCE = 20.0
"""How long a voice waits for a host to come back; what it says meanwhile is kept by its leg."""


@dataclass(frozen=True, slots=True)
class HostView:
    """One machine as a supervisor sees it."""

    address: str
    up: bool
    streams: int
    voices: int


class Pool:
    """A recogniser made of many. Make it with ``open_pool``."""

    def __init__(self, hosts: Sequence[RemoteHost], own: Recogniser | None, own_streams: int) -> None:
        self._hosts, self._own, self._own_streams = hosts, own, own_streams
        self.moved = 0
        """Times that a voice went on elsewhere because its machine failed."""

    def on_change(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever a machine comes or goes."""
        for host in self._hosts:
            host.changed = changed

    @property
    def streams(self) -> int:
        """Live voices that the machines that are up can follow together."""
        up = sum(host.streams for host in self._hosts if host.up)
        return up or (self._own_streams if self._own is not None else 0)

    @property
    def views(self) -> list[HostView]:
        """The machines, for whoever watches."""
        return [HostView(host.address, host.up, host.streams, len(host.voices)) for host in self._hosts]

    def open_voice(self, *, later: bool = False, call_id: str = "") -> "PooledVoice":
        """A fresh stream; which machine follows it is decided when it first says something."""
        return PooledVoice(self, later=later, call_id=call_id)

    async def place(self, call_id: str, failed: Sequence[str], *, later: bool) -> Voice:
        """A voice on the machine of this call, else on the one with most room. Raises RecogniserFailed."""
        host = self._choose(call_id, failed)
        if host is None and self._own is None:
            await self._any_host()
            host = self._choose(call_id, ())
        if host is not None:
            return RemoteVoice(host, later=later, call_id=call_id)
        if self._own is None:
            raise RecogniserFailed("没有可用的识别主机", "no recognition host answers, and the engine has no model")
        return self._own.open_voice(later=later, call_id=call_id)

    def _choose(self, call_id: str, failed: Sequence[str]) -> RemoteHost | None:
        up = [host for host in self._hosts if host.up and host.address not in failed]
        of_call = (host for host in up if any(call_id and voice.call_id == call_id for voice in host.voices))
        roomiest = min(up, key=lambda host: len(host.voices) / max(host.streams, 1), default=None)
        return next(of_call, roomiest)

    async def _any_host(self) -> None:
        waiting = [asyncio.create_task(host.reached()) for host in self._hosts]
        await asyncio.wait(waiting, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


class PooledVoice:
    """One voice, wherever it is followed."""

    def __init__(self, pool: Pool, *, later: bool, call_id: str) -> None:
        self._pool, self._later, self._call_id = pool, later, call_id
        self._voice: Voice | None = None
        self._kept = bytearray()
        self._fed = 0.0
        self._shift = 0.0
        """Seconds said before the machine at hand began to listen: it counts from there."""

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        self._kept += audio
        self._fed += len(audio) / BYTES_PER_SECOND
        del self._kept[: max(len(self._kept) - _MOST_KEPT, 0)]
        heard = await self._step(audio)
        if any(one.settled for one in heard):
            self._kept.clear()
        return heard

    async def settle(self) -> Heard:
        if self._voice is None and not self._kept:
            return Heard("", settled=True)
        heard = await self._step(None)
        self._kept.clear()
        return _joined(heard)

    def close(self) -> None:
        if self._voice is not None:
            self._voice.close()

    async def _step(self, audio: bytes | None) -> list[Heard]:
        """Hear, or settle; when the machine at hand fails, on another one, which first hears what was kept."""
        failed: list[str] = []
        while True:
            try:
                if self._voice is None:
                    self._voice = await self._pool.place(self._call_id, failed, later=self._later)
                    said = await self._hear_again(self._voice)
                else:
                    said = list(await self._voice.hear(audio)) if audio else []
                if audio is None:
                    said = [*(one for one in said if one.settled), await self._voice.settle()]
                return [_later_by(self._shift, one) for one in said]
            except Unavailable as failure:
                spoilt, self._voice = self._voice, None
                if not isinstance(spoilt, RemoteVoice):
                    raise
                spoilt.close()
                failed.append(spoilt.host.address)
                self._pool.moved += 1
                _log.warning("a voice moves", call_id=self._call_id, reason=failure.en)

    async def _hear_again(self, voice: Voice) -> list[Heard]:
        self._shift = self._fed - len(self._kept) / BYTES_PER_SECOND
        heard: list[Heard] = []
        for at in range(0, len(self._kept), _AGAIN):
            heard = [one for one in heard if one.settled]
            heard += await voice.hear(bytes(self._kept[at : at + _AGAIN]))
        return heard


def _later_by(seconds: float, heard: Heard) -> Heard:
    words = (replace(word, start=word.start + seconds, end=word.end + seconds) for word in heard.words)
    return replace(heard, words=tuple(words)) if seconds else heard


def _joined(heard: Sequence[Heard]) -> Heard:
    """What settled while it was heard again, and what settled last, as one."""
    said = [one for one in heard if one.text]
    return Heard("".join(one.text for one in said), tuple(word for one in said for word in one.words), settled=True)


@asynccontextmanager
async def open_pool(
    addresses: Sequence[str], secret: str, *, own: Recogniser | None, own_streams: int, tls: AsrTls | None = None
) -> AsyncIterator[Pool]:
    """Watch the hosts; waits a moment for the first to answer, and goes on without."""
    hosts = [RemoteHost(address, secret, tls) for address in addresses]
    async with AsyncExitStack() as stack:
        for host in hosts:
            watching = asyncio.create_task(host.watch(), name=f"recognition host {host.address}")
            stack.push_async_callback(_ended, watching)
        first = [asyncio.create_task(host.reached()) for host in hosts]
        _, late = await asyncio.wait(first, timeout=_FIRST_ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        yield Pool(hosts, own, own_streams)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
