"""What the callback room asks of others, as Protocols, and its calls as others see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hotline.database import UnitOfWork

Row = dict[str, Any]
VISIT, MISSED, CAMPAIGN = "visit", "missed", "campaign"
"""Kinds of task: about a work order, a call that nobody took, an item of a campaign."""
NOT_SENT = "not_sent"
"""How an attempt ended that the citizen's telephone never heard of. It does not count."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One robot among those that share the work. The same after a restart, so that it finds its own calls at once."""

    id: str = "robot"
    asterisk: str = "asterisk"
    """With which Asterisk it dials. Only that one can be asked what became of its calls."""


Scores = tuple[bool | None, int | None]
"""Solved, and the grade (1 to 5)."""


class Conclusions(Protocol):
    """Where the result of a task goes: the work order, or the campaign, in the same transaction."""

    async def conclude(
        self,
        uow: UnitOfWork,
        ticket_id: str,
        *,
        disposition: str,
        solved: bool | None,
        satisfaction: int | None,
        manner: int | None = None,
        by: str = "robot",
        first: Scores | None = None,
    ) -> None:
        """Close the work order, or have it redone. ``first``: what the citizen had said before that, if it differs."""
        ...


class GivenUp(Protocol):
    """Who is told that a citizen could not be reached, in the transaction that hands the task to people."""

    async def given_up(self, uow: UnitOfWork, row: Row, now: datetime) -> None:
        """``row`` may be without a number."""
        ...


class CampaignGate(Protocol):
    """Whether a campaign may be dialled for now."""

    def is_open(self, campaign_id: str, now: datetime) -> bool:
        """It runs, is inside its own windows, and has not its quota yet; from memory."""
        ...

    async def runs(self, uow: UnitOfWork, campaign_id: str) -> bool:
        """Whether nobody has paused or stopped it, on any engine."""
        ...


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One of the robot's calls."""

    task_id: str
    kind: str
    channel_id: str
    number: str
    phone: str
    state: str
    since: datetime
    question: str = ""


@dataclass(frozen=True, slots=True)
class RobotStatus:
    """The robot now."""

    paused: bool
    paused_by: str
    breaker: str
    """``closed`` (all is well), ``open`` (the trunk fails, nothing is dialled), ``half_open`` (one call tries)."""
    breaker_until: datetime | None
    lines: int
    in_use: int
    per_second: float
    opens_at: datetime | None
    """Now when it may dial now; None: no window within a year."""
    live: Sequence[LiveCall] = ()
