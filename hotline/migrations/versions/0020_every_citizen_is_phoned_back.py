"""Return visits of every kind: answers, campaigns, engines, pauses, wishes; nothing archived without a disposition."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant
from hotline.invariants import invariant_dropping_statements, invariant_statements

revision: str = '0020'
down_revision: str | None = '0019'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OPEN_BEFORE = sa.text("state IN ('claimed', 'dialling', 'answered')")
_OPEN = sa.text("state IN ('claimed', 'dialling', 'answered', 'by_hand')")

def _tasks() -> list["sa.Column[Any]"]:
    return [
        sa.Column('kind', sa.String(length=12), server_default='visit', nullable=False),
        sa.Column('campaign_id', sa.String(length=40), nullable=True),
        sa.Column('unit', sa.String(length=40), server_default='', nullable=False),
        sa.Column('flow', sa.String(length=40), server_default='', nullable=False),
        sa.Column('hours', sa.String(length=11), server_default='', nullable=False),
        sa.Column('language', sa.String(length=2), server_default='zh', nullable=False),
        sa.Column('postponed', sa.Integer(), server_default='0', nullable=False),
        sa.Column('manner', sa.Integer(), nullable=True),
        sa.Column('reason', sa.String(length=40), server_default='', nullable=False),
        sa.Column('words', sa.Text(), server_default='', nullable=False),
        sa.Column('answers', sa.JSON(), server_default='{}', nullable=False),
        sa.Column('grounds', sa.String(length=200), server_default='', nullable=False),
        sa.Column('engine', sa.String(length=40), nullable=True),
        sa.Column('handed_at', Instant(), nullable=True),
    ]


def _attempts() -> list["sa.Column[Any]"]:
    return [
        sa.Column('phone', sa.String(length=32), server_default='', nullable=False),
        sa.Column('engine', sa.String(length=40), nullable=True),
        sa.Column('cause', sa.Integer(), nullable=True),
    ]


def _tickets() -> list["sa.Column[Any]"]:
    return [
        sa.Column('manner', sa.Integer(), nullable=True),
        sa.Column('first_solved', sa.Boolean(), nullable=True),
        sa.Column('first_satisfaction', sa.Integer(), nullable=True),
    ]

_CONCLUDED = (
    'ticket_concluded', 'tickets', "NEW.state = 'archived' AND NEW.disposition IS NULL AND NEW.parent_id IS NULL",
)
_DISPOSED = ('callback_disposed', 'callback_tasks', "NEW.state = 'closed' AND NEW.disposition IS NULL")
_FILLED = (
    # What was answered on the line was never asked about; whatever else is old and without one, says so itself.
    "UPDATE tickets SET disposition = '直接答复' WHERE state = 'archived' AND disposition IS NULL AND answer IS NOT NULL",
    "UPDATE tickets SET disposition = '历史数据' WHERE state = 'archived' AND disposition IS NULL AND parent_id IS NULL",
    "UPDATE callback_tasks SET disposition = 'unreachable' WHERE state = 'closed' AND disposition IS NULL",
    "UPDATE callback_tasks SET disposition = 'invalid_number' WHERE disposition = 'invalid'",
    "UPDATE tickets SET first_solved = solved, first_satisfaction = satisfaction WHERE reworks = 0",
)


def upgrade() -> None:
    """Bring the tables to this version."""
    for table, columns in (('callback_tasks', _tasks()), ('callback_attempts', _attempts()), ('tickets', _tickets())):
        for column in columns:
            op.add_column(table, column)
    op.create_index('ix_callback_tasks_campaign', 'callback_tasks', ['campaign_id', 'state'])
    op.create_index(op.f('ix_callback_attempts_dialled_at'), 'callback_attempts', ['dialled_at'])
    _open_index(_OPEN)
    op.create_table('callback_engines',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('asterisk', sa.String(length=120), nullable=False),
    sa.Column('alive_until', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_engines'))
    )
    op.create_table('callback_pauses',
    sa.Column('scope', sa.String(length=40), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('scope', name=op.f('pk_callback_pauses'))
    )
    op.create_table('callback_wishes',
    sa.Column('phone', sa.String(length=32), nullable=False),
    sa.Column('hours', sa.String(length=11), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('phone', name=op.f('pk_callback_wishes'))
    )
    connection = op.get_bind()
    for statement in _FILLED:
        op.execute(statement)
    for invariant in (_CONCLUDED, _DISPOSED):
        for statement in invariant_statements(*invariant, connection.dialect.name):
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Take the tables back to the version before."""
    connection = op.get_bind()
    for name, table, _ in (_CONCLUDED, _DISPOSED):
        for statement in invariant_dropping_statements(name, table, connection.dialect.name):
            connection.exec_driver_sql(statement)
    for table in ('callback_wishes', 'callback_pauses', 'callback_engines'):
        op.drop_table(table)
    op.execute("UPDATE callback_tasks SET state = 'human' WHERE state = 'by_hand'")
    _open_index(_OPEN_BEFORE)
    op.drop_index(op.f('ix_callback_attempts_dialled_at'), 'callback_attempts')
    op.drop_index('ix_callback_tasks_campaign', 'callback_tasks')
    for table, columns in (('tickets', _tickets()), ('callback_attempts', _attempts()), ('callback_tasks', _tasks())):
        for column in columns:
            op.drop_column(table, column.name)


def _open_index(where: sa.TextClause) -> None:
    """One open call per citizen, whoever makes it."""
    op.drop_index('uq_callback_tasks_phone_open', 'callback_tasks')
    op.create_index(
        'uq_callback_tasks_phone_open', 'callback_tasks', ['phone'], unique=True,
        sqlite_where=where, postgresql_where=where,
    )
