"""The telephone line as one object: link, verbs, observations and FastAGI, opened and closed together."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

import structlog

from hotline.clock import Clock, SystemClock
from hotline.errors import Unavailable
from telephony.agi import AgiHandler, AgiServer
from telephony.ami import AmiAddress, AmiLink, Patience
from telephony.desk_phones import DeskPhones
from telephony.heartbeat import Heartbeat
from telephony.observations import LinkUp, Observation
from telephony.reconciliation import Reconciler
from telephony.verbs import Telephone

_log = structlog.get_logger()


class TelephonyLine:
    """See the package's docstring for its use."""

    def __init__(
        self,
        ami: AmiAddress,
        publish: Callable[[Observation], None],
        *,
        agi_port: int,
        agi_host: str = "127.0.0.1",
        audiosocket: tuple[str, int] = ("127.0.0.1", 9092),
        clock: Clock | None = None,
        heartbeat_seconds: float = 1.0,
        reconcile_seconds: float = 5.0,
        connect_seconds: float = 10.0,
        seats: Iterable[str] = (),
        patience: Patience = Patience(),
    ) -> None:
        self.link = AmiLink(ami, patience=patience)
        self.telephone = Telephone(self.link, audiosocket)
        phones = DeskPhones(self.telephone, self._tell, seats)
        self.reconciler = Reconciler(self.link, self.telephone, self._tell, reconcile_seconds, phones)
        self._agi = AgiServer(agi_host, agi_port)
        self._heartbeat = Heartbeat(self.telephone, clock or SystemClock(), heartbeat_seconds)
        self._publish = publish
        self._connect_seconds = connect_seconds
        self._stack = AsyncExitStack()
        self._reconciling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen for AGI, connect, take the first snapshot. ConfigurationError: wrong password, port taken.

        An Asterisk that does not answer in time is no error: the line stays down and keeps trying.
        No citizen is sent to us yet: see ``watch``.
        """
        async with AsyncExitStack() as stack:
            await self._agi.open()
            stack.push_async_callback(self._agi.close)
            stack.push_async_callback(self.link.close)
            try:
                await self.link.connect(self._connect_seconds)
            except Unavailable as failure:
                _log.error("telephony starts without Asterisk", why=failure.en)
            self._reconciling = asyncio.create_task(self.reconciler.run(), name="reconciler")
            stack.push_async_callback(_cancel, self._reconciling)
            if self.link.up:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._connect_seconds):
                        await self.reconciler.seen.wait()
            stack.push_async_callback(self._heartbeat.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def route(self, path: str, handler: AgiHandler) -> None:
        """Give callers that come for ``agi://…/<path>`` to ``handler``; when it returns, the dialplan goes on."""
        self._agi.route(path, handler)

    async def stop_heartbeat(self) -> None:
        """Let new citizens go straight to the fallback queue (first step of an orderly shutdown)."""
        await self._heartbeat.stop()

    async def watch(self) -> None:
        """Beat the heart, so that citizens come to us, until cancelled or closed: for the engine's TaskGroup.

        Raises ConfigurationError when Asterisk refuses our password later on, and what stopped the reconciler:
        an engine that no longer sees the legs must not go on deciding.
        """
        beating = asyncio.create_task(self._heartbeat.run(), name="heartbeat")
        watching = asyncio.create_task(self.link.watch(), name="link watch")
        ends = [watching] if self._reconciling is None else [watching, self._reconciling]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():  # closed
                    task.result()
        finally:
            await _cancel(watching, beating)

    def _tell(self, observation: Observation) -> None:
        if isinstance(observation, LinkUp):
            self._heartbeat.beat_now()
        self._publish(observation)


async def _cancel(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
