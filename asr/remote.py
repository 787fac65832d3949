"""An engine's view of one recognition host: whether it is up, and voices on it."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from asr import wire
from asr.encryption import engine_context
from asr.host import PING_SECONDS, PONG_SECONDS
from asr.recogniser import Heard, RecogniserFailed
from hotline.errors import HotlineError
from hotline.settings import AsrTls

_log = structlog.get_logger()

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 30.0
"""A host that is behind may take long; one that hangs misses its pings and is gone much sooner."""
_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0)
_FAULTS = (OSError, WebSocketException, TimeoutError, wire.Stranger)


class RemoteHost:
    """One host, watched by a connection of its own: when that breaks, all its voices break at once."""

    def __init__(self, address: str, secret: str, tls: AsrTls | None = None) -> None:
        self.address, self._tls = address, tls
        self.streams = 0
        """Live voices that it says it can follow; 0 until it said so."""
        self.voices: set[RemoteVoice] = set()
        self.changed: Callable[[], None] = lambda: None
        """Called when the host comes or goes."""
        self._secret = secret
        self._reached = asyncio.Event()
        self._quarrel = ""

    @property
    def up(self) -> bool:
        """Whether it answers."""
        return self._reached.is_set()

    async def reached(self) -> None:
        """Return once it answers."""
        await self._reached.wait()

    async def watch(self) -> None:
        """Keep the watching connection up until cancelled."""
        tries = 0
        while True:
            try:
                connection = await self.open(wire.WATCH)
                tries = 0
                self._reached.set()
                self.changed()
                _log.info("recognition host is up", host=self.address, streams=self.streams)
                try:
                    await connection.wait_closed()
                finally:
                    await self._lost(connection)
            except _FAULTS as failure:
                self._tell_once(failure)
            pause = _BACK_OFF[min(tries, len(_BACK_OFF) - 1)]
            tries += 1
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def open(self, wish: str) -> ClientConnection:
        """A connection past its greeting. Raises OSError, WebSocketException, TimeoutError, Stranger."""
        # Read each time: a renewed certificate needs no restart. On a thread: a machine trusts hundreds of others.
        context = await asyncio.to_thread(engine_context, self._tls)
        async with asyncio.timeout(_CONNECT_SECONDS):
            connection = await connect(
                f"{'wss' if context else 'ws'}://{self.address}/", ssl=context,
                compression=None, proxy=None, max_size=wire.LONGEST_SOUND,
                ping_interval=PING_SECONDS if wish == wire.WATCH else None, ping_timeout=PONG_SECONDS, close_timeout=1,
            )  # fmt: skip
            try:
                await self._greet(connection, wish)
            except BaseException:
                await connection.close()
                raise
            return connection

    async def _greet(self, connection: ClientConnection, wish: str) -> None:
        engines = wire.fresh_number()
        await connection.send(json.dumps({"version": wire.VERSION, "nonce": engines}))
        answer = wire.read_message(await connection.recv())
        hosts = wire.number_in(answer)
        wire.check_proof(answer.get("proof"), self._secret, wire.HOST, engines, hosts)
        shown = wire.proof(self._secret, wire.ENGINE, engines, hosts)
        await connection.send(json.dumps({"proof": shown, "wish": wish}))
        told = wire.read_message(await connection.recv())
        if isinstance(told.get("streams"), int):
            self.streams = told["streams"]

    async def _lost(self, connection: ClientConnection) -> None:
        self._reached.clear()
        self.changed()
        _log.error("recognition host is lost; its voices move", host=self.address, voices=len(self.voices))
        for voice in tuple(self.voices):
            voice.close()
        with suppress(*_FAULTS):
            await connection.close()

    def _tell_once(self, failure: Exception) -> None:
        reason = failure.en if isinstance(failure, HotlineError) else str(failure) or type(failure).__name__
        if reason != self._quarrel:
            self._quarrel = reason
            _log.error("recognition host cannot be used", host=self.address, reason=reason)


class RemoteVoice:
    """One voice on one host. After the first failure it is spoilt."""

    def __init__(self, host: RemoteHost, *, later: bool = False, call_id: str = "") -> None:
        self.host, self.call_id = host, call_id
        self._wish = wire.LATER if later else wire.VOICE
        self._connection: ClientConnection | None = None
        self._gone = False
        host.voices.add(self)

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        return await self._ask(audio)

    async def settle(self) -> Heard:
        if self._connection is None:
            return Heard("", settled=True)
        return (await self._ask(wire.SETTLE))[-1]

    def close(self) -> None:
        """It is not needed any more, or its host is lost: whoever waits for an answer is told at once."""
        self._gone = True
        self.host.voices.discard(self)
        if self._connection is not None:
            self._connection.transport.abort()

    async def _ask(self, message: bytes | str) -> Sequence[Heard]:
        if self._gone:
            raise RecogniserFailed("识别主机已断开", f"the recognition host {self.host.address} is lost")
        try:
            if self._connection is None:
                self._connection = await self.host.open(self._wish)
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._connection.send(message)
                return wire.read_heard(await self._connection.recv())
        except _FAULTS as failure:
            self.close()
            reason = f"{self.host.address}: {failure or type(failure).__name__}"
            raise RecogniserFailed("识别主机无应答", f"the recognition host failed: {reason}") from failure
        except asyncio.CancelledError:  # an answer is still on its way: nobody may take it for the next one's
            self.close()
            raise
