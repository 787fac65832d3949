"""The hotline's figures and their formulas. One definition serves the live page, any window of the past, and tests.

A call belongs to the window in which it arrived, whatever happened to it later; so figures of two windows that touch
add up, a window read today and tomorrow gives the same, and nothing resets at midnight. Waits are summed in whole
milliseconds: sums are equal whichever way they were made.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

PROMPT_ANSWER_SECONDS = 15.0
LONGEST_COUNTED_SECOND = 600
"""Citizens who gave up later than this are counted at this second."""

KEPT_OTHERWISE = frozenset({"callback_promised", "message_left"})
"""Ends of calls whose citizen did not give up: we phone back, or the message became a work order."""

FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "answer_rate": "人工接通率 = 接通 / 进入排队 / answered ÷ queued",
        "prompt_rate": "15 秒应答率 = 15 秒内接通 / 接通 / answered within 15 s ÷ answered",
        "abandon_rate": "放弃率 = 排队中挂机(未约回电、未留言) / 进入排队 / "
        "abandoned (neither a callback promised nor a message left) ÷ queued",
        "average_wait": "平均等待 = 接通者等待秒数之和 / 接通 / waiting seconds of those answered ÷ answered",
        "abandoned_by_second": "第 n 秒放弃率 = n 秒内挂机 / 进入排队 / abandoned within n s ÷ queued",
        "wait_error": "等待预报误差 = |首次预报 − 此后实际等待| 的平均(接通者) / "
        "mean |wait forecast first − wait that followed|, of those answered",
        "wait_bias": "等待预报偏差 = 首次预报 − 实际,正为报长 / forecast − happened; above 0: too much was told",
        "occupancy": "座席利用率 = 工作 / (工作 + 就绪空闲),工作 = 应答中 + 通话 + 整理 / busy ÷ (busy + idle ready)",
    }
)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What became of a call, as much as figures need."""

    call_id: str
    group: str
    arrived_at: datetime
    queued_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    seat: str | None = None
    duty: str | None = None
    """The duty session that answered."""
    end_reason: str | None = None
    promise: str | None = None
    """We rang the citizen: no call that came in."""
    told_wait: float | None = None
    told_at: datetime | None = None

    @property
    def told_error(self) -> float | None:
        """Seconds by which the wait that the citizen was told was too long (above 0) or too short."""
        if self.told_wait is None or self.told_at is None or self.connected_at is None:
            return None
        return self.told_wait - (self.connected_at - self.told_at).total_seconds()

    @property
    def waited_ms(self) -> int:
        """From the start of waiting to the answer or the end; of a call that Asterisk's own queue took, all of it."""
        until = self.connected_at or self.ended_at
        return 0 if until is None else round((until - (self.queued_at or self.arrived_at)).total_seconds() * 1000)


@dataclass(slots=True)
class Tally:
    """Counts that can be added up."""

    arrived: int = 0
    queued: int = 0
    answered: int = 0
    within_15s: int = 0
    abandoned: int = 0
    waited_ms: int = 0
    told: int = 0
    """Answered citizens of whom a wait was forecast when they were first told their place."""
    told_error_ms: int = 0
    told_bias_ms: int = 0
    abandoned_at: Counter[int] = field(default_factory=Counter)
    """Second of waiting → citizens who gave up in it."""

    def add(self, call: CallOutcome, times: int = 1) -> None:
        """Count a call that came in; ``times`` of -1 takes it out again."""
        if call.promise is not None:
            return
        self.arrived += times
        if call.queued_at is None and call.connected_at is None:
            return
        self.queued += times
        if call.connected_at is not None:
            self.answered += times
            self.waited_ms += times * call.waited_ms
            self.within_15s += times * (call.waited_ms <= PROMPT_ANSWER_SECONDS * 1000)
            if (error := call.told_error) is not None:
                self.told += times
                self.told_error_ms += times * round(abs(error) * 1000)
                self.told_bias_ms += times * round(error * 1000)
        elif call.ended_at is not None and call.end_reason not in KEPT_OTHERWISE:
            self.abandoned += times
            self.abandoned_at[min(call.waited_ms // 1000, LONGEST_COUNTED_SECOND)] += times

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.arrived + other.arrived,
            self.queued + other.queued,
            self.answered + other.answered,
            self.within_15s + other.within_15s,
            self.abandoned + other.abandoned,
            self.waited_ms + other.waited_ms,
            self.told + other.told,
            self.told_error_ms + other.told_error_ms,
            self.told_bias_ms + other.told_bias_ms,
            self.abandoned_at + other.abandoned_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """Figures of one window. Rates are 0–1 and None where nothing happened; waits are seconds."""

    arrived: int
    queued: int
    answered: int
    within_15s: int
    abandoned: int
    answer_rate: float | None
    prompt_rate: float | None
    abandon_rate: float | None
    average_wait: float | None
    abandoned_by_second: tuple[tuple[int, float], ...]
    """(second, share of those queued who had given up by its end), for each second in which somebody did."""
    occupancy: float | None = None
    told: int = 0
    """Answered citizens of whom a wait was forecast when they were first told their place."""
    wait_error: float | None = None
    """Mean seconds between the first forecast and the wait that followed."""
    wait_bias: float | None = None
    """The same with its sign: above 0, too much was told."""


def tally(calls: Iterable[CallOutcome]) -> Tally:
    """Count calls."""
    total = Tally()
    for call in calls:
        total.add(call)
    return total


def kpi_of(counts: Tally, occupancy: float | None = None) -> Kpi:
    """The figures that follow from counts, by ``FORMULAS``."""
    return Kpi(
        arrived=counts.arrived,
        queued=counts.queued,
        answered=counts.answered,
        within_15s=counts.within_15s,
        abandoned=counts.abandoned,
        answer_rate=_share(counts.answered, counts.queued),
        prompt_rate=_share(counts.within_15s, counts.answered),
        abandon_rate=_share(counts.abandoned, counts.queued),
        average_wait=counts.waited_ms / 1000 / counts.answered if counts.answered else None,
        abandoned_by_second=_abandon_curve(counts),
        occupancy=occupancy,
        told=counts.told,
        wait_error=counts.told_error_ms / 1000 / counts.told if counts.told else None,
        wait_bias=counts.told_bias_ms / 1000 / counts.told if counts.told else None,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _abandon_curve(counts: Tally) -> tuple[tuple[int, float], ...]:
    gone, curve = 0, []
    for second in sorted(second for second, number in counts.abandoned_at.items() if number):
        gone += counts.abandoned_at[second]
        curve.append((second, gone / counts.queued))
    return tuple(curve)
