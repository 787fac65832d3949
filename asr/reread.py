"""Reading again by night: with a bigger model and all the time there is, what was said by day is transcribed once more.

Only where a site names such a model, and only in its hours: it is in memory while there is work and no longer. What was
heard live stays in its column; the second text stands beside it, with the words that it changed. A line that a person
put right is left alone, and a second text that its own model believes less than the first is not taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from difflib import SequenceMatcher

from asr.utterances import SpokenWord

_WORSE = 0.05
"""How much less sure the second text may be: bigger models spread their belief over more words."""


@dataclass(frozen=True, slots=True)
class Second:
    """The second text of an utterance. ``changed``: places of its words that the first one did not have."""

    text: str
    words: tuple[SpokenWord, ...]
    changed: tuple[int, ...]


def in_hours(now: time, begins: time, ends: time) -> bool:
    """Whether it is night; a window may run over midnight. Pure."""
    return begins <= now < ends if begins <= ends else now >= begins or now < ends


def compare(first: str, words: Sequence[SpokenWord]) -> tuple[int, ...]:
    """Which of the second text's words hold a sign that the first text lacks at that place. Pure."""
    second = "".join(word.text for word in words)
    kept: set[int] = set()
    for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
        kept.update(range(block.b, block.b + block.size))
    changed, at = [], 0
    for place, word in enumerate(words):
        if any(sign not in kept for sign in range(at, at + len(word.text))):
            changed.append(place)
        at += len(word.text)
    return tuple(changed)


def second_text(first: str, sure: float | None, words: Sequence[SpokenWord], sure_now: float | None) -> Second | None:
    """The second text if it is worth taking; None when it says the same, nothing, or is believed less. Pure."""
    text = "".join(word.text for word in words)
    if not text or text == first.replace(" ", ""):
        return None
    if sure is not None and sure_now is not None and sure_now < sure - _WORSE:
        return None
    return Second(text, tuple(words), compare(first.replace(" ", ""), words))
