"""The six figures of a unit and a month, with the work orders behind each, and the mark made of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tickets.assessment.events import SATISFIED, Life


class Figure(StrEnum):
    """What a unit is measured by."""

    RESPONDED = "responded"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    ON_TIME = "on_time"
    FIRST_TIME = "first_time"
    RETURNED = "returned"


FIGURE_ZH: Mapping[Figure, str] = {
    Figure.RESPONDED: "响应率", Figure.SOLVED: "解决率", Figure.SATISFIED: "满意率", Figure.ON_TIME: "按时办结率",
    Figure.FIRST_TIME: "一次办结率", Figure.RETURNED: "退单率",
}  # fmt: skip
FORMULAS: Mapping[Figure, tuple[str, str]] = {
    Figure.RESPONDED: ("已联系诉求人 ÷ 本月办结", "citizen contacted ÷ closed in the month"),
    Figure.SOLVED: ("回访已解决 ÷ 本月办结且回访到解决与否", "solved ÷ closed with a yes or no at the return visit"),
    Figure.SATISFIED: ("满意、比较满意、基本满意 ÷ 本月办结且有评价", "grades 1 to 3 ÷ closed with a grade"),
    Figure.ON_TIME: (
        "按期回复 ÷ 本月到期（含下派、会办）",
        "replied by the deadline ÷ due in the month, sub-orders too",
    ),
    Figure.FIRST_TIME: ("未重办 ÷ 本月办结", "never redone ÷ closed in the month"),
    Figure.RETURNED: ("本月派单中被退回 ÷ 本月派单", "of those sent in the month, returned ÷ sent"),
}
"""Chinese and English. Unreachable citizens have no answer and stand in no denominator of an answer."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``counted`` of ``of``: work orders by id. What counts in ``returned`` is bad, everywhere else good."""

    counted: tuple[str, ...]
    of: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """None where there was nothing to measure."""
        return len(self.counted) / len(self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Mark:
    """One unit's month."""

    unit: str
    rates: Mapping[Figure, Rate]
    score: float | None
    closed: int
    excluded: tuple[str, ...]


class Board(StrEnum):
    """Where a unit stands: red is praise, yellow a warning."""

    RED = "red"
    YELLOW = "yellow"
    NONE = "none"


def marks(
    found: Iterable[Life], begins: datetime, ends: datetime, weights: Mapping[str, float], units: Sequence[str]
) -> list[Mark]:
    """One mark for each of ``units``, in their order; what happened from ``begins`` to before ``ends`` counts."""
    sums: dict[str, _Sums] = {unit: _Sums() for unit in units}
    for life in found:
        if not life.void:
            _count(sums, life, begins, ends)
    return [sums[unit].mark(unit, weights) for unit in units]


def score(rates: Mapping[Figure, Rate], weights: Mapping[str, float]) -> float | None:
    """0 to 100, to two places. A figure without anything to measure leaves its weight to the others."""
    had = whole = 0.0
    for figure, rate in rates.items():
        if (value := rate.value) is not None:
            weight = weights[figure.value]
            whole += weight
            had += weight * (1 - value if figure is Figure.RETURNED else value)
    return round(100 * had / whole, 2) if whole else None


def board(mark: Mark, *, red_from: float, yellow_below: float, least: int) -> Board:
    """By thresholds, not by rank: a month in which all are good has no yellow."""
    if mark.score is None or mark.closed < least:
        return Board.NONE
    if mark.score >= red_from:
        return Board.RED
    return Board.YELLOW if mark.score < yellow_below else Board.NONE


def whole(found: Sequence[Mark]) -> Mapping[Figure, Rate]:
    """The figures of all units together."""
    return {
        figure: Rate(
            tuple(one for mark in found for one in mark.rates[figure].counted),
            tuple(one for mark in found for one in mark.rates[figure].of),
        )
        for figure in Figure
    }


class _Sums:
    """What is gathered for one unit."""

    def __init__(self) -> None:
        self.counted: dict[Figure, list[str]] = {figure: [] for figure in Figure}
        self.of: dict[Figure, list[str]] = {figure: [] for figure in Figure}
        self.closed = 0
        self.excluded: list[str] = []

    def add(self, figure: Figure, ticket_id: str, *, counts: bool) -> None:
        self.of[figure].append(ticket_id)
        if counts:
            self.counted[figure].append(ticket_id)

    def mark(self, unit: str, weights: Mapping[str, float]) -> Mark:
        rates = {figure: Rate(tuple(self.counted[figure]), tuple(self.of[figure])) for figure in Figure}
        return Mark(unit, rates, score(rates, weights), self.closed, tuple(self.excluded))


def _count(sums: Mapping[str, _Sums], life: Life, begins: datetime, ends: datetime) -> None:
    def within(instant: datetime | None) -> bool:
        return instant is not None and begins <= instant < ends

    touched = within(life.closed_at) or within(life.due_at) or any(within(at) for at, _ in life.sent)
    if life.excluded:
        if touched and life.unit in sums:
            sums[life.unit].excluded.append(life.ticket_id)
        return
    for unit in dict.fromkeys(unit for at, unit in life.sent if within(at)):
        if unit in sums:
            back = any(other == unit for _, other in life.returned)
            sums[unit].add(Figure.RETURNED, life.ticket_id, counts=back)
    own = sums.get(life.unit)
    if own is None:
        return
    if within(life.due_at) and not life.suspended:
        assert life.due_at is not None
        own.add(Figure.ON_TIME, life.ticket_id, counts=life.replied_at is not None and life.replied_at <= life.due_at)
    if within(life.closed_at) and not life.part:
        _count_closed(own, life)


def _count_closed(own: _Sums, life: Life) -> None:
    own.closed += 1
    own.add(Figure.RESPONDED, life.ticket_id, counts=bool(life.contacted))
    own.add(Figure.FIRST_TIME, life.ticket_id, counts=life.reworks == 0)
    if life.solved is not None:
        own.add(Figure.SOLVED, life.ticket_id, counts=life.solved)
    if life.satisfaction is not None:
        own.add(Figure.SATISFIED, life.ticket_id, counts=life.satisfaction in SATISFIED)
