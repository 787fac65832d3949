"""Database, unit of work and ledger: written before told, all or nothing, read back as they were."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from hotline import ledger
from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import ConfigurationError, RuleBroken, Unavailable
from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceHeard
from hotline.ledger import KINDS, fact_of, row_of
from tests.integration.databases import on_postgresql

NOW = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


def ended(call_id: str) -> CallEnded:
    return CallEnded(at=NOW, call_id=call_id, reason="citizen_hung_up", waited_seconds=1.5, talked_seconds=2.0)


async def test_a_fact_is_written_before_it_is_told(database: Database) -> None:
    with database.bus.subscribe("ears", CallEnded) as ears:
        async with database.unit_of_work() as uow:
            uow.record(ended("c1"))
        assert await anext(ears) == ended("c1")
    assert [entry.fact async for entry in ledger.read(database, call_id="c1")] == [ended("c1")]


async def test_an_error_undoes_everything_and_tells_nobody(database: Database) -> None:
    with database.bus.subscribe("ears") as ears:
        with pytest.raises(RuntimeError):
            async with database.unit_of_work() as uow:
                uow.record(ended("c1"))
                raise RuntimeError
        ears.close()
        assert [message async for message in ears] == []
    assert [entry async for entry in ledger.read(database)] == []


async def test_entries_are_found_by_call_kind_and_place(database: Database) -> None:
    async with database.unit_of_work() as uow:
        for number in range(3):
            uow.record(ended(f"c{number}"))
        uow.record(
            UtteranceHeard(at=NOW, call_id="c1", who="citizen", text="路灯", started_at=NOW, seconds=1, confidence=None)
        )
    entries = [entry async for entry in ledger.read(database, call_id="c1")]
    assert [type(entry.fact) for entry in entries] == [CallEnded, UtteranceHeard]
    assert [e.fact async for e in ledger.read(database, kinds=[UtteranceHeard])] == [entries[1].fact]
    assert [e.seq async for e in ledger.read(database, after_seq=entries[1].seq)] == []


def test_every_kind_of_fact_has_a_name_of_its_own() -> None:
    assert {"CallArrived", "TicketMoved", "CallbackDone", "RecordingReady"} <= set(KINDS)


def test_a_row_of_an_older_or_newer_version_can_be_read() -> None:
    fact = RecordingReady(at=NOW, call_id="c", recording_id="r", sha256="0", seconds=1.0, tracks=("mix", "agent"))
    body = row_of(fact)["body"]
    assert fact_of("RecordingReady", body) == fact
    assert fact_of("RecordingReady", body.replace('"sha256"', '"later":1,"sha256"')) == fact


async def test_many_writers_never_find_the_database_locked(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.unit_of_work() as uow:
            await uow.execute(text("SELECT 1"))
            uow.record(ended(f"c{number}"))

    await asyncio.gather(*(write(number) for number in range(50)))
    assert len([entry async for entry in ledger.read(database)]) == 50


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:////proc/none/x.db", "mystery://", "postgresql+asyncpg://127.0.0.1:1/x"]
)
async def test_a_database_that_cannot_be_opened_is_a_clear_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"storage\.database"):
        await Database.open(url, Bus())


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="naive"):
        async with database.unit_of_work() as uow:
            uow.record(
                CallArrived(
                    at=datetime(2026, 1, 1), call_id="c", caller="", dialled="", line="", channel="", uniqueid=""
                )
            )


DISK_FULL = "PRAGMA max_page_count = 1"
SERVER_GONE = "SELECT pg_terminate_backend(pg_backend_pid())"


async def test_a_database_that_goes_away_is_unavailable_keeps_nothing_and_comes_back(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.unit_of_work() as uow:
            uow.record(ended("c1"))
            if database.dialect == "postgresql":
                await uow.execute(text(SERVER_GONE))
            await uow.execute(text(DISK_FULL))
            for _ in range(2000):
                uow.record(ended("c2"))
    if database.dialect == "sqlite":
        await database.engine.dispose()  # with the connection goes its limit
    assert [entry async for entry in ledger.read(database)] == []
    async with database.unit_of_work() as uow:
        uow.record(ended("c3"))
    assert len([entry async for entry in ledger.read(database)]) == 1


async def test_a_server_that_is_gone_is_unavailable() -> None:
    gone = Database(create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/x"), Bus())
    with pytest.raises(Unavailable):
        async with gone.unit_of_work():
            pass
    with pytest.raises(Unavailable):
        async with gone.reading():
            pass


@on_postgresql
async def test_what_cannot_be_kept_is_refused_in_words(database: Database) -> None:
    for kind in ("x" * 65, "x\x00"):
        with pytest.raises(RuleBroken, match="too long"):
            async with database.unit_of_work() as uow:
                statement = text("INSERT INTO ledger (at, kind, \"by\", body) VALUES (now(), :kind, 'me', '{}')")
                await uow.execute(statement, {"kind": kind})


async def test_who_goes_alone_waits_for_the_one_before(database: Database) -> None:
    order: list[str] = []

    async def work(name: str, entered: asyncio.Event | None) -> None:
        async with database.unit_of_work() as uow:
            await uow.alone("the chain")
            order.append(f"{name} in")
            if entered is not None:
                entered.set()
                await asyncio.sleep(0.2)
            order.append(f"{name} out")

    inside = asyncio.Event()
    first = asyncio.create_task(work("first", inside))
    await inside.wait()
    await work("second", None)
    await first
    assert order == ["first in", "first out", "second in", "second out"]
