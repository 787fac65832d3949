"""The shapes of dossiers, as OpenAPI tells them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from agent_desk.models import Instant, Shape, TicketSummary, Wish

KindName = Literal["duty", "enterprise", "inspection", "meeting"]
EntryName = Literal["roster", "log", "visit", "milestone", "done", "finding", "decision"]
Short = Annotated[str, Field(max_length=120)]
Words = Annotated[str, Field(max_length=5000)]


class DossierSummary(Shape):
    """A dossier (卷宗) in a list."""

    id: str
    number: str
    kind: KindName
    kind_zh: str
    title: str
    subject: str
    subject_name: str
    unit: str
    unit_name: str
    lead: str
    place: str
    begins_on: date | None
    ends_on: date | None
    state: Literal["open", "closed"]
    opened_by: str
    opened_at: Instant
    closed_at: Instant | None
    result: str | None


class DossierEntry(Shape):
    """Something that was written in it. ``ticket``: the work order made of a decision, or that a finding is about."""

    id: int
    at: Instant
    by: str
    entry: EntryName
    entry_zh: str
    text: str
    who: str
    begins: Instant | None
    ends: Instant | None
    due_on: date | None
    refers_to: int | None
    unit: str
    unit_name: str
    ticket: TicketSummary | None


class Dossier(DossierSummary):
    """A whole dossier. ``on_duty``: who is on its roster now."""

    entries: list[DossierEntry]
    samples: list[TicketSummary]
    on_duty: list[str]
    may_write: list[EntryName]
    may_draw: bool


class DossierPage(Shape):
    """A page of dossiers."""

    items: list[DossierSummary]
    total: int
    page: int
    size: int


class EntryWish(Wish):
    """An entry; which fields it needs depends on what it is."""

    entry: EntryName
    text: Words | None = None
    who: Short | None = None
    begins: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    due_on: date | None = None
    refers_to: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    unit: Annotated[str, Field(max_length=20)] | None = None
    ticket: Annotated[str, Field(max_length=64)] | None = None


class RosterWish(Wish):
    """Who is on duty, from when to when."""

    who: Annotated[str, Field(min_length=1, max_length=120)]
    begins: AwareDatetime
    ends: AwareDatetime


class DossierWish(Wish):
    """A new dossier."""

    kind: KindName
    title: Annotated[str, Field(min_length=1, max_length=120)]
    subject: Annotated[str, Field(max_length=18)] = ""
    subject_name: Short = ""
    unit: Annotated[str, Field(max_length=20)] = ""
    lead: Annotated[str, Field(max_length=64)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    begins_on: date | None = None
    ends_on: date | None = None
    roster: Annotated[list[RosterWish], Field(max_length=200)] = []


class DrawWish(Wish):
    """How many work orders are drawn."""

    count: Annotated[int, Field(ge=1, le=100)]
