"""Making a held episode of what has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from media import keys
from radio.catalogue import actions as catalogue
from radio.catalogue import elsewhere
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import picture_keys
from radio.catalogue.terms import offered_roles
from radio.core.ids import new_id
from radio.core.people import Person
from radio.core.text import folded, plain
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


def put_picture(work: Work, item_id: str, drawn: Mapping[int, bytes]) -> str:
    """Put the picture of an item away, named for the episode it will be; its row says so first, as with the sound."""
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        episode_id = str(item.source.get("id") or new_id())
        if item.episode_id != episode_id and session.get(Episode, episode_id) is not None:
            episode_id = new_id()  # another episode has it here
        sha256, before = studio.picture_sha256(drawn, episode_id), item.source.get("picture")
        item.source = {**item.source, "id": episode_id, "picture": sha256}
    for key in sorted(picture_keys(before) if before != sha256 else ()):
        station().store.delete(key)
    studio.put_drawn(station().store, sha256, drawn)
    return sha256


def drop_picture(work: Work, item_id: str) -> None:
    """Take the picture of an item away that did not come."""
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        sha256 = item.source.get("picture")
        item.source = {name: value for name, value in item.source.items() if name != "picture"}
    for key in sorted(picture_keys(sha256)):
        station().store.delete(key)


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


def make_episode(
    item: ArrivalItem, *, chapters: list[dict[str, Any]] | None, artwork_sha256: str | None, now: datetime
) -> Episode:
    """The held draft of an item; its guid stays what it was. Who is heard stands in the studio only, until they agree."""
    session = station_session()
    show = session.get_one(Show, item.show_id)
    own = rules.own_uuid(item.guid)
    episode = elsewhere.make_held_episode(
        session,
        show,
        guid=own,
        feed_guid=None if own else item.guid,
        published_at=item.published_at,
        now=now,
        episode_id=str(item.source.get("id", "")),
        **{**item.fields, "chapters": chapters, "artwork_sha256": artwork_sha256},
    )
    give_voices(session, episode, item.source.get("voices", ()), now=now)
    return episode


def give_voices(session: Session, episode: Episode, told: Iterable[dict[str, Any]], *, now: datetime) -> None:
    """Say who is heard, as it was told elsewhere: each by name, role, and whether the public may read it."""
    voices = [each for each in told if plain(str(each.get("name", "")))]
    known = {role.code for role in offered_roles()}
    roles = {str(each["name"]): role for each in voices if (role := str(each.get("role", ""))) in known}
    catalogue.set_voices(session, episode, [str(each["name"]) for each in voices], named=False, roles=roles, now=now)
    named = {folded(plain(str(each["name"]))) for each in voices if each.get("named") is True}
    for each in episode.voices:
        each.named = each.voice.name_key in named
