"""Facts of return visits (回访)."""

from dataclasses import dataclass

from hotline.facts import Fact


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
    """``solved`` or ``satisfied``."""
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
