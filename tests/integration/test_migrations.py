"""The migrations make the tables that the rooms declare, with their guards, on every database that is there."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

import hotline.app  # noqa: F401  every room's tables
from hotline.bus import Bus
from hotline.database import Database, metadata
from hotline.migrations import migrate


async def migrated(path: Path) -> Database:
    database = await Database.open(f"sqlite+aiosqlite:///{path / 'site.db'}", Bus())
    await migrate(database)
    return database


async def test_the_migrations_and_the_tables_agree(tmp_path: Path) -> None:
    database = await migrated(tmp_path)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = await migrated(tmp_path)
    await migrate(database)
    await database.close()


@pytest.mark.parametrize("table", ["ledger", "security_audit", "ticket_timeline"])
async def test_history_cannot_be_rewritten(tmp_path: Path, table: str) -> None:
    database = await migrated(tmp_path)
    async with database.engine.connect() as connection:
        triggers = await connection.execute(
            text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
        )
        assert triggers.scalar_one() == 2
    await database.close()


async def test_the_ledger_refuses_to_forget(tmp_path: Path) -> None:
    database = await migrated(tmp_path)
    insert = text("INSERT INTO ledger (at, kind, \"by\", body) VALUES ('2026-01-01', 'X', 'me', '{}')")
    async with database.unit_of_work() as uow:
        await uow.execute(insert)
    for verb in ("DELETE FROM ledger", "UPDATE ledger SET body = '1'"):
        with pytest.raises(DatabaseError, match="append-only"):
            async with database.unit_of_work() as uow:
                await uow.execute(text(verb))
    await database.close()
