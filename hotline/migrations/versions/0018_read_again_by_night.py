"""what a bigger model read again by night."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0018'
down_revision: str | None = '0017'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('transcript_rereads',
    sa.Column('recording_id', sa.String(length=40), nullable=False),
    sa.Column('call_id', sa.String(length=64), nullable=False),
    sa.Column('done_at', Instant(), nullable=False),
    sa.Column('model', sa.Text(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('recording_id', name=op.f('pk_transcript_rereads'))
    )
    with op.batch_alter_table('transcript_rereads', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_transcript_rereads_call_id'), ['call_id'], unique=False)
    with op.batch_alter_table('utterances', schema=None) as batch_op:
        batch_op.add_column(sa.Column('second_text', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('second_words', sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('utterances', schema=None) as batch_op:
        batch_op.drop_column('second_words')
        batch_op.drop_column('second_text')
    op.drop_table('transcript_rereads')
