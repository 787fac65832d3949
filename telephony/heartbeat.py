"""The engine's heartbeat: a global of the dialplan that says when the engine last was able to decide.

A killed engine closes its sockets, a hung one keeps them: the dialplan compares the beat with its own clock and sends
citizens straight to the fallback queue when it is old. A blocked event loop stops it too.
"""

import asyncio

import structlog

from hotline.clock import Clock
from hotline.errors import Unavailable
from telephony.port import Refused
from telephony.verbs import Telephone

HEARTBEAT = "HOTLINE_HEARTBEAT"
_log = structlog.get_logger()


class Heartbeat:
    """Beats every ``every`` seconds while the link is up, until ``stop``; never again after it."""

    def __init__(self, telephone: Telephone, clock: Clock, every: float = 1.0) -> None:
        self._telephone = telephone
        self._clock = clock
        self._every = every
        self._stopped = False
        self._due = asyncio.Event()

    async def run(self) -> None:
        """Beat until stopped."""
        while not self._stopped:
            self._due.clear()
            await self._set(int(self._clock.now().timestamp()))
            try:
                async with asyncio.timeout(self._every):
                    await self._due.wait()
            except TimeoutError:
                continue

    def beat_now(self) -> None:
        """The link came up, perhaps to an Asterisk that knows no beat: do not let a citizen find it without one."""
        self._due.set()

    async def stop(self) -> None:
        """Take no more citizens: the beat is set to 0, so that nobody waits for it to grow old."""
        self._stopped = True
        self._due.set()
        await self._set(0)

    async def _set(self, seconds: int) -> None:
        if not self._telephone.up:
            return
        try:
            await self._telephone.set_global(HEARTBEAT, str(seconds))
        except (Unavailable, Refused) as failure:
            _log.warning("heartbeat not set", why=failure.en)
