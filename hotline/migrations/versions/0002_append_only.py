"""The ledger and the audit trail refuse to be changed, by the database itself.

By hand: Alembic does not see triggers. Kept apart from 0001, so that making that one anew loses nothing.
"""

from collections.abc import Sequence

from alembic import op

from hotline.ledger import append_only_statements

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("ledger", "security_audit", "ticket_timeline")


def upgrade() -> None:
    """Put the triggers on."""
    connection = op.get_bind()
    for table in TABLES:
        for statement in append_only_statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Take the triggers off."""
    connection = op.get_bind()
    for table in TABLES:
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
