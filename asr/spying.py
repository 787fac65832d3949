"""Keeps an ear on a channel while its call lives: asks for a spy, waits for it, and asks again when it dies.

A spy may die alone (Asterisk refused it, the socket was cut); the call knows nothing of it. Tries are bounded and
spaced, and start afresh once a spy has lived a while.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import structlog

from asr.audiosocket import AudioSocketServer
from asr.leg import Leg
from hotline.clock import Clock
from hotline.errors import HotlineError

_log = structlog.get_logger()

BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries; after the last one the leg is given up."""
_CONNECT_SECONDS = 5.0
_HEALTHY_SECONDS = 10.0
_LAST_WORDS_SECONDS = 0.5
"""How long what is still in the socket may take to come once the call has ended."""


class Spying(Protocol):
    """The telephony room's verbs that we need. They raise HotlineError."""

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        """Send what this leg says to our AudioSocket, under the UUID ``stream``; the spy's channel."""
        ...

    async def stop_spy(self, spy: str) -> None:
        """End a spy, if it has not ended by itself."""
        ...


class _Connection:
    """One spy's connection: hands its voice to the leg and remembers whether it came and went."""

    def __init__(self, leg: Leg) -> None:
        self.came = asyncio.Event()
        self.gone = asyncio.Event()
        self.why = ""
        self._leg = leg

    def connected(self) -> None:
        self.came.set()

    def heard(self, audio: bytes, arrived: datetime) -> None:
        self._leg.heard(audio, arrived)

    def disconnected(self, why: str) -> None:
        self.why = why
        self.gone.set()


class SpiedLeg:
    """A leg and the spy that feeds it."""

    def __init__(
        self,
        leg: Leg,
        uniqueid: str,
        *,
        spying: Spying,
        door: AudioSocketServer,
        clock: Clock,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self.leg = leg
        self.uniqueid = uniqueid
        self.tries = 0
        """Spies asked for so far."""
        self._spying, self._door, self._clock, self._back_off = spying, door, clock, back_off
        self._ending = asyncio.Event()

    @property
    def ending(self) -> bool:
        """Whether ``end`` was called."""
        return self._ending.is_set()

    def end(self) -> None:
        """The call is over, or this leg is not wanted any more."""
        self._ending.set()

    async def run(self) -> None:
        """Spy until ``end``, or until the tries are used up. Raises nothing of its own."""
        failures = 0
        while not self.ending:
            begun = self._clock.monotonic()
            await self._spy_once()
            if self._clock.monotonic() - begun > _HEALTHY_SECONDS:
                failures = 0
            if self.ending:
                return
            if failures == len(self._back_off):
                _log.warning("spy given up", call_id=self.leg.call_id, who=self.leg.who, tries=self.tries)
                return
            await _first_of(self._ending, timeout=self._back_off[failures])
            failures += 1

    async def _spy_once(self) -> None:
        identity, connection = uuid4(), _Connection(self.leg)
        self.tries += 1
        self._door.expect(identity, connection)
        spy: str | None = None
        try:
            spy = await self._spying.spy_audio(self.uniqueid, str(identity))
            await _first_of(connection.came, self._ending, timeout=_CONNECT_SECONDS)
            if connection.came.is_set():
                await _first_of(connection.gone, self._ending)
            reason = connection.why or "never connected"
        except HotlineError as failure:
            reason = failure.en
        finally:
            await self._stop(spy, connection)
            self._door.forget(identity)
        if not self.ending:
            _log.info("spy ended early", call_id=self.leg.call_id, who=self.leg.who, reason=reason)

    async def _stop(self, spy: str | None, connection: _Connection) -> None:
        if spy is not None and not connection.gone.is_set():
            with suppress(HotlineError):
                await self._spying.stop_spy(spy)
        if connection.came.is_set():
            await _first_of(connection.gone, timeout=_LAST_WORDS_SECONDS)


async def _first_of(*events: asyncio.Event, timeout: float | None = None) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
