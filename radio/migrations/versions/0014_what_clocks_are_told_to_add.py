"""what clocks are told to add."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('beat', sa.Column('offset_ms', sa.BigInteger(), server_default='0', nullable=False))


def downgrade():
    with op.batch_alter_table('beat', schema=None) as batch_op:
        batch_op.drop_column('offset_ms')
