"""The AMI link: one connection to Asterisk's manager that logs in, is watched, and comes back by itself.

``connect`` starts a keeper task that lives until ``close``: connect, log in, ping, and after a loss try again with
growing, jittered pauses. Everything read goes, in order, into one bounded ``stream``: events, and a ``LinkNotice``
whenever the link's state changed or events were lost, upon which the reader must take a fresh snapshot.
An action is sent at most once. When its answer does not come, the caller gets ``Unavailable`` and has to ask Asterisk
what happened; whatever must not happen twice therefore carries a name of ours (``ChannelId``).
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

import structlog

from hotline.errors import ConfigurationError, Unavailable
from telephony.ami_stream import AmiStream, LinkNotice
from telephony.messages import AmiMessage
from telephony.panoramisk_repaired import Callback, Expect, Fields, PendingAction, RepairedManager
from telephony.port import Refused

_log = structlog.get_logger()

EVENTS = frozenset(
    {
        "Newchannel",
        "Newstate",
        "Hangup",
        "BridgeEnter",
        "BridgeLeave",
        "UserEvent",
        "DeviceStateChange",
        "FullyBooted",
    }
)
"""The events that the house reads. All others are thrown away unparsed."""


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where the manager interface is and who we are there."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the link waits for what, in seconds."""

    action: float = 5.0
    """For an action's answer."""
    login: float = 10.0
    """For connecting, logging in and Asterisk being fully booted."""
    ping_every: float = 5.0
    ping: float = 5.0
    """For a ping's answer; without it the link counts as lost."""
    first_pause: float = 0.2
    """Before the second attempt to connect; doubled each time."""
    longest_pause: float = 5.0


class Listing:
    """A list that was asked for, while and after it comes."""

    def __init__(self, action: PendingAction) -> None:
        self._action = action

    @property
    def done(self) -> bool:
        """True when it is complete, or will never be."""
        return bool(self._action.future.done())

    @property
    def blocks(self) -> list[bytes]:
        """The items that were asked for unparsed, once it is ``done``. Raises as ``AmiLink.action``."""
        _checked(self._action)
        return self._action.blocks

    @property
    def items(self) -> list[AmiMessage]:
        """The items, once it is ``done``. Raises as ``AmiLink.action``."""
        return [answer for answer in _checked(self._action) if answer.event and not answer.ends_list]


class LinkState(Enum):
    """What the link can do now."""

    DOWN = auto()
    UP = auto()
    REFUSED = auto()
    """Asterisk refused our name or password: a person has to act, so it is not tried again."""
    CLOSED = auto()


class AmiLink:
    """The link to one Asterisk. All methods belong to one event loop."""

    def __init__(
        self,
        address: AmiAddress,
        *,
        events: frozenset[str] = EVENTS,
        patience: Patience = Patience(),
        capacity: int = 10_000,
    ) -> None:
        self.state = LinkState.DOWN
        self.counts: Counter[str] = Counter()
        """skipped, malformed, failed, callback_failed, overruns, connects: for the metrics page."""
        self._address = address
        self._events = events | {"FullyBooted"}
        self._patience = patience
        self._stream = AmiStream(capacity)
        self._listeners: list[Callback] = [self._put]
        self._manager: RepairedManager | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        """Set once the first attempt to log in was answered, either way."""
        self._refusal: ConfigurationError | None = None

    @property
    def up(self) -> bool:
        """True while actions can be sent."""
        return self.state is LinkState.UP

    async def connect(self, wait: float = 10.0) -> None:
        """Start the link and wait until it is up, at most ``wait`` seconds.

        Raises ConfigurationError when Asterisk refuses our name or password, Unavailable when it was not up in time:
        then the link goes on trying in the background until ``close``.
        """
        if self._keeper is not None:
            raise RuntimeError("an AmiLink is connected once; make a new one")
        self._keeper = asyncio.create_task(self._keep(), name="ami link")
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._settled.wait()
        if self._refusal is not None:
            raise self._refusal
        if not self.up:
            raise Unavailable("话务平台没有应答", f"no Asterisk answers at {self._where}")

    async def close(self) -> None:
        """End the link for good. What was pending gets Unavailable; the stream ends."""
        self.state = LinkState.CLOSED
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._manager is not None:
            self._manager.close()
        self._stream.end()

    async def watch(self) -> None:
        """Return when the link is closed; ConfigurationError when Asterisk refuses our password after all."""
        if self._keeper is not None:
            await asyncio.wait([self._keeper])
        if self._refusal is not None:
            raise self._refusal

    async def action(self, name: str, fields: Fields | None = None, timeout: float | None = None) -> AmiMessage:
        """Send an action, return its response. Raises Unavailable, or Refused when Asterisk answers with an error."""
        return (await self._send(name, fields or {}, Expect.REPLY, timeout))[-1]

    def start(self, name: str, fields: Fields) -> Awaitable[AmiMessage]:
        """As ``action``, but it is sent when this returns; the answer is to be awaited.

        Raises Unavailable when the link is down.
        """
        return self._answer(self._begin(name, fields, Expect.REPLY))

    async def _answer(self, action: PendingAction) -> AmiMessage:
        return (await self._answers(action, None))[-1]

    async def listing(self, name: str, fields: Fields | None = None, timeout: float | None = None) -> list[AmiMessage]:
        """Send an action that is answered by a list, return the items. Raises as ``action``."""
        answers = await self._send(name, fields or {}, Expect.LIST, timeout)
        return [answer for answer in answers if answer.event and not answer.ends_list]

    def begin(
        self, name: str, fields: Fields, told: Callable[[], None] | None = None, *, unparsed: bool = False
    ) -> Listing:
        """Ask for a list: it is sent when this returns, and ``told`` is called when it is ``done``.

        Raises Unavailable when the link is down.
        """
        action = PendingAction(name, fields, Expect.LIST, unparsed=unparsed)
        manager = self._require_up()
        manager.send(action)
        deadline = asyncio.get_running_loop().call_later(self._patience.action, self._give_up, action, name)

        def answered() -> None:
            deadline.cancel()
            if told is not None:
                told()

        action.told = answered
        return Listing(action)

    async def originate(self, fields: Fields, timeout: float) -> AmiMessage:
        """Dial; return the OriginateResponse, which may say ``Failure``. Raises as ``action``."""
        return (await self._send("Originate", {**fields, "Async": "true"}, Expect.ORIGINATE, timeout))[-1]

    def listen(self, callback: Callable[[AmiMessage], None]) -> None:
        """Before ``connect``: show every event, as it is read, to a plain and quick function too."""
        self._listeners.append(callback)

    def stream(self) -> AmiStream:
        """Events and notices in order, for one reader. Ends with ``close``."""
        return self._stream

    # --- the keeper --------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        pauses = self._pauses()
        while True:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                await self._log_in(lost)
            except ConfigurationError as refusal:
                self._refusal = refusal
                self._hang_up()
                self._become(LinkState.REFUSED, "refused")
                _log.error("ami login refused", where=self._where)
                return
            except (OSError, Unavailable, Refused) as failure:
                _log.warning("ami link not up", where=self._where, why=str(failure))
                self._hang_up()
                await asyncio.sleep(next(pauses))
                continue
            pauses = self._pauses()
            self._become(LinkState.UP, "connected")
            why = await self._until_lost(lost)
            self._hang_up()
            self._become(LinkState.DOWN, why)
            _log.warning("ami link lost", where=self._where, why=why)
            await asyncio.sleep(next(pauses))

    async def _log_in(self, lost: "asyncio.Future[str]") -> None:
        self._manager = manager = RepairedManager(
            self._address.host,
            self._address.port,
            self._events,
            lambda error: _note(lost, str(error) if error else "closed by Asterisk"),
        )
        manager.counts = self.counts
        manager.on_read = self._stream.read
        booted: asyncio.Future[str] = lost.get_loop().create_future()
        manager.listen(lambda event: _note(booted, event.event) if event.event == "FullyBooted" else None)
        for listener in self._listeners:
            manager.listen(listener)
        try:
            async with asyncio.timeout(self._patience.login):
                await manager.open()
                self.counts["connects"] += 1
                await self._present_ourselves(manager)
                await asyncio.wait([lost, booted], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise Unavailable("话务平台没有就绪", "no FullyBooted in time (it needs read=system)") from None
        if lost.done():
            raise Unavailable("话务平台连接中断", lost.result())

    async def _present_ourselves(self, manager: RepairedManager) -> None:
        login = {"Username": self._address.username, "Secret": self._address.secret, "Events": "system,call,user"}
        action = PendingAction("Login", login, Expect.REPLY)
        answer = (await manager.send(action))[-1]
        if answer.response != "Success":
            raise ConfigurationError(
                f"话务平台 {self._where} 拒绝了管理口账号 {self._address.username}:请核对 manager.conf 与 ami_password",
                f"Asterisk at {self._where} refused the manager account {self._address.username}: "
                f"compare manager.conf with ami_password ({answer.get('Message')})",
            )

    async def _until_lost(self, lost: "asyncio.Future[str]") -> str:
        while True:
            await asyncio.wait([lost], timeout=self._patience.ping_every)
            if lost.done():
                return lost.result()
            try:
                await self.action("Ping", timeout=self._patience.ping)
            except Unavailable:
                return lost.result() if lost.done() else "no answer to a ping"

    def _hang_up(self) -> None:
        if self._manager is not None:
            self._manager.close()
            self._manager = None

    def _become(self, state: LinkState, why: str) -> None:
        self.state = state
        self._settled.set()
        self._stream.put(LinkNotice(why))

    def _pauses(self) -> Iterator[float]:
        """Half to all of 0.2, 0.4, 0.8 … seconds, so that engines do not knock in step."""
        pause = self._patience.first_pause
        while True:
            yield random.uniform(pause / 2, pause)
            pause = min(pause * 2, self._patience.longest_pause)

    # --- sending and reading -----------------------------------------------------------------------------

    async def _send(self, name: str, fields: Fields, expect: Expect, timeout: float | None) -> list[AmiMessage]:
        return await self._answers(self._begin(name, fields, expect), timeout)

    def _begin(self, name: str, fields: Fields, expect: Expect) -> PendingAction:
        action = PendingAction(name, fields, expect)
        self._require_up().send(action)
        return action

    async def _answers(self, action: PendingAction, timeout: float | None) -> list[AmiMessage]:
        try:
            async with asyncio.timeout(self._patience.action if timeout is None else timeout):
                await action.future
        except TimeoutError:
            raise _unanswered(action["Action"]) from None
        finally:
            if self._manager is not None:
                self._manager.forget(action)
        return _checked(action)

    def _require_up(self) -> RepairedManager:
        if self._manager is None or self.state is not LinkState.UP:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
        return self._manager

    def _give_up(self, action: PendingAction, name: str) -> None:
        if self._manager is not None:
            self._manager.forget(action)
        action.fail(_unanswered(name))

    def _put(self, event: AmiMessage) -> None:
        if event.event != "FullyBooted" and not self._stream.put(event):
            self.counts["overruns"] += 1

    @property
    def _where(self) -> str:
        return f"{self._address.host}:{self._address.port}"


def _note(future: "asyncio.Future[str]", what: str) -> None:
    if not future.done():
        future.set_result(what)


def _checked(action: PendingAction) -> list[AmiMessage]:
    """The messages that answered it. Raises what it failed with, Refused, or Unavailable while Asterisk shuts down."""
    answers: list[AmiMessage] = action.future.result()
    if answers[-1].response == "Error":
        why = answers[-1].get("Message")
        if "shutting down" in why:
            raise Unavailable("话务平台正在关闭", "Asterisk is shutting down")
        raise Refused(str(action["Action"]), why)
    return answers


def _unanswered(name: str) -> Unavailable:
    return Unavailable("话务平台没有按时应答", f"Asterisk did not answer {name} in time")
