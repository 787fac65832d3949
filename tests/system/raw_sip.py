"""A bare SIP telephone for tests: every byte of its INVITE is ours to forge, and what it hears can be measured.

Not the scripted phone of the demo (telephony/phone): that one is well-behaved. Loopback UDP, G.711 μ-law, digest login.
"""

import asyncio
import hashlib
import math
import re
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_FRAME = 160


def ulaw_tone(hertz: float, seconds: float) -> bytes:
    """A sine as μ-law, loud enough to be found again."""
    return bytes(_to_ulaw(int(12000 * math.sin(2 * math.pi * hertz * n / 8000))) for n in range(int(seconds * 8000)))


def _to_ulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF


def _from_ulaw(byte: int) -> int:
    byte = ~byte & 0xFF
    magnitude = ((byte & 0x0F) << 3 | 0x84) << (byte >> 4 & 7)
    return (132 - magnitude) if byte & 0x80 else (magnitude - 132)


def strength(audio: bytes, hertz: float) -> float:
    """How much of the μ-law audio's energy lies at this frequency, 0 to 1 (Goertzel)."""
    samples = [_from_ulaw(byte) for byte in audio]
    energy = sum(sample * sample for sample in samples)
    if not energy:
        return 0.0
    step = 2 * math.pi * hertz / 8000
    real = sum(sample * math.cos(step * n) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(step * n) for n, sample in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * energy)


def loudest(audio: bytes) -> int:
    """The largest sample of μ-law audio, of 32124."""
    return max((abs(_from_ulaw(byte)) for byte in audio), default=0)


class _Rtp(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard = bytearray()
        self.arrived = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > 12 and data[1] & 0x7F == 0:
            self.heard += data[12:]
            self.arrived.set()


class RawPhone(asyncio.DatagramProtocol):
    """One telephone with one call at a time."""

    transport = "UDP"

    def __init__(self, server_port: int, user: str, password: str = "") -> None:
        self.server = ("127.0.0.1", server_port)
        self.user, self.password = user, password
        self.from_header = ""
        """Overrides the From header's address part when set, e.g. to forge it."""
        self.extra_headers = ""
        """Whole header lines for the INVITE."""
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.status = 0
        self._final = asyncio.Event()
        self._cseq = 1
        self._target = ""
        self._to = ""
        self._call_id = secrets.token_hex(8)
        self._tag = secrets.token_hex(4)
        self._rtp = _Rtp()
        self._talking: asyncio.Task[None] | None = None
        self._sdp = ""

    async def open(self) -> None:
        """Take two UDP ports."""
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._media, _ = await loop.create_datagram_endpoint(lambda: self._rtp, local_addr=("127.0.0.1", 0))
        self.port: int = self._sip.get_extra_info("sockname")[1]
        rtp_port = self._media.get_extra_info("sockname")[1]
        self._sdp = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        )

    def close(self) -> None:
        """Vanish without a word."""
        if self._talking:
            self._talking.cancel()
        self._sip.close()
        self._media.close()

    async def dial(self, number: str, *, seconds: float = 10.0) -> int:
        """Call; return the final SIP status."""
        self._uri = f"sip:{number}@127.0.0.1:{self.server[1]}"
        self._invite("")
        async with asyncio.timeout(seconds):
            await self._final.wait()
        return self.status

    async def hang_up(self) -> None:
        """End the call, if there is one."""
        if self.answered.is_set() and not self.ended.is_set():
            self._cseq += 1
            self._send(self._request("BYE", self._target, self._cseq, to=self._to))
            self.ended.set()

    def say(self, audio: bytes) -> None:
        """Send this μ-law audio over and over, in real time."""
        if self._talking:
            self._talking.cancel()
        self._talking = asyncio.create_task(self._talk(audio))

    async def hear(self, seconds: float) -> bytes:
        """What arrives in this much audio from now on; waits for it."""
        self._rtp.heard.clear()
        wanted = int(seconds * 8000)
        while len(self._rtp.heard) < wanted:
            self._rtp.arrived.clear()
            async with asyncio.timeout(5):
                await self._rtp.arrived.wait()
        return bytes(self._rtp.heard[:wanted])

    async def await_tone(self, hertz: float, *, seconds: float = 5.0) -> None:
        """Return when this frequency is what is heard. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while strength(await self.hear(0.1), hertz) < 0.5:
                pass

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0"):
            self._on_response(text)
        elif not text.startswith("ACK"):
            self._on_request(text)

    def _on_response(self, text: str) -> None:
        status = int(text.split()[1])
        if "INVITE" not in (_header(text, "CSeq")) or status < 200:
            return
        self._to = _header(text, "To")
        if status in (401, 407) and self.password and self._cseq == 1:
            self._send(self._request("ACK", self._uri, self._cseq, to=self._to))
            self._cseq += 1
            self._invite(self._credentials(_header(text, "WWW-Authenticate")))
            return
        contact = re.search(r"<(sip:[^>]+)>", _header(text, "Contact"))
        self._target = contact[1] if contact else self._uri
        self._send(self._request("ACK", self._target if status < 300 else self._uri, self._cseq, to=self._to))
        self.status = status
        if status < 300:
            media = re.search(r"m=audio (\d+)", text)
            self._far = ("127.0.0.1", int(media[1]) if media else 0)
            self.answered.set()
        self._final.set()

    def _on_request(self, text: str) -> None:
        method = text.split()[0]
        kept = "".join(
            f"{name}: {value}\r\n"
            for name in ("Via", "From", "To", "Call-ID", "CSeq")
            for value in _headers(text, name)
        )
        body = self._sdp if method == "INVITE" else ""
        kind = f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>\r\nContent-Type: application/sdp\r\n" if body else ""
        self._send(f"SIP/2.0 200 OK\r\n{kept}{kind}Content-Length: {len(body)}\r\n\r\n{body}")
        if method == "BYE":
            self.ended.set()

    def _invite(self, authorization: str) -> None:
        self._send(
            self._request("INVITE", self._uri, self._cseq, extra=authorization + self.extra_headers, body=self._sdp)
        )

    def _request(self, method: str, uri: str, cseq: int, *, to: str = "", extra: str = "", body: str = "") -> str:
        sender = self.from_header or f"<sip:{self.user}@127.0.0.1:{self.port}>"
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport} 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {sender};tag={self._tag}\r\nTo: {to or f'<{self._uri}>'}\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:phone@127.0.0.1:{self.port}>\r\n{extra}"
            + ("Content-Type: application/sdp\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _credentials(self, challenge: str) -> str:
        field = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        one = _md5(f"{self.user}:{field['realm']}:{self.password}")
        two = _md5(f"INVITE:{self._uri}")
        answer = _md5(f"{one}:{field['nonce']}:00000001:abcd:auth:{two}")
        opaque = f', opaque="{field["opaque"]}"' if "opaque" in field else ""
        return (
            f'Authorization: Digest username="{self.user}", realm="{field["realm"]}", nonce="{field["nonce"]}",'
            f' uri="{self._uri}", response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abcd"{opaque}\r\n'
        )

    def _send(self, text: str) -> None:
        self._sip.sendto(text.encode(), self.server)

    async def _talk(self, audio: bytes) -> None:
        loop = asyncio.get_running_loop()
        start, sequence = loop.time(), 0
        while not self.ended.is_set():
            offset = sequence * _FRAME % (len(audio) - _FRAME + 1)
            header = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * _FRAME, 7)
            self._media.sendto(header + audio[offset : offset + _FRAME], self._far)
            sequence += 1
            await asyncio.sleep(max(0.0, start + sequence * 0.02 - loop.time()))


@asynccontextmanager
async def raw_phone(server_port: int, user: str, password: str = "") -> AsyncIterator[RawPhone]:
    """A telephone that hangs up and closes when the test is done with it."""
    phone = RawPhone(server_port, user, password)
    await phone.open()
    try:
        yield phone
    finally:
        await phone.hang_up()
        phone.close()


def _headers(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}: *(.*?)\r$", text, re.MULTILINE | re.IGNORECASE)


def _header(text: str, name: str) -> str:
    return next(iter(_headers(text, name)), "")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
