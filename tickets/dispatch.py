"""Which unit a matter goes to: the first row of the duty directory (派单目录) that matches, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True, slots=True)
class Duty:
    """One row of the directory. ``category`` is ``一级`` or ``一级/二级``; ``*`` matches everything."""

    category: str
    place: str
    unit: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The unit proposed, why, and the words of the matter that led there."""

    unit: str
    reason: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """The duty directory with the units' names."""

    duties: Sequence[Duty]
    units: Mapping[str, str]

    def propose(self, category: str, place: str) -> Proposal | None:
        """The unit of the first row that matches; None when no row does: a dispatcher must choose.

        Nothing is proposed while neither category nor place is known: the catch-all row would only be a guess.
        """
        if not category and not place:
            return None
        for duty in self.duties:
            if _matches_category(duty.category, category) and _matches_place(duty.place, place):
                because = tuple(part for part in (duty.place, duty.category) if part != ANY)
                rule = " × ".join(because) or "兜底"
                return Proposal(duty.unit, f"派单目录：{rule} → {self.units.get(duty.unit, duty.unit)}", because)
        return None


def _matches_category(rule: str, category: str) -> bool:
    return rule == ANY or category == rule or category.startswith(f"{rule}/")


def _matches_place(rule: str, place: str) -> bool:
    return rule == ANY or (bool(place) and rule in place)
