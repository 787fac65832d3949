"""Which of the six types a matter is: speech acts and what the leaf is usually called about, weighed. Pure.

Where an act is named outright (我要投诉) the weights agree anyway; where it is not, many small signs decide together,
so that a way of speaking that no rule foresaw still falls on the right side. The words that spoke for it come along.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from tickets.acts import find_acts
from tickets.dialogue import Asked, Turn
from tickets.lexicon import shipped, word_list
from tickets.vocabulary import TYPES

_USUAL: dict[str, str] = {
    leaf: kind
    for kind, name in (("complained of", "complained_of"), ("asked of", "asked_of"))
    for leaf in word_list(name)
}
_SHOWN = 3


_ASKS = ("asks how", "asks where", "asks how much", "asks when", "asks whether", "asks of rights", "says he asks")
_BLAMES = ("blames", "bears a grudge", "tells of broken promises", "tells of many tries", "asks in scorn")
_TROUBLES = (*_BLAMES, "suffers", "something is out of order", "was cheated of money", "is in trouble")
_WANTS = ("wants it mended", "says he needs help", "does not know how")


_BESIDE = frozenset({Asked.PHONE, Asked.NAME, Asked.REPEAT})


def telling(turns: Sequence[Turn]) -> tuple[str, str]:
    """What citizen and agent said that can tell the type: not who calls, from where, for which time."""
    citizen = (turn.text for turn in turns if turn.who == "citizen" and turn.asked not in _BESIDE)
    return "，".join(citizen), "，".join(turn.text for turn in turns if turn.who == "agent")


def features(citizen: str, category: str, agent: str = "") -> dict[str, float]:
    """Acts, the leaf, and how they stand to each other, by name, each with its strength."""
    found = {one.act: one.strength for one in find_acts(citizen, agent)}

    def heard(acts: tuple[str, ...]) -> float:
        return sum(found.get(act, 0.0) for act in acts)

    usual = f"leaf {_USUAL.get(category, 'open')}"
    together = {
        "asks more than tells of trouble": heard(_ASKS) > heard(_TROUBLES),
        "tells of trouble only": heard(_TROUBLES) > 0 and not heard(_ASKS) and not heard(_WANTS),
        "blames more than wants": heard(_BLAMES) > heard(_WANTS),
        "wants more than blames": heard(_WANTS) > heard(_BLAMES),
        "neither asks nor blames nor wants": not heard(_ASKS) and not heard(_BLAMES) and not heard(_WANTS),
        f"{usual}, asks": heard(_ASKS) > 0 and not heard(_BLAMES),
        f"{usual}, blames": heard(_BLAMES) > 0,
        f"{usual}, wants": heard(_WANTS) > 0,
    }
    top = category.partition("/")[0]
    leaf = {usual: 1.0, f"top {top}": 0.5} if category else {}
    return found | leaf | {name: 1.0 for name, holds in together.items() if holds} | {"any": 1.0}


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    weights: Mapping[str, Mapping[str, float]] = shipped("act-weights")
    return weights


def find_kind(citizen: str, category: str = "", agent: str = "") -> tuple[str, tuple[str, ...]] | None:
    """The type and the words that speak for it; None when nothing was said that tells."""
    acts = find_acts(citizen, agent)
    if not acts and not category:
        return None
    weights = _weights()
    found = features(citizen, category, agent)
    scores = {
        kind: sum(strength * weights.get(name, {}).get(kind, 0.0) for name, strength in found.items()) for kind in TYPES
    }
    kind = max(TYPES, key=lambda one: scores[one])
    gains = {one.act: one.strength * weights.get(one.act, {}).get(kind, 0.0) for one in acts}
    strongest = sorted((one for one in acts if gains[one.act] > 0), key=lambda one: -gains[one.act])
    words = [word for one in strongest for word in one.words]
    return kind, tuple(dict.fromkeys(words))[:_SHOWN]
