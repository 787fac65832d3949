"""Facts of return visits (回访)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.facts import Fact, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDue(Fact):
    """A return visit is owed."""

    task_id: str
    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDialled(Fact):
    """The robot is about to dial. Written before it does, with the channel id that Asterisk is asked about later."""

    task_id: str
    ticket_id: str
    attempt: int
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswered(Fact):
    """The citizen picked up."""

    task_id: str
    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackKeyed(Fact):
    """The citizen pressed a key in answer to a question; kept even when they hang up next."""

    task_id: str
    ticket_id: str
    question: str
    """The variable of the flow: ``solved``, ``satisfied``, ``manner``, ``reason`` …"""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDone(Fact):
    """The attempt or the whole task ended with a disposition."""

    task_id: str
    ticket_id: str
    disposition: str
    solved: bool | None = None
    satisfaction: int | None = None
    """1 (满意) to 5 (不满意)."""
    kind: str = "visit"
    campaign_id: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackHanded(Fact):
    """A return visit is a person's now: the plan is used up, or the citizen went to a live agent."""

    task_id: str
    ticket_id: str
    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotPaused(Fact):
    """Nothing is dialled any more; with a ``scope`` nothing of that campaign."""

    scope: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotResumed(Fact):
    """Dialling goes on."""

    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBreakerOpened(Fact):
    """The trunk fails: nothing is dialled until then, when one call tries."""

    until: datetime
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBreakerClosed(Fact):
    """A call came through again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotChanged(Signal):
    """Something of the robot's live view changed."""
