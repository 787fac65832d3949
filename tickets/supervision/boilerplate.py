"""Whether a reply is one that was given before (官话、套话). Pure.

What differs from case to case in a copied reply, numbers and the punctuation around them, is left out of it.
"""

import re
from collections.abc import Iterable, Mapping

from tickets.repeats import similarity

_NUMBER = re.compile(r"[0-9０-９]+|[零〇一二三四五六七八九十百千]+(?=[日月年号次个天元米户人处])")
SHORTEST = 8
"""Signs. "已修复" is short because the matter was, not because it was copied."""


def essence(reply: str) -> str:
    """The reply without numbers, blanks and punctuation."""
    return "".join(sign for sign in _NUMBER.sub("", reply) if sign.isalnum())


def copies(reply: str, earlier: Iterable[tuple[str, str]], likeness: float) -> dict[str, float]:
    """Work order → how alike its reply is, for those at least as alike as ``likeness``. ``earlier``: (id, reply)."""
    mine = essence(reply)
    if len(mine) < SHORTEST:
        return {}
    found: dict[str, float] = {}
    for ticket_id, other in earlier:
        theirs = essence(other)
        alike = 1.0 if theirs == mine else similarity(mine, theirs)
        if alike >= likeness:
            found[ticket_id] = max(alike, found.get(ticket_id, 0.0))
    return found


def clusters(replies: Mapping[str, str], likeness: float, least: int) -> list[list[str]]:
    """Work orders whose replies are copies of one, largest group first; groups smaller than ``least`` are left out."""
    rest, groups = dict(replies), []
    while rest:
        first, reply = next(iter(rest.items()))
        group = [first, *(one for one in copies(reply, rest.items(), likeness) if one != first)]
        for one in group:
            del rest[one]
        groups.append(group)
    return sorted((group for group in groups if len(group) >= least), key=lambda group: -len(group))
