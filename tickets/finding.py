"""The list of work orders: what may be asked for, as SQL that stays quick with a million of them.

A page begins after the last row of the one before (keyset), not after so many rows; ``page`` numbers reach as far as
rows are counted, and rows are counted up to ``COUNTED``: beyond it nobody turns pages, one narrows the search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, TextClause, and_, bindparam, func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.database import Instant
from hotline.errors import RuleBroken
from tickets.deadlines import WorkCalendar, step
from tickets.search import pairs
from tickets.tables import IS_OPEN, RUNS, tickets

Row = dict[str, Any]
COUNTED = 2000
OPEN = "open"
"""Stands for every state in which somebody owes something."""
_WHOLE_NUMBER = 18
HAS_OPEN_CITIZEN = and_(tickets.c.phone != "", tickets.c.protected.is_(False))
"""Whose citizen may be asked for an opinion."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The filters of a list. Empty: whatever."""

    state: str = ""
    unit: str = ""
    words: str = ""
    category: str = ""
    """``一级`` or ``一级/二级``."""
    type: str = ""
    area: str = ""
    urgency: str = ""
    channel: str = ""
    lamp: str = ""
    """``red``, ``yellow``, or ``late``: was overdue at some time."""
    since: date | None = None
    until: date | None = None
    order: str = "new"
    """``new``: newest first. ``due``: what runs, soonest due first."""


@dataclass(frozen=True)
class Sorting:
    """By which column a list goes, and which way."""

    column: ColumnElement[datetime]
    downwards: bool

    @property
    def clauses(self) -> list[ColumnElement[Any]]:
        """ORDER BY; the number makes it total."""
        keys: list[ColumnElement[Any]] = [self.column, tickets.c.number]
        return [key.desc() for key in keys] if self.downwards else keys

    def beyond(self, cursor: str) -> ColumnElement[bool]:
        """Rows after the one that ``cursor`` names. Raises ``RuleBroken`` for what is no cursor."""
        moment, _, number = cursor.partition("_")
        try:
            at = datetime.fromtimestamp(int(moment) / 1_000_000, UTC)
        except (ValueError, OverflowError, OSError):
            raise RuleBroken("翻页标记无效", "this is no place in the list", code="bad_field") from None
        here = tuple_(literal(at, Instant), literal(number))
        keys = tuple_(self.column, tickets.c.number)
        return keys < here if self.downwards else keys > here

    def cursor(self, row: Mapping[str, Any]) -> str:
        """Names a row, exactly: microseconds since 1970 and the number."""
        at: datetime = row[self.column.key or ""]
        return f"{(at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)}_{row['number']}"


def sorting(wanted: Wanted) -> Sorting:
    """How this list is sorted. Raises ``RuleBroken`` for an unknown order."""
    match wanted.order:
        case "new":
            return Sorting(tickets.c.created_at, downwards=True)
        case "due":
            return Sorting(tickets.c.due_at, downwards=False)
        case _:
            raise RuleBroken("排序方式只能是 new 或 due", "the order is new or due", code="bad_field")


def conditions(wanted: Wanted, now: datetime, calendar: WorkCalendar, dialect: str) -> list[ColumnElement[bool]]:
    """The filters as SQL. Raises ``RuleBroken``."""
    c, zone = tickets.c, calendar.zone
    plain = {"unit": c.unit, "type": c.type, "area": c.area, "urgency": c.urgency, "channel": c.channel}
    found: list[ColumnElement[bool]] = [
        column == getattr(wanted, name) for name, column in plain.items() if getattr(wanted, name)
    ]
    if wanted.state == OPEN:
        found.append(_sql(IS_OPEN))
    elif wanted.state:
        found.append(c.state == wanted.state)
    if wanted.category:
        below = c.category.startswith(f"{wanted.category}/", autoescape=True)
        found.append(
            c.category == wanted.category if "/" in wanted.category else or_(c.category == wanted.category, below)
        )
    if wanted.since:
        found.append(c.created_at >= _midnight(wanted.since, zone))
    if wanted.until:
        found.append(c.created_at < _midnight(wanted.until + timedelta(days=1), zone))
    found += _lamp(wanted.lamp, now, calendar)
    if wanted.order == "due":
        found += [_sql(RUNS), c.due_at.is_not(None)]
    return found + [_has(word, dialect) for word in wanted.words.split()[:5]]


def _lamp(lamp: str, now: datetime, calendar: WorkCalendar) -> list[ColumnElement[bool]]:
    c = tickets.c
    match lamp:
        case "":
            return []
        case "late":
            return [c.overdue_at.is_not(None)]
        case "red":
            return [_sql(RUNS), c.due_at < now]
        case "yellow":
            return [_sql(RUNS), c.due_at >= now, c.due_at < _yellow_until(now, calendar.provisional())]
        case _:
            raise RuleBroken("没有这种催办灯", "there is no such lamp", code="bad_field")


def _yellow_until(now: datetime, calendar: WorkCalendar) -> datetime:
    """The yellow card falls at the close of the working day before the due day: what is due before then has it."""
    today = calendar.local_day(now)
    at_work = calendar.is_working(today) and now < calendar.closing(today)
    return _midnight((today if at_work else step(calendar, today, 1)) + timedelta(days=1), calendar.zone)


def _sql(condition: TextClause) -> ColumnElement[bool]:
    return condition  # type: ignore[return-value]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _has(word: str, dialect: str) -> ColumnElement[bool]:
    """``word`` stands in title, place or description, or is the phone, the sender's id or the number's beginning."""
    c = tickets.c
    inside = or_(*(column.icontains(word, autoescape=True) for column in (c.title, c.place, c.description)))
    ways = [and_(_indexed(word, dialect), inside), c.phone == word, c.sender_id == word]
    if word.isdigit() and word.isascii() and len(word) <= _WHOLE_NUMBER:
        ways.append(c.number.between(word.ljust(_WHOLE_NUMBER, "0"), word.ljust(_WHOLE_NUMBER, "9")))
    return or_(*ways)


def _indexed(word: str, dialect: str) -> ColumnElement[bool]:
    """What the index of pairs says; of a single character it says nothing."""
    wanted = sorted(pairs(word))
    if not wanted:
        return literal(value=True)
    if dialect == "postgresql":
        holding = text("string_to_array(tickets.words, ' ') @> string_to_array(:pairs, ' ')")
        return _sql(holding.bindparams(bindparam("pairs", " ".join(wanted), unique=True)))
    matching = text("tickets.id IN (SELECT ticket_id FROM ticket_words WHERE ticket_words MATCH :pairs)")
    quoted = " ".join(f'"{pair}"' for pair in wanted)
    return _sql(matching.bindparams(bindparam("pairs", quoted, unique=True)))


async def count(connection: AsyncConnection, where: Sequence[ColumnElement[bool]]) -> int:
    """How many there are, at most one more than ``COUNTED``."""
    some = select(literal(1)).select_from(tickets).where(*where).limit(COUNTED + 1).subquery()
    return int((await connection.execute(select(func.count()).select_from(some))).scalar_one())


async def read(
    connection: AsyncConnection, where: Sequence[ColumnElement[bool]], by: Sorting, size: int, *,
    after: str = "", skip: int = 0,
) -> list[Row]:  # fmt: skip
    """One page: after the row that ``after`` names, or after ``skip`` rows."""
    query = select(tickets).where(*where).order_by(*by.clauses).limit(size)
    query = query.where(by.beyond(after)) if after else query.offset(skip)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
