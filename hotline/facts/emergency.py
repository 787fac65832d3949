"""Facts of emergencies: a citizen sent on to 110, 119, 120 or 122, and what became of the data sent along."""

from dataclasses import dataclass

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCalled(Fact):
    """Somebody sent a citizen on to an emergency platform; the call's data goes along as ``push_id``."""

    call_id: str
    platform: str
    """``110``, ``119`` …"""
    label: str
    target: str
    """The number that is dialled."""
    push_id: str
    seat: str | None
    """None: by a key of the flow, without an agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAnswered(Fact):
    """The platform answered: citizen, agent and platform hear each other."""

    call_id: str
    platform: str
    push_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyUnreached(Fact):
    """The platform did not answer; the citizen is back with the agent, or in front of the line."""

    call_id: str
    platform: str
    push_id: str
    reason: str
    """``busy``, ``no_answer``, ``rejected``, ``unknown``, ``dismissed`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAccepted(Fact):
    """Who has the matter, now that a platform which had answered is out of the call."""

    call_id: str
    platform: str
    push_id: str
    accepted_by: str
    """``platform``: the agent had left the citizen with it; ``hotline``: it went first, so we, who took the call first,
    keep the matter (首接负责)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPushed(Fact):
    """The call's data reached the platform (``http``), or lies in the outbox folder for it (``file``)."""

    call_id: str
    platform: str
    push_id: str
    way: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPushGivenUp(Fact):
    """The platform did not take the call's data after so many attempts: somebody must see to it."""

    call_id: str
    platform: str
    push_id: str
    attempts: int
    why: str
