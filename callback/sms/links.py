"""The link in a message: unguessable, for one purpose, once, for a few days. Pure.

A token is an id and its seal (HMAC-SHA256 under a key that stands in no database), so a guess costs no look-up, and who
reads the database can still not answer in a citizen's name.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_PURPOSE = b"callback survey:"
_ID_BYTES, _SEAL_BYTES = 10, 12
_TOKEN_LENGTH = 30
"""Of 22 bytes in base64 without padding."""


class LinkState(StrEnum):
    """What a citizen who opens a link is told."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    SETTLED = "settled"
    """The visit was made another way meanwhile."""
    UNKNOWN = "unknown"
    """Forged, mistyped, or of another purpose."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is kept."""

    id: str
    task_id: str
    ticket_id: str
    expires_at: datetime
    used_at: datetime | None = None


def new_link_id() -> str:
    """80 random bits."""
    return _written(secrets.token_bytes(_ID_BYTES))


def token_of(link_id: str, key: str) -> str:
    """What stands in the address."""
    raw = _read(link_id)
    return _written(raw + _seal(raw, key))


def link_id_of(token: str, key: str) -> str | None:
    """The id, or None for a token that we did not make. Compares in constant time."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    try:
        raw = _read(token)
    except ValueError:
        return None
    if _written(raw) != token:  # base64 has several spellings of one number
        return None
    named, seal = raw[:_ID_BYTES], raw[_ID_BYTES:]
    return _written(named) if hmac.compare_digest(seal, _seal(named, key)) else None


def judge(link: Link | None, *, settled: bool, now: datetime) -> LinkState:
    """What the link is good for now. ``settled``: the return visit has its disposition."""
    if link is None:
        return LinkState.UNKNOWN
    if link.used_at is not None:
        return LinkState.USED
    if settled:
        return LinkState.SETTLED
    return LinkState.EXPIRED if now >= link.expires_at else LinkState.OPEN


def _seal(raw: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), _PURPOSE + raw, hashlib.sha256)[:_SEAL_BYTES]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as failure:  # binascii.Error is one
        raise ValueError("not base64") from failure
