"""The address book: whom an agent may ask or bring in, and which number is tried first at this hour. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hotline.settings import DutyPhone, Unit


@dataclass(frozen=True, slots=True)
class Entry:
    """One department with its numbers, the one to try first in front."""

    code: str
    name: str
    kind: str
    parent: str | None
    numbers: tuple[str, ...]
    on_duty: str
    """Who is on duty now; empty when nobody is named."""


def address_book(units: Iterable[Unit], now: datetime) -> list[Entry]:
    """Departments that can be reached by telephone. ``now`` in local time."""
    entries = []
    for unit in units:
        turns = [turn for turn in unit.duty if is_on_duty(turn, now)]
        numbers = [*(turn.phone for turn in turns), *([unit.phone] if unit.phone else []), *unit.fallback_phones]
        if numbers:
            names = "、".join(turn.name for turn in turns if turn.name)
            entries.append(Entry(unit.code, unit.name, unit.kind, unit.parent, tuple(dict.fromkeys(numbers)), names))
    return entries


def is_on_duty(turn: DutyPhone, now: datetime) -> bool:
    """Whether this turn is now. Equal times mean the whole day; one over midnight belongs to the day it began."""
    day, hour = now.isoweekday(), now.time()
    if turn.begins == turn.ends:
        return day in turn.days
    if turn.begins < turn.ends:
        return day in turn.days and turn.begins <= hour < turn.ends
    return (day in turn.days and hour >= turn.begins) or ((day - 2) % 7 + 1 in turn.days and hour < turn.ends)
