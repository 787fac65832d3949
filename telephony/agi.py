"""The FastAGI server: Asterisk connects for each citizen, and the engine's handler has the leg in its hands.

Nothing a client does may cost more than its own session: lines, headers, waiting times and sessions are bounded, and
what is not FastAGI is logged and closed. Closing the socket is always safe: the dialplan goes on at its next line.
(panoramisk's server is not used: a client that connects and closes blocks its event loop for good.)
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hotline.errors import ConfigurationError
from telephony.agi_session import AgiSession
from telephony.agi_wire import BadDialogue, read_environment
from telephony.port import CallerGone, CallerSession

_log = structlog.get_logger()
_LONGEST_LINE = 8192
_MOST_HEADERS = 100
_HANDSHAKE_SECONDS = 5.0

AgiHandler = Callable[[CallerSession], Awaitable[None]]


class AgiServer:
    """Listens for Asterisk and gives each session to the handler of its path."""

    def __init__(
        self, host: str, port: int, *, most_sessions: int = 2000, handshake_seconds: float = _HANDSHAKE_SECONDS
    ) -> None:
        self._handshake_seconds = handshake_seconds
        self._host = host
        self._port = port
        self._most_sessions = most_sessions
        self._routes: dict[str, AgiHandler] = {}
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port listened on, for a server opened on port 0."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else self._port

    def route(self, path: str, handler: AgiHandler) -> None:
        """Sessions for ``agi://…/<path>`` go to ``handler``; when it returns, the dialplan goes on."""
        self._routes[path] = handler

    async def open(self) -> None:
        """Listen. ConfigurationError when the port is taken."""
        try:
            self._server = await asyncio.start_server(
                self._serve, self._host, self._port, limit=_LONGEST_LINE, start_serving=True
            )
        except OSError as failure:
            raise ConfigurationError(
                f"asterisk.agi_port {self._port} 无法监听(被占用?),请在 config.yaml 换一个端口",
                f"asterisk.agi_port {self._port} cannot be listened on ({failure.strerror}); choose another",
            ) from failure

    async def close(self) -> None:
        """Stop listening and give every leg back to the dialplan."""
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._sessions) >= self._most_sessions:
            _log.error("too many agi sessions", most=self._most_sessions)
            writer.close()
            return
        self._sessions.add(task)
        try:
            await self._hold(reader, writer)
        except asyncio.CancelledError:
            pass  # close(): ends here, or asyncio's own callback would log it as an error
        finally:
            self._sessions.discard(task)
            writer.close()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._handshake_seconds):
                environment = read_environment(await _opening_lines(reader))
        except (TimeoutError, ValueError, OSError) as failure:
            _log.warning("agi connection refused", why=str(failure) or "no environment in time")
            return
        session = AgiSession(environment, reader, writer)
        handler = self._routes.get(session.path)
        if handler is None:
            _log.error("no agi route", path=session.path[:80])
            return
        reading = asyncio.create_task(session.read())
        try:
            await handler(session)
        except CallerGone:
            pass
        except Exception:  # the edge of the session: the caller goes on in the dialplan
            _log.exception("agi handler failed", path=session.path, uniqueid=session.uniqueid)
        finally:
            session.end()
            reading.cancel()


async def _opening_lines(reader: asyncio.StreamReader) -> list[str]:
    lines: list[str] = []
    while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
        lines.append(line)
        if len(lines) > _MOST_HEADERS:
            raise BadDialogue("too many lines")
    return lines
