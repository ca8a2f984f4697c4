"""hosts of shows."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('show', sa.Column('hosts', sa.JSON(), nullable=True))


def downgrade():
    with op.batch_alter_table('show', schema=None) as batch_op:
        batch_op.drop_column('hosts')
