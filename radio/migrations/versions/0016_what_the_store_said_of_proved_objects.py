"""what the store said of proved objects."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('feed_item', sa.Column('proved_objects_sha256', sa.String(length=64), nullable=True))


def downgrade():
    with op.batch_alter_table('feed_item', schema=None) as batch_op:
        batch_op.drop_column('proved_objects_sha256')
