"""Notices to units' own office systems."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0025'
down_revision: str | None = '0024'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('office_notices',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.String(length=18), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('holder', sa.String(length=20), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('due_at', Instant(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('send_at', Instant(), nullable=True),
    sa.Column('sent_at', Instant(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_office_notices'))
    )
    with op.batch_alter_table('office_notices', schema=None) as batch_op:
        batch_op.create_index('ix_office_notices_send_at', ['send_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_office_notices_ticket_id'), ['ticket_id'], unique=False)


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('office_notices', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_office_notices_ticket_id'))
        batch_op.drop_index('ix_office_notices_send_at')

    op.drop_table('office_notices')
