"""Facts of work orders (工单)."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChanged(Signal):
    """The draft of a call's work order changed. ``draft`` has the shape of the API's Draft."""

    call_id: str
    draft: Mapping[str, object]
