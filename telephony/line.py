"""The telephone line as one object: link, verbs, observations and FastAGI, opened and closed together."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from telephony.ami import AmiAddress
from telephony.observations import Observation
from telephony.port import CallerSession, Telephony

AgiHandler = Callable[[CallerSession], Awaitable[None]]


class TelephonyLine:
    """See the package's docstring for its use."""

    telephone: Telephony

    def __init__(
        self,
        ami: AmiAddress,
        publish: Callable[[Observation], None],
        *,
        agi_port: int,
        agi_host: str = "127.0.0.1",
        audiosocket: tuple[str, int] = ("127.0.0.1", 9092),
        heartbeat_seconds: float = 1.0,
        reconcile_seconds: float = 5.0,
    ) -> None: ...

    async def __aenter__(self) -> Self:
        """Listen for AGI, connect, take the first snapshot. ConfigurationError: wrong password, port taken.

        An Asterisk that does not answer within 10 s is no error: the line stays down and keeps trying.
        """
        raise NotImplementedError

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        raise NotImplementedError

    def route(self, path: str, handler: AgiHandler) -> None:
        """Give callers that come for ``agi://…/<path>`` to ``handler``; when it returns, the dialplan goes on."""

    def stop_heartbeat(self) -> None:
        """Let new citizens go straight to the fallback queue (first step of an orderly shutdown)."""

    async def watch(self) -> None:
        """Run until closed. Raises ConfigurationError when Asterisk refuses our password later on."""
