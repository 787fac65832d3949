"""Whether two matters are one: the same number, near places, similar words. Proposes; a person merges. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROPOSED_FROM = 45
"""Points of 100 from which a matter is proposed as a repeat."""
_NUMBER, _PLACE, _WORDS = 30, 30, 40
_LEAST_ALIKE = 0.25
"""Below this the words speak of different things, whoever calls from wherever."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """``score`` 0 to 100, and the reasons that a person reads."""

    score: int
    because: tuple[str, ...]

    @property
    def proposed(self) -> bool:
        return self.score >= PROPOSED_FROM


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> Likeness:
    """How much two work orders look like one matter. Reads phone, place, title, description, category."""
    words = similarity(_text(one), _text(other))
    if words < _LEAST_ALIKE:
        return Likeness(0, ())
    place = nearness(one["place"], other["place"])
    score, because = round(_WORDS * words), [f"内容相似{words:.0%}"]
    if place:
        score += round(_PLACE * place)
        because.append("地点相同" if place == 1 else "地点相近")
    if one["phone"] and one["phone"] == other["phone"]:
        score += _NUMBER
        because.append("来电号码相同")
    return Likeness(score, tuple(because))


def similarity(one: str, other: str) -> float:
    """0 to 1: the share of neighbouring pairs of characters that both texts have (Dice). Needs no dictionary."""
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def nearness(one: str, other: str) -> float:
    """1 for the same place, 0.8 when one lies in the other, 0.5 when they begin alike (the same town), else 0."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    if one in other or other in one:
        return 0.8
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return 0.5 if shared >= 5 else 0.0


def _text(row: Mapping[str, Any]) -> str:
    return "".join(character for character in str(row["description"]) if character.isalnum())


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)}
