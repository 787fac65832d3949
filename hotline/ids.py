"""Identifiers. Internal ids sort by time of birth; a work order's number is what people read aloud."""

import secrets
import time
from datetime import datetime
from zoneinfo import ZoneInfo

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id(prefix: str) -> str:
    """A fresh id such as ``call_01kasb3v9w8k2m4p6r``: milliseconds since 1970, then 45 random bits."""
    return f"{prefix}_{_encode(time.time_ns() // 1_000_000, 10)}{_encode(secrets.randbits(45), 9)}"


def work_order_number(now: datetime, serial: int, zone: ZoneInfo) -> str:
    """``yyMMddHHmmss`` in local time and a six-digit serial: 18 digits, unique while ``serial`` grows."""
    return f"{now.astimezone(zone):%y%m%d%H%M%S}{serial % 1_000_000:06d}"


def _encode(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))
