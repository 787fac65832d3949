"""Figures are put together from counts: each day once, from a table that still knows what is told apart."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tickets.counting import AREAS, COUNTS, GRAINS, MONTHS, UNITS
from tickets.grains import Part, PivotWish, parts_of

AXES = ("day", "month", "year", "area", "type", "unit")
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = st.one_of(st.none(), st.dates(date(2024, 1, 2), date(2026, 12, 30)))
NAMES = st.sampled_from(["", "x"])
WISHES = st.builds(
    PivotWish,
    rows=st.sampled_from(AXES),
    columns=st.sampled_from(["", *AXES]),
    since=DAYS,
    until=DAYS,
    area=NAMES,
    type=NAMES,
    unit=NAMES,
)


@given(WISHES)
def test_each_day_is_read_once_from_a_table_that_knows_enough(wish: PivotWish) -> None:
    read, parts = Counter[date](), parts_of(wish)
    for part in parts:
        assert wish.told_apart <= set(GRAINS[part.table])
        assert "day" not in (wish.rows, wish.columns) or part.table != MONTHS
        read.update(between(part.since or FIRST, part.until or LAST))
        if part.table == MONTHS:
            assert part.since is None or part.since.day == 1
            assert part.until is None or (part.until + timedelta(days=1)).day == 1
    assert read == Counter(between(wish.since or FIRST, wish.until or LAST))


def between(since: date, until: date) -> list[date]:
    return [since + timedelta(days=at) for at in range((until - since).days + 1)]


def test_the_fewest_rows_that_hold_it() -> None:
    assert parts_of(PivotWish(rows="unit", columns="month")) == [Part(MONTHS, None, None)]
    assert parts_of(PivotWish(rows="day", columns="area")) == [Part(AREAS, None, None)]
    assert parts_of(PivotWish(rows="day", unit="371323")) == [Part(UNITS, None, None)]
    assert parts_of(PivotWish(rows="day", columns="area", unit="371323")) == [Part(COUNTS, None, None)]
    cut = PivotWish(rows="area", since=date(2026, 1, 30), until=date(2026, 3, 2))
    assert parts_of(cut) == [
        Part(MONTHS, date(2026, 2, 1), date(2026, 2, 28)),
        Part(AREAS, date(2026, 1, 30), date(2026, 1, 31)),
        Part(AREAS, date(2026, 3, 1), date(2026, 3, 2)),
    ]
