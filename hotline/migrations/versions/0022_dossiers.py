"""Dossiers: duty, enterprises, inspections, meetings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant
from hotline.ledger import append_only_statements

revision: str = '0022'
down_revision: str | None = '0021'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('dossier_entries',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('dossier_id', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('entry', sa.String(length=12), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('who', sa.String(length=120), nullable=False),
    sa.Column('begins', Instant(), nullable=True),
    sa.Column('ends', Instant(), nullable=True),
    sa.Column('due_on', sa.String(length=10), nullable=True),
    sa.Column('refers_to', sa.Integer(), nullable=True),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dossier_entries')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('dossier_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dossier_entries_dossier_id'), ['dossier_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_dossier_entries_ticket_id'), ['ticket_id'], unique=False)

    op.create_table('dossier_samples',
    sa.Column('dossier_id', sa.String(length=40), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=False),
    sa.Column('drawn', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('dossier_id', 'ticket_id', name=op.f('pk_dossier_samples'))
    )
    op.create_table('dossiers',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('subject', sa.String(length=18), nullable=False),
    sa.Column('subject_name', sa.String(length=120), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('lead', sa.String(length=64), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('begins_on', sa.String(length=10), nullable=True),
    sa.Column('ends_on', sa.String(length=10), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('opened_by', sa.String(length=64), nullable=False),
    sa.Column('opened_at', Instant(), nullable=False),
    sa.Column('closed_at', Instant(), nullable=True),
    sa.Column('result', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dossiers')),
    sa.UniqueConstraint('number', name=op.f('uq_dossiers_number'))
    )
    with op.batch_alter_table('dossiers', schema=None) as batch_op:
        batch_op.create_index('ix_dossiers_kind_opened', ['kind', 'opened_at'], unique=False)

    connection = op.get_bind()  # by hand: Alembic does not see triggers
    for statement in append_only_statements('dossier_entries', connection.dialect.name):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('dossiers', schema=None) as batch_op:
        batch_op.drop_index('ix_dossiers_kind_opened')

    op.drop_table('dossiers')
    op.drop_table('dossier_samples')
    with op.batch_alter_table('dossier_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dossier_entries_ticket_id'))
        batch_op.drop_index(batch_op.f('ix_dossier_entries_dossier_id'))

    op.drop_table('dossier_entries')
