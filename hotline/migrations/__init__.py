"""Migrations (Alembic): the database is brought to this version's tables when the engine starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hotline.database import Database
from hotline.errors import ConfigurationError

FOLDER = Path(__file__).parent


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, with the open connection that ``env.py`` uses."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def is_in_metadata(_thing: object, name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:
    """Whether a table or index is declared in Python; indexes of words are made by SQL of each database's own."""
    return not (name or "").startswith("ticket_words")


async def migrate(database: Database) -> None:
    """Upgrade to the newest version, in one transaction. Raises ConfigurationError when a migration fails."""

    def upgrade(connection: Connection) -> None:
        command.upgrade(configuration(connection), "head")

    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(upgrade)
    except SQLAlchemyError as failure:
        raise ConfigurationError(
            f"数据库升级失败,未作任何改动: {failure}", f"the migration failed, nothing was changed: {failure}"
        ) from failure
