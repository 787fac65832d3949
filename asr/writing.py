"""Recognised words as a text to read: numbers in digits, commas where the speaker paused, a mark at the end. Pure.

What was heard stays as it is in the table and the ledger; this is only how it is shown. A site with a better
punctuator (a model of its own) hands it to ``Writing``.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from asr.numbers import write_numbers
from asr.utterances import SpokenWord

Punctuator = Callable[[Sequence[SpokenWord]], Sequence[str]]
"""Words in; clauses out, each with its mark at the end."""

PAUSE = 0.3
"""Seconds between two words that make a comma."""
_SHORTEST_CLAUSE = 4
_OPENERS = ("但是", "所以", "因为", "不过", "而且", "然后", "另外", "如果", "结果", "希望", "请问")
_NUMERAL = re.compile("[零〇一二三四五六七八九幺两十百千万亿点]")
_ASKS_AT_END = re.compile("(?:吗|呢|么|没有|不是|行不行|好不好|对不对)$")
_ASKS = re.compile("什么时候|怎么办|怎么|为什么|多少|几点|哪里|哪个|哪儿|谁|是不是|能不能|有没有|可不可以|是否|请问")


def punctuate_by_pauses(words: Sequence[SpokenWord]) -> Sequence[str]:
    """A comma where the speaker paused or a conjunction opens a clause, never inside a number."""
    clauses: list[str] = []
    clause, end = "", 0.0
    for word in words:
        splits = word.start - end >= PAUSE or (word.text in _OPENERS and len(clause) >= _SHORTEST_CLAUSE)
        inside = bool(clause) and _NUMERAL.fullmatch(clause[-1]) and _NUMERAL.match(word.text)
        if clause and splits and not inside and len(clause) > 1:
            clauses.append(clause + "，")
            clause = ""
        clause += (" " if _needs_space(clause, word.text) else "") + word.text
        end = word.start + word.seconds
    return [*clauses, clause + _end_mark(clause)] if clause else clauses


@dataclass(frozen=True, slots=True)
class Writing:
    """How a site shows what was said."""

    keep: frozenset[str] = frozenset()
    """Names with numerals in them that are no numbers: 十字路街道, 八湖镇."""
    punctuate: Punctuator = punctuate_by_pauses

    def show(self, text: str, words: Sequence[SpokenWord] = ()) -> str:
        """``text`` as people read it; ``words`` are its words with their times, where they are known."""
        spoken = words or ([SpokenWord(text, 0.0, 0.0, None)] if text else [])
        return "".join(write_numbers(clause, self.keep) for clause in self.punctuate(spoken))


AS_IT_COMES = Writing()
"""Without names of a site."""


def names_with_numerals(names: Collection[str]) -> frozenset[str]:
    """Those of a site's names in which a numeral stands."""
    return frozenset(name for name in names if _NUMERAL.search(name))


def _end_mark(clause: str) -> str:
    if _ASKS_AT_END.search(clause) and len(clause) > 2:
        return "？"
    return "？" if _ASKS.search(clause) and len(clause) <= 20 else "。"


def _needs_space(before: str, word: str) -> bool:
    return bool(before) and before[-1].isascii() and word[:1].isascii() and before[-1].isalnum()
