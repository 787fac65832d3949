"""Figures of work orders by time, area, type and unit, read from counts that the database keeps (``counting``).

Every figure is a sum over the same counts, so that any table of them adds up to the same total, and every figure names
the filter that lists its work orders.
"""

import asyncio
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, Table, func, literal, select, text, union_all

from hotline.database import Database
from hotline.errors import HotlineError, RuleBroken
from tickets.counting import FIGURES, folding_statements
from tickets.grains import Part, PivotWish, parts_of
from tickets.tables import COUNT_TABLES, ticket_deltas

_log = structlog.get_logger()
Shape = dict[str, Any]
Cell = tuple[Any, ...]
"""Row, column, and ``FIGURES``."""
FOLD_EVERY_SECONDS = 60.0
PERIODS = {"day": 10, "month": 7, "year": 4}
"""Name of a period → how much of YYYY-MM-DD it is."""
AXES = (*PERIODS, "area", "type", "unit")


class Pivot:
    """The figures of one site."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, wish: PivotWish) -> Shape:
        """{rows, columns, cells: [{row, column, tickets, done, overdue}], total}. Raises ``RuleBroken``."""
        cells = await self._cells(wish)
        return {
            "rows": list(dict.fromkeys(cell[0] for cell in cells)),
            "columns": sorted({cell[1] for cell in cells}),
            "cells": [
                {"row": row, "column": column, "tickets": count, "done": done, "overdue": overdue}
                for row, column, count, done, overdue in cells
            ],
            "total": {name: sum(cell[at] for cell in cells) for at, name in enumerate(FIGURES, 2)},
        }

    async def fold(self) -> None:
        """Turn noted differences into counts. Figures are the same before and after."""
        async with self._database.unit_of_work() as uow:
            await uow.alone("the counts of work orders")
            for statement in folding_statements(self._database.dialect):
                await uow.execute(text(statement))

    async def keep_folded(self) -> None:
        """Fold now and then, until cancelled, so that there is never much to add up."""
        while True:
            try:
                if await self._has_differences():
                    await self.fold()
            except HotlineError as away:
                _log.warning("counts not folded, tried again later", error=away.en)
            await asyncio.sleep(FOLD_EVERY_SECONDS)

    async def _has_differences(self) -> bool:
        async with self._database.reading() as connection:
            return (await connection.execute(select(ticket_deltas.c.seq).limit(1))).first() is not None

    async def _cells(self, wish: PivotWish) -> list[Cell]:
        """Plain tuples: a year of days by areas is more than five thousand of them."""
        statement = _statement(wish)
        async with self._database.reading() as connection:
            found = (await connection.execute(statement)).all()
        return sorted([tuple(cell) for cell in found if cell[2]])


def _statement(wish: PivotWish) -> Select[*tuple[Any, ...]]:
    """One statement, so one instant: counts as they were folded, and the differences noted since."""
    kept = [_read(COUNT_TABLES[part.table], wish, part) for part in parts_of(wish)]
    noted = _read(ticket_deltas, wish, Part(ticket_deltas.name, wish.since, wish.until))
    found = union_all(*kept, noted).subquery("figures").c
    sums = [func.sum(found[name]).label(name) for name in FIGURES]
    shown: list[ColumnElement[Any]] = [found.row, found.column, *sums]
    query: Select[*tuple[Any, ...]] = select(*shown).group_by(found.row, found.column)
    return query


def _read(table: Table, wish: PivotWish, part: Part) -> Select[Any]:
    c, when = table.c, _moment(table.c)
    row, column = _axis(c, wish.rows), _axis(c, wish.columns) if wish.columns else literal("")
    query: Select[Any] = select(row.label("row"), column.label("column"), *(c[name] for name in FIGURES))
    query = query.where(*(c[name] == getattr(wish, name) for name in ("area", "type", "unit") if getattr(wish, name)))
    length = PERIODS["month" if "month" in c else "day"]
    if part.since:
        query = query.where(when >= part.since.isoformat()[:length])
    if part.until:
        query = query.where(when <= part.until.isoformat()[:length])
    return query


def _moment(columns: Any) -> ColumnElement[str]:
    found: ColumnElement[str] = columns.month if "month" in columns else columns.day
    return found


def _axis(columns: Any, name: str) -> ColumnElement[str]:
    if name in PERIODS and name != "day":
        period: ColumnElement[str] = func.substr(_moment(columns), 1, PERIODS[name])
        return period
    if name in AXES:
        axis: ColumnElement[str] = columns[name]
        return axis
    raise RuleBroken(f"不能按“{name}”统计", f"figures go by {', '.join(AXES)}", code="bad_field")
