"""feeds stay true."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('episode', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unshared_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('feed_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('stored_feed', schema=None) as batch_op:
        batch_op.add_column(sa.Column('made_by', sa.String(length=32), server_default='', nullable=False))
    _tell_apps_what_has_left()


def _tell_apps_what_has_left():
    """What lost its agreement for podcast apps before was only left out: from now on its place says so."""
    episode = sa.table(
        'episode', sa.column('id'), sa.column('state'), sa.column('scopes'), sa.column('changed_at', sa.DateTime(timezone=True)),
        sa.column('unshared_at', sa.DateTime(timezone=True)),
    )
    feed_item = sa.table('feed_item', sa.column('episode_id'), sa.column('entered_at', sa.DateTime(timezone=True)))
    entered = sa.select(feed_item.c.episode_id).where(feed_item.c.entered_at.is_not(None))
    may_not = sa.not_(sa.cast(episode.c.scopes, sa.String).contains('"podcast"'))
    op.get_bind().execute(
        sa.update(episode)
        .where(episode.c.state == 'published', may_not, episode.c.id.in_(entered))
        .values(unshared_at=episode.c.changed_at)
    )


def downgrade():
    with op.batch_alter_table('stored_feed', schema=None) as batch_op:
        batch_op.drop_column('made_by')

    with op.batch_alter_table('feed_item', schema=None) as batch_op:
        batch_op.drop_column('proved_at')

    with op.batch_alter_table('episode', schema=None) as batch_op:
        batch_op.drop_column('unshared_at')
