"""Hot words: names that matter (departments, places, titles of the knowledge base), looked for a second time.

A model that takes a grammar at run time (Vosk's HCLr with Gr) hears what just settled once more, with nothing but the
names in its ear. What it then is sure of takes the place of words that sound like it and lie at the same time; all else
stays as it was heard. The second look costs about as much as the first, so a site turns it on (``asr.hot_words``).
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are enough: a third of the memory

import vosk
from pypinyin import lazy_pinyin

from asr.audiosocket import SAMPLE_RATE
from asr.recogniser import Heard, SecondLook, VoskRecogniser, Word, join_words, read_settled
from asr.resampling import Doubler

_SURE = 0.7
_SHORTEST = 3
"""Signs of a name at least: shorter ones sound like too much."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]{3,12}")
_LONGEST_WORD = 8


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a site that a model can hear: each with the words of the model's own that it is made of."""

    spelt: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, names: Iterable[str], knows: Callable[[str], bool]) -> "Names":
        """Those that can be put together from words that the model ``knows``."""
        wanted = sorted({hit.group() for name in names for hit in _CHINESE.finditer(name)})
        spelt = ((name, spell(name, knows)) for name in wanted)
        return cls(tuple((name, words) for name, words in spelt if words))

    @property
    def grammar(self) -> str:
        """For Vosk: the names, and everything else as unknown."""
        return json.dumps([*(" ".join(words) for _, words in self.spelt), "[unk]"], ensure_ascii=False)

    def found_in(self, words: Sequence[Word]) -> list[Word]:
        """The names in what a recogniser with our grammar heard, each as one word; only those it is sure of."""
        found, at = [], 0
        by_first: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for name, parts in sorted(self.spelt, key=lambda one: -len(one[1])):
            by_first.setdefault(parts[0], []).append((name, parts))
        while at < len(words):
            for name, parts in by_first.get(words[at].text, ()):
                run = words[at : at + len(parts)]
                if tuple(word.text for word in run) == parts:
                    sure = min((word.confidence or 0.0) for word in run)
                    if sure >= _SURE:
                        found.append(Word(name, run[0].start, run[-1].end, sure))
                    at += len(parts) - 1
                    break
            at += 1
        return found


def takes_grammar(folder: Path) -> bool:
    """Whether the model's graph is made at run time."""
    return any((folder / name).is_file() for name in ("graph/HCLr.fst", "HCLr.fst"))


def with_names(recogniser: VoskRecogniser, names: Iterable[str]) -> VoskRecogniser:
    """The recogniser with an ear for ``names``; the same one when its model can hear none of them. A second or less."""
    model = recogniser.model
    heard = Names.of(names, lambda word: model.vosk_model_find_word(word) >= 0)
    return recogniser.looking_twice(_second_look(model, heard, recogniser.rate)) if heard.spelt else recogniser


def _second_look(model: vosk.Model, names: Names, rate: int = SAMPLE_RATE) -> SecondLook:
    grammar = names.grammar

    def look(heard: Heard, audio: bytes, begun: float) -> Heard:
        native = vosk.KaldiRecognizer(model, rate, grammar)
        voice = audio if rate == SAMPLE_RATE else Doubler().double(audio)
        native.SetWords(True)
        words = [*read_settled(native.Result(), -begun).words] if native.AcceptWaveform(voice) else []
        words += read_settled(native.FinalResult(), -begun).words
        return put_right(heard, names.found_in(words))

    return look


def spell(name: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """``name`` in the fewest words that the model knows; empty when it cannot be put together. Pure."""
    best: list[tuple[str, ...] | None] = [()]
    for end in range(1, len(name) + 1):
        fewest: tuple[str, ...] | None = None
        for start in range(max(0, end - _LONGEST_WORD), end):
            before, word = best[start], name[start:end]
            if before is not None and (fewest is None or len(before) + 1 < len(fewest)) and knows(word):
                fewest = (*before, word)
        best.append(fewest)
    return best[-1] or ()


def put_right(heard: Heard, names: Sequence[Word]) -> Heard:
    """``heard`` with each of ``names`` in place of the words that lie at its time and sound like it. Pure."""
    words = list(heard.words)
    for name in names:
        inside = [at for at, word in enumerate(words) if _overlap(word, name) > 0.5 * (word.end - word.start)]
        there = "".join(words[at].text for at in inside)
        if inside and there != name.text and sounds_like(there, name.text):
            words[inside[0] : inside[-1] + 1] = [replace(name, start=words[inside[0]].start, end=words[inside[-1]].end)]
    if words == list(heard.words):
        return heard
    return replace(heard, text=join_words(" ".join(word.text for word in words)), words=tuple(words))


def sounds_like(one: str, other: str) -> bool:
    """Whether two words have the same number of signs and at most one syllable that differs in more than its tone."""
    if len(one) != len(other) or len(one) < _SHORTEST:
        return False
    return sum(_syllable(a) != _syllable(b) for a, b in zip(one, other, strict=True)) <= 1


def _overlap(word: Word, other: Word) -> float:
    return min(word.end, other.end) - max(word.start, other.start)


@lru_cache(maxsize=20_000)
def _syllable(sign: str) -> str:
    return str(lazy_pinyin(sign)[0])
