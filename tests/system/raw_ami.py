"""A bare AMI client for tests: it shows what Asterisk really sends, byte for byte, with nothing of ours between.

The tests of the dialplan must not depend on the engine's link, and the forging test must see the stream unparsed.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Message = dict[str, str]


class RawAmi:
    """One logged-in connection. Every message since the login is kept in ``seen``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._news = asyncio.Condition()
        self.seen: list[Message] = []
        self.raw = b""

    async def pump(self) -> None:
        """Read until the connection ends."""
        while True:
            try:
                block = await self._reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self.raw += block
            lines = block.decode(errors="replace").split("\r\n")
            async with self._news:
                self.seen.append({name: value for name, _, value in (line.partition(": ") for line in lines if line)})
                self._news.notify_all()

    async def until(self, fits: Callable[[Message], bool], *, since: int = 0, seconds: float = 5.0) -> Message:
        """The first message from position ``since`` on that fits. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._news:
            while True:
                for message in self.seen[since:]:
                    if fits(message):
                        return message
                since = len(self.seen)
                await self._news.wait()

    async def event(self, name: str, *, since: int = 0, seconds: float = 5.0, **fields: str) -> Message:
        """The first event of this name (or UserEvent) with these fields."""
        wanted = {"UserEvent": name} if name in _OURS else {"Event": name}
        wanted |= fields
        return await self.until(lambda m: all(m.get(k) == v for k, v in wanted.items()), since=since, seconds=seconds)

    async def ask(self, action: str, **fields: str) -> Message:
        """Send an action, return its response."""
        number = f"test-{next(self._numbers)}"
        since = len(self.seen)
        lines = [f"Action: {action}", f"ActionID: {number}", *(f"{name}: {value}" for name, value in fields.items())]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        return await self.until(lambda m: m.get("ActionID") == number and "Response" in m, since=since)

    async def variable(self, name: str, channel: str = "") -> str:
        """A channel's variable or a global; empty when unset."""
        fields = {"Variable": name} | ({"Channel": channel} if channel else {})
        return (await self.ask("Getvar", **fields)).get("Value", "")

    async def channels(self) -> list[Message]:
        """Every channel that exists now."""
        since = len(self.seen)
        answer = await self.ask("CoreShowChannels")
        await self.event("CoreShowChannelsComplete", since=since, ActionID=answer["ActionID"])
        return [m for m in self.seen[since:] if m.get("Event") == "CoreShowChannel"]


_OURS = ("SeatParked", "SeatGone", "CallFellBack")


@asynccontextmanager
async def raw_ami(port: int, password: str) -> AsyncIterator[RawAmi]:
    """Log in, hand out, log off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    await reader.readline()
    ami = RawAmi(reader, writer)
    pumping = asyncio.create_task(ami.pump())
    try:
        answer = await ami.ask("Login", Username="hotline", Secret=password)
        assert answer["Response"] == "Success", answer
        yield ami
    finally:
        writer.close()
        await asyncio.gather(pumping, return_exceptions=True)
