"""How Chinese words sound, without tones: the recogniser errs in characters far more often than in syllables. Pure.

Pronunciations that speakers and recognisers confuse (zh/z, ch/c, sh/s, -ng/-n) fold together.
"""

import os
from functools import lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are enough: a third of the memory

from pypinyin import lazy_pinyin

_FOLDS = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@lru_cache(maxsize=20_000)
def true_syllable(sign: str) -> str:
    """One character's syllable; any other sign is itself."""
    return str(lazy_pinyin(sign)[0]) if "\u4e00" <= sign <= "\u9fff" else sign


@lru_cache(maxsize=20_000)
def syllable(sign: str) -> str:
    """One character's syllable, folded."""
    sound = true_syllable(sign)
    for wide, narrow in _FOLDS:
        if sound.startswith(wide):
            sound = narrow + sound[len(wide) :]
    return sound[:-1] if sound.endswith(("ing", "eng", "ang")) else sound


def sounds(text: str) -> tuple[str, ...]:
    """The syllables of ``text``, one for each character."""
    return tuple(syllable(sign) for sign in text)


def true_sounds(text: str) -> tuple[str, ...]:
    """The syllables of ``text`` with nothing folded."""
    return tuple(true_syllable(sign) for sign in text)
