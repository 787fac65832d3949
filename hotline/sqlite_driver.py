"""aiosqlite as SQLAlchemy uses it, with few visits to the connection's thread: one for a statement instead of four.

SQLAlchemy's adapter goes to that thread for a cursor, for the statement, for its rows and for closing the cursor. Each
visit wakes a thread and the event loop again, which costs more than a short statement itself: with the engine busy, it
was a third of all its work. Here a statement and its rows are one visit; a cursor of sqlite3 is made and closed without
any, for neither reads nor writes. What gives nothing back (``BEGIN``, rows to insert) waits for the next statement or
for the commit and goes with it. Everything else is the adapter's. Given to ``create_async_engine`` as ``module``.
"""

import asyncio
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import aiosqlite
from sqlalchemy import Dialect, Insert
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    AsyncAdapt_aiosqlite_ss_cursor,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import await_only

Waiting = tuple[str, Sequence[Sequence[Any]]]
"""A statement and its rows of parameters; without rows it is run once, with none."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Holds a cursor of sqlite3 itself. Rows are read at once, as by the adapter's."""

    __slots__ = ()
    _adapt_connection: "_Connection"
    _connection: Any
    _cursor: Any

    def _make_new_cursor(self, connection: Any) -> Any:
        return connection

    def _aenter_cursor(self, cursor: Any) -> Any:
        try:
            return cursor._conn.cursor()
        except Exception as error:  # the connection is closed
            self._adapt_connection._handle_exception(error)

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            first = self._adapt_connection.take()
            self._rows = deque(await self._connection._execute(_run, self._cursor, first, operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            first = [*self._adapt_connection.take(), (operation, seq_of_parameters)]
            await self._connection._execute(_run_all, self._cursor, first)

    async def _async_soft_close(self) -> None:
        """Nothing is held that closing would give back: all rows have been read."""

    def close(self) -> None:
        self._rows.clear()
        with suppress(sqlite3.ProgrammingError):  # cancelled: its statement still runs, and the connection is closed
            self._cursor.close()


class _Stream(AsyncAdapt_aiosqlite_ss_cursor):
    """The adapter's, after what waits."""

    __slots__ = ()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        if waiting := self._adapt_connection.take():  # type: ignore[attr-defined]
            await self._connection._execute(_run_all, self._connection._conn.cursor(), waiting)
        return await super()._execute_async(operation, parameters)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("waiting",)
    _cursor_cls = _Cursor
    _ss_cursor_cls = _Stream
    _connection: Any
    waiting: list[Waiting]
    """To be run in the visit of the next statement, or of the commit."""

    def take(self) -> list[Waiting]:
        """What waits; whoever takes it runs it."""
        taken, self.waiting = self.waiting, []
        return taken

    def rollback(self) -> None:
        self.waiting = []
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()

    def commit(self) -> None:
        waiting = self.take()
        if not self._connection._connection or not (self._connection.in_transaction or any(r for _, r in waiting)):
            return  # nothing was begun
        try:
            await_only(self._connection._execute(_commit, self._connection._conn, waiting))
        except Exception as error:
            self._handle_exception(error)


class SqliteDriver(AsyncAdapt_aiosqlite_dbapi):
    """The module that stands for aiosqlite."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        connection = _Connection(self, super().connect(*arg, **kw)._connection)
        connection.waiting = []
        self._threads.add(connection._connection._thread)
        return connection

    async def ended(self, seconds: float = 5.0) -> None:
        """Once all connections are closed: until their threads are over, which tell the event loop so at their end."""
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, seconds)


def begin_with_next(connection: Connection, begin: str = "BEGIN") -> None:
    """Begin a transaction in the visit of its first statement: until then it would see and hold nothing."""
    _driver_of(connection).waiting.append((begin, ()))


def insert_with_next(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in the visit of the next statement or of the commit, which also tells what was wrong with them."""
    sql, columns = _prepared(statement, tuple(rows[0]), connection.dialect)
    values = [[process(row[name]) if process else row[name] for name, process in columns] for row in rows]
    _driver_of(connection).waiting.append((sql, values))


def _driver_of(connection: Connection) -> _Connection:
    return connection.connection.dbapi_connection  # type: ignore[return-value]


_Column = tuple[str, Callable[[Any], Any] | None]


@lru_cache(maxsize=256)
def _prepared(statement: Insert, names: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[_Column, ...]]:
    """The statement's text, and for each parameter in its place the column and what makes a value fit for it."""
    compiled = statement.compile(dialect=dialect, column_keys=names, for_executemany=True)
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None
    if unknown := set(compiled.positiontup) - set(names):  # a default that SQLAlchemy would compute
        raise TypeError(f"rows of {statement.table} must name {unknown}")
    types = ((name, compiled.binds[name].type) for name in compiled.positiontup)
    return str(compiled), tuple((name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in types)


def _run_all(cursor: sqlite3.Cursor, statements: Iterable[Waiting]) -> None:
    """On the connection's thread."""
    for sql, rows in statements:
        if rows:
            cursor.executemany(sql, rows)
        else:
            cursor.execute(sql)


def _run(cursor: sqlite3.Cursor, first: Sequence[Waiting], operation: str, parameters: Sequence[Any]) -> list[Any]:
    """On the connection's thread."""
    _run_all(cursor, first)
    cursor.execute(operation, parameters)
    return cursor.fetchall() if cursor.description else []


def _commit(connection: sqlite3.Connection, waiting: Sequence[Waiting]) -> None:
    """On the connection's thread. What cannot be committed is rolled back: SQLAlchemy thinks no more of it."""
    try:
        _run_all(connection.cursor(), waiting)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
