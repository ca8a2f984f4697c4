"""roles of voices, pictures of episodes."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('episode', sa.Column('artwork_sha256', sa.String(length=64), nullable=True))
    op.add_column('episode_voice', sa.Column('role', sa.String(length=40), server_default='', nullable=False))


def downgrade():
    with op.batch_alter_table('episode_voice', schema=None) as batch_op:
        batch_op.drop_column('role')

    with op.batch_alter_table('episode', schema=None) as batch_op:
        batch_op.drop_column('artwork_sha256')
