"""whose voice each track of a recording has, and which files went into a mix."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0015'
down_revision: str | None = '0014'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    with op.batch_alter_table('recordings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('parts', sa.Text(), server_default='', nullable=False))
    with op.batch_alter_table('recording_tracks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('speaker', sa.String(length=80), server_default='', nullable=False))


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('recording_tracks', schema=None) as batch_op:
        batch_op.drop_column('speaker')
    with op.batch_alter_table('recordings', schema=None) as batch_op:
        batch_op.drop_column('parts')
