"""One measured figure, and the file in which figures of several runs come together."""

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of ours beside the peer's. ``ratio`` is ours divided by the peer's."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    command: str

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's; 0 when the peer's is 0."""
        return round(self.ours / self.peer, 3) if self.peer else 0.0

    def as_json(self) -> dict[str, object]:
        """The shape of ``var/bench.json``."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "peer": self.peer,
            "peer_name": self.peer_name,
            "ratio": self.ratio,
            "command": self.command,
        }


def merge(kept: Iterable[Row], fresh: Iterable[Row]) -> list[Row]:
    """Fresh rows replace those of the same name and follow the rest; order by name."""
    return sorted({row.name: row for row in (*kept, *fresh)}.values(), key=lambda row: row.name)


def read_rows(path: Path) -> list[Row]:
    """The rows kept there; none when the file is missing or not ours."""
    names = [field.name for field in dataclasses.fields(Row)]
    try:
        return [Row(**{name: item[name] for name in names}) for item in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    text = json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1)
    fresh.write_text(text + "\n", encoding="utf-8")
    os.replace(fresh, path)


def p99(figures: Sequence[float]) -> float:
    """The 99th percentile by nearest rank: of fewer than 100 figures the greatest."""
    return percentile(figures, 0.99)


def percentile(figures: Sequence[float], share: float) -> float:
    """By nearest rank; 0 of nothing."""
    ordered = sorted(figures)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0
