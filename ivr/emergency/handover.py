"""What goes to an emergency platform with a citizen, and how often it is tried. Pure.

The data is sent at least once: the platform tells doubles apart by ``id``, which is also the ``Idempotency-Key``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hotline.settings import Emergency

LONGEST_WAIT_SECONDS = 300.0
ATTEMPTS = 12
"""Over about 25 minutes; then a person sees to it."""
WORDS_SENT = 40
"""The last utterances of the call."""
_FIELDS = ("title", "description", "type", "category", "place", "urgency")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallData:
    """A citizen's call as it is known at the moment of the hand-over."""

    call_id: str
    phone: str
    line: str
    dialled: str
    arrived_at: datetime
    seat: str | None = None
    agent: str | None = None


def body_of(
    push_id: str,
    platform: Emergency,
    call: CallData,
    draft: Mapping[str, Any] | None,
    said: Sequence[Mapping[str, Any]],
    *,
    site: str,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Any]:
    """The message, in the shape of docs/reference.md."""
    values = draft or {}
    return {
        "id": push_id,
        "platform": platform.code,
        "site": site,
        "call_id": call.call_id,
        "phone": call.phone,
        "line": call.line,
        "dialled": call.dialled,
        "arrived_at": _local(call.arrived_at, zone),
        "sent_at": _local(now, zone),
        "seat": call.seat,
        "agent": call.agent,
        "matter": {name: str(values.get(name) or "") for name in _FIELDS},
        "said": [
            {"who": str(one["who"]), "text": str(one.get("display") or one["text"])} for one in said[-WORDS_SENT:]
        ],
    }


def tag_of(platform: Emergency) -> str:
    """What the draft and the work order are marked with."""
    return f"转接 {platform.code} {platform.label}"


ACCEPTED, KEPT = "accepted", "kept"
"""Outcomes of a hand-over whose platform answered: it has the matter, or the hotline keeps it."""


def outcome_of(left_together: bool) -> str:
    """Who has the matter when the platform is out of the call.

    Where it is not clear whose matter it is three parties talk, and the first platform accepts (首接负责): that is the
    hotline, unless its agent left the citizen with the other one.
    """
    return ACCEPTED if left_together else KEPT


def pause_after(attempts: int) -> float | None:
    """Seconds until the next attempt after so many; None: enough."""
    return None if attempts >= ATTEMPTS else min(LONGEST_WAIT_SECONDS, 2.0 ** (attempts - 1))


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")
