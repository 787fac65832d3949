"""Lists and figures of a million work orders: words, area, day, counts, shelves."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0013'
down_revision: str | None = '0012'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_DONE = "'archived', 'closed', 'closed_direct', 'merged', 'refused', 'void'"
_COLUMNS = 'day, area, type, unit, tickets, done, overdue'
_WATCHED = ('parent_id', 'day', 'area', 'type', 'unit', 'state', 'overdue_at')
_ZONE = ZoneInfo('Asia/Shanghai')
_COUNTY = re.compile(r'^(?:临沂市)?(\S{1,3}?[县区])')


def upgrade() -> None:
    """Bring the tables to this version."""
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('day', sa.String(length=10), server_default='', nullable=False))
        batch_op.add_column(sa.Column('area', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('words', sa.Text(), server_default='', nullable=False))
        batch_op.create_index('ix_tickets_created_number', ['created_at', 'number'], unique=False)
        batch_op.create_index('ix_tickets_unit_created', ['unit', 'created_at'], unique=False)
        batch_op.create_index('ix_tickets_category_created', ['category', 'created_at'], unique=False)
        batch_op.create_index('ix_tickets_area_created', ['area', 'created_at'], unique=False)
        batch_op.create_index('ix_tickets_sender', ['sender_id'], unique=False)
        batch_op.drop_index('ix_tickets_created')
    op.create_table('ticket_counts',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('area', sa.String(length=40), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('tickets', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('overdue', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'area', 'type', 'unit', name=op.f('pk_ticket_counts'))
    )
    op.create_table('ticket_deltas',
    sa.Column('seq', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('day', sa.String(length=40), nullable=False),
    sa.Column('area', sa.String(length=40), nullable=False),
    sa.Column('type', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('tickets', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('overdue', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_ticket_deltas'))
    )
    op.create_table('ticket_shelves',
    sa.Column('owner', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('owner', 'kind', 'name', name=op.f('pk_ticket_shelves'))
    )
    connection = op.get_bind()
    _fill(connection)
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Take the tables back to the version before."""
    connection = op.get_bind()
    if connection.dialect.name == 'sqlite':
        for name in ('ticket_counted', 'ticket_recounted', 'ticket_indexed'):
            op.execute(f'DROP TRIGGER {name}')
        op.execute('DROP TABLE ticket_words')
    else:
        op.execute('DROP FUNCTION count_ticket CASCADE')
        op.execute('DROP FUNCTION recount_ticket CASCADE')
        op.execute('DROP INDEX ticket_words')
    for table in ('ticket_shelves', 'ticket_deltas', 'ticket_counts'):
        op.drop_table(table)
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.create_index('ix_tickets_created', ['created_at'], unique=False)
        for name in ('ix_tickets_sender', 'ix_tickets_area_created', 'ix_tickets_category_created', 'ix_tickets_unit_created', 'ix_tickets_created_number'):
            batch_op.drop_index(name)
        for name in ('words', 'area', 'day'):
            batch_op.drop_column(name)


def _fill(connection: sa.Connection) -> None:
    """Work orders from before: their day, their county as the place begins, their words; then the counts."""
    table = sa.table('tickets', sa.column('id'), sa.column('created_at', Instant()), *(sa.column(name) for name in ('title', 'place', 'description', 'day', 'area', 'words')))
    last = ''
    change = sa.update(table).where(table.c.id == sa.bindparam('key')).values(day=sa.bindparam('new_day'), area=sa.bindparam('new_area'), words=sa.bindparam('new_words'))
    while True:
        query = sa.select(table.c.id, table.c.created_at, table.c.title, table.c.place, table.c.description)
        rows = connection.execute(query.where(table.c.id > last).order_by(table.c.id).limit(1000)).all()
        if not rows:
            break
        last = rows[-1].id
        connection.execute(change, [{'key': row.id, 'new_day': row.created_at.astimezone(_ZONE).date().isoformat(), 'new_area': _area(row.place), 'new_words': _words(row.title, row.place, row.description)} for row in rows])
    connection.exec_driver_sql(
        f"INSERT INTO ticket_counts ({_COLUMNS}) SELECT day, area, type, COALESCE(unit, ''), count(*), "
        f"sum(CASE WHEN state IN ({_DONE}) THEN 1 ELSE 0 END), sum(CASE WHEN overdue_at IS NOT NULL THEN 1 ELSE 0 END) "
        "FROM tickets WHERE parent_id IS NULL GROUP BY day, area, type, COALESCE(unit, '')"
    )


def _area(place: str) -> str:
    found = _COUNTY.match(place)
    return found.group(1) if found else ''


def _words(*texts: str) -> str:
    runs = (run for text in texts for run in re.split(r'[\W_]+', text.lower()))
    return ' '.join(sorted({run[at:at + 2] for run in runs for at in range(len(run) - 1)}))


def _statements(dialect: str) -> list[str]:
    def values(row: str, sign: str) -> str:
        figures = f"{sign}1, {sign}(CASE WHEN {row}.state IN ({_DONE}) THEN 1 ELSE 0 END), {sign}(CASE WHEN {row}.overdue_at IS NOT NULL THEN 1 ELSE 0 END)"
        return f"INSERT INTO ticket_deltas ({_COLUMNS}) SELECT {row}.day, {row}.area, {row}.type, COALESCE({row}.unit, ''), {figures} WHERE {row}.parent_id IS NULL;"

    made, moved = values('NEW', '+'), values('OLD', '-') + ' ' + values('NEW', '+')
    other = 'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'
    changed = ' OR '.join(f'OLD.{name} {other} NEW.{name}' for name in _WATCHED)
    if dialect == 'sqlite':
        return [
            f'CREATE TRIGGER ticket_counted AFTER INSERT ON tickets BEGIN {made} END',
            f'CREATE TRIGGER ticket_recounted AFTER UPDATE ON tickets WHEN {changed} BEGIN {moved} END',
            'CREATE VIRTUAL TABLE ticket_words USING fts5(ticket_id UNINDEXED, words, detail=none)',
            'INSERT INTO ticket_words (ticket_id, words) SELECT id, words FROM tickets',
            'CREATE TRIGGER ticket_indexed AFTER INSERT ON tickets BEGIN INSERT INTO ticket_words (ticket_id, words) VALUES (NEW.id, NEW.words); END',
        ]
    function = 'CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$'
    return [
        function.format('count_ticket', made),
        function.format('recount_ticket', moved),
        'CREATE TRIGGER ticket_counted AFTER INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION count_ticket()',
        f'CREATE TRIGGER ticket_recounted AFTER UPDATE ON tickets FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION recount_ticket()',
        "CREATE INDEX ticket_words ON tickets USING gin (string_to_array(words, ' '))",
    ]
