"""Which work orders are looked at: a sample that anybody can draw again. Pure.

Each one is judged by the hash of seed, plan and its own id, so that the sample does not depend on when it is drawn,
in which order, or how many others there are; and nobody can choose whom to leave out.
"""

import hashlib

_RANGE = 1 << 64


def selected(seed: str, plan: str, ticket_id: str, share: float) -> bool:
    """Whether ``ticket_id`` is in the sample ``plan`` (say, ``handling 2026-11``) of this share, 0 to 1."""
    digest = hashlib.sha256(f"{seed}\0{plan}\0{ticket_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * _RANGE
