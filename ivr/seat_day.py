"""An agent's own day in figures, from the facts of the seat: calls, time by what was done, offers let go.

Time belongs to whoever was signed in at the seat then, so two shifts at one seat do not mix. The same facts give the
same figures whenever they are read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hotline.facts import Fact
from hotline.facts.calls import CallConnected, OfferEnded
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen

FACTS = (CallConnected, OfferEnded, SeatStateObserved, SeatStatusChosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatDay:
    """Figures of one agent since ``begins``. Times are seconds; averages are None before the first call."""

    begins: datetime
    calls: int
    talk_seconds: float
    wrap_up_seconds: float
    ready_seconds: float
    not_ready_seconds: float
    not_ready_by_reason: dict[str, float]
    missed: int
    rejected: int

    @property
    def average_talk(self) -> float | None:
        """Talk per call."""
        return self.talk_seconds / self.calls if self.calls else None

    @property
    def average_wrap_up(self) -> float | None:
        """Wrap-up per call."""
        return self.wrap_up_seconds / self.calls if self.calls else None

    @property
    def occupancy(self) -> float | None:
        """Work ÷ (work + ready), as ``ivr.kpi`` has it, without the seconds of ringing."""
        work = self.talk_seconds + self.wrap_up_seconds
        return work / (work + self.ready_seconds) if work + self.ready_seconds else None


@dataclass(slots=True)
class _Tally:
    account: str | None = None
    status: str = "offline"
    reason: str | None = None
    state: str = "unreachable"
    at: datetime | None = None
    calls: set[str] = field(default_factory=set)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    reasons: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    outcomes: Counter[str] = field(default_factory=Counter)


def day_of(facts: Iterable[Fact], account: str, begins: datetime, now: datetime) -> SeatDay:
    """``facts`` are one seat's, oldest first; those before ``begins`` only tell how the day began."""
    tally = _Tally()
    for fact in facts:
        _let_pass(tally, account, begins, fact.at)
        _take(tally, fact, account, begins)
    _let_pass(tally, account, begins, now)
    return SeatDay(
        begins=begins,
        calls=len(tally.calls),
        talk_seconds=tally.seconds["talking"],
        wrap_up_seconds=tally.seconds["wrap_up"],
        ready_seconds=tally.seconds["ready"],
        not_ready_seconds=sum(tally.reasons.values()),
        not_ready_by_reason=dict(tally.reasons),
        missed=tally.outcomes["timed_out"],
        rejected=tally.outcomes["rejected"],
    )


def _take(tally: _Tally, fact: Fact, account: str, begins: datetime) -> None:
    match fact:
        case SeatStatusChosen():
            tally.account, tally.status, tally.reason = fact.account, fact.status, fact.reason
        case SeatStateObserved():
            tally.state = fact.state
        case CallConnected() if fact.at >= begins and fact.account == account:
            tally.calls.add(fact.call_id)
        case OfferEnded() if fact.at >= begins and tally.account == account:
            tally.outcomes[fact.outcome] += 1
        case _:
            pass


def _let_pass(tally: _Tally, account: str, begins: datetime, until: datetime) -> None:
    since, tally.at = tally.at, until
    if since is None or tally.account != account or until <= begins:
        return
    lasted = (until - max(since, begins)).total_seconds()
    if tally.state in ("talking", "wrap_up"):
        tally.seconds[tally.state] += lasted
    elif tally.state == "idle" and tally.status == "ready":
        tally.seconds["ready"] += lasted
    elif tally.status == "not_ready":
        tally.reasons[tally.reason or ""] += lasted
