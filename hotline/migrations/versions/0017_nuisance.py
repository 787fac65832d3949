"""The list of malicious callers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0017'
down_revision: str | None = '0016'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('nuisance_callers',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('marks', sa.JSON(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_at', Instant(), nullable=True),
    sa.Column('note', sa.String(length=500), server_default='', nullable=False),
    sa.Column('until', Instant(), nullable=True),
    sa.Column('removed_by', sa.String(length=64), nullable=True),
    sa.Column('removed_at', Instant(), nullable=True),
    sa.Column('removed_because', sa.String(length=500), server_default='', nullable=False),
    sa.Column('treated', sa.Integer(), server_default='0', nullable=False),
    sa.Column('treated_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nuisance_callers'))
    )
    with op.batch_alter_table('nuisance_callers', schema=None) as batch_op:
        batch_op.create_index('ix_nuisance_callers_state_created', ['state', 'created_at'], unique=False)
        batch_op.create_index('uq_nuisance_callers_phone_open', ['phone'], unique=True, sqlite_where=sa.text("state IN ('proposed', 'listed')"), postgresql_where=sa.text("state IN ('proposed', 'listed')"))


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('nuisance_callers', schema=None) as batch_op:
        batch_op.drop_index('uq_nuisance_callers_phone_open', sqlite_where=sa.text("state IN ('proposed', 'listed')"), postgresql_where=sa.text("state IN ('proposed', 'listed')"))
        batch_op.drop_index('ix_nuisance_callers_state_created')

    op.drop_table('nuisance_callers')