"""Facts of work orders (工单)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hotline.facts import Fact, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMoved(Fact):
    """A work order went from one state to the next. The first move comes from the empty state."""

    ticket_id: str
    number: str
    action: str
    from_state: str
    to_state: str
    role: str
    note: str = ""
    call_id: str | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)
    """What changed, as name → [before, after]; under ``clock`` the step that the deadline's clock took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLate(Fact):
    """A work order was not dispatched within the minutes that the site promises: an alarm."""

    ticket_id: str
    number: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineMissed(Fact):
    """A unit's deadline passed without a reply."""

    ticket_id: str
    number: str
    unit: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRecomputed(Fact):
    """The calendar changed, and with it this work order's deadline."""

    ticket_id: str
    number: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReceived(Fact):
    """A matter came in through a channel."""

    ticket_id: str
    number: str
    channel: str
    sender_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatsFound(Fact):
    """A work order looks like earlier ones. ``others``: their ids, most alike first."""

    ticket_id: str
    number: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentAdded(Fact):
    """A picture, film or document was put to a work order."""

    ticket_id: str
    attachment_id: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTold(Fact):
    """A unit's own office system took the notice of a move."""

    notice_id: str
    ticket_id: str
    number: str
    unit: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeNotTold(Fact):
    """It did not take it, however often it was tried; the work order lies in its list all the same."""

    notice_id: str
    ticket_id: str
    number: str
    unit: str
    attempts: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChanged(Signal):
    """The draft of a call's work order changed. ``draft`` has the shape of the API's Draft."""

    call_id: str
    draft: Mapping[str, object]
