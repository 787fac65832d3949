"""From which counts a table of figures is read, so that it reads thousands of rows and never a year of them. Pure.

Counts are kept by day, area, type and unit, and beside that by three coarser grains, folded in the same transaction
(``counting``): whole months, days without units, days without areas. A wish is put together from as few rows as hold
what it tells apart: whole months where nobody asks for days, days at the ends that are no whole months.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from tickets.counting import AREAS, COUNTS, GRAINS, MONTHS, UNITS

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PivotWish:
    """Which table: what is down, what is across (empty: one column), of which work orders."""

    rows: str
    columns: str = ""
    since: date | None = None
    until: date | None = None
    area: str = ""
    type: str = ""
    unit: str = ""

    @property
    def told_apart(self) -> frozenset[str]:
        """What the counts must still know, besides when."""
        narrowed = {name for name in ("area", "type", "unit") if getattr(self, name)}
        return frozenset(narrowed | ({self.rows, self.columns} & {"area", "type", "unit"}))


@dataclass(frozen=True, slots=True)
class Part:
    """Some days of one table of counts, both ends included. None: from the first, to the last."""

    table: str
    since: date | None
    until: date | None


def parts_of(wish: PivotWish) -> list[Part]:
    """What adds up to the wish: every day of it is in exactly one part."""
    daily, since, until = _daily(wish.told_apart), wish.since, wish.until
    if "day" in (wish.rows, wish.columns):
        return [Part(daily, since, until)]
    first, last = since and _month_from(since), until and _month_until(until)
    if first and last and first > last:  # no whole month in it
        return [Part(daily, since, until)]
    parts = [Part(MONTHS, first, last)]
    if since and first and since < first:
        parts.append(Part(daily, since, first - _ONE_DAY))
    if until and last and last < until:
        parts.append(Part(daily, last + _ONE_DAY, until))
    return parts


def _daily(needed: frozenset[str]) -> str:
    return next(name for name in (AREAS, UNITS, COUNTS) if needed <= set(GRAINS[name]))


def _month_from(day: date) -> date:
    """The first day of the first month that is whole from ``day`` on."""
    return day if day.day == 1 else (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _month_until(day: date) -> date:
    """The last day of the last month that is whole up to ``day``."""
    return day if (day + _ONE_DAY).day == 1 else day.replace(day=1) - _ONE_DAY
