"""SQLite in fewer visits to its thread: what SQLAlchemy and the house promise of a connection still holds."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, text
from sqlalchemy.exc import IntegrityError, OperationalError

from hotline.bus import Bus
from hotline.database import Database

COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
"""Takes a second or so."""
T = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("word", Text))
STAMPED = Table("stamped", MetaData(), Column("id", Integer, primary_key=True), Column("stamp", Integer, default=7))
INSERT, WITH_ID = insert(T), insert(T)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/one.db", Bus())
    async with opened.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)"))
        await connection.execute(text("INSERT INTO t (word) VALUES (:word)"), [{"word": "一"}, {"word": "二"}])
    yield opened
    await opened.close()


async def words(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(text("SELECT word FROM t ORDER BY id"))).scalars())


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been done on the threads of connections."""
    seen: list[str] = []
    real: Any = aiosqlite.Connection._execute

    async def counted(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(getattr(fn, "__name__", str(fn)))
        return await real(self, fn, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return seen


async def test_a_reading_visits_the_thread_twice_a_single_query_once(file: Database, visits: list[str]) -> None:
    assert await words(file) == ["一", "二"]
    assert len(visits) == 2, visits  # begin + statement + rows, and the rollback
    visits.clear()
    query = text("SELECT word FROM t WHERE id > :id ORDER BY id")
    assert [row.word for row in await file.fetch(query, {"id": 1})] == ["二"]
    assert len(visits) == 1, visits


async def test_rows_and_their_commit_are_one_visit(file: Database, visits: list[str]) -> None:
    async with file.unit_of_work() as uow:
        await uow.insert(INSERT, [{"word": "三"}, {"word": "四"}])
        await uow.insert(INSERT, [{"word": "五"}])
    assert len(visits) == 1, visits
    assert await words(file) == ["一", "二", "三", "四", "五"]


async def test_rows_are_there_for_the_next_statement_and_gone_after_an_error(file: Database) -> None:
    async def half_done() -> None:
        async with file.unit_of_work() as uow:
            await uow.insert(INSERT, [{"word": "三"}])
            assert (await uow.execute(text("SELECT count(*) FROM t"))).scalar() == 3
            streamed = await uow.connection.stream(text("SELECT id FROM t ORDER BY id"))
            assert [row.id async for row in streamed] == [1, 2, 3]
            await uow.insert(INSERT, [{"word": "四"}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_done()
    assert await words(file) == ["一", "二"]


async def test_a_stream_begins_with_what_waits(file: Database) -> None:
    async with file.unit_of_work() as uow:
        await uow.insert(INSERT, [{"word": "三"}])
        streamed = await uow.connection.stream(text("SELECT word FROM t ORDER BY id"))
        assert [row.word async for row in streamed] == ["一", "二", "三"]


async def test_rows_that_are_refused_are_told_at_the_commit_and_nothing_is_kept(file: Database) -> None:
    with pytest.raises(IntegrityError):
        async with file.unit_of_work() as uow:
            await uow.insert(INSERT, [{"word": "三"}])
            await uow.insert(WITH_ID, [{"id": 1, "word": "又一"}])
    assert await words(file) == ["一", "二"]
    async with file.unit_of_work() as uow:  # the one writer's place is free again
        await uow.insert(INSERT, [{"word": "三"}])
    assert await words(file) == ["一", "二", "三"]


async def test_rows_without_a_column_that_needs_a_value_made_here_are_refused(file: Database) -> None:
    with pytest.raises(TypeError, match="stamp"):
        async with file.unit_of_work() as uow:
            await uow.insert(insert(STAMPED), [{"id": 1}])


async def test_two_writers_of_one_database_wait_for_each_other(file: Database, tmp_path: Path) -> None:
    other = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/one.db", Bus())

    async def add(database: Database) -> None:
        for _ in range(10):
            async with database.unit_of_work() as uow:
                count = (await uow.execute(text("SELECT count(*) FROM t"))).scalar()  # IMMEDIATE: nobody writes now
                await uow.insert(INSERT, [{"word": str(count)}])

    await asyncio.gather(add(file), add(other))
    assert (await words(file))[2:] == [str(number) for number in range(2, 22)]
    await other.close()


async def test_what_a_reading_writes_is_not_kept(file: Database) -> None:
    async with file.reading() as connection:
        await connection.execute(text("DELETE FROM t"))
    assert await words(file) == ["一", "二"]


async def test_a_reading_sees_one_moment(file: Database) -> None:
    async with file.reading() as connection:
        count = text("SELECT count(*) FROM t")
        assert (await connection.execute(count)).scalar() == 2
        async with file.engine.begin() as other:
            await other.execute(text("INSERT INTO t (word) VALUES ('三')"))
        assert (await connection.execute(count)).scalar() == 2
    assert await words(file) == ["一", "二", "三"]


async def test_rows_that_were_changed_their_ids_and_returned_rows(file: Database) -> None:
    async with file.engine.begin() as connection:
        changed = await connection.execute(text("UPDATE t SET word = '改' WHERE id > 0"))
        assert changed.rowcount == 2
        assert (await connection.execute(text("INSERT INTO t (word) VALUES ('三')"))).lastrowid == 3
        returned = await connection.execute(text("DELETE FROM t WHERE id = 1 RETURNING word"))
        assert returned.scalars().all() == ["改"]
        streamed = await connection.stream(text("SELECT id FROM t ORDER BY id"))
        assert [row.id async for row in streamed] == [2, 3]
    assert await words(file) == ["改", "三"]


async def test_a_wrong_statement_is_told_and_harms_nothing(file: Database) -> None:
    async with file.engine.connect() as connection:
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(text("SELECT * FROM nowhere"))
    assert await words(file) == ["一", "二"]


async def test_a_closed_connection_is_told(file: Database) -> None:
    async with file.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.close()
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT 1"))
        await connection.invalidate()
    assert await words(file) == ["一", "二"]


async def test_cancelled_in_the_middle_of_a_statement(file: Database) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with file.unit_of_work() as uow:
            await uow.execute(text("DELETE FROM t"))
            begun.set()
            await uow.execute(text(COUNT))

    work = asyncio.create_task(slow())
    await begun.wait()
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await words(file) == ["一", "二"]
    async with file.unit_of_work() as uow:  # the one writer's place is free again
        await uow.execute(text("INSERT INTO t (word) VALUES ('三')"))
    assert await words(file) == ["一", "二", "三"]


async def test_after_closing_no_thread_is_left(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    opened = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/one.db", Bus())

    async def slow() -> None:
        async with opened.reading() as connection:
            await connection.execute(text(COUNT))

    work = asyncio.create_task(slow())
    await asyncio.sleep(0.05)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await opened.close()
    left = [thread for thread in threading.enumerate() if "_connection_worker" in thread.name]
    assert set(left) <= before
