"""Which objects of the store lie behind a download, and by what it is seen that one of them was exchanged.

The store names the content of each object by an entity tag, and says it without a byte of sound. An object that has another tag than when
the download was proved is another until it is read: equal bytes may have two tags (uploads in parts), other bytes may never keep one.
Source: RFC 9110 §8.8.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.errors import ObjectMissingError, StoreUnavailableError
from media.store import ObjectStore
from radio.catalogue.models import Enclosure, Episode, Rendition
from radio.catalogue.rules import State
from radio.feeds.enclosures import holds
from radio.feeds.reach import NoVerdictError


def keys(session: Session) -> dict[str, tuple[str, ...]]:
    """The keys of all that is served as the downloads of each public episode: sounds, heads, and wholes where there are."""
    statement = (
        select(Episode.id, Rendition.key, Enclosure.head_key, Enclosure.whole_key)
        .join(Rendition, Rendition.recording_id == Episode.recording_id)
        .outerjoin(Enclosure, holds(Rendition, Enclosure))
        .where(Episode.state == State.PUBLISHED)
        .order_by(Episode.id, Rendition.profile)
    )
    found: dict[str, tuple[str, ...]] = {}
    for episode_id, *those in session.execute(statement):
        found[episode_id] = (*found.get(episode_id, ()), *filter(None, those))
    return found


def objects_sha256(store: ObjectStore, these: Sequence[str]) -> str:
    """One name for the objects under these keys as they are now: another as soon as the store says of one that it is another.

    Raises:
        NoVerdictError: the store does not answer.
    """
    found = hashlib.sha256()
    for key in these:
        try:
            etag = store.head(key).etag
        except ObjectMissingError:
            etag = ""
        except StoreUnavailableError as error:
            raise NoVerdictError(type(error).__name__) from error
        found.update(f"{key} {etag}\n".encode())
    return found.hexdigest()
