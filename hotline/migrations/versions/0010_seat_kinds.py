"""by what the agents of seats talk, where they chose otherwise than the settings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0010'
down_revision: str | None = '0009'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    with op.batch_alter_table('seats', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=8), nullable=True))


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('seats', schema=None) as batch_op:
        batch_op.drop_column('kind')
