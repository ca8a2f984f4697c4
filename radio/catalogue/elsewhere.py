"""Episodes that come from elsewhere: held until somebody answers for them, gone without a trace when they do not come whole."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack
from uuid import UUID

from sqlalchemy.orm import Session

from radio.catalogue import actions, queries
from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.core.people import Person


def make_held_episode(
    session: Session,
    show: Show,
    *,
    guid: UUID | None,
    feed_guid: str | None,
    published_at: datetime | None,
    now: datetime,
    episode_id: str = "",
    **fields: Unpack[actions.EpisodeFields],
) -> Episode:
    """A draft of something that was published elsewhere. It may be heard nowhere until a steward says so.

    `guid` None: one by chance. `episode_id` empty: a new one.

    Raises:
        InvalidError: a field cannot be taken.
    """
    fields["scopes"] = []
    episode = actions.make_episode(session, show, by=Person(None, "", frozenset()), now=now, **fields)
    if episode_id:
        episode.id = episode_id
    episode.guid, episode.feed_guid = guid or episode.guid, feed_guid
    episode.published_at, episode.held_at = published_at, now
    session.flush()
    return episode


def make_tombstone(
    session: Session, show: Show, *, episode_id: str, guid: UUID, feed_guid: str | None, published_at: datetime | None,
    withdrawn_at: datetime, now: datetime,
) -> Episode:  # fmt: skip
    """What is left of an episode that was taken back at another station: it can never come in here."""
    tombstone = Episode(
        id=episode_id, show=show, guid=guid, feed_guid=feed_guid, kind="programme", state=State.WITHDRAWN, scopes=[],
        made_at=now, changed_at=now, published_at=published_at, withdrawn_at=withdrawn_at, erased_at=now,
    )  # fmt: skip
    session.add(tombstone)
    session.flush()
    return tombstone


def discard_held(session: Session, episode: Episode) -> set[str]:
    """Take a held draft away as if it had never come; gives the keys of its objects, to be erased after the commit."""
    if episode.state is not State.DRAFT or episode.held_at is None:
        raise ValueError("only what is held may be discarded")
    recordings = list(episode.recordings)
    own = queries.keys_of(recordings)
    own = own - queries.keys_of_others(session, own, episode_id=episode.id) | queries.picture_keys(episode.artwork_sha256)
    episode.recording = None
    session.flush()
    for recording in recordings:
        session.delete(recording)
    session.flush()
    session.delete(episode)
    actions.forget_voices(session)
    return own
