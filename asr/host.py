"""``hotline asr --listen``: recognition on a machine of its own, for engines that know the secret.

One WebSocket is one voice: sound in, results out, one answer for each message, so that a slow voice holds back only
itself. An engine keeps one more open, over which nothing but pings go: by it either side notices at once that the
other is gone. A host keeps nothing: what an engine did not get an answer for, it says again to another host.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from asr import wire
from asr.encryption import refuse_open_door
from asr.recogniser import Recogniser, Voice
from hotline.errors import ConfigurationError, Unavailable

_log = structlog.get_logger()

PING_SECONDS, PONG_SECONDS = 2.0, 4.0
_GREETING_SECONDS = 5.0
_STRANGER = 4401
_FAILED = 4500


@dataclass(frozen=True, slots=True)
class HostFigures:
    """What a host can do, told to engines."""

    model: str
    streams: int
    """Live voices that it follows at real time."""


class RecognitionHost:
    """Answers engines. Make it with ``open_host``."""

    def __init__(self, recogniser: Recogniser, figures: HostFigures, secret: str) -> None:
        self._recogniser, self._figures, self._secret = recogniser, figures, secret
        self.voices = 0
        """Voices open now."""
        self.refused = 0

    async def serve(self, peer: ServerConnection) -> None:
        """One connection from its greeting to its end."""
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                wish = await self._greet(peer)
        except (wire.Stranger, TimeoutError, ConnectionClosed) as failure:
            self.refused += 1
            _log.warning("a stranger was refused", peer=_address(peer), reason=str(failure) or "no greeting in time")
            await peer.close(_STRANGER, "unknown")
            return
        with suppress(ConnectionClosed):
            match wish:
                case wire.WATCH:
                    await peer.wait_closed()
                case wire.VOICE | wire.LATER:
                    await self._follow(peer, self._recogniser.open_voice(later=wish == wire.LATER))

    async def _greet(self, peer: ServerConnection) -> str:
        engines, hosts = wire.number_in(wire.read_message(await peer.recv())), wire.fresh_number()
        shown = wire.proof(self._secret, wire.HOST, engines, hosts)
        await peer.send(json.dumps({"version": wire.VERSION, "nonce": hosts, "proof": shown}))
        answer = wire.read_message(await peer.recv())
        wire.check_proof(answer.get("proof"), self._secret, wire.ENGINE, engines, hosts)
        await peer.send(json.dumps({"model": self._figures.model, "streams": self._figures.streams}))
        return str(answer.get("wish"))

    async def _follow(self, peer: ServerConnection, voice: Voice) -> None:
        self.voices += 1
        try:
            async for message in peer:
                heard = await voice.hear(message) if isinstance(message, bytes) else [await voice.settle()]
                await peer.send(wire.write_heard(heard))
        except Unavailable as failure:  # the voice is spoilt: the engine opens another, perhaps elsewhere
            _log.warning("a voice failed", reason=failure.en)
            await peer.close(_FAILED, "failed")
        finally:
            voice.close()
            self.voices -= 1


@asynccontextmanager
async def open_host(
    host: str,
    port: int,
    recogniser: Recogniser,
    figures: HostFigures,
    secret: str,
    *,
    tls: ssl.SSLContext | None = None,
    unencrypted: bool = False,
) -> AsyncIterator[tuple[RecognitionHost, int]]:
    """Listen; the host and its port. Raises ConfigurationError: weak secret, nothing to encrypt with, port taken."""
    refuse_open_door(host, tls, unencrypted=unencrypted)
    if len(secret) < wire.LEAST_SECRET:
        raise ConfigurationError(
            f"识别主机口令(HOTLINE_ASR_SECRET)至少需要 {wire.LEAST_SECRET} 个字符",
            f"HOTLINE_ASR_SECRET needs at least {wire.LEAST_SECRET} characters",
        )
    served = RecognitionHost(recogniser, figures, secret)
    try:
        server = await serve(
            served.serve, host, port, ssl=tls, compression=None, max_size=wire.LONGEST_SOUND,
            ping_interval=PING_SECONDS, ping_timeout=PONG_SECONDS, close_timeout=1,
        )  # fmt: skip
    except OSError as failure:
        raise ConfigurationError(
            f"无法监听 {host}:{port},端口已被占用或地址不是本机的",
            f"cannot listen on {host}:{port}: {failure.strerror}",
        ) from failure
    try:
        yield served, _port_of(server)
    finally:
        server.close()
        await server.wait_closed()


def _port_of(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def _address(peer: ServerConnection) -> str:
    return str((peer.remote_address or ("?",))[0])
