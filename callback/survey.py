"""What a key press means during a return visit. Pure: a state and a key in, the next state and what to play out.

Two questions: solved (1 yes, 2 no), satisfied (1 满意 … 5 不满意). A wrong key or silence asks again, three times
in all; then the visit ends with what was said so far. Hanging up anywhere keeps it too.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from callback.lifecycle import Event

MAXIMUM_MISSES = 3
ANY_KEY = "0123456789*#"


class Question(StrEnum):
    """What is being asked; the value is what the ledger calls it."""

    SOLVED = "solved"
    SATISFIED = "satisfied"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Survey:
    """How far the conversation has come."""

    question: Question = Question.SOLVED
    misses: int = 0
    last_key: str | None = None
    solved: bool | None = None
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """What to play; then wait for a key unless ``finish``."""

    prompts: tuple[str, ...]
    finish: bool = False


_PROMPT = {Question.SOLVED: "hotline/callback-solved", Question.SATISFIED: "hotline/callback-satisfied"}
_KEYS = {Question.SOLVED: "12", Question.SATISFIED: "12345"}


def resume(solved: bool | None, satisfaction: int | None) -> Survey:
    """The conversation after what is already known, as the ledger kept it."""
    if satisfaction is not None:
        return Survey(Question.DONE, solved=solved, satisfaction=satisfaction)
    return Survey(Question.SATISFIED if solved is not None else Question.SOLVED, solved=solved)


def orders(survey: Survey) -> Orders:
    """What to do in this state."""
    if survey.question is Question.DONE:
        thanks = ("hotline/callback-thanks",) if said_anything(survey) else ()
        return Orders((*thanks, "hotline/goodbye"), finish=True)
    prompt = _PROMPT[survey.question]
    if survey.misses:
        return Orders(("hotline/invalid-key", prompt) if survey.last_key else (prompt,))
    return Orders(("hotline/callback-intro", prompt) if survey.question is Question.SOLVED else (prompt,))


def press(survey: Survey, key: str | None) -> Survey:
    """The state after ``key``; None is silence."""
    if survey.question is Question.DONE:
        return survey
    if key is None or key not in _KEYS[survey.question]:
        misses = survey.misses + 1
        question = Question.DONE if misses >= MAXIMUM_MISSES else survey.question
        return replace(survey, question=question, misses=misses, last_key=key)
    if survey.question is Question.SOLVED:
        return Survey(Question.SATISFIED, last_key=key, solved=key == "1")
    return replace(survey, question=Question.DONE, misses=0, last_key=key, satisfaction=int(key))


def counts(survey: Survey, key: str | None) -> bool:
    """Whether ``key`` answers the question being asked."""
    return survey.question is not Question.DONE and key is not None and key in _KEYS[survey.question]


def said_anything(survey: Survey) -> bool:
    """Whether the citizen answered at least one question."""
    return survey.solved is not None or survey.satisfaction is not None


def ending(survey: Survey) -> Event:
    """How the visit ends now, by hang-up or otherwise."""
    return Event.SURVEY if said_anything(survey) else Event.REFUSE
