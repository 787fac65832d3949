"""The wire of one browser, to be cut: web, signalling and sound all stop and nobody is told; mended, they go on.

A network that is away closes nothing and answers nothing: what TCP carries (the web, SIP) waits, RTP packets are lost.
The page is opened at ``web_port``; ``lead`` routes its SIP socket, and the SDP that passes there sends each side's
sound to a ``_Sound`` in between.
"""

import asyncio
import re
import socket
from types import TracebackType
from typing import Any, Self

_HERE = "127.0.0.1"
_BUFFER = 65536


class Wire:
    """``async with Wire(site.settings.web.port) as wire: …``."""

    def __init__(self, web_port: int) -> None:
        self._engine = web_port
        self.whole = asyncio.Event()
        self.whole.set()
        self._sounds: dict[str, _Sound] = {}
        """By Call-ID."""
        self._waiting: list[tuple[Any, str]] = []
        """SIP messages, and the sockets that they go to."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, _HERE, 0)
        self.web_port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.mend()
        self._server.close()
        for sound in self._sounds.values():
            sound.close()

    def cut(self) -> None:
        """Nothing passes from now on."""
        self.whole.clear()

    def mend(self) -> None:
        """Everything passes again, first what waits."""
        self.whole.set()
        waiting, self._waiting = self._waiting, []
        for socket_, message in waiting:
            socket_.send(message)

    async def lead(self, page: Any) -> None:
        """Route the SIP sockets that this page opens from now on."""
        await page.route_web_socket(re.compile("/ws$"), self._signal)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(_HERE, self._engine)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(_BUFFER):
                await self.whole.wait()
                sink.write(data)
            await self.whole.wait()
        finally:
            sink.close()

    def _signal(self, near: Any) -> None:
        far = near.connect_to_server()
        near.on_message(lambda message: self._pass(message, far, to_asterisk=True))
        far.on_message(lambda message: self._pass(message, near, to_asterisk=False))

    def _pass(self, message: str, socket_: Any, *, to_asterisk: bool) -> None:
        head, _, body = message.partition("\r\n\r\n")
        if "m=audio" in body:
            call = re.search(r"(?im)^call-id:\s*(\S+)", head)
            assert call is not None
            sound = self._sounds[call[1]] = self._sounds.get(call[1]) or _Sound(self.whole)
            if not to_asterisk:
                sound.asterisk = _port_of(body)
            message = _led_to(head, body, sound.far_port if to_asterisk else sound.near_port)
        if self.whole.is_set():
            socket_.send(message)
        else:
            self._waiting.append((socket_, message))


class _Sound:
    """One leg's packets: the browser's come to ``near_port`` and go out of ``far_port``, Asterisk's the other way."""

    def __init__(self, whole: asyncio.Event) -> None:
        self._whole = whole
        self._near, self._far = _open_socket(), _open_socket()
        self.near_port: int = self._near.getsockname()[1]
        self.far_port: int = self._far.getsockname()[1]
        self.asterisk = 0
        self._browser: tuple[str, int] | None = None
        loop = asyncio.get_running_loop()
        loop.add_reader(self._near, self._from_browser)
        loop.add_reader(self._far, self._from_asterisk)

    def close(self) -> None:
        for one in (self._near, self._far):
            asyncio.get_running_loop().remove_reader(one)
            one.close()

    def _from_browser(self) -> None:
        packet, self._browser = self._near.recvfrom(_BUFFER)
        if self._whole.is_set() and self.asterisk:
            self._far.sendto(packet, (_HERE, self.asterisk))

    def _from_asterisk(self) -> None:
        packet, _ = self._far.recvfrom(_BUFFER)
        if self._whole.is_set() and self._browser is not None:
            self._near.sendto(packet, self._browser)


def _open_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.bind((_HERE, 0))
    return opened


def _port_of(body: str) -> int:
    found = re.search(r"m=audio (\d+) ", body)
    assert found is not None
    return int(found[1])


def _led_to(head: str, body: str, port: int) -> str:
    """The message with one place to send sound to: ours."""
    lines = [line for line in body.split("\r\n") if not line.startswith(("a=candidate", "a=rtcp:", "a=end-of-cand"))]
    body = "\r\n".join(lines)
    body = re.sub(r"m=audio \d+ ", f"m=audio {port} ", body)
    body = re.sub(r"c=IN IP4 \S+", f"c=IN IP4 {_HERE}", body)
    body = f"{body.rstrip()}\r\na=candidate:1 1 udp 2130706431 {_HERE} {port} typ host\r\n"
    head = re.sub(r"(?im)^(content-length:\s*)\d+", rf"\g<1>{len(body.encode())}", head)
    return f"{head}\r\n\r\n{body}"
