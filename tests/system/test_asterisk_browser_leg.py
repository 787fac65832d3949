"""A browser's telephone as Asterisk sees it: SIP over WebSocket, DTLS-SRTP, and G.711 so that nothing is transcoded.

The offer is that of Chromium, Opus first; that a real Chromium talks is proven by the tests of the desk.
"""

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.system.conftest import RunningAsterisk
from tests.system.raw_sip import RawPhone

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 46117 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=audio 50001 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
        "c=IN IP4 127.0.0.1",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2113937151 127.0.0.1 50001 typ host generation 0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:63 red/48000/2",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:13 CN/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
        "",
    ]
)


class BrowserPhone(RawPhone):
    """Its SIP goes over a WebSocket; it has no media."""

    transport = "WS"

    def __init__(self, socket: ClientConnection, user: str, password: str) -> None:
        super().__init__(5060, user, password)
        self._socket = socket
        self._sends: set[asyncio.Task[None]] = set()
        self.port = 5060
        self._sdp = OFFER
        self.answer = ""

    async def pump(self) -> None:
        """Read until the socket closes."""
        async for message in self._socket:
            text = message if isinstance(message, str) else message.decode()
            if text.startswith("SIP/2.0 200"):
                self.answer = text
            self.datagram_received(text.encode(), self.server)

    def _send(self, text: str) -> None:
        task = asyncio.create_task(self._socket.send(text))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)


async def test_a_browser_parks_with_dtls_and_without_transcoding(asterisk: RunningAsterisk) -> None:
    url = f"ws://127.0.0.1:{asterisk.settings.asterisk.http_port}/ws"
    async with connect(url, subprotocols=[Subprotocol("sip")]) as socket:
        phone = BrowserPhone(socket, "1006", asterisk.secrets.seat_password("1006"))
        pumping = asyncio.create_task(phone.pump())
        try:
            assert await phone.dial("seat") == 200
            assert "m=audio" in phone.answer
            assert "UDP/TLS/RTP/SAVPF 0" in phone.answer, "μ-law first, though the browser prefers Opus"
            assert "a=fingerprint:" in phone.answer
            assert "a=ice-ufrag:" in phone.answer
            assert "opus" not in phone.answer
        finally:
            await phone.hang_up()
            async with asyncio.timeout(3):
                while phone._sends:
                    await asyncio.gather(*phone._sends)
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)
