"""Shapes of the list of malicious callers in the API."""

from typing import Annotated, Literal

from pydantic import Field

from agent_desk.models import Instant, Shape, Wish

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class NuisanceMark(Shape):
    """An agent's word about one call."""

    call_id: str
    at: Instant
    by: str
    reason: str


class NuisanceListing(Shape):
    """A number on the list, or proposed for it."""

    id: str
    phone_masked: str
    state: Literal["proposed", "listed", "declined", "removed", "expired"]
    marks: list[NuisanceMark]
    created_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    note: str
    until: Instant | None
    removed_by: str | None
    removed_at: Instant | None
    removed_because: str
    treated: int
    """Calls of this number since it was listed, each treated as the site's settings say."""
    treated_at: Instant | None


class NuisancePage(Shape):
    """A page of the list, newest first, and how listed numbers are treated."""

    items: list[NuisanceListing]
    total: int
    page: int
    size: int
    treatment: Literal["show", "last", "notice"]
    days: int


class MarkWish(Wish):
    """Why the call was malicious."""

    reason: Reason


class DecisionWish(Wish):
    """A supervisor's decision; ``days`` 0: as the site's settings say."""

    approved: bool
    days: Annotated[int, Field(ge=0, le=366)] = 0
    note: Annotated[str, Field(max_length=500)] = ""
