"""The sound and the keys of a call: 16-bit, by the clock, on the event loop; and the call that owns them."""

import asyncio
import socket
from collections import deque
from typing import Any, Protocol

from telephony.phone import mulaw
from telephony.phone.keys import key_press, unpack_key
from telephony.phone.repairs.original import RTP, VoIPCall
from telephony.phone.wire import Address

_PACKET_SECONDS = 0.020
_PACKET_SAMPLES = 160
_SILENT_PACKET = bytes([mulaw.SILENCE]) * _PACKET_SAMPLES


class Listener(Protocol):
    """Who is told what happens in a call. Every method is called on the event loop and must not block."""

    def on_ringing(self) -> None: ...
    def on_answered(self) -> None: ...
    def on_ended(self, by_us: bool, status: int) -> None: ...
    def on_audio(self, samples: mulaw.Samples) -> None: ...
    def on_key(self, key: str) -> None: ...


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
                packet = self.sin.recv(4096)
                if not self.call.phone.unplugged:
                    self.parse_packet(packet)
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
        if self.call.phone.unplugged:
            return
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
