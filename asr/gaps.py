"""What is missing in a live transcript? Pure.

A leg may have been skipped (too many streams), lost for a while (socket cut, engine killed) or misheard (a stuck
thread). The recording has it all: speech found on its tracks, less what the transcript covers, is what is owed.
All times are seconds after the recording's beginning.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asr.utterances import Utterance
from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected, CallFellBack

RIM = 0.6
"""Seconds at an edge of speech without words that are no loss: pre-roll, hangover, two clocks that differ a little."""
HOLE = 0.9
"""Seconds between two words, within one stretch of speech, that are a loss: the gate ends speech at shorter pauses."""
LEAST = 0.4
"""Speech shorter than this is not worth a second pass: it is the rim of something known, a breath or a click."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``start`` to ``end``."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same stretches, in order, overlapping ones joined."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def uncovered(speech: Iterable[Span], covered: Iterable[Span]) -> list[Span]:
    """The parts of ``speech`` that no span of ``covered`` explains; rims, breaths and clicks are left out."""
    known = _without_pauses(merge(covered))
    owed = []
    for span in merge(speech):
        for part in _less(span, known):
            at_edge = (part.start == span.start) != (part.end == span.end)
            if part.seconds >= (RIM + LEAST if at_edge else LEAST):
                owed.append(part)
    return owed


def _without_pauses(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end < HOLE:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _less(span: Span, known: Sequence[Span]) -> Iterable[Span]:
    at = span.start
    for other in known:
        if other.end <= at:
            continue
        if other.start >= span.end:
            break
        if other.start > at:
            yield Span(at, other.start)
        at = other.end
    if at < span.end:
        yield Span(at, span.end)


def covered_by(utterances: Iterable[Utterance], began: datetime) -> list[Span]:
    """Where the transcript has words. Word by word: a hole in the middle of an utterance is a hole."""
    spans = []
    for said in utterances:
        start = (said.started_at - began).total_seconds()
        if said.words:
            spans += [Span(start + word.start, start + word.start + word.seconds) for word in said.words]
        else:
            spans.append(Span(start, start + said.seconds))
    return spans


def conversation_began(facts: Sequence[Fact], began: datetime) -> float | None:
    """Seconds into the recording at which two people could talk; before that are prompts and music.

    None when the citizen never reached anybody. A call that the engine never saw was taken by Asterisk's own queue:
    all of it may be talk.
    """
    talks = [fact.at for fact in facts if isinstance(fact, CallConnected | CallFellBack)]
    if talks:
        return max((min(talks) - began).total_seconds(), 0.0)
    return None if any(isinstance(fact, CallArrived) for fact in facts) else 0.0


def within(spans: Iterable[Span], start: float) -> list[Span]:
    """The parts after ``start``."""
    return [Span(max(span.start, start), span.end) for span in spans if span.end > start]
