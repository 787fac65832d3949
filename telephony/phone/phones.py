"""Scripted phones: one with a line of its own, or many citizens behind one carrier gateway."""

import asyncio
from types import TracebackType
from typing import Self

from telephony.phone.calls import CallRefused, IncomingCall, PhoneCall
from telephony.phone.line import Line
from telephony.phone.repairs import Call, Listener, Message
from telephony.phone.wire import Address

_LOOPBACK: Address = ("127.0.0.1", 5060)
_ANY_PORT: Address = ("127.0.0.1", 0)


class Telephone:
    """A number on a line: it dials as that number and is rung when that number is called."""

    def __init__(self, number: str, line: Line | None = None) -> None:
        self.number = number
        self._open_line = line
        self._rung: asyncio.Queue[IncomingCall] = asyncio.Queue()

    @property
    def line(self) -> Line:
        """The line in use; a programming error before the phone is opened."""
        assert self._open_line is not None, "use the phone inside 'async with'"
        return self._open_line

    def start_call(self, number: str) -> PhoneCall:
        """Dial and return at once; ``wait_ringing``, ``wait_answered`` and ``hang_up`` do the rest."""
        call = PhoneCall(number)
        call.attach(self.line, self.line.dial(number, self.number, call))
        return call

    async def dial(self, number: str, timeout: float = 10.0) -> PhoneCall:
        """Dial and wait for the answer. Raises ``CallRefused``; ``TimeoutError`` after giving up the call."""
        call = self.start_call(number)
        try:
            await call.wait_answered(timeout)
        except TimeoutError:
            await call.hang_up(timeout=2.0)
            raise
        return call

    async def next_call(self, timeout: float = 10.0) -> IncomingCall:
        """The next call for this phone; it rings already. Raises ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            return await self._rung.get()

    def take(self, call: Call, invite: Message) -> Listener:
        """The line's side: a call rings."""
        caller = str(invite.headers["From"]["number"] or "")
        ringing = IncomingCall(caller, invite.dialled)
        ringing.attach(self.line, call)
        self._rung.put_nowait(ringing)
        return ringing


class ScriptedPhone(Telephone):
    """A phone with a socket of its own. With ``user`` and ``password`` it is a seat's phone; without, a citizen's.

    ``async with ScriptedPhone("13800000001", server) as phone: call = await phone.dial("12345")``
    """

    def __init__(
        self,
        number: str,
        server: Address = _LOOPBACK,
        bind: Address = _ANY_PORT,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(user or number)
        self._server, self._bind = server, bind
        self._user, self._password = user or number, password or ""
        self.is_seat = user is not None
        """Whether it has an account to register."""

    async def __aenter__(self) -> Self:
        self._open_line = Line(self._server, self._bind, self._user, self._password)
        self._open_line.take_any = self.take
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.stop()

    async def register(self, expires: int = 60) -> None:
        """Be reachable as our user. Raises ``CallRefused`` with the SIP status that the server gave."""
        status = await self.line.register(expires)
        if status != 200:
            raise CallRefused(status)

    def unplug(self) -> None:
        """The cable is pulled: no sound, no answer, no good-bye. Calls here go on, talking to nobody."""
        self.line.wire.unplugged = True

    def plug_in(self) -> None:
        """The cable is back."""
        self.line.wire.unplugged = False

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self.line.wire.address


class ScriptedGateway:
    """The carrier's side of the trunk: any number of citizens behind one socket, told apart by their numbers.

    Calls to a number without a citizen get 404, as from a carrier.
    """

    def __init__(self, server: Address = _LOOPBACK, bind: Address = _ANY_PORT) -> None:
        self._server, self._bind = server, bind
        self._line: Line | None = None
        self._citizens: dict[str, Telephone] = {}

    async def __aenter__(self) -> Self:
        self._line = Line(self._server, self._bind, "carrier", "")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._line is not None
        self._line.stop()

    def switch_off(self) -> None:
        """The gateway is dead: it hears nothing and says nothing."""
        assert self._line is not None
        self._line.wire.unplugged = True

    def switch_on(self) -> None:
        """It is back."""
        assert self._line is not None
        self._line.wire.unplugged = False

    @property
    def address(self) -> Address:
        """Where it listens: the trunk's host and port in the settings."""
        assert self._line is not None, "use the gateway inside 'async with'"
        return self._line.wire.address

    def citizen(self, number: str) -> Telephone:
        """The phone of that number; the same one each time."""
        assert self._line is not None, "use the gateway inside 'async with'"
        if number not in self._citizens:
            self._citizens[number] = Telephone(number, self._line)
            self._line.takers[number] = self._citizens[number].take
        return self._citizens[number]
