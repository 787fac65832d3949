"""Every test of a database runs on both kinds: SQLite in a file, PostgreSQL in a cluster of this run's own.

    async def test_something(database: Database) -> None:        # opened, on both
    async def test_restarting(database_url: str) -> None:        # to open oneself, on both

Each test has an empty database, migrated as a site's is: a copy of a template that was migrated once. A test whose
matter is not the database, and which takes long, says ``@on_sqlite`` (databases.py).
"""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

import hotline.app  # noqa: F401  every room's tables
from hotline.bus import Bus
from hotline.database import Database
from hotline.migrations import migrate
from tests.postgresql import Cluster, in_memory, is_installed, temporary_cluster

TEMPLATE = "template_of_a_site"
_numbers = itertools.count(1)


async def _migrated(url: str) -> None:
    database = await Database.open(url, Bus())
    try:
        await migrate(database)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "site.db"
    asyncio.run(_migrated(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The run's PostgreSQL, with a migrated template database."""
    if not is_installed():
        pytest.skip("no PostgreSQL on this machine; `make system-packages` brings it")
    with temporary_cluster(in_memory()) as running:
        asyncio.run(_admin(running, f"CREATE DATABASE {TEMPLATE}"))
        asyncio.run(_migrated(running.url(TEMPLATE)))
        yield running


async def _admin(cluster: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(cluster.dsn())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "site.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"site_{next(_numbers)}"
    asyncio.run(_admin(cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield cluster.url(name)
    asyncio.run(_admin(cluster, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened."""
    opened = await Database.open(database_url, Bus())
    yield opened
    await opened.close()
