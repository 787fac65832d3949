"""People at a browser without the browser: they sign in, act over HTTP, and see what the live feed tells.

``Somebody`` is an agent, a department's clerk or a supervisor, by the account. Nothing is polled: what a person
waits to see is awaited on the feed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import websockets

Shape = dict[str, Any]


@dataclass(frozen=True)
class Login:
    """Who signs in."""

    account: str
    password: str


class Refusal(Exception):
    """The desk said no."""

    def __init__(self, status: int, error: Shape) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error


class Feed:
    """What the live feed told, kept in order."""

    def __init__(self) -> None:
        self.seen: list[Shape] = []
        self._news = asyncio.Condition()
        self.closed = False

    async def add(self, message: Shape) -> None:
        """Take one message of the feed."""
        async with self._news:
            self.seen.append(message)
            self._news.notify_all()

    async def end(self) -> None:
        """The feed closed; whoever waits is told."""
        async with self._news:
            self.closed = True
            self._news.notify_all()

    async def opened(self, timeout: float = 15.0) -> None:
        """Wait for the first message, the snapshot."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self.seen or self.closed)

    async def until(
        self, kind: str, fits: Callable[[Any], object] = lambda _: True, *, timeout: float = 15.0, since: int = 0
    ) -> Any:
        """The data of the first message of this kind, from number ``since`` on, that fits. Raises TimeoutError."""
        async with asyncio.timeout(timeout), self._news:
            index = since
            while True:
                for message in self.seen[index:]:
                    index += 1
                    if message["type"] == kind and fits(message["data"]):
                        return message["data"]
                if self.closed:
                    raise ConnectionError("the live feed closed")
                await self._news.wait()


class Somebody:
    """A signed-in person."""

    def __init__(self, http: httpx.AsyncClient, me: Shape, feed: Feed) -> None:
        self.http = http
        self.me = me
        self.feed = feed

    async def ask(self, method: str, path: str, body: Shape | None = None) -> Any:
        """Call the API. Raises Refusal with its two sentences."""
        answer = await self.http.request(method, f"/api{path}", json=body if method != "GET" else None)
        if answer.is_error:
            raise Refusal(answer.status_code, answer.json().get("error", {}))
        return answer.json()

    async def get(self, path: str) -> Any:
        """GET."""
        return await self.ask("GET", path)

    async def post(self, path: str, **body: Any) -> Any:
        """POST."""
        return await self.ask("POST", path, body)

    async def be(self, status: str, reason: str | None = None) -> Any:
        """Choose a status at the desk."""
        return await self.ask("PUT", "/desk/status", {"status": status, "reason": reason})

    async def be_ready(self) -> None:
        """Choose ready, and wait until the seat is reachable; it may be offered somebody before it is idle."""
        since = len(self.feed.seen)
        seat = await self.be("ready")
        if seat["state"] == "unreachable":
            await self.feed.until("seat", lambda seat: seat["state"] != "unreachable", since=since)

    async def accept_next(self, timeout: float = 30.0) -> Shape:
        """Wait for an offer and accept it; the call."""
        offer = await self.feed.until("offer", timeout=timeout, since=len(self.feed.seen))
        return await self.accept(offer)

    async def accept(self, offer: Shape) -> Shape:
        """Accept this offer; the call."""
        call: Shape = await self.post(f"/desk/offers/{offer['offer_id']}/accept")
        return call


@asynccontextmanager
async def signed_in(base: str, login: Login, *, watch: bool = True) -> AsyncIterator[Somebody]:
    """Sign in at ``http://host:port``; with ``watch`` the live feed is open before this returns."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=base,
                timeout=20,
                headers={"Origin": base},
                trust_env=False,
                verify=base.startswith("https:"),  # reading the machine's certificates takes 20 ms
            )
        )
        answer = await http.post("/api/login", json={"account": login.account, "password": login.password})
        if answer.is_error:
            raise Refusal(answer.status_code, answer.json().get("error", {}))
        feed = Feed()
        if watch:
            await stack.enter_async_context(_watching(base, http.cookies["hotline_session"], feed))
        yield Somebody(http, answer.json(), feed)


@asynccontextmanager
async def _watching(base: str, token: str, feed: Feed) -> AsyncIterator[None]:
    url = base.replace("http", "ws", 1) + "/api/feed"
    headers = {"Cookie": f"hotline_session={token}"}
    async with websockets.connect(
        url, additional_headers=headers, origin=websockets.Origin(base), proxy=None
    ) as socket:
        task = asyncio.create_task(_read(socket, feed))
        try:
            await feed.opened()
            yield
        finally:
            task.cancel()


async def _read(socket: websockets.ClientConnection, feed: Feed) -> None:
    try:
        async for text in socket:
            await feed.add(json.loads(text))
    except websockets.ConnectionClosed:
        pass
    finally:
        await asyncio.shield(feed.end())
