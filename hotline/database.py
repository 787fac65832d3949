"""The database: one engine, one unit of work per use case, facts published only after the commit.

SQLite (aiosqlite) by default, PostgreSQL (asyncpg) by URL, the same Core tables on both. On SQLite there is one
writer at a time, so units of work queue on a lock and begin IMMEDIATE: none ever fails half-way for being "locked".
On PostgreSQL many write at once (READ COMMITTED): whoever reads in order to decide locks what it read, by
``with_for_update`` or ``UnitOfWork.alone``, or decides in one conditional UPDATE.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    CursorResult,
    DateTime,
    Dialect,
    Executable,
    Insert,
    MetaData,
    Row,
    TypeDecorator,
    event,
    func,
    select,
)
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import greenlet_spawn

from hotline.bus import Bus
from hotline.errors import ConfigurationError, HotlineError, RuleBroken, Unavailable
from hotline.facts import Fact
from hotline.sqlite_driver import SqliteDriver, begin_with_next, insert_with_next

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every room declares its Core tables on this, in its ``tables.py``."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants carry their zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class UnitOfWork:
    """One use case's transaction. Leaving the block commits; an exception rolls everything back, facts included."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._facts: list[Fact] = []
        self.connection: AsyncConnection

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run one Core statement in this transaction."""
        return await self.connection.execute(statement, parameters)

    async def insert(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows (all of the same columns) of which nothing is asked back.

        On SQLite they go with the next statement, or with the commit: what is wrong with them may be told only there.
        """
        if rows and self._database.dialect == "sqlite":
            assert self.connection.sync_connection is not None
            insert_with_next(self.connection.sync_connection, statement, rows)
        elif rows:
            await self.execute(statement, rows)

    async def alone(self, what: str) -> None:
        """Wait until nobody else is in a unit of work that said the same, then keep others out until our end."""
        if self._database.dialect == "postgresql":  # SQLite has one writer anyhow
            await self.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))

    def record(self, fact: Fact) -> None:
        """Append ``fact`` to the ledger in this transaction and publish it once the commit is through."""
        self._facts.append(fact)

    async def __aenter__(self) -> Self:
        if self._database.dialect == "sqlite":
            await self._database.writing.acquire()
        try:
            with _connecting():
                begun = await greenlet_spawn(_begun, self._database.engine.sync_engine)
        except BaseException:
            self._give_way()
            raise
        self.connection = AsyncConnection(self._database.engine, begun)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._database.append(self, self._facts)
                await greenlet_spawn(_commit_and_close, self.connection.sync_connection)
            elif isinstance(error, DBAPIError) and (ours := _meaning(error)) is not None:
                raise ours from error
        except DBAPIError as failure:
            if (ours := _meaning(failure)) is None:
                raise
            raise ours from failure
        finally:
            try:
                if not self.connection.closed:  # it rolls back
                    await self.connection.close()
            finally:
                self._give_way()
        if error is None:
            for fact in self._facts:
                self._database.bus.publish(fact)

    def _give_way(self) -> None:
        if self._database.dialect == "sqlite":
            self._database.writing.release()


def _begun(engine: Engine) -> Connection:
    connection = engine.connect()
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection


def _commit_and_close(connection: Connection) -> None:
    connection.commit()
    connection.close()


class Database:
    """The open database. Make one with ``Database.open``."""

    def __init__(self, engine: AsyncEngine, bus: Bus) -> None:
        self.engine = engine
        self.bus = bus
        self.dialect: str = engine.dialect.name
        self.writing = asyncio.Lock()
        self._readings = engine.execution_options(reading=True)
        self._single = engine.sync_engine.execution_options(single=True)
        self._returned = asyncio.Event()
        event.listen(engine.sync_engine, "checkin", lambda *_: self._returned.set())

    @classmethod
    async def open(cls, url: str, bus: Bus) -> "Database":
        """Connect once to prove that it works; raises ConfigurationError when it does not."""
        try:
            _make_folder(url)
            if url.startswith("sqlite"):
                engine = create_async_engine(url, module=SqliteDriver())
                event.listen(engine.sync_engine, "connect", _prepare_sqlite)
                event.listen(engine.sync_engine, "begin", _begin)
            else:
                engine = create_async_engine(url, pool_pre_ping=True)
            async with engine.connect():
                pass
        except (OSError, SQLAlchemyError, ImportError) as failure:
            raise ConfigurationError(
                f"storage.database: 无法打开数据库: {failure}", f"storage.database: cannot open the database: {failure}"
            ) from failure
        return cls(engine, bus)

    def unit_of_work(self) -> UnitOfWork:
        """A new transaction, to be used as ``async with``."""
        return UnitOfWork(self)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; nothing that it does is kept. Raises Unavailable when the database is away."""
        async with AsyncExitStack() as stack:
            with _connecting():
                connection = await stack.enter_async_context(self._readings.connect())
            try:
                yield connection
            except DBAPIError as failure:
                if (ours := _meaning(failure)) is None:
                    raise
                raise ours from failure

    async def fetch(
        self, query: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of one query that needs no other beside it: half the cost of a ``reading``. Raises Unavailable."""
        try:
            return await greenlet_spawn(_fetched, self._single, query, parameters)
        except DBAPIError as failure:
            if (ours := _meaning(failure)) is None:
                raise
            raise ours from failure

    async def append(self, uow: UnitOfWork, facts: Sequence[Fact]) -> None:
        """Write facts to the ledger; called by the unit of work at its end."""
        from hotline.ledger import append

        await append(uow, facts)

    async def create_all(self) -> None:
        """Make every table known to ``metadata``. For tests; a site migrates instead."""
        async with self.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    async def close(self) -> None:
        """Close all connections. Work that was cancelled just now gets a moment to give its own back."""
        pool = self.engine.pool
        with suppress(TimeoutError):
            async with asyncio.timeout(_RETURN_SECONDS):
                while isinstance(pool, QueuePool) and pool.checkedout() > 0:
                    self._returned.clear()
                    await self._returned.wait()
        await self.engine.dispose()
        if isinstance(driver := self.engine.dialect.dbapi, SqliteDriver):
            await driver.ended()


def _fetched(engine: Engine, query: Executable, parameters: Mapping[str, Any] | None) -> Sequence[Row[Any]]:
    with _connecting():
        connection = engine.connect()
    with connection:
        return connection.execute(query, parameters).all()


_RETURN_SECONDS = 5.0
_AWAY = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that are no fault of the statement: connection, deadlock, resources, shutdown, disk."""
_BAD_DATA = "22"


@contextmanager
def _connecting() -> Iterator[None]:
    """SQLite never fails here; a PostgreSQL that is gone refuses, or does not answer."""
    try:
        yield
    except (OSError, DBAPIError) as failure:
        raise _away(failure) from failure


def _meaning(failure: DBAPIError) -> HotlineError | None:
    """What a failure of the database is to whoever asked; None for one that is our own mistake."""
    code: str = getattr(failure.orig, "sqlstate", None) or ""
    if isinstance(failure, OperationalError) or failure.connection_invalidated or code.startswith(_AWAY):
        return _away(failure.orig or failure)
    if code.startswith(_BAD_DATA):
        return RuleBroken(
            "内容过长,或含有无法保存的字符,本次操作未保存",
            "something is too long, or holds characters that cannot be kept; nothing was saved",
            code="bad_field",
        )
    return None


def _away(failure: BaseException) -> Unavailable:
    """Disk full, server gone: nothing of this unit of work was kept."""
    return Unavailable(
        "数据库暂时无法访问,本次操作未保存,请稍后重试", f"the database is away, nothing was saved: {failure}"
    )


def _make_folder(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError:  # an in-memory database has no WAL
            if not pragma.startswith("journal"):
                raise
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("single"):  # one statement is a transaction by itself
        begin_with_next(connection, "BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")
