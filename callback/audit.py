"""The proof that every citizen was phoned back as promised, for any period. Pure: rows in, sentences out.

A hole is a work order that was archived without a disposition, one that waits for a return visit which nobody owes, a
task that ended without a word, a citizen who was dialled twice at once or for one attempt, or at a bad hour.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callback.port import MISSED, NOT_SENT

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that must not be."""

    what: str
    zh: str
    en: str


@dataclass(frozen=True)
class Proof:
    """What was looked at and what was found."""

    orders: int
    """Work orders that ended in the period."""
    dispositions: Mapping[str, int]
    tasks: int
    attempts: int
    outcomes: Mapping[str, int]
    holes: Sequence[Hole] = field(default_factory=tuple)


def prove(
    orders: Sequence[Row], waiting: Iterable[Row], tasks: Sequence[Row], attempts: Sequence[Row],
    open_subjects: frozenset[str], may_dial: Callable[[datetime], bool],
    may_ring_back: Callable[[datetime], bool] = lambda _: True,
) -> Proof:  # fmt: skip
    """``orders``: ended in the period; ``waiting``: those that wait for a visit now; ``tasks``: closed in the period;
    ``attempts``: dialled in it; ``open_subjects``: what open tasks are about; ``may_dial``: whether an instant lies in
    a window of the robot, ``may_ring_back``: in one for calls that nobody took.
    """
    holes = [
        *(_hole(row, "已办结但无回访结果", "ended without a disposition") for row in orders if not row["disposition"]),
        *(
            _hole(row, "待回访但无回访任务", "waits for a return visit that nobody owes")
            for row in waiting
            if row["id"] not in open_subjects
        ),
        *(
            _hole(row, "回访任务无结果", "a task closed without a disposition")
            for row in tasks
            if not row["disposition"]
        ),
        *_doubles(attempts),
        *(
            _hole(row, f"时段外拨号 {row['dialled_at']}", f"dialled at a bad hour, {row['dialled_at']}", "task_id")
            for row in attempts
            if row["outcome"] != NOT_SENT
            and not (may_ring_back if row.get("kind") == MISSED else may_dial)(row["dialled_at"])
        ),
    ]
    return Proof(
        len(orders),
        Counter(str(row["disposition"] or "-") for row in orders),
        len(tasks),
        len(attempts),
        Counter(str(row["outcome"] or "-") for row in attempts),
        holes,
    )


def _doubles(attempts: Sequence[Row]) -> Iterable[Hole]:
    """One citizen on two of our calls at once, or one attempt of a task dialled twice."""
    rung = [row for row in attempts if row["outcome"] != NOT_SENT]
    numbers = Counter((row["task_id"], row["attempt"]) for row in rung)
    for (task_id, attempt), times in numbers.items():
        if times > 1:
            yield Hole(task_id, f"第 {attempt} 次拨打了 {times} 遍", f"attempt {attempt} was dialled {times} times")
    by_phone: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rung, key=lambda row: row["dialled_at"]):
        by_phone[row["phone"]].append(row)
    for calls in by_phone.values():
        for before, after in itertools.pairwise(calls):
            if before["phone"] and (before["ended_at"] is None or after["dialled_at"] < before["ended_at"]):
                yield _hole(after, "同一市民被同时拨打", "a citizen was on two of our calls at once", "task_id")


def _hole(row: Row, zh: str, en: str, name: str = "id") -> Hole:
    return Hole(str(row.get("number") or row[name]), zh, en)
