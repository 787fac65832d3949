"""What was said, as frozen data: words and utterances. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of an utterance, in seconds after the utterance's start."""

    text: str
    start: float
    seconds: float
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One stretch of speech of one party."""

    call_id: str
    who: str
    """``citizen`` or ``agent``."""
    text: str
    started_at: datetime
    seconds: float
    confidence: float | None
    words: tuple[SpokenWord, ...] = ()
    repaired: bool = False
    """Missed live, transcribed from the recording after the call."""
    corrected: str | None = None
    """The text as a person put it right; ``text`` stays what was heard."""
    corrected_by: str | None = None
    second_text: str | None = None
    """What the bigger model heard by night, where that is better; ``text`` stays what was heard live."""
    second_words: tuple[SpokenWord, ...] = ()
    changed: tuple[int, ...] = ()
    """Places in ``second_words`` of words that were not heard live."""

    @property
    def id(self) -> str:
        """Follows from the call, the speaker and the start."""
        return utterance_id(self.call_id, self.who, self.started_at)


def utterance_id(call_id: str, who: str, started_at: datetime) -> str:
    """The id of what ``who`` began to say at ``started_at``, to the millisecond."""
    return f"{call_id}-{who}-{round(started_at.timestamp() * 1000)}"
