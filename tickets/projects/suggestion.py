"""Which work orders look like one matter to be governed at its root: one category, one county, similar words. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tickets.repeats import similarity


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A group, its work orders most alike to the first. ``unit``: who has most of them."""

    category: str
    place: str
    unit: str
    ticket_ids: tuple[str, ...]
    example: str


def suggest(
    rows: Iterable[Mapping[str, Any]], areas: Sequence[str], *, least: int, likeness: float
) -> list[Suggestion]:
    """Groups of at least ``least``, largest first. Reads id, category, place, title, description, unit.

    Within one category and area a work order joins the group whose middle (its first member) it is like; the order
    of ``rows`` does not matter, since they are gone through by id.
    """
    piles: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["id"])):
        if row["category"]:
            piles[row["category"], area_of(row["place"], areas)].append(row)
    found = []
    for (category, place), pile in piles.items():
        if len(pile) < least:
            continue
        for group in _groups(pile, likeness):
            if len(group) >= least:
                ids = tuple(str(one["id"]) for one in group)
                found.append(Suggestion(category, place, _most(group), ids, str(group[0]["title"])))
    return sorted(found, key=lambda one: (-len(one.ticket_ids), one.category, one.place))


def area_of(place: str, areas: Sequence[str]) -> str:
    """The county or zone that a place names; empty when it names none."""
    return next((area for area in areas if area in place), "")


def _groups(pile: Sequence[Mapping[str, Any]], likeness: float) -> list[list[Mapping[str, Any]]]:
    groups: list[list[Mapping[str, Any]]] = []
    for row in pile:
        words = _words(row)
        near = [(similarity(words, _words(group[0])), group) for group in groups]
        best = max(near, key=lambda one: one[0], default=(0.0, []))
        if best[0] >= likeness:
            best[1].append(row)
        else:
            groups.append([row])
    return groups


def _words(row: Mapping[str, Any]) -> str:
    return "".join(sign for sign in f"{row['title']}{row['description']}" if sign.isalnum())


def _most(group: Sequence[Mapping[str, Any]]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for row in group:
        if row["unit"]:
            counts[str(row["unit"])] += 1
    return max(sorted(counts), key=lambda unit: counts[unit], default="")
