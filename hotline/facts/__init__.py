"""The shared language of the rooms: what happened, as frozen data.

A ``Fact`` is appended to the ledger in the transaction that makes it true and is published after the commit;
screens, KPIs and reports are readings of facts. A ``Signal`` is only worth knowing now (a half-recognised
word, "this seat changed"): it is published and never stored.

One family per file. Rooms import facts, never each other.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened. The ledger indexes the fields named ``call_id``, ``ticket_id`` and ``seat``."""

    at: datetime
    """The instant it happened; aware, UTC."""
    by: str = "system"
    """Who did it: an account name, ``system``, ``citizen`` or ``robot``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something worth telling whoever listens now, and nobody later."""


Message = Fact | Signal
