"""Shapes of call control and supervision in the API."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agent_desk.models import Line, Shape, Wish

SeatId = Annotated[str, Field(pattern=r"^[0-9]{2,8}$")]


class TargetWish(Wish):
    """Whom to ask, bring in or pass the citizen on to."""

    kind: Literal["seat", "group", "unit", "phone", "flow"]
    target: Annotated[str, Field(min_length=1, max_length=81)]
    """A number, or an id; of a flow ``flow/node``."""


class KeysWish(Wish):
    """Keypad tones."""

    keys: Annotated[str, Field(pattern=r"^[0-9*#]{1,32}$")]


class MuteWish(Wish):
    """On or off."""

    muted: bool


class ReasonWish(Wish):
    """Why a supervisor acts; it stands in the audit trail."""

    reason: Line = ""


class ForceWish(ReasonWish):
    """The status that a supervisor chooses for a seat; offline logs it out."""

    status: Literal["ready", "not_ready", "offline"]


class MessageWish(Wish):
    """To these seats; to all when none is named."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
    seats: list[SeatId] = []


class EchoWish(Wish):
    """Hear oneself, or no longer."""

    on: bool


class DisposeWish(Wish):
    """What the call came to."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    note: Line = ""


class HandWish(Wish):
    """Ask for help, or no longer."""

    raised: bool = True
    note: Line = ""


class MoveWish(ReasonWish):
    """Where a waiting citizen is to go: to a seat, or to a group's line."""

    seat: SeatId | None = None
    group: Annotated[str, Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.seat is None) == (self.group is None):
            raise ValueError("give either seat or group")
        return self


class WatchShown(Shape):
    """A supervisor at a call."""

    supervisor_seat: str
    seat: str
    call_id: str
    mode: str


class AddressEntry(Shape):
    """A department that can be reached by telephone; the first number is tried first."""

    code: str
    name: str
    kind: str
    parent: str | None
    numbers: list[str]
    on_duty: str


class SeatEntry(Shape):
    """A seat to consult or transfer to."""

    id: str
    name: str
    agent_name: str | None
    free: bool


class GroupEntry(Shape):
    """A group to transfer to."""

    id: str
    name: str


class FlowEntry(Shape):
    """A node of a flow to pass a citizen on to; ``target`` is what the wish names."""

    target: str
    flow: str
    title: str


class AddressBook(Shape):
    """Whom an agent may ask, bring in or pass a citizen on to."""

    units: list[AddressEntry]
    seats: list[SeatEntry]
    groups: list[GroupEntry]
    flows: list[FlowEntry] = []


class ParkedCall(Shape):
    """A citizen who hears music until a seat picks up."""

    call_id: str
    caller: str
    group: str
    seat: str
    """Who parked the call."""
    since: datetime


class ParkedCalls(Shape):
    """The one parked first in front."""

    items: list[ParkedCall]
