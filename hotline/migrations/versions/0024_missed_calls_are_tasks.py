"""Calls that nobody took are callback tasks too; which engine made a call that it alone can ask about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0024'
down_revision: str | None = '0023'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OWED = """
INSERT INTO callback_tasks
    (id, ticket_id, number, title, phone, state, fence, attempt, due_at, created_at, updated_at, kind, unit, flow, hours,
     language, postponed, reason, words, answers, grounds, handed_at)
SELECT 'callback_' || substr(o.id, 6), o.id, '', '未接来电', substr(o.phone, 1, 32),
       CASE o.stage WHEN 'hand' THEN 'human' ELSE 'due' END,
       0, o.attempt, o.due_at, o.created_at, o.created_at, 'missed', '', '', '', 'zh', 0, '', '', '{}', '',
       CASE o.stage WHEN 'hand' THEN o.created_at END
FROM owed_calls o WHERE o.state = 'open'
"""


def upgrade() -> None:
    """Bring the tables to this version."""
    with op.batch_alter_table('owed_calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('engine', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('dialled_at', Instant(), nullable=True))
    with op.batch_alter_table('callback_hand_calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('engine', sa.String(length=40), nullable=True))
    # A citizen who was being rung when the engine stopped: whatever became of it, it counts as one attempt.
    op.execute("UPDATE owed_calls SET stage = 'waiting' WHERE state = 'open' AND stage = 'dialling'")
    op.execute(_OWED)


def downgrade() -> None:
    """Take the tables back to the version before."""
    op.execute("DELETE FROM callback_attempts WHERE task_id IN (SELECT id FROM callback_tasks WHERE kind = 'missed')")
    op.execute("DELETE FROM callback_tasks WHERE kind = 'missed'")
    with op.batch_alter_table('callback_hand_calls', schema=None) as batch_op:
        batch_op.drop_column('engine')
    with op.batch_alter_table('owed_calls', schema=None) as batch_op:
        batch_op.drop_column('dialled_at')
        batch_op.drop_column('engine')
