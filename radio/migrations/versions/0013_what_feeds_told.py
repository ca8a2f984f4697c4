"""what feeds told."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('feed_item', sa.Column('told_in', sa.JSON(), server_default='[]', nullable=False))


def downgrade():
    with op.batch_alter_table('feed_item', schema=None) as batch_op:
        batch_op.drop_column('told_in')
