"""What the answers of a conversation come to. Pure.

A flow keeps each key under a variable of its own (``into``). Four of them every return visit has: ``solved`` (1 yes,
2 no), ``satisfied`` and ``manner`` (1 满意 … 5 不满意), ``reason``. All are kept as they came; these are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callback.lifecycle import Event

SOLVED, SATISFIED, MANNER, REASON = "solved", "satisfied", "manner", "reason"
_GRADES = frozenset("12345")
ENDINGS: Mapping[str, Event] = {
    "wrong_person": Event.STRANGER,
    "later": Event.POSTPONE,
    "machine": Event.MACHINE,
    "busy": Event.BUSY,
    "no_answer": Event.NO_ANSWER,
    "invalid_number": Event.INVALID,
}
"""Reasons with which a flow hangs up that are no survey. Every other one is a survey, if anything was said."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The answers, read."""

    solved: bool | None = None
    satisfaction: int | None = None
    manner: int | None = None
    reason: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """As the task keeps them."""
        return {
            "solved": self.solved, "satisfaction": self.satisfaction, "manner": self.manner, "reason": self.reason,
        }  # fmt: skip


def read_answers(answers: Mapping[str, str]) -> Findings:
    """What was said; a key that answers nothing counts as not said."""
    solved = answers.get(SOLVED)
    return Findings(
        solved == "1" if solved in ("1", "2") else None,
        _grade(answers.get(SATISFIED)),
        _grade(answers.get(MANNER)),
        answers.get(REASON, "")[:40],
    )


def ending(answers: Mapping[str, str], why: str = "") -> Event:
    """How a conversation ends: by the reason of the flow's hang-up, or without one where the citizen hung up."""
    if why in ENDINGS:
        return ENDINGS[why]
    return Event.SURVEY if any(answers.values()) else Event.REFUSE


def _grade(key: str | None) -> int | None:
    return int(key) if key is not None and key in _GRADES else None
