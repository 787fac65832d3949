"""The migrations make the tables that the rooms declare, with their guards, on both databases."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from callback.tables import callback_tasks
from hotline.database import Database, metadata
from hotline.migrations import configuration, is_in_metadata, migrate
from tickets.tables import tickets


async def test_the_migrations_and_the_tables_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"include_object": is_in_metadata}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await migrate(database)


async def test_all_the_way_back_and_up_again(database: Database) -> None:
    def back(connection: Connection) -> None:
        command.downgrade(configuration(connection), "base")

    async with database.engine.begin() as connection:
        await connection.run_sync(back)
    await migrate(database)
    await test_the_migrations_and_the_tables_agree(database)


INSERTS = {
    "ledger": """INSERT INTO ledger (at, kind, "by", body) VALUES ('2026-01-01', 'X', 'me', '{}')""",
    "security_audit": "INSERT INTO security_audit (at, who, what, whom, from_where, detail) "
    "VALUES ('2026-01-01', 'me', 'x', 'y', 'z', '')",
}


@pytest.mark.parametrize("table", INSERTS)
@pytest.mark.parametrize("verb", ["DELETE FROM {table}", "UPDATE {table} SET at = at", "TRUNCATE {table}"])
async def test_history_cannot_be_rewritten(database: Database, table: str, verb: str) -> None:
    if verb.startswith("TRUNCATE") and database.dialect == "sqlite":
        verb = "DELETE FROM {table} WHERE true"
    async with database.unit_of_work() as uow:
        await uow.execute(text(INSERTS[table]))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.unit_of_work() as uow:
            await uow.execute(text(verb.format(table=table)))


async def test_no_migration_lost_a_trigger_on_the_way(database: Database) -> None:
    """On SQLite Alembic may make a table anew and forget its triggers: such a migration makes them again."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tickets'"
        if database.dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'tickets'::regclass AND NOT tgisinternal"
    )
    async with database.reading() as connection:
        found = set((await connection.execute(text(query))).scalars())
    concluded = {"ticket_concluded"} if database.dialect == "postgresql" else {"ticket_concluded_update"}
    assert found >= {"ticket_counted", "ticket_recounted", *concluded}
    assert database.dialect == "postgresql" or "ticket_indexed" in found


@pytest.mark.parametrize("table", ["ticket_timeline", "assessment_months", "project_steps", "dossier_entries"])
async def test_what_only_grows_is_guarded_by_the_migrations_too(database: Database, table: str) -> None:
    catalogue = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        if database.dialect == "sqlite"
        else "SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND tgname LIKE '%append%'"
    )
    async with database.reading() as connection:
        found = (await connection.execute(text(catalogue), {"table": table})).scalar_one()
    assert found == (2 if database.dialect == "sqlite" else 1)


@pytest.mark.parametrize(
    ("invariant", "statement"),
    [
        ("ticket_concluded", "UPDATE tickets SET state = 'archived'"),
        ("callback_disposed", "UPDATE callback_tasks SET state = 'closed'"),
    ],
)
async def test_nothing_is_archived_or_closed_without_a_disposition(
    database: Database, invariant: str, statement: str
) -> None:
    async with database.unit_of_work() as uow:
        await uow.execute(insert(tickets).values(**_TICKET))
        await uow.execute(insert(callback_tasks).values(**_TASK))
    with pytest.raises(DBAPIError, match=invariant):
        async with database.unit_of_work() as uow:
            await uow.execute(text(statement))
    async with database.unit_of_work() as uow:
        await uow.execute(text(f"{statement}, disposition = 'surveyed'"))


_AT = datetime(2026, 11, 20, tzinfo=UTC)
_TICKET = dict.fromkeys(
    ("title", "description", "type", "category", "place", "urgency", "phone", "channel", "line", "created_by"), "x"
) | {
    "id": "ticket_1", "number": "1", "version": 1, "state": "closed", "created_at": _AT, "updated_at": _AT,
    "due_provisional": False, "returns": 0, "reworks": 0,
}  # fmt: skip
_TASK = {
    "id": "callback_1", "ticket_id": "ticket_1", "number": "1", "title": "x", "phone": "1", "state": "human",
    "fence": 0, "attempt": 0, "due_at": _AT, "created_at": _AT, "updated_at": _AT,
}  # fmt: skip
