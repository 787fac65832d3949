"""From what a recogniser settled to an utterance: its words' times put on the wall clock."""

from datetime import datetime, timedelta

from asr.recogniser import Heard
from asr.timeline import FedClock
from asr.utterances import SpokenWord, Utterance


def utterance_of(
    heard: Heard,
    fed: FedClock,
    *,
    call_id: str,
    who: str,
    otherwise: tuple[datetime, datetime],
    repaired: bool = False,
) -> Utterance:
    """The utterance; ``otherwise`` is when it was said if the recogniser tells no word times."""
    words = [(word, fed.instant(word.start), fed.instant(word.end, ends=True)) for word in heard.words]
    start = words[0][1] if words else otherwise[0]
    end = words[-1][2] if words else otherwise[1]
    return Utterance(
        call_id=call_id,
        who=who,
        text=heard.text,
        started_at=start,
        seconds=_seconds(end - start),
        confidence=heard.confidence,
        words=tuple(
            SpokenWord(word.text, _seconds(at - start), _seconds(to - at), word.confidence) for word, at, to in words
        ),
        repaired=repaired,
    )


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
