"""Putting right what the recogniser heard in wrong characters: the field's words and names of places. Pure.

Repair is one character for one, so that a place in the repaired text is the same place in the transcript: explanations
can point at the words that were really shown. A common word is never taken for a rarer one unless the table says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import rjieba

from tickets.lexicon import word_list
from tickets.sounds import sounds, true_sounds

_TERMS = word_list("terms")
_FORCED = {"无业": re.compile("无业(?!游民|人员|者|证)"), "勿业": re.compile("勿业"), "误业": re.compile("误业")}
_FORCED_TO = "物业"
_NOT_BEFORE = {"路灯": "了着过很好几半一两三到他我你您"}
_OPENERS = frozenset("一有是不的了这没在到要几十我你他也都就还又很太把被给和跟让那哪去来说地得上下里")
_SIGNS = re.compile(r"[\u4e00-\u9fff]")
_SHORT_CONTEXT = re.compile(r"(?:^|[,，。]|在|是|住|我们|俺们?|到|从|属于|这里是|这边是|来自|我|县|市|的)$")


class Repairer:
    """Repairs texts with the field's words and a site's names."""

    def __init__(self, names: Iterable[str], short_names: Iterable[str] = ()) -> None:
        self._index: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._short = {sounds(name): name for name in short_names if len(name) == 2}
        full = [name for name in names if len(name) >= 3]
        for term in sorted({*_TERMS, *full}, key=lambda term: (-len(term), term)):
            heard = sounds(term)
            self._index[heard[0]].append((heard, term))
        self._terms = frozenset({*_TERMS, *full, *short_names})

    def repair(self, text: str, *, place_asked: bool = False) -> str:
        """``text`` with the words put right; as long as it was."""
        for pattern in _FORCED.values():
            text = pattern.sub(_FORCED_TO, text)
        heard, signs, at = sounds(text), list(text), 0
        while at < len(signs):
            term = self._term_at(text, heard, at) or self._short_at(text, heard, at, place_asked)
            if term:
                signs[at : at + len(term)] = term
                at += len(term)
            else:
                at += 1
        return "".join(signs)

    def _term_at(self, text: str, heard: Sequence[str], at: int) -> str:
        for sound, term in self._index.get(heard[at], ()):
            there = text[at : at + len(term)]
            if tuple(heard[at : at + len(term)]) != sound:
                continue
            if there == term:
                return term
            if len(term) == 2 and at and _is_word(text[at - 1 : at + 1]):
                continue  # 公共厕所 holds no misheard 公厕
            if self._may(there, term, text[at + len(term) : at + len(term) + 1]):
                return term
        return ""

    def _may(self, there: str, term: str, following: str) -> bool:
        if len(there) == 2 and (
            there[0] in _OPENERS or there[1] in "的了是在不就" or true_sounds(there) != true_sounds(term)
        ):
            return False
        if following and following in _NOT_BEFORE.get(term, ""):
            return False
        return there not in self._terms and not _is_word(there)

    def _short_at(self, text: str, heard: Sequence[str], at: int, place_asked: bool) -> str:
        name = self._short.get(tuple(heard[at : at + 2]), "")
        there, rest = text[at : at + 2], text[at + 2 :]
        if not name or there == name or "充电" in rest[:2]:
            return name if there == name else ""
        led = bool(_SHORT_CONTEXT.search(text[:at]))
        follows = re.match(r"[县区]|[\u4e00-\u9fff]{1,5}(?:街道|镇|乡|村|路|小区|社区)|的|这边|这里|那边|人|$", rest)
        return name if follows and (led or place_asked) and (place_asked or not _is_word(there)) else ""


def _is_word(word: str) -> bool:
    return bool(rjieba.has_word(word))
