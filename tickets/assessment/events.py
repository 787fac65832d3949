"""Work orders' lives as the assessment reads them: the fold of their ledger rows. Pure.

Nothing but rows of the ledger goes in, in the order in which they were written, so that a month recomputed from
the same rows is the same month. What the tables of the room say now does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KINDS = ("TicketMoved", "CallbackDone", "DeadlineRecomputed", "ExclusionDecided")
"""The facts that count."""
SATISFIED = frozenset({1, 2, 3})
"""满意 to 基本满意 of five grades."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger: its fact's kind and fields."""

    seq: int
    at: datetime
    kind: str
    ticket_id: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Life:
    """What is known of one work order so far. ``sent`` and ``returned``: instant and unit of each."""

    ticket_id: str
    number: str = ""
    part: bool = False
    unit: str = ""
    sent: list[tuple[datetime, str]] = field(default_factory=list)
    returned: list[tuple[datetime, str]] = field(default_factory=list)
    due_at: datetime | None = None
    replied_at: datetime | None = None
    contacted: bool | None = None
    closed_at: datetime | None = None
    solved: bool | None = None
    satisfaction: int | None = None
    suspended: bool = False
    reworks: int = 0
    excluded: bool = False
    void: bool = False


def lives(rows: Iterable[Row]) -> dict[str, Life]:
    """Every work order's life, by id, whatever the order of ``rows``."""
    found: dict[str, Life] = {}
    absorb(found, sorted(rows, key=lambda row: row.seq))
    return found


def absorb(found: dict[str, Life], rows: Iterable[Row]) -> None:
    """Go on with more rows, oldest first."""
    for row in rows:
        life = found.setdefault(row.ticket_id, Life(row.ticket_id))
        match row.kind:
            case "TicketMoved":
                _move(life, row)
            case "CallbackDone":
                _answer(life, row.body)
            case "DeadlineRecomputed":
                life.due_at = _instant(row.body.get("after"))
            case "ExclusionDecided":
                life.excluded = bool(row.body.get("excluded"))
            case _:
                pass


def _move(life: Life, row: Row) -> None:
    body, changed = row.body, row.body.get("changed") or {}
    life.number = body.get("number", life.number)
    if "unit" in changed:
        life.unit = changed["unit"][1] or ""
    if "due_at" in changed:
        life.due_at = _instant(changed["due_at"][1])
    action = body["action"]
    match action:
        case "dispatch" | "assign" | "part" | "redispatch":
            life.part = life.part or action == "part"
            life.sent.append((row.at, life.unit))
            life.replied_at = None
        case "agree_return":
            life.unit = ""  # nobody has it until it is sent again
        case "suspend" | "resume":
            life.suspended = action == "suspend"
        case "approve":
            life.solved = life.satisfaction = None  # another visit, another answer
        case "return":
            life.returned.append((row.at, life.unit))
        case "reply":
            life.replied_at = row.at
            life.contacted = changed["contacted"][1] if "contacted" in changed else _kept(life.contacted)
        case "send_back":
            life.replied_at = None
        case "redo":
            life.reworks += 1
        case "fail":
            life.reworks += body["from_state"] == "closed"
            life.replied_at = None
            life.closed_at = None
        case "close" | "accept_part":
            life.closed_at = row.at
        case "revisit":
            life.closed_at = life.solved = life.satisfaction = None
        case "reopen":
            life.closed_at = None
        case "void":
            life.void = True
        case _:
            pass


def _kept(contacted: bool | None) -> bool:
    """A reply needs a record of the contact; before there was a field for "not reached" it meant that he was."""
    return True if contacted is None else contacted


def _answer(life: Life, body: Mapping[str, Any]) -> None:
    if body.get("solved") is not None:
        life.solved = body["solved"]
    if body.get("satisfaction") is not None:
        life.satisfaction = body["satisfaction"]


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
