"""Write a migration from the difference between the migrations so far and the tables of all rooms.

    python tests/make_revision.py "what changed" 0002

Read what it wrote before you commit it: renames look like a drop and an add.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

import hotline.app  # noqa: F401  every room's tables
from hotline.bus import Bus
from hotline.database import Database
from hotline.migrations import configuration


async def main(message: str, revision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite+aiosqlite:///{Path(folder) / 'empty.db'}", Bus())

        def compare(connection: Connection) -> None:
            command.upgrade(configuration(connection), "head")
            command.revision(configuration(connection), message=message, rev_id=revision, autogenerate=True)

        async with database.engine.connect() as connection:
            await connection.run_sync(compare)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
