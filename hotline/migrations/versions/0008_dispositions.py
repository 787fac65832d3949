"""What each call came to, as its agent said."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0008'
down_revision: str | None = '0007'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('dispositions',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('seat', sa.String(length=16), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', name=op.f('pk_dispositions'))
    )
    op.create_index(op.f('ix_dispositions_code'), 'dispositions', ['code'], unique=False)


def downgrade() -> None:
    """Take the tables back to the version before."""
    op.drop_index(op.f('ix_dispositions_code'), table_name='dispositions')
    op.drop_table('dispositions')
