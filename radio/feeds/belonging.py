"""Which episodes a feed is of."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true

from radio.catalogue.models import Episode, EpisodeTag, Show
from radio.feeds.names import FeedName, Of


def of(name: FeedName) -> ColumnElement[bool]:
    """The condition under which an `Episode` is what the feed is of."""
    if name.of is Of.SHOW:
        return Episode.show_id == select(Show.id).where(Show.slug == name.which).scalar_subquery()
    if name.of is Of.KIND:
        return Episode.kind == name.which
    if name.of is Of.TAG:
        listed, code = name.which.split(":", 1)
        return Episode.id.in_(select(EpisodeTag.episode_id).where(EpisodeTag.vocabulary == listed, EpisodeTag.code == code))
    return true()
