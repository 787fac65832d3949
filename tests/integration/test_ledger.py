"""Database, unit of work and ledger: written before told, all or nothing, read back as they were."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from hotline import ledger
from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import ConfigurationError, Unavailable
from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceHeard
from hotline.ledger import KINDS, fact_of, row_of

NOW = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}", Bus())
    await database.create_all()
    yield database
    await database.close()


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
    import asyncio

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


async def test_a_statement_that_the_database_cannot_do_is_unavailable_and_nothing_is_kept(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.unit_of_work() as uow:
            uow.record(ended("c1"))
            await uow.execute(text("INSERT INTO no_such_table VALUES (1)"))
    assert [entry async for entry in ledger.read(database)] == []
