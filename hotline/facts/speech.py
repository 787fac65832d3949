"""Facts of what was said."""

from dataclasses import dataclass
from datetime import datetime

from hotline.facts import Fact, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceHeard(Fact):
    """One stretch of speech of one party, recognised and settled."""

    call_id: str
    who: str
    """``citizen`` or ``agent``."""
    text: str
    started_at: datetime
    seconds: float
    confidence: float | None = None
    """Mean word confidence, 0 to 1; None when the recogniser gives none."""
    repaired: bool = False
    """Whether it was missed while people talked and transcribed from the recording after the call."""
    display: str = ""
    """The text as people read it: numbers in digits, punctuation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceCorrected(Fact):
    """Somebody put right what the recogniser had misheard. What was heard stays in the earlier fact."""

    call_id: str
    utterance_id: str
    before: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceReread(Fact):
    """A bigger model read an utterance again from the recording and heard it otherwise; the first text stays."""

    call_id: str
    utterance_id: str
    before: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialHeard(Signal):
    """The words of an utterance so far; they may still change."""

    call_id: str
    who: str
    text: str
