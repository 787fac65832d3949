"""The phone's SIP socket on the event loop: no threads, no 0.0.0.0, and lost packets are sent again.

pyVoIP polls a socket in a thread and never retransmits. Its classes only ever call ``out.sendto(data, address)``,
so this object takes the place of their socket.
"""

import asyncio
import socket
from collections.abc import Callable

import structlog

Address = tuple[str, int]
_FIRST_RESEND = 0.5  # seconds: T1 of RFC 3261
_RESENDS = 6

_log = structlog.get_logger(__name__)


class SipWire:
    """One bound UDP socket. Must be made inside a running event loop; ``close`` frees it at once."""

    def __init__(self, bind: Address, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_datagram = on_datagram
        self._pending: dict[object, asyncio.TimerHandle] = {}
        self.unplugged = False
        """The cable is out: what comes is not read, what goes is lost."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind(bind)
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def sendto(self, data: bytes, address: Address) -> None:
        """Send once. A full buffer or a dead peer is what UDP loses anyway; resending makes good for it."""
        if self._socket.fileno() < 0 or self.unplugged:
            return
        try:
            self._socket.sendto(data, address)
        except OSError as error:
            _log.debug("sip_not_sent", error=str(error))

    def send_until(self, key: object, data: bytes, address: Address) -> None:
        """Send now, and again at 0.5, 1.5, 3.5 … s until ``settle(key)``; gives up after half a minute."""
        self.settle(key)
        self.sendto(data, address)
        self._arm(key, data, address, 0)

    def settle(self, key: object) -> None:
        """The other side has reacted: stop resending."""
        if (handle := self._pending.pop(key, None)) is not None:
            handle.cancel()

    def close(self) -> None:
        """Stop reading and resending; idempotent."""
        for handle in self._pending.values():
            handle.cancel()
        self._pending.clear()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _arm(self, key: object, data: bytes, address: Address, count: int) -> None:
        if count < _RESENDS:
            delay = _FIRST_RESEND * min(2**count, 8)
            self._pending[key] = self._loop.call_later(delay, self._resend, key, data, address, count)
        else:
            self._pending.pop(key, None)

    def _resend(self, key: object, data: bytes, address: Address, count: int) -> None:
        self.sendto(data, address)
        self._arm(key, data, address, count + 1)

    def _read(self) -> None:
        while self._socket.fileno() >= 0:
            try:
                data, address = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP "port unreachable" surfaces here; the socket is still good
                _log.debug("sip_not_read", error=str(error))
                return
            if not self.unplugged:
                self._on_datagram(data, address)
