"""The shapes of the HTTP API made from rows. Times are local with offset; numbers are masked for those not entitled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hotline.logs import mask_phone
from tickets.deadlines import DeadlineRules, Lamp, lamp
from tickets.draft import FIELDS
from tickets.guards import Actor, Case
from tickets.lifecycle import offer
from tickets.protection import hidden_from, names_in, redact
from tickets.roads import ACTION_ZH, FIELD_ZH
from tickets.states import EXTENSION_ZH, PART_ZH, STATE_ZH, WITH_UNIT, Action, Extension, Part, Role, State

Shape = dict[str, Any]
_WHOLE_NUMBER: frozenset[str] = frozenset({Role.AGENT, Role.DEPARTMENT, Role.SUPERVISOR, Role.SYSTEM})
"""Who needs a citizen's number to do his work, on work orders that he may see at all."""


@dataclass(frozen=True)
class TicketGlance:
    """A work order as the live feed needs it: what to show, and the account that made it."""

    summary: Shape
    maker: str | None


@dataclass(frozen=True)
class TicketViews:
    """Shapes for one site."""

    zone: ZoneInfo
    rules: DeadlineRules
    units: Mapping[str, str]

    def summary(self, row: Mapping[str, Any], now: datetime) -> Shape:
        """TicketSummary."""
        plain = {name: row[name] for name in ("id", "number", "title", "type", "category", "place", "urgency", "state")}
        if row["protected"]:
            plain["title"] = redact(row["title"], names_in(row["description"]))
        return plain | {
            "state_zh": STATE_ZH[State(row["state"])],
            "unit": row["unit"],
            "unit_name": self.units.get(row["unit"] or "", row["unit"]),
            "created_at": self.iso(row["created_at"]),
            "dispatched_at": self.iso(row["dispatched_at"]),
            "due_at": self.iso(row["due_at"]),
            "due_provisional": row["due_provisional"],
            "lamp": self.lamp(row, now).value,
            "phone_masked": "" if row["protected"] else mask_phone(row["phone"]),
            "protected": row["protected"],
            "channel": row["channel"],
            "line": row["line"],
            "parent_id": row["parent_id"],
            "part_zh": PART_ZH[Part(row["part"])] if row["part"] else None,
            "supervise_level": row["supervise_level"],
            "extension": row["extension"],
            "extension_zh": EXTENSION_ZH[Extension(row["extension"])],
            "returns": row["returns"],
            "reworks": row["reworks"],
            "repeats": row["repeats"],
            "tags": list(row["tags"]),
        }

    def ticket(
        self,
        row: Mapping[str, Any],
        steps: Sequence[Mapping[str, Any]],
        viewer: Actor,
        case: Case,
        now: datetime,
        *,
        callbacks: Sequence[Shape],
        recordings: Sequence[Shape],
    ) -> Shape:
        """The whole Ticket."""
        entitled, hidden = bool(viewer.roles & _WHOLE_NUMBER), hidden_from(viewer, row)
        plain = {
            name: row[name]
            for name in (
                "description", "call_id", "reply", "contact", "answer", "solved", "satisfaction", "article_id",
                "disposition", "matter", "route", "leader", "instruction", "extension_days", "merged_into", "process",
                "contacted", "first_solved", "first_satisfaction",
            )
        }  # fmt: skip
        shown = [self.step(step) for step in steps]
        if hidden:
            names = names_in(row["description"])
            plain |= {"description": redact(row["description"], names), "call_id": None}
            shown = [step | {"note": redact(step["note"] or "", names)} for step in shown]
        return self.summary(row, now) | plain | {
            "phone": "" if hidden else row["phone"] if entitled else mask_phone(row["phone"]),
            "contact_at": self.iso(row["contact_at"]),
            "created_by": row["created_by"],
            "timeline": shown,
            "callbacks": list(callbacks),
            "actions": [
                {
                    "action": action.value,
                    "zh": cell.zh,
                    "needs": list(cell.needs),
                    "needs_zh": [FIELD_ZH[name] for name in cell.needs],
                }
                for action, cell in offer(case, viewer)
            ],
            "recordings": list(recordings),
            "review_at": self.iso(row["review_at"]),
            "closed_at": self.iso(row["closed_at"]),
        }  # fmt: skip

    def attachment(self, row: Mapping[str, Any]) -> Shape:
        """Attachment."""
        plain = {name: row[name] for name in ("id", "kind", "name", "bytes", "by")}
        return plain | {"at": self.iso(row["at"])}

    def step(self, step: Mapping[str, Any]) -> Shape:
        """One row of the timeline."""
        plain = {name: step[name] for name in ("by", "role", "action", "from_state", "to_state", "note")}
        return plain | {"at": self.iso(step["at"]), "action_zh": ACTION_ZH[Action(step["action"])]}

    def lamp(self, row: Mapping[str, Any], now: datetime) -> Lamp:
        """The unit's deadline while it runs; before dispatch, the dispatch clock; else none."""
        state = State(row["state"])
        if state is State.TO_DISPATCH and row["dispatch_due_at"] is not None:
            return Lamp.RED if now > row["dispatch_due_at"] else Lamp.GREEN
        return lamp(self.rules.calendar, now, row["due_at"]) if state in WITH_UNIT else Lamp.NONE

    def iso(self, instant: datetime | None) -> str | None:
        """Local time with offset, to the second."""
        return instant.astimezone(self.zone).isoformat(timespec="seconds") if instant else None


def draft(row: Mapping[str, Any]) -> Shape:
    """Draft."""
    fields = {name: row["values"].get(name, "") for name in FIELDS}
    because = {name: list(words) for name, words in row["because"].items()}
    return {
        "call_id": row["call_id"],
        **fields,
        "typed": sorted(row["typed"]),
        "because": because,
        "ticket_id": row["ticket_id"],
        "tags": list(row.get("tags") or ()),
    }
