"""Hand-overs to emergency platforms; marks on drafts and work orders."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0012'
down_revision: str | None = '0011'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('emergency_pushes',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('platform', sa.String(length=8), nullable=False),
    sa.Column('label', sa.String(length=40), nullable=False),
    sa.Column('target', sa.String(length=32), nullable=False),
    sa.Column('party_id', sa.String(length=40), nullable=True),
    sa.Column('seat', sa.String(length=16), nullable=True),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', Instant(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('sent_at', Instant(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_emergency_pushes'))
    )
    with op.batch_alter_table('emergency_pushes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_emergency_pushes_call_id'), ['call_id'], unique=False)
        batch_op.create_index('ix_emergency_pushes_created', ['created_at'], unique=False)
        batch_op.create_index('ix_emergency_pushes_state_due', ['state', 'due_at'], unique=False)

    with op.batch_alter_table('ticket_drafts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tags', sa.JSON(), server_default='[]', nullable=False))

    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tags', sa.JSON(), server_default='[]', nullable=False))



def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.drop_column('tags')

    with op.batch_alter_table('ticket_drafts', schema=None) as batch_op:
        batch_op.drop_column('tags')

    with op.batch_alter_table('emergency_pushes', schema=None) as batch_op:
        batch_op.drop_index('ix_emergency_pushes_state_due')
        batch_op.drop_index('ix_emergency_pushes_created')
        batch_op.drop_index(batch_op.f('ix_emergency_pushes_call_id'))

    op.drop_table('emergency_pushes')
