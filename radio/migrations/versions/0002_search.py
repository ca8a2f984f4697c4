"""The index that search reads, over the words in episode_text."""

from alembic import op

from radio.catalogue import search

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    search.create(op.get_bind())


def downgrade():
    search.drop(op.get_bind())
