"""What a campaign asks, in the words of its result table. Pure.

The flow plays prompts and keeps each answer as a key under a name; what the names and keys mean is written down with
the campaign, so that a result can be read years later, whatever became of the flow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotline.errors import RuleBroken

MOST_QUESTIONS, MOST_CHOICES = 30, 12


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``choices``: key → words, in the order of the keys."""

    name: str
    title: str
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counted:
    """How one question was answered."""

    question: Question
    counts: Mapping[str, int]
    answered: int
    """Of all who were surveyed; who hung up before it is not among them."""


KNOWN: Mapping[str, Question] = {
    "solved": Question("solved", "问题是否解决", {"1": "已解决", "2": "未解决"}),
    "satisfied": Question(
        "satisfied", "对结果是否满意", {"1": "满意", "2": "比较满意", "3": "一般", "4": "不太满意", "5": "不满意"}
    ),
    "manner": Question(
        "manner", "对态度是否满意", {"1": "满意", "2": "比较满意", "3": "一般", "4": "不太满意", "5": "不满意"}
    ),
}


def read_questions(values: Sequence[Mapping[str, Any]]) -> list[Question]:
    """From what was typed. Raises RuleBroken."""
    questions = [Question(str(v["name"]).strip(), str(v["title"]).strip(), dict(v["choices"])) for v in values]
    names = [question.name for question in questions]
    if len(questions) > MOST_QUESTIONS or any(len(question.choices) > MOST_CHOICES for question in questions):
        raise RuleBroken("问题或选项过多", "too many questions or choices", code="bad_field")
    if len(set(names)) != len(names) or not all(names) or not all(question.title for question in questions):
        raise RuleBroken("每个问题须有不同的名称和标题", "each question has its own name and title", code="bad_field")
    return questions


def count(questions: Sequence[Question], answers: Iterable[Mapping[str, str]]) -> list[Counted]:
    """How often each key was pressed. Keys that nobody named are counted under themselves."""
    given = list(answers)
    counted = []
    for question in questions:
        keys = [str(one[question.name]) for one in given if one.get(question.name) not in (None, "")]
        counts = dict.fromkeys(question.choices, 0)
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
        counted.append(Counted(question, counts, len(keys)))
    return counted


def said(question: Question, answers: Mapping[str, Any]) -> str:
    """One person's answer in words."""
    key = answers.get(question.name)
    return "" if key is None else question.choices.get(str(key), str(key))
