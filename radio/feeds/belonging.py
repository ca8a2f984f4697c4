"""Which episodes a feed is of, and of which that were taken back it still tells."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, cast, select, true

from radio.catalogue.models import Episode, EpisodeTag, Show
from radio.editorial.models import FeedItem
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


def told_in(name: FeedName) -> ColumnElement[bool]:
    """The condition under which an `Episode` that was taken back (joined with its `FeedItem`) stood in the feed.

    What is erased has its show still, but no kind and no tag: those feeds were noted when it was taken back.
    """
    if name.of in {Of.KIND, Of.TAG}:
        return cast(FeedItem.told_in, String).contains(f'"{name.term}"')
    return of(name)
