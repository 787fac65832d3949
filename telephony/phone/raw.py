"""Hostile callers: an INVITE written by hand, so that tests can send what no honest phone would.

Only what the attack needs: one INVITE from loopback, every reply noted, the call ended again.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

from telephony.phone.repairs import Message
from telephony.phone.wire import Address, SipWire


def forged_event(name: str, **fields: str) -> str:
    """A From user that, once decoded, ends the AMI event it stands in and begins another: ``name`` with ``fields``."""
    lines = ["138", "", f"Event: {name}", *(f"{key}: {value}" for key, value in fields.items()), "", ""]
    return quote("\r\n".join(lines), safe="")


FORGED_SHUTDOWN = forged_event("Shutdown", Shutdown="Cleanly", Restart="False")


@dataclass(frozen=True)
class RawInvite:
    """An INVITE as it will stand on the wire. ``caller`` goes into From as it is: encoded, endless, empty."""

    number: str
    caller: str
    display: str = ""
    headers: str = ""
    rtp_port: int = 9
    call_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def write(self, server: Address, own: Address) -> bytes:
        """The whole datagram. ``headers``: further header lines, each ending in CR LF, verbatim."""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {own[0]}\r\ns=-\r\nc=IN IP4 {own[0]}\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
        name = f'"{self.display}" ' if self.display else ""
        head = (
            f"INVITE sip:{self.number}@{server[0]}:{server[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {own[0]}:{own[1]};branch=z9hG4bK{self.call_id};rport\r\nMax-Forwards: 70\r\n"
            f"From: {name}<sip:{self.caller}@{own[0]}>;tag=raw{self.call_id[:8]}\r\n"
            f"To: <sip:{self.number}@{server[0]}>\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:raw@{own[0]}:{own[1]}>\r\n{self.headers}"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode("utf8", "surrogateescape")


class RawCaller:
    """A UDP socket that sends what it is given and tells the status lines that come back.

    ``async with RawCaller(server) as caller: assert await caller.invite(RawInvite("12345", FORGED_SHUTDOWN)) == 200``
    """

    def __init__(self, server: Address, bind: Address = ("127.0.0.1", 0)) -> None:
        self._server, self._bind = server, bind
        self._replies: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: list[Message] = []
        self._wire: SipWire | None = None

    async def __aenter__(self) -> Self:
        self._wire = SipWire(self._bind, self._on_datagram)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for answer in self._answered:
            self._follow_up("BYE", answer, 2)
        self.wire.close()

    @property
    def wire(self) -> SipWire:
        """The socket; a programming error before it is opened."""
        assert self._wire is not None, "use the caller inside 'async with'"
        return self._wire

    def send(self, datagram: bytes) -> None:
        """Send any bytes at all."""
        self.wire.sendto(datagram, self._server)

    async def invite(self, invite: RawInvite, timeout: float = 5.0) -> int:
        """Send it; the final SIP status, acknowledged. An answered call is ended on leaving. ``TimeoutError``."""
        self.send(invite.write(self._server, self.wire.address))
        async with asyncio.timeout(timeout):
            while True:
                reply = await self._replies.get()
                if reply.call_id == invite.call_id and reply.code >= 200 and reply.kind == "INVITE":
                    break
        self._follow_up("ACK", reply, 1)
        if reply.code < 300:
            self._answered.append(reply)
        return reply.code

    def _on_datagram(self, data: bytes, _: Address) -> None:
        try:
            message = Message(data)
        except (ValueError, LookupError):
            return
        if message.code:
            self._replies.put_nowait(message)

    def _follow_up(self, method: str, answer: Message, cseq: int) -> None:
        to, sender = answer.headers["To"], answer.headers["From"]
        branch = answer.headers["Via"][0]["branch"] if answer.code >= 300 else f"z9hG4bK{uuid.uuid4().hex}"
        own = self.wire.address
        self.send(
            (
                f"{method} {answer.contact or 'sip:' + to['address']} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {own[0]}:{own[1]};branch={branch};rport\r\nMax-Forwards: 70\r\n"
                f"From: {sender['raw']};tag={sender['tag']}\r\nTo: {to['raw']};tag={to['tag']}\r\n"
                f"Call-ID: {answer.call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
            ).encode()
        )
