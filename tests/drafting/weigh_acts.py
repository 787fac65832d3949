"""Weighs speech acts (tickets/acts.py) for each type of matter and writes tickets/data/act-weights.yaml.

Multinomial logistic regression over the acts and over what a leaf is usually called about. It learns from the dialogues
that may be looked at, never from tests/data/dialogues-heldout.jsonl, later.txt, sealed.txt, unseen.txt nor the closed
half of rambling.txt. Run `python -m tests.drafting.weigh_acts`; it tells how well each file is judged by the others.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bench.draft_fields import read_told
from tickets.dialogue import Spoken, read_turns
from tickets.kinds import features, telling
from tickets.vocabulary import TYPES

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "tickets" / "data" / "act-weights.yaml"
_HOLD = 0.03
"""How strongly weights are held near nought."""
Example = tuple[dict[str, float], str]


def told(name: str) -> list[Example]:
    """The features and the type of each dialogue of a file."""
    dialogues = read_told(HERE / name)
    return [_example(one) for one in (dialogues[1::2] if name == "rambling.txt" else dialogues)]


def _example(one: dict[str, Any]) -> Example:
    citizen, agent = telling(read_turns([Spoken(turn["who"], turn["text"]) for turn in one["turns"]]))
    return features(citizen, one["wanted"]["category"], agent), one["wanted"]["type"]


def short() -> list[Example]:
    """The single sentences of acts.txt."""
    lines = [line for line in (HERE / "acts.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    parts = [line.split("|") for line in lines]
    return [(features(text.replace("/", "，"), leaf, ""), kind) for kind, leaf, text in parts]


_SAID_OUTRIGHT = {
    "投诉": "says he complains", "举报": "says he reports", "建议": "says he suggests", "咨询": "says he asks",
    "求助": "says he needs help", "表扬": "praises",
}  # fmt: skip


def outright(examples: Sequence[Example]) -> list[Example]:
    """Each third once more, now as of one who begins with the name of what he does, as many do."""
    return [(found | {_SAID_OUTRIGHT[kind]: 1.0}, kind) for found, kind in examples[::3]]


def weigh(told_: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Feature → type → weight. A rare type counts more than its share, by the root."""
    examples = [*told_, *outright(told_)]
    names = sorted({name for found, _ in examples for name in found})
    column = {name: at for at, name in enumerate(names)}
    x, y = np.zeros((len(examples), len(names))), np.zeros((len(examples), len(TYPES)))
    for row, (found, kind) in enumerate(examples):
        y[row, TYPES.index(kind)] = 1
        for name, strength in found.items():
            x[row, column[name]] = strength
    share = y.mean(axis=0)
    load = (y @ (1 / np.sqrt(share)))[:, None]
    load /= load.sum()
    w = np.zeros((len(names), len(TYPES)))
    velocity = np.zeros_like(w)
    for _ in range(3000):
        score = x @ w
        chance = np.exp(score - score.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        velocity = 0.9 * velocity - 0.3 * (x.T @ ((chance - y) * load) + _HOLD / 10 * w)
        w += velocity
    return {n: {k: round(float(w[column[n], i]), 2) for i, k in enumerate(TYPES)} for n in names}


def share_right(weights: dict[str, dict[str, float]], examples: Sequence[Example]) -> float:
    """How many of ``examples`` the weights judge right."""

    def judged(found: dict[str, float]) -> str:
        return max(TYPES, key=lambda kind: sum(s * weights.get(n, {}).get(kind, 0.0) for n, s in found.items()))

    return sum(judged(found) == kind for found, kind in examples) / len(examples)


def main() -> None:
    """Judge each file by the others, then write the weights of all."""
    files = {name: told(name) for name in ("fresh.txt", "rambling.txt", "terse.txt", "talkative.txt")}
    files["acts.txt"] = short()
    for name, held in files.items():
        others = [one for other, examples in files.items() if other != name for one in examples]
        print(f"{name:14} {share_right(weigh(others), held):6.1%} of {len(held)} by the weights of the others")
    everything = [one for examples in files.values() for one in examples]
    weights = weigh(everything)
    print(f"all together {share_right(weights, everything):.1%} of {len(everything)}")
    head = "# Speech act → type → weight. Written by tests/drafting/weigh_acts.py: do not edit, run it anew.\n"
    body = yaml.safe_dump(weights, allow_unicode=True, default_flow_style=None, width=160, sort_keys=True)
    TARGET.write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    main()
