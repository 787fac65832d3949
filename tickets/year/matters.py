"""The intakes of a year, drawn from a seed: when, by which channel, what about, where, what becomes of it. Pure.

Mix and shape are those of bulletins (see the domain's notes): nine of ten by telephone, half answered on line, most
matters lie in a county. Every intake is drawn by its own number, so that a replay may begin anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

A_YEAR = 642_189
"""Intakes of one year of one prefecture."""
_HOURLY = (10, 6, 4, 3, 3, 5, 13, 28, 64, 92, 96, 72, 42, 44, 74, 82, 78, 60, 46, 46, 47, 40, 27, 18)
_WEEKDAY = (1.15, 1.08, 1.06, 1.05, 1.02, 0.83, 0.81)
_CHANNELS = {"telephone": 907, "wechat": 71, "partner": 15, "web": 7}
_TYPES = {"咨询": 510, "投诉": 390, "举报": 65, "建议": 17, "求助": 15}
_URGENCY = {"一般": 95, "紧急": 4, "特急": 1}

T = TypeVar("T")


class Fate(StrEnum):
    """What becomes of an intake."""

    ANSWERED = "answered"
    """On line, by the agent."""
    SETTLED = "settled"
    RETURNED = "returned"
    """The first unit was the wrong one."""
    REDONE = "redone"
    """The citizen was not satisfied."""
    UNREACHED = "unreached"
    """The citizen could not be asked."""
    OPEN = "open"
    """Still lies with its unit."""


_FATES = {
    Fate.ANSWERED: 53, Fate.SETTLED: 37, Fate.RETURNED: 3, Fate.REDONE: 4, Fate.UNREACHED: 2, Fate.OPEN: 1,
}  # fmt: skip
_GRADES = {1: 80, 2: 12, 3: 8}
"""How those are satisfied with whom the matter ends, of the five grades."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One intake to come."""

    serial: int
    at: datetime
    channel: str
    type: str
    category: str
    place: str
    area: str
    phrase: str
    phone: str
    urgency: str
    fate: Fate
    days: float
    """After how many days the unit replies."""
    grade: int
    """What the citizen says of it in the end, 1 (满意) to 3 (基本满意)."""


@dataclass(frozen=True)
class YearPlan:
    """Draws matters. ``phrases``: leaf category → what citizens say; ``areas``: county → its streets and towns."""

    first: date
    total: int
    seed: int
    zone: ZoneInfo
    phrases: Mapping[str, Sequence[str]]
    areas: Mapping[str, Sequence[str]]

    def matter(self, serial: int) -> Matter:
        """The ``serial``-th intake, 0 to ``total`` - 1, always the same; later ones come later, day by day."""
        random = Random(self.seed * 1_000_003 + serial)
        category = random.choice(list(self.phrases))
        area = random.choice(list(self.areas))
        street = random.choice(self.areas[area] or [""])
        return Matter(
            serial, self._moment(serial, random), _pick(random, _CHANNELS), _pick(random, _TYPES), category,
            f"{area}{street}", area, random.choice(self.phrases[category]), f"139{random.randrange(10**8):08d}",
            _pick(random, _URGENCY), _pick(random, _FATES), random.expovariate(1 / 2.5), _pick(random, _GRADES),
        )  # fmt: skip

    def _moment(self, serial: int, random: Random) -> datetime:
        day = self.first + timedelta(days=self._day(serial))
        hour = random.choices(range(24), _HOURLY)[0]
        moment = time(hour, random.randrange(60), random.randrange(60), random.randrange(1_000_000))
        return datetime.combine(day, moment, self.zone)

    def _day(self, serial: int) -> int:
        """Busy Mondays, quiet Sundays: the day by which the share of the year has passed that ``serial`` is at."""
        weeks, rest = divmod((serial + 0.5) / self.total * 365, 7)
        for day in range(7):
            rest -= _WEEKDAY[(self.first.weekday() + day) % 7]
            if rest < 0:
                return min(int(weeks) * 7 + day, 364)
        return min(int(weeks) * 7 + 6, 364)


def _pick(random: Random, weights: Mapping[T, int]) -> T:
    return random.choices(list(weights), list(weights.values()))[0]
