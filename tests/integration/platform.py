"""An emergency platform's data intake: a small HTTP server that answers as it is told and keeps what it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Platform:
    """``answers``: the statuses to give, then 200."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first message that was taken."""

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/push"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        named = {name.lower(): value for name, value in lines.items()}
        self.got.append(json.loads(await reader.readexactly(int(named["content-length"]))))
        self.headers.append(named)
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        if status == 200:
            self.taken.set()


@asynccontextmanager
async def open_platform(*answers: int, port: int = 0) -> AsyncIterator[Platform]:
    """On a free port of loopback, or on this one."""
    platform = Platform(answers=list(answers))
    server = await asyncio.start_server(platform.serve, "127.0.0.1", port)
    platform.port = server.sockets[0].getsockname()[1]
    async with server:
        yield platform
