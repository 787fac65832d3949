"""The discipline ledger's rules and sums: which penalty a ground may have, and counts that reconcile. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hotline.errors import RuleBroken
from hotline.oversight import Supervision


@dataclass(frozen=True, slots=True)
class Sum:
    """Cases, persons held to account, and how many were published (通报)."""

    cases: int = 0
    persons: int = 0
    published: int = 0

    def plus(self, row: Mapping[str, Any]) -> "Sum":
        """With one case more."""
        return Sum(self.cases + 1, self.persons + row["persons"], self.published + bool(row["published"]))


def check_penalty(settings: Supervision, ground: str, penalty: str) -> None:
    """Only the site's grounds, each with its own penalty classes. Raises ``RuleBroken``."""
    allowed = next((one.penalties for one in settings.grounds if one.name == ground), None)
    if allowed is None:
        raise RuleBroken(f"本站没有“{ground}”这一问责情形", f"the site has no ground {ground!r}", code="bad_ground")
    if penalty not in allowed:
        raise RuleBroken(
            f"“{ground}”只能给予：{'、'.join(allowed)}",
            f"{ground!r} yields only {', '.join(allowed)}",
            code="bad_penalty",
        )


def sums(rows: Iterable[Mapping[str, Any]], by: str) -> dict[str, Sum]:
    """Sums by a column (``ground``, ``penalty``, ``unit``, ``month``). They add up to ``total`` of the same rows."""
    found: dict[str, Sum] = {}
    for row in rows:
        key = row["decided_on"][:7] if by == "month" else row[by]
        found[key] = found.get(key, Sum()).plus(row)
    return dict(sorted(found.items()))


def total(rows: Iterable[Mapping[str, Any]]) -> Sum:
    """All of them."""
    whole = Sum()
    for row in rows:
        whole = whole.plus(row)
    return whole


def reconciles(whole: Sum, parts: Mapping[str, Sum]) -> bool:
    """Whether the parts add up to the whole, in each of the three counts."""
    counted: Counter[str] = Counter()
    for part in parts.values():
        counted.update(cases=part.cases, persons=part.persons, published=part.published)
    return (counted["cases"], counted["persons"], counted["published"]) == (whole.cases, whole.persons, whole.published)
