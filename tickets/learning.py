"""Learning categories from a site's own work orders: what agents corrected teaches most. Pure, but for one file.

The file holds weights of pieces of words, never sentences: a piece that only one work order knows is left out, numbers
never get in. It is replaced whole or not at all, and only by a model that is no worse on work orders it never saw.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hotline.errors import ConfigurationError
from tickets.classifier import LearntClassifier, shipped_evidence, shipped_samples
from tickets.evidence import Evidence, pieces
from tickets.model_file import read_evidence, write_evidence

MODEL_FILE = "draft-model.json.gz"
_HELD_OUT_EVERY = 5
_CORRECTED, _CONFIRMED = 3.0, 1.5
_FEWEST = 2
"""Work orders that must share a piece of words before it may be kept."""


@dataclass(frozen=True, slots=True)
class Example:
    """One work order: what was said, what it was filed under in the end, whether the agent had to correct that."""

    id: str
    text: str
    category: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of learning. Accuracies are shares of the held-out work orders, before and after."""

    evidence: Evidence
    learnt_from: int
    corrected: int
    held_out: int
    before: float
    after: float

    @property
    def better(self) -> bool:
        """Whether it may replace what is in use."""
        return self.after >= self.before


def learn(examples: Sequence[Example], known: Evidence | None = None) -> Lesson:
    """Learn from four fifths, judge on the fifth; ``known`` is what is in use now."""
    held = [one for one in examples if _held_out(one)]
    taught = [one for one in examples if not _held_out(one)]
    fresh = _evidence(taught)
    before, after = _accuracy(known or shipped_evidence(), held), _accuracy(fresh, held)
    return Lesson(_evidence(examples), len(examples), sum(one.corrected for one in examples), len(held), before, after)


def save(evidence: Evidence, folder: Path) -> Path:
    """Write the model into ``folder``, whole or not at all, readable by its owner only."""
    path = folder / MODEL_FILE
    write_evidence(evidence, path)
    return path


def load(folder: Path) -> Evidence | None:
    """The model in ``folder``; None when there is none. Raises ConfigurationError for one that cannot be read."""
    try:
        return read_evidence(folder / MODEL_FILE)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as failure:
        raise ConfigurationError(
            f"草稿分类模型 {MODEL_FILE} 无法读取,请删除后重新运行 hotline learn",
            f"the draft model {MODEL_FILE} cannot be read; delete it and run `hotline learn` again ({failure})",
        ) from failure


def _evidence(examples: Iterable[Example]) -> Evidence:
    taught = list(examples)
    shared: Counter[str] = Counter()
    for one in taught:
        shared.update({feature for feature, _, _ in pieces(one.text)})
    samples = [(one.text, one.category, _CORRECTED if one.corrected else _CONFIRMED) for one in taught]
    learnt = Evidence.learn([*shipped_samples(), *samples])
    public = shipped_evidence().weights
    return Evidence({f: w for f, w in learnt.weights.items() if f in public or shared[f] >= _FEWEST})


def _accuracy(evidence: Evidence, examples: Sequence[Example]) -> float:
    if not examples:
        return 0.0
    classifier = LearntClassifier(_categories(), evidence)
    guesses = ((classifier.category(one.text), one.category) for one in examples)
    return sum(guess is not None and guess.value == category for guess, category in guesses) / len(examples)


def _categories() -> dict[str, list[str]]:
    tops: dict[str, list[str]] = {}
    for _, leaf, _ in shipped_samples():
        top, _, name = leaf.partition("/")
        tops.setdefault(top, []).append(name)
    return tops


def _held_out(one: Example) -> bool:
    return sha256(one.id.encode()).digest()[0] % _HELD_OUT_EVERY == 0
