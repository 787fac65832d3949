"""Which databases a test runs on, where that is not both (see conftest.py)."""

import pytest

from hotline.database import Database

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what takes long and asks nothing particular of the database."""
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what a file cannot do."""

_FULL: dict[str, tuple[str, ...]] = {
    "sqlite": ("ALTER TABLE ledger RENAME TO gone",),
    "postgresql": (
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON ledger EXECUTE FUNCTION full_disk()",
    ),
}
_FREE: dict[str, tuple[str, ...]] = {
    "sqlite": ("ALTER TABLE gone RENAME TO ledger",),
    "postgresql": ("DROP FUNCTION full_disk CASCADE",),
}


async def fill_disk(database: Database) -> None:
    """From now on the ledger takes nothing, as when the disk is full."""
    await _run(database, _FULL)


async def free_disk(database: Database) -> None:
    """Somebody made room."""
    await _run(database, _FREE)


async def _run(database: Database, statements: dict[str, tuple[str, ...]]) -> None:
    async with database.engine.begin() as connection:
        for statement in statements[database.dialect]:
            await connection.exec_driver_sql(statement)
