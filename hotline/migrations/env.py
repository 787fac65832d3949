"""Alembic's environment: it runs on the connection it is given and knows the tables of every room imported before."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from hotline.database import Instant, metadata
from hotline.migrations import is_in_metadata


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own column type by its name."""
    if kind == "type" and isinstance(item, Instant):
        autogen_context.imports.add("from hotline.database import Instant")
        return "Instant()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    include_object=is_in_metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
