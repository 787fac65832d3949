"""Messages to citizens with their links, return visits by hand, campaigns."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from hotline.database import Instant

revision: str = '0021'
down_revision: str | None = '0020'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table('callback_hand_calls',
    sa.Column('channel_id', sa.String(length=40), nullable=False),
    sa.Column('task_id', sa.String(length=40), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=False),
    sa.Column('phone', sa.String(length=32), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('seat', sa.String(length=16), nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('dialled_at', Instant(), nullable=False),
    sa.Column('ended_at', Instant(), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.PrimaryKeyConstraint('channel_id', name=op.f('pk_callback_hand_calls'))
    )
    with op.batch_alter_table('callback_hand_calls', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_callback_hand_calls_call_id'), ['call_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_callback_hand_calls_task_id'), ['task_id'], unique=False)
        batch_op.create_index('uq_callback_hand_calls_phone_up', ['phone'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('callback_hand_claims',
    sa.Column('task_id', sa.String(length=40), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('until', Instant(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('task_id', name=op.f('pk_callback_hand_claims'))
    )
    op.create_table('campaign_entries',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('phone', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('group', sa.String(length=40), nullable=False),
    sa.Column('note', sa.String(length=80), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('task_id', sa.String(length=40), nullable=True),
    sa.Column('disposition', sa.String(length=20), nullable=True),
    sa.Column('answers', sa.JSON(), server_default='{}', nullable=False),
    sa.Column('words', sa.String(length=1000), server_default='', nullable=False),
    sa.Column('done_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_entries'))
    )
    with op.batch_alter_table('campaign_entries', schema=None) as batch_op:
        batch_op.create_index('ix_campaign_entries_campaign_state_place', ['campaign_id', 'state', 'place'], unique=False)
        batch_op.create_index('uq_campaign_entries_campaign_phone', ['campaign_id', 'phone'], unique=True)

    op.create_table('campaigns',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('goal', sa.String(length=500), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('flow', sa.String(length=40), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('quotas', sa.JSON(), nullable=False),
    sa.Column('hours', sa.String(length=11), nullable=False),
    sa.Column('begins_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.Column('started_at', Instant(), nullable=True),
    sa.Column('ended_at', Instant(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns'))
    )
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaigns_state'), ['state'], unique=False)

    op.create_table('citizen_links',
    sa.Column('id', sa.String(length=24), nullable=False),
    sa.Column('task_id', sa.String(length=40), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('used_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_citizen_links'))
    )
    with op.batch_alter_table('citizen_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_citizen_links_task_id'), ['task_id'], unique=False)

    op.create_table('sms_messages',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('task_id', sa.String(length=40), nullable=False),
    sa.Column('ticket_id', sa.String(length=40), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('link_id', sa.String(length=24), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', Instant(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('sent_at', Instant(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sms_messages'))
    )
    with op.batch_alter_table('sms_messages', schema=None) as batch_op:
        batch_op.create_index('ix_sms_messages_created', ['created_at'], unique=False)
        batch_op.create_index('ix_sms_messages_state_due', ['state', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sms_messages_task_id'), ['task_id'], unique=False)



def downgrade() -> None:
    """Take the tables back to the version before."""
    with op.batch_alter_table('sms_messages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sms_messages_task_id'))
        batch_op.drop_index('ix_sms_messages_state_due')
        batch_op.drop_index('ix_sms_messages_created')

    op.drop_table('sms_messages')
    with op.batch_alter_table('citizen_links', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_citizen_links_task_id'))

    op.drop_table('citizen_links')
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaigns_state'))

    op.drop_table('campaigns')
    with op.batch_alter_table('campaign_entries', schema=None) as batch_op:
        batch_op.drop_index('uq_campaign_entries_campaign_phone')
        batch_op.drop_index('ix_campaign_entries_campaign_state_place')

    op.drop_table('campaign_entries')
    op.drop_table('callback_hand_claims')
    with op.batch_alter_table('callback_hand_calls', schema=None) as batch_op:
        batch_op.drop_index('uq_callback_hand_calls_phone_up', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_callback_hand_calls_task_id'))
        batch_op.drop_index(batch_op.f('ix_callback_hand_calls_call_id'))

    op.drop_table('callback_hand_calls')
