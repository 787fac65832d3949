"""panoramisk's protocol, action and manager with their faults repaired; the only file that imports panoramisk.

Kept of panoramisk: the connection's life, the wire form of an action, the registry of pending actions. Repaired (1.4;
each fault with a test in ``tests/integration/test_ami_faults.py``): whole messages are decoded, not packets; an
exception in a callback is logged and counted; a lost link fails what was pending, never replays it; an action says
which answer it expects instead of guessing from English sentences; an event that answers an action also reaches the
callbacks; a ``Shutdown`` event is not believed; CR and LF are refused. The items of a long list can be kept as they
came, for whoever asked to parse them in pieces.
Reconnecting, login and pings are ``ami.AmiLink``'s.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from hotline.errors import RuleBroken, Unavailable
from telephony.messages import AmiMessage, fault, parse

_log = structlog.get_logger()
_MOST_BYTES = 1 << 20
"""A message longer than this is no AMI: the link is dropped."""

Fields = Mapping[str, str | Sequence[str]]
Callback = Callable[[AmiMessage], None]


class Expect(Enum):
    """Which message completes an action."""

    REPLY = auto()
    """Its response."""
    LIST = auto()
    """The event that closes the list, or an error response."""
    ORIGINATE = auto()
    """Its OriginateResponse, which may come before its response; or an error response."""


class PendingAction(Action):  # type: ignore[misc]
    """An action on its way. ``future`` gets the list of messages that answered it.

    ``told`` is called as soon as there is an answer or an error. ``unparsed``: a list's items are kept in ``blocks``.
    """

    def __init__(self, name: str, fields: Fields, expect: Expect, *, unparsed: bool = False) -> None:
        super().__init__({"Action": name, **refuse_line_breaks(fields), "ActionID": secrets.token_hex(16)})
        self.expect = expect
        self.told: Callable[[], None] | None = None
        self.blocks: list[bytes] = []
        self.mark = f"\r\nActionID: {self.action_id}".encode() if unparsed else b""

    def add_message(self, message: AmiMessage) -> bool:
        """Take one answer; True when it was the last."""
        self.responses.append(message)
        if not self._completed_by(message):
            return False
        if not self.future.done():
            self.future.set_result(self.responses)
            self._tell()
        return True

    def fail(self, error: Exception) -> None:
        """Give the caller an error instead of an answer."""
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # marks it as seen: the caller may have been cancelled
            self._tell()

    def _tell(self) -> None:
        if self.told is not None:
            self.told()

    def _completed_by(self, message: AmiMessage) -> bool:
        refused = not message.event and message.response not in ("Success", "Follows", "Goodbye")
        match self.expect:
            case Expect.REPLY:
                return not message.event
            case Expect.LIST:
                return refused or message.ends_list
            case Expect.ORIGINATE:
                return refused or message.event == "OriginateResponse"


class RepairedProtocol(AMIProtocol):  # type: ignore[misc]
    """One connection. Events nobody wants are thrown away before they are parsed."""

    version: str | None
    closed: bool
    responses: dict[str, PendingAction]
    factory: "RepairedManager"

    def __init__(self, manager: "RepairedManager") -> None:
        self._manager = manager
        self._rest = b""
        self._unparsed: list[PendingAction] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self._manager
        self.encoding = "utf-8"
        self.transport.set_write_buffer_limits(high=0)  # written at once, not when the loop has done all else

    def send(self, data: PendingAction, as_list: bool = False) -> "asyncio.Future[list[AmiMessage]]":
        self.responses[data.action_id] = data
        if data.mark:
            self._unparsed = [action for action in self._unparsed if not action.future.done()] + [data]
        self.transport.write(str(data).encode())
        future: asyncio.Future[list[AmiMessage]] = data.future
        return future

    def data_received(self, data: bytes) -> None:
        *blocks, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for block in blocks:
            try:
                self._take(block)
            except Exception:  # the edge of the loop: one bad message must not cost the link
                self.factory.counts["failed"] += 1
                _log.exception("ami message failed")
        if len(self._rest) > _MOST_BYTES:
            _log.error("ami message without an end", bytes=len(self._rest))
            self._rest = b""
            self.transport.abort()
        self.factory.on_read()

    def _take(self, block: bytes) -> None:
        block = block.lstrip(b"\r\n")
        if self.version is None and block.startswith(b"Asterisk Call Manager/"):
            greeting, _, block = block.partition(b"\r\n")
            self.version = greeting.rpartition(b"/")[2].decode("ascii", "replace")
        if block.startswith(b"Event: "):
            if self._unparsed and b"\r\nEventList: " not in block and self._keep(block):
                return
            end = block.find(b"\r\n")
            name = block[7 : end if end > 0 else None]
            if name not in self.factory.wanted and not (self.responses and b"\r\nActionID: " in block):
                self.factory.counts["skipped"] += 1
                return
        self.handle_message(parse(block))

    def _keep(self, block: bytes) -> bool:
        """Whether it is an item of a list that is parsed later."""
        for action in self._unparsed:
            if action.mark in block and not action.future.done():
                action.blocks.append(block)
                return True
        return False

    def handle_message(self, message: AmiMessage) -> None:
        action = self.responses.get(message.action_id)
        if action is not None and action.add_message(message):
            self.responses.pop(message.action_id, None)
        if not message.event or message.event.encode() not in self.factory.wanted:
            return
        wrong = fault(message)
        if wrong is None:
            self.factory.dispatch(message)
        else:
            self.factory.counts["malformed"] += 1
            _log.warning("ami event refused", event_name=message.event[:40], fault=wrong)

    def connection_lost(self, exc: Exception | None) -> None:
        was_closed, self.closed = self.closed, True
        self._fail_pending()
        if not was_closed:
            self.factory.connection_lost(exc)

    def close(self) -> None:
        """End the connection at once; nothing is kept for a replay."""
        self.closed = True
        self._fail_pending()
        self.transport.abort()

    def _fail_pending(self) -> None:
        pending, self.responses = list(self.responses.values()), {}
        for action in pending:
            action.fail(lost())


class RepairedManager(Manager):  # type: ignore[misc]
    """One connection's owner. It connects when told and never by itself."""

    def __init__(
        self, host: str, port: int, wanted: frozenset[str], on_lost: Callable[[Exception | None], None]
    ) -> None:
        super().__init__(host=host, port=port)
        self.callbacks.clear()  # panoramisk replays actions on FullyBooted through these
        self.patterns.clear()
        self.wanted = frozenset(name.encode() for name in wanted)
        self.counts: Counter[str] = Counter()
        self.on_read: Callable[[], None] = _nothing
        """Called when all of what came in one go was handed out."""
        self._listeners: list[Callback] = []
        self._on_lost = on_lost

    async def open(self) -> None:
        """Connect. Raises OSError. Bound it in time from outside."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(
            lambda: RepairedProtocol(self), self.config["host"], self.config["port"]
        )
        self.protocol = protocol

    def send(self, action: PendingAction) -> "asyncio.Future[list[AmiMessage]]":
        """Send one action. Raises Unavailable when there is no connection."""
        if self.protocol is None or self.protocol.closed:
            raise lost()
        future: asyncio.Future[list[AmiMessage]] = self.protocol.send(action)
        return future

    def forget(self, action: PendingAction) -> None:
        """Stop waiting for an action's answer."""
        if self.protocol is not None:
            self.protocol.responses.pop(action.action_id, None)

    def listen(self, callback: Callback) -> None:
        """Hand every wanted event to a plain function, in order, as it is read."""
        self._listeners.append(callback)

    def dispatch(self, event: AmiMessage) -> None:
        for callback in self._listeners:
            try:
                callback(event)
            except Exception:  # a callback's fault must not cost the link
                self.counts["callback_failed"] += 1
                _log.exception("ami callback failed", event_name=event.event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(exc)

    def close(self) -> None:
        if self.protocol is not None:
            self.protocol.close()


def _nothing() -> None:
    pass


def lost() -> Unavailable:
    """The error of an action that may or may not have been carried out."""
    return Unavailable("话务平台连接中断", "the link to Asterisk is down")


def refuse_line_breaks(fields: Fields) -> Fields:
    """The same fields; RuleBroken when a key or value could end the line and begin another action."""
    for key, value in fields.items():
        for text in (key, value) if isinstance(value, str) else (key, *value):
            if any(character in text for character in "\r\n\0"):
                raise RuleBroken(f"{key[:40]!r} 含有换行符", f"{key[:40]!r} contains a line break", code="line_break")
    return fields
