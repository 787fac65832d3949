"""A linear classifier over pieces of words and their sounds whose every decision can be read. Pure.

Complement naive Bayes: how much less likely a piece would be without the texts of one label, each piece weighed by its
rarity. Only evidence *for* a label counts: what a citizen does not mention says nothing. Learning is counting, so that
shipped texts and a site's corrections come together in a second, and no compiled model has to be trusted or migrated.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt

from tickets.sounds import sounds

_CHINESE = re.compile(r"[\u4e00-\u9fffA-Za-z]+")
_LONGEST = 4
_SOUND_LONGEST = 3
_SMOOTHING = 0.3
_FLOOR = 0.05
"""Evidence weaker than this (in nats) is left out of the model."""
_RANKED = 8
"""Labels that are explained."""
_TELLING = 1.0
"""Evidence weaker than this is counted but not shown."""
_LONGEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """A label, its score, the share of all scores, and the pieces of text that spoke for it, strongest first."""

    label: str
    score: float
    share: float
    words: tuple[str, ...]


Piece = tuple[str, int, int]
"""A feature and where in the text it stands."""


def pieces(text: str) -> Iterable[Piece]:
    """Each feature of ``text`` with its place: pieces of 1 to 4 signs, and sounds of 2 and 3."""
    for run in _CHINESE.finditer(text):
        signs, first = run.group(), run.start()
        heard = sounds(signs)
        for at in range(len(signs)):
            for length in range(1, min(_LONGEST, len(signs) - at) + 1):
                yield signs[at : at + length], first + at, first + at + length
                if 2 <= length <= _SOUND_LONGEST:
                    yield "~" + " ".join(heard[at : at + length]), first + at, first + at + length


@dataclass(frozen=True)
class Evidence:
    """Learnt weights: feature → label → nats, above ``_FLOOR`` only."""

    weights: Mapping[str, Mapping[str, float]]

    @classmethod
    def learn(cls, samples: Iterable[tuple[str, str, float]]) -> "Evidence":
        """From (text, label, weight); a heavier sample counts as that many."""
        taught = [({feature for feature, _, _ in pieces(text)}, label, weight) for text, label, weight in samples]
        spread = Counter(feature for features, _, _ in taught for feature in features)
        rare = {
            feature: (log((1 + len(taught)) / (1 + count)) + 1) * _trust(feature) for feature, count in spread.items()
        }
        seen: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for features, label, weight in taught:
            length = sqrt(sum(rare[feature] ** 2 for feature in features)) or 1.0
            for feature in features:
                seen[feature][label] += weight * rare[feature] / length
        weights: dict[str, dict[str, float]] = {}
        for feature, labels in seen.items():
            every = sum(labels.values()) + _SMOOTHING
            gains = {label: rare[feature] * log(every / (every - mass)) for label, mass in labels.items()}
            if strong := {label: round(nats, 4) for label, nats in gains.items() if nats > _FLOOR}:
                weights[feature] = strong
        return cls(weights)

    def judge(self, text: str, bonus: Mapping[str, Mapping[str, float]] | None = None) -> list[Verdict]:
        """All labels with evidence, best first. ``bonus``: label → word → nats of rules."""
        found: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
        for feature, start, end in pieces(text):
            for label, nats in self.weights.get(feature, {}).items():
                if nats > found[label].get((start, end), 0.0):
                    found[label][start, end] = nats

        def shown(label: str) -> tuple[str, ...]:
            return _shown(text, found.get(label, {}), (bonus or {}).get(label, {}))

        totals: dict[str, float] = defaultdict(float)
        for feature in {feature for feature, _, _ in pieces(text)}:
            for label, nats in self.weights.get(feature, {}).items():
                totals[label] += nats
        for label, words in (bonus or {}).items():
            totals[label] += sum(words.values())
        whole = sum(totals.values()) or 1.0
        ranked = sorted(totals, key=lambda label: (-totals[label], label))[:_RANKED]
        return [Verdict(name, totals[name], totals[name] / whole, shown(name)) for name in ranked]


Taken = list[tuple[int, int, float]]


def _cover(spans: Mapping[tuple[int, int], float], length: int) -> Taken:
    """The pieces that together say most while no sign counts twice."""
    starts: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (start, end), nats in spans.items():
        starts[start].append((end, nats))
    best: list[tuple[float, int]] = [(0.0, 0)] * (length + 1)  # from here on: nats, end of the piece taken (0: none)
    for at in range(length - 1, -1, -1):
        best[at] = (best[at + 1][0], 0)
        for end, nats in starts.get(at, ()):
            if nats + best[end][0] > best[at][0]:
                best[at] = (nats + best[end][0], end)
    taken, at = [], 0
    while at < length:
        end = best[at][1]
        if end:
            taken.append((at, end, spans[at, end]))
        at = end or at + 1
    return taken


def _shown(text: str, spans: Mapping[tuple[int, int], float], rules: Mapping[str, float]) -> tuple[str, ...]:
    return _strongest({**_runs(text, _cover(spans, len(text))), **rules})


def _runs(text: str, taken: Taken) -> dict[str, float]:
    """Pieces that stand side by side, as the one word that people read."""
    runs: list[tuple[int, int, float]] = []
    for start, end, nats in taken:
        if nats < _TELLING:
            continue
        if runs and runs[-1][1] == start and end - runs[-1][0] <= _LONGEST_SHOWN:
            runs[-1] = (runs[-1][0], end, runs[-1][2] + nats)
        else:
            runs.append((start, end, nats))
    return {text[start:end]: nats for start, end, nats in runs}


def _trust(feature: str) -> float:
    """Single signs and sounds alone are weaker evidence than written words."""
    if feature.startswith("~"):
        return 0.4 if feature.count(" ") == 1 else 0.6
    return {1: 0.6, 2: 1.0, 3: 1.0}.get(len(feature), 0.9)


def _strongest(words: Mapping[str, float], most: int = 4) -> tuple[str, ...]:
    """The words that said most; one inside another is not said twice."""
    chosen: list[str] = []
    for word in sorted(words, key=lambda word: (-words[word], -len(word), word)):
        if len(word) > 1 and not any(word in other or other in word for other in chosen):
            chosen.append(word)
        if len(chosen) == most:
            break
    return tuple(chosen)
