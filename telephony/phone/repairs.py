"""pyVoIP 1.6.8, repaired; the only file that imports it.

What was wrong, and where it is put right:

* threads that poll, sockets closed under them, listening on 0.0.0.0 → ``wire.SipWire`` and ``Audio`` on the event loop
* Call-ID and branches repeat after a restart; requests are never sent again → ``Client``
* ACK with a random To-tag ends outgoing calls after half a minute; BYE reuses the INVITE's branch → ``Client``
* digest answers only what 1999 asked (no qop, wrong URI, only on one code path) → ``Client.authorize``
* a header without a value or with an unknown method loses the whole message → ``Message``
* responses to OPTIONS, CANCEL, unknown requests are missing, others echo the wrong tag → ``Client``, ``line.Line``
* audio squeezed through 8 linear bits, packets kept for ever, keys heard only with their first packet → ``Audio``
* no telephone events are sent → ``Audio.send_key``
"""

import asyncio
import hashlib
import re
import socket
import uuid
import warnings
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from telephony.phone import mulaw
from telephony.phone.keys import key_press, unpack_key
from telephony.phone.wire import Address, SipWire

with warnings.catch_warnings():  # it imports audioop, whose leaving 3.11 and 3.12 announce; no use of it is left here
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone  # isort: skip  (must come first: the package imports itself)
    from pyVoIP import RTP, SIP

if TYPE_CHECKING:
    from telephony.phone.line import Line

__all__ = ["RTP", "Audio", "Call", "CallState", "Client", "Listener", "Message", "VoIPPhone", "message_type"]

_LONG_NAMES = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "c": "Content-Type"}
_PACKET_SECONDS = 0.020
_PACKET_SAMPLES = 160
_SILENT_PACKET = bytes([mulaw.SILENCE]) * _PACKET_SAMPLES
_ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"


class Listener(Protocol):
    """Who is told what happens in a call. Every method is called on the event loop and must not block."""

    def on_ringing(self) -> None: ...
    def on_answered(self) -> None: ...
    def on_ended(self, by_us: bool, status: int) -> None: ...
    def on_audio(self, samples: mulaw.Samples) -> None: ...
    def on_key(self, key: str) -> None: ...


class Message(SIP.SIPMessage):  # type: ignore[misc]  # pyVoIP is not typed
    """A SIP message. Raises ``SIPParseError``, ``ValueError``, ``KeyError`` or ``IndexError`` where it is none."""

    code: int = 0
    method: str = ""
    uri: str = ""

    def parse(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("utf8", "replace").split("\r\n")
        words = first.split(" ", 2)
        self.heading = first.encode()
        if words[0] == "SIP/2.0":
            self.type, self.version, self.code = SIP.SIPMessageType.RESPONSE, words[0], int(words[1])
        elif words[-1] == "SIP/2.0" and len(words) == 3:
            self.type, self.version = SIP.SIPMessageType.MESSAGE, words[2]
            self.method, self.uri = words[0], words[1]
        else:
            raise SIP.SIPParseError(f"neither a SIP request nor a response: {first[:80]!r}")
        self._parse_headers(lines)
        for line in body.decode("utf8", "replace").split("\r\n"):
            name, _, value = line.partition("=")
            if name:
                self.parse_body(name, value)

    @property
    def call_id(self) -> str:
        return str(self.headers["Call-ID"])

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method."""
        return int(self.headers["CSeq"]["check"]), str(self.headers["CSeq"]["method"])

    @property
    def dialled(self) -> str:
        """The user part of a request's URI: the number that was called."""
        return self.uri.removeprefix("sip:").partition("@")[0]

    @property
    def contact(self) -> str:
        """The bare URI in Contact: where further requests of the dialogue go. Empty if there is none."""
        raw = str(self.headers.get("Contact", ""))
        found = re.search(r"<([^>]+)>", raw)
        return found[1] if found else raw.partition(";")[0]

    def forget_unknown_media(self) -> None:
        """Drop from the offer what this phone cannot do (pyVoIP warns of each, resetting Python's warning filters)."""
        for media in self.body.get("m", []):
            maps = {n: a.get("rtpmap", {}) for n, a in media["attributes"].items()}
            keys = [n for n, m in maps.items() if m.get("name") == "telephone-event" and m.get("frequency") == "8000"]
            media["methods"] = [n for n in media["methods"] if n == "0" or n in keys]

    def _parse_headers(self, lines: list[str]) -> None:
        vias: list[str] = []
        for line in lines:
            name, _, value = line.partition(":")
            name, value = _LONG_NAMES.get(name.strip().lower(), name.strip()), value.strip()
            if name == "Via":
                vias.append(value)
            elif name not in self.headers:
                self.parse_header("WWW-Authenticate" if name == "Proxy-Authenticate" else name, value)
        self.parse_header("Via", vias)
        for side in ("From", "To"):
            self.headers[side]["tag"] = self.headers[side]["tag"].partition(";")[0]


def message_type(message: Message) -> str:
    """The request's method, or the method that the response answers."""
    return message.method or message.cseq[1]


class Client(SIP.SIPClient):  # type: ignore[misc]
    """Writes SIP messages. Sends through ``wire``; reads nothing itself (``line.Line`` does)."""

    def __init__(self, server: Address, user: str, password: str, line: "Line", wire: SipWire) -> None:
        super().__init__(server[0], server[1], user, password, line, myIP=wire.address[0], myPort=wire.address[1])
        self.out = self.s = wire
        self.target = server

    def gen_call_id(self) -> str:
        return f"{uuid.uuid4().hex}@{self.myIP}"

    def gen_tag(self) -> str:
        return uuid.uuid4().hex[:16]

    def gen_response(self, request: Message, code: int) -> str:
        """An answer without a body, with the dialogue's own tag in To."""
        asked = request.headers
        tag = asked["To"]["tag"] or self.tagLibrary.setdefault(request.call_id, self.gen_tag())
        return (
            f"SIP/2.0 {SIP.SIPStatus(code)}\r\n{self._gen_response_via_header(request)}"
            f"From: {asked['From']['raw']};tag={asked['From']['tag']}\r\nTo: {asked['To']['raw']};tag={tag}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.cseq[0]} {request.cseq[1]}\r\n"
            f"Contact: <sip:{self.username}@{self.myIP}:{self.myPort}>\r\nAllow: {_ALLOW}\r\n"
            "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n"
        )

    def gen_answer(self, request: Any, sess_id: str, ms: Any, sendtype: Any) -> str:
        self.tagLibrary.setdefault(request.call_id, request.headers["To"]["tag"] or self.gen_tag())
        return str(super().gen_answer(request, sess_id, ms, sendtype))

    def gen_request(self, method: str, dialogue: Message, uri: str, cseq: int, branch: str = "") -> str:
        """A request without a body inside (or ending) the dialogue of ``dialogue``: an INVITE or a response to ours."""
        ours, theirs = dialogue.headers["From"], dialogue.headers["To"]
        own_tag = ours["tag"] if dialogue.code else self.tagLibrary[dialogue.call_id]
        if ours["tag"] != own_tag:
            ours, theirs = theirs, ours
        their_tag = f";tag={theirs['tag']}" if theirs["tag"] else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={branch or self.gen_branch()};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {ours['raw']};tag={own_tag}\r\nTo: {theirs['raw']}{their_tag}\r\n"
            f"Call-ID: {dialogue.call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    def gen_ack(self, request: Any) -> str:
        """ACK of a final response: to the peer's Contact after 2xx, otherwise within the INVITE's own transaction."""
        answered = 200 <= request.code < 300
        uri = request.contact if answered and request.contact else f"sip:{request.headers['To']['address']}"
        branch = "" if answered else str(request.headers["Via"][0].get("branch", ""))
        return self.gen_request("ACK", request, uri, request.cseq[0], branch)

    def gen_bye(self, request: Any) -> str:
        return self.gen_request("BYE", request, request.contact, request.cseq[0] + 1)

    def gen_cancel(self, invite: Message) -> str:
        """CANCEL for our unanswered INVITE: same URI, same branch, same number, no To-tag."""
        return self.gen_request("CANCEL", invite, invite.uri, invite.cseq[0], str(invite.headers["Via"][0]["branch"]))

    def write_invite(self, number: str, caller: str, call_id: str, ms: Any, authorization: str = "") -> Message:
        """INVITE as ``caller``. A second one for the same ``call_id`` keeps the From tag and takes the next number."""
        known = self.tagLibrary.get(call_id)
        text = self.gen_invite(number, "1", ms, RTP.TransmitType.SENDRECV, self.gen_branch(), call_id)
        if known:
            text = text.replace(f";tag={self.tagLibrary[call_id]}", f";tag={known}", 1)
            self.tagLibrary[call_id] = known
        text = text.replace(f"From: <sip:{self.username}@", f"From: <sip:{caller}@", 1)
        return Message(text.replace("\r\nContent-Length", f"\r\n{authorization}Content-Length", 1).encode())

    def authorize(self, challenge: Message, method: str, uri: str) -> str:
        """The header line that answers a 401 or 407 (MD5, with ``qop=auth`` where asked)."""
        asked = challenge.authentication
        secret = _md5(f"{self.username}:{asked['realm']}:{self.password}")
        parts = {"username": self.username, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
        middle = ""
        if "auth" in asked.get("qop", "").split(","):
            parts["cnonce"] = uuid.uuid4().hex[:16]
            middle = f"00000001:{parts['cnonce']}:auth:"
        parts["response"] = _md5(f"{secret}:{asked['nonce']}:{middle}{_md5(f'{method}:{uri}')}")
        if "opaque" in asked:
            parts["opaque"] = asked["opaque"]
        line = ", ".join(f'{name}="{value}"' for name, value in parts.items())
        name = "Proxy-Authorization" if challenge.code == 407 else "Authorization"
        return f"{name}: Digest {line}, algorithm=MD5{', qop=auth, nc=00000001' if middle else ''}\r\n"


class Packet(RTP.RTPMessage):  # type: ignore[misc]
    """An RTP packet, read without turning every byte into a string of bits; padding and extensions are skipped."""

    def parse(self, packet: bytes) -> None:
        if len(packet) < 12 or packet[0] >> 6 != 2:
            raise RTP.RTPParseError("not an RTP packet of version 2")
        kind = packet[1] & 0x7F
        if kind not in self.assoc:
            raise RTP.RTPParseError(f"payload type {kind} was not agreed on")
        self.payload_type, self.marker = self.assoc[kind], bool(packet[1] & 0x80)
        self.sequence = int.from_bytes(packet[2:4], "big")
        self.timestamp = int.from_bytes(packet[4:8], "big")
        start = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
        end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
        self.payload = packet[start:end]


class Audio(RTP.RTPClient):  # type: ignore[misc]
    """One call's sound, both ways, on the event loop: 20 ms out by the clock (silence too), in as it comes."""

    def __init__(self, codecs: dict[int, RTP.PayloadType], sock: socket.socket, peer: Address, call: "Call") -> None:
        super().__init__(codecs, *sock.getsockname(), peer[0], peer[1], RTP.TransmitType.SENDRECV)
        self.sin = self.sout = sock
        self.NSD: bool = True
        self.call = call
        self.outbox: deque[tuple[bytes, bool] | asyncio.Future[None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._tick: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._event_began: int | None = None
        self._last_key = -1

    def start(self) -> None:
        """Begin to send and to hear; doing it twice changes nothing."""
        if self._tick is None and self.NSD:
            self._loop.add_reader(self.sin.fileno(), self.recv)
            self._due = self._loop.time()
            self.trans()

    def stop(self) -> None:
        """Fall silent and free the port; whoever waits for the end of a sentence is let go."""
        if not self.NSD:
            return
        self.NSD = False
        if self._tick is not None:
            self._tick.cancel()
            self._loop.remove_reader(self.sin.fileno())
        self.sin.close()
        for item in self.outbox:
            if isinstance(item, asyncio.Future) and not item.done():
                item.cancel()
        self.outbox.clear()

    def send(self, samples: mulaw.Samples) -> "asyncio.Future[None]":
        """Queue sound; the future is done when its last packet has left, cancelled when the call ends before."""
        sound = mulaw.encode(samples)
        for at in range(0, len(sound), _PACKET_SAMPLES):
            self.outbox.append((sound[at : at + _PACKET_SAMPLES].ljust(_PACKET_SAMPLES, _SILENT_PACKET[:1]), False))
        return self._mark()

    def send_key(self, key: str) -> "asyncio.Future[None]":
        """Queue one key press (RFC 2833) and 100 ms of silence behind it. ``ValueError`` for what is no key."""
        self.outbox.extend((event.pack(), True) for event in key_press(key))
        self.outbox.extend([(_SILENT_PACKET, False)] * 5)
        return self._mark()

    def trans(self) -> None:
        """Send what is due. A loop that was held up catches up by at most 0.2 s at once and skips older time."""
        now = self._loop.time()
        if (late := int((now - self._due - 0.2) / _PACKET_SECONDS)) > 0:
            self._due += late * _PACKET_SECONDS
            self.outTimestamp += late * _PACKET_SAMPLES
        while self._due <= now and self.NSD:
            self._send_packet()
            self._due += _PACKET_SECONDS
        if self.NSD:
            self._tick = self._loop.call_at(self._due, self.trans)

    def recv(self) -> None:
        while self.NSD:
            try:
                self.parse_packet(self.sin.recv(4096))
            except BlockingIOError:
                return
            except (RTP.RTPParseError, ValueError):
                continue
            except OSError:  # the peer's port is gone; a BYE will tell
                return

    def parse_packet(self, packet: bytes) -> None:
        message = Packet(packet, self.assoc)
        if message.payload_type == RTP.PayloadType.EVENT:
            if message.timestamp != self._last_key:
                self._last_key = message.timestamp
                self.call.listener.on_key(unpack_key(message.payload).key)
        elif message.payload:
            self.call.listener.on_audio(mulaw.decode(message.payload))

    def _mark(self) -> "asyncio.Future[None]":
        mark: asyncio.Future[None] = self._loop.create_future()
        if self.NSD:
            self.outbox.append(mark)
        else:
            mark.cancel()
        return mark

    def _send_packet(self) -> None:
        item = self.outbox.popleft() if self.outbox else (_SILENT_PACKET, False)
        while isinstance(item, asyncio.Future):
            if not item.done():
                item.set_result(None)
            item = self.outbox.popleft() if self.outbox else (_SILENT_PACKET, False)
        payload, is_event = item
        marker = is_event and self._event_began is None
        if marker:
            self._event_began = self.outTimestamp
        elif not is_event:
            self._event_began = None
        stamp = self.outTimestamp if self._event_began is None else self._event_began
        kind = self.event_type if is_event else int(self.preference)
        head = bytes([0x80, kind | (0x80 if marker else 0)]) + (self.outSequence & 0xFFFF).to_bytes(2, "big")
        head += (stamp & 0xFFFFFFFF).to_bytes(4, "big") + self.outSSRC.to_bytes(4, "big")
        self.outSequence += 1
        self.outTimestamp += _PACKET_SAMPLES
        try:
            self.sout.sendto(head + payload, (self.outIP, self.outPort))
        except OSError:  # nobody listens there (yet, or any more): sound is lost, as on any line
            return

    @property
    def event_type(self) -> int:
        """The payload number agreed on for keys; ``ValueError`` where the peer takes none."""
        for number, kind in self.assoc.items():
            if kind == RTP.PayloadType.EVENT:
                return int(number)
        raise ValueError("the other side takes no RFC 2833 keys")


class Call(VoIPCall):  # type: ignore[misc]
    """One dialogue. ``listener`` is told what happens; the states are pyVoIP's."""

    listener: Listener
    caller: str = ""
    dialled: str = ""
    cancelled: bool = False

    def create_rtp_clients(self, codecs: Any, ip: str, port: int, request: Any, baseport: int) -> None:
        """μ-law and keys only, whatever else is offered. ``RTPParseError`` where μ-law is not on offer."""
        agreed = {n: kind for n, kind in codecs.items() if kind in (RTP.PayloadType.PCMU, RTP.PayloadType.EVENT)}
        if RTP.PayloadType.PCMU not in agreed.values():
            raise RTP.RTPParseError("the other side does not offer G.711 μ-law")
        peer = (str(request.body["c"][0]["address"]), baseport)
        self.RTPClients.append(Audio(agreed, self.phone.take_socket(port), peer, self))

    @property
    def audio(self) -> Audio | None:
        return self.RTPClients[0] if self.RTPClients else None

    def stop_audio(self) -> None:
        for client in self.RTPClients:
            client.stop()

    def __del__(self) -> None:
        """Ports are freed when the call ends, not when the garbage is collected."""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
