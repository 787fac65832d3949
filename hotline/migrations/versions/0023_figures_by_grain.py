"""Figures of work orders are kept at three coarser grains beside the finest."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0023'
down_revision: str | None = '0022'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_WIDTHS = {'day': 10, 'month': 7, 'area': 40, 'type': 20, 'unit': 20}
_FIGURES = ('tickets', 'done', 'overdue')
_GRAINS = {
    'ticket_counts_months': ('month', 'area', 'type', 'unit'),
    'ticket_counts_areas': ('day', 'area', 'type'),
    'ticket_counts_units': ('day', 'unit', 'type'),
}


def upgrade() -> None:
    """Bring the tables to this version."""
    for name in ('unit', 'area'):
        op.create_index(f'ix_ticket_counts_{name}_day', 'ticket_counts', [name, 'day'])
    for table, keys in _GRAINS.items():
        op.create_table(
            table,
            *(sa.Column(key, sa.String(length=_WIDTHS[key]), nullable=False) for key in keys),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in _FIGURES),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f'pk_{table}')),
        )
        shown = ', '.join('substr(day, 1, 7)' if key == 'month' else key for key in keys)
        sums = ', '.join(f'sum({name})' for name in _FIGURES)
        op.execute(
            f"INSERT INTO {table} ({', '.join(keys)}, {', '.join(_FIGURES)}) "
            f"SELECT {shown}, {sums} FROM ticket_counts GROUP BY {shown}"
        )


def downgrade() -> None:
    """Take the tables back to the version before."""
    for table in _GRAINS:
        op.drop_table(table)
    for name in ('unit', 'area'):
        op.drop_index(f'ix_ticket_counts_{name}_day', 'ticket_counts')
