"""aiosqlite as SQLAlchemy uses it, with one visit to the connection's thread for a statement instead of four.

SQLAlchemy's adapter goes to that thread for a cursor, for the statement, for its rows and for closing the cursor. Each
visit wakes a thread and the event loop again, which costs more than a short statement itself: with the engine busy, it
was a third of all its work. Here a statement and its rows are one visit; a cursor of sqlite3 is made and closed without
any, for neither reads nor writes. Everything else is the adapter's. Given to ``create_async_engine`` as ``module``.
"""

import asyncio
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.engine import Connection


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
            first, self._adapt_connection.before = self._adapt_connection.before, ""
            self._rows = deque(await self._connection._execute(_run, self._cursor, first, operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            await self._connection._execute(self._cursor.executemany, operation, seq_of_parameters)

    async def _async_soft_close(self) -> None:
        """Nothing is held that closing would give back: all rows have been read."""

    def close(self) -> None:
        self._rows.clear()
        with suppress(sqlite3.ProgrammingError):  # cancelled: its statement still runs, and the connection is closed
            self._cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("before",)
    _cursor_cls = _Cursor
    _connection: Any
    before: str
    """To be run in the same visit, before the next statement."""

    def rollback(self) -> None:
        self.before = ""
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


class SqliteDriver(AsyncAdapt_aiosqlite_dbapi):
    """The module that stands for aiosqlite."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        connection = _Connection(self, super().connect(*arg, **kw)._connection)
        connection.before = ""
        self._threads.add(connection._connection._thread)
        return connection

    async def ended(self, seconds: float = 5.0) -> None:
        """Once all connections are closed: until their threads are over, which tell the event loop so at their end."""
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, seconds)


def begin_with_next(connection: Connection) -> None:
    """Begin a transaction that only reads in the visit of its first statement: until then it would see nothing."""
    driver: _Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    driver.before = "BEGIN"


def _run(cursor: sqlite3.Cursor, before: str, operation: str, parameters: Sequence[Any]) -> list[Any]:
    """On the connection's thread."""
    if before:
        cursor.execute(before)
    cursor.execute(operation, parameters)
    return cursor.fetchall() if cursor.description else []
