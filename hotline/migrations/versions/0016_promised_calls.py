"""Promised calls are dialled when their turn has come; what citizens were told of their wait is kept."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0016'
down_revision: str | None = '0015'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('promise', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('told_wait', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('told_at', Instant(), nullable=True))

    with op.batch_alter_table('owed_calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('stage', sa.String(length=10), server_default='waiting', nullable=False))
        batch_op.add_column(sa.Column('attempt', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('channel_id', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('due_at', Instant(), nullable=True))
    # Promises from before this version were people's to keep, and stay so.
    op.execute("UPDATE owed_calls SET due_at = created_at, stage = CASE state WHEN 'open' THEN 'hand' ELSE 'waiting' END")
    with op.batch_alter_table('owed_calls', schema=None) as batch_op:
        batch_op.alter_column('due_at', existing_type=Instant(), nullable=False)


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('owed_calls', schema=None) as batch_op:
        batch_op.drop_column('due_at')
        batch_op.drop_column('channel_id')
        batch_op.drop_column('attempt')
        batch_op.drop_column('stage')

    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_column('told_at')
        batch_op.drop_column('told_wait')
        batch_op.drop_column('promise')

