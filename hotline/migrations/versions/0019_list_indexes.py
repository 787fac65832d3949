"""Indexes of the list: open ones, running ones by due time, urgency, channel."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0019'
down_revision: str | None = '0018'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OPEN = sa.text("state NOT IN ('archived', 'closed', 'closed_direct', 'merged', 'refused', 'void')")
_RUNS = sa.text("state IN ('arbitration', 'dispatched', 'in_progress', 'return_review')")


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_index('ix_tickets_urgency_created', 'tickets', ['urgency', 'created_at'])
    op.create_index('ix_tickets_channel_created', 'tickets', ['channel', 'created_at'])
    op.create_index('ix_tickets_open_created', 'tickets', ['created_at', 'number'], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index('ix_tickets_running_due', 'tickets', ['due_at', 'number'], sqlite_where=_RUNS, postgresql_where=_RUNS)


def downgrade() -> None:
    """Take the tables back to the version before."""
    for name in ('running_due', 'open_created', 'channel_created', 'urgency_created'):
        op.drop_index(f'ix_tickets_{name}', 'tickets')
