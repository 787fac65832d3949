"""Keys as RFC 2833 telephone events, which pyVoIP can receive badly and not send at all."""

import struct
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
_VOLUME = 10  # dBm0 below zero, as ordinary phones send
_STEP = 160  # samples in a packet of 20 ms at 8 kHz


@dataclass(frozen=True)
class KeyEvent:
    """One telephone event as it stands in one RTP packet. ``samples``: how long the key is down, at 8 kHz."""

    key: str
    end: bool
    samples: int

    def pack(self) -> bytes:
        """The 4 bytes of RFC 2833 § 3.5."""
        return struct.pack("!BBH", KEYS.index(self.key), (0x80 if self.end else 0) | _VOLUME, self.samples)


def unpack_key(payload: bytes) -> KeyEvent:
    """Read the 4 bytes back. Raises ``ValueError`` on what is not a key (flash hook, line signals, rubbish)."""
    if len(payload) < 4 or payload[0] >= len(KEYS):
        raise ValueError(f"not a telephone key: {payload[:4].hex()}")
    event, flags, samples = struct.unpack("!BBH", payload[:4])
    return KeyEvent(KEYS[event], bool(flags & 0x80), samples)


def key_press(key: str, packets: int = 5) -> list[KeyEvent]:
    """One press: ``packets`` of 20 ms while it is down, then the end three times, as a lost end is a stuck key."""
    if len(key) != 1 or key.upper() not in KEYS:
        raise ValueError(f"not a telephone key: {key!r}")
    down = [KeyEvent(key.upper(), False, _STEP * (n + 1)) for n in range(packets)]
    return [*down, *[KeyEvent(key.upper(), True, _STEP * packets)] * 3]
