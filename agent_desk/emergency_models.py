"""Shapes of hand-overs to 110, 119, 120 … in the API."""

from agent_desk.models import Instant, Shape


class EmergencyNews(Shape):
    """How far a hand-over has come; an empty word means: as before."""

    call_id: str
    platform: str
    label: str
    stage: str
    push: str


class EmergencyPush(Shape):
    """A hand-over and its message. ``outcome``: how the platform's telephone answered, null: not yet."""

    id: str
    call_id: str
    platform: str
    label: str
    target: str
    seat: str | None
    by: str
    state: str
    attempts: int
    created_at: Instant
    due_at: Instant
    sent_at: Instant | None
    failure: str | None
    outcome: str | None


class EmergencyPage(Shape):
    """A page of hand-overs, newest first."""

    items: list[EmergencyPush]
    total: int
