"""Making a held episode of what has come."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any

from media import keys
from radio.catalogue import elsewhere
from radio.catalogue.models import Episode, Show
from radio.core.ids import new_id
from radio.core.people import Person
from radio.db import session as station_session
from radio.jobs.work import Work
from radio.moving import rules
from radio.moving.models import ArrivalItem
from radio.station import station
from radio.studio import actions as studio


def put_original(work: Work, item_id: str, file: IO[bytes]) -> None:
    """Put the sound of an item away under a key that its row names first: nothing can be in the store that nobody knows."""
    key = keys.original(new_id())
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        before, item.object_key = item.object_key, key
    if before:
        station().store.delete(before)
    studio.put_away(station(), file, key=key)


def receive(item: ArrivalItem, episode: Episode, notes: list[str], *, now: datetime) -> str:
    """Make the recording of what was put away; gives the id of the job that makes it ready."""
    session = station_session()
    key = item.object_key or ""
    size_bytes = station().store.head(key).size_bytes
    by = Person(None, "", frozenset())
    recording, job = studio.receive_object(session, station(), episode.id, key=key, size_bytes=size_bytes, by=by, now=now)
    item.episode_id, item.recording_id, item.object_key = episode.id, recording.id, None
    item.state, item.problem, item.detail, item.due_at = rules.ItemState.INGESTING, "", "", None
    item.notes = [*(note for note in item.notes if note not in notes), *notes]
    return job.id


def make_episode(item: ArrivalItem, *, chapters: list[dict[str, Any]] | None, now: datetime) -> Episode:
    """The held draft of an item; its guid stays what it was."""
    session = station_session()
    show = session.get_one(Show, item.show_id)
    own = rules.own_uuid(item.guid)
    return elsewhere.make_held_episode(
        session,
        show,
        guid=own,
        feed_guid=None if own else item.guid,
        published_at=item.published_at,
        now=now,
        **{**item.fields, "chapters": chapters},
    )
