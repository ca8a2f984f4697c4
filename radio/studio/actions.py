"""Receiving recordings: the moment in which an upload becomes exactly one recording and one job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from media import artwork, keys
from media.errors import ObjectMissingError
from media.objects import Part
from media.store import ObjectStore
from radio.catalogue.models import Episode, Recording
from radio.catalogue.rules import RecordingState, State
from radio.core.ids import new_id
from radio.core.people import Person
from radio.errors import InvalidError, MoveError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.station import Station
from radio.studio.models import Upload
from radio.studio.rules import PART_BYTES, Parts

MEDIA_TYPE = "application/octet-stream"
"""An original is never served, so nobody is told what it claims to be."""


def size_fault(size_bytes: int, most_bytes: int) -> str | None:
    """Why a file of this size is not taken: `empty` or `too-big`; None: it is."""
    if size_bytes <= 0:
        return "empty"
    return "too-big" if size_bytes > most_bytes else None


def begin(
    session: Session,
    episode: Episode,
    *,
    by: Person,
    fingerprint: str,
    size_bytes: int,
    key: str,
    store_upload_id: str,
    now: datetime,
) -> Upload:
    """Write down an upload that was begun in the store; gives the one there is when somebody was quicker.

    The caller aborts its own in the store when it was given another.
    """
    upload = Upload(
        person_id=by.id, episode_id=episode.id, fingerprint=fingerprint, size_bytes=size_bytes, part_bytes=PART_BYTES, key=key,
        store_upload_id=store_upload_id, made_at=now, touched_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(upload)
    except IntegrityError:
        return session.scalars(
            select(Upload).where(
                Upload.person_id == by.id,
                Upload.episode_id == episode.id,
                Upload.fingerprint == fingerprint,
                Upload.state == "open",
            )
        ).one()
    return upload


def abandon(session: Session, upload: Upload, *, now: datetime) -> None:
    """Give an upload up; its parts are thrown away in the store after the commit."""
    session.execute(update(Upload).where(Upload.id == upload.id, Upload.state == "open").values(state="aborted", touched_at=now))


def drop_untouched(session: Session, upload: Upload) -> bool:
    """Remove the draft that was made for an upload which is given up, when nothing else was done with it; says whether it is gone."""
    episode = session.get_one(Episode, upload.episode_id)
    others = select(Upload.id).where(Upload.episode_id == episode.id, Upload.state != "aborted")
    untouched = (
        episode.state is State.DRAFT and episode.made_at == episode.changed_at == upload.made_at and not episode.recordings
    )
    if not untouched or session.scalar(others) is not None:
        return False
    session.execute(delete(Upload).where(Upload.episode_id == episode.id))
    session.delete(episode)
    return True


def assemble(store: ObjectStore, key: str, store_upload_id: str, parts: Parts) -> tuple[int, ...]:
    """Make the object out of its parts; gives the numbers of parts that are missing, and then nothing is made.

    Harmless when repeated, also after a crash right behind it, and while the store throws away the parts of what it has made whole.

    Raises:
        ObjectMissingError: the store knows neither the upload nor the object: begin again.
    """
    try:
        arrived = store.parts(key, store_upload_id)
        if lacking := parts.missing({part.number: part.size_bytes for part in arrived}):
            return () if store.exists(key) and store.head(key).size_bytes == parts.size_bytes else lacking
        store.complete_upload(key, store_upload_id, _only(arrived, parts.count))
    except ObjectMissingError:
        if store.head(key).size_bytes != parts.size_bytes:
            raise
    return ()


def _only(arrived: tuple[Part, ...], count: int) -> tuple[Part, ...]:
    return tuple(part for part in arrived if part.number <= count)


def receive(session: Session, upload: Upload, *, now: datetime) -> tuple[Recording, Job | None]:
    """Make the recording of a complete upload and the job that works on it. A second call gives the same recording and no job.

    Raises:
        MoveError: the episode takes no recording any more, or the upload was given up.
    """
    episode = session.get_one(Episode, upload.episode_id, with_for_update={"of": Episode}, populate_existing=True)
    session.refresh(upload, with_for_update=True)
    if upload.recording_id is not None:
        return session.get_one(Recording, upload.recording_id), None
    if upload.state != "open":
        raise MoveError("upload-over")
    recording, job = _receive(session, episode, key=upload.key, size_bytes=upload.size_bytes, by=upload.person_id, now=now)
    upload.state, upload.recording_id, upload.touched_at = "complete", recording.id, now
    return recording, job


def receive_path(session: Session, station: Station, path: Path, episode: Episode, *, by: Person, now: datetime) -> Recording:
    """Take a file of this machine as the recording of a draft: for commands and the sample. Its name is not kept.

    The object is in the store when this returns; the job `ingest` (subject: the recording's id) waits for the commit.

    Raises:
        InvalidError: empty, or larger than the station takes (`recording`: empty or too-big).
        MoveError: the episode is not a draft.
    """
    with path.open("rb") as file:
        key, size_bytes = put_away(station, file)
    return receive_object(session, station, episode.id, key=key, size_bytes=size_bytes, by=by, now=now)[0]


def put_away(station: Station, file: IO[bytes], *, key: str = "") -> tuple[str, int]:
    """Put an open file into the store; gives its key (a new one unless it is given) and size. No transaction need be open.

    Raises:
        InvalidError: empty, or larger than the station takes.
    """
    size_bytes = file.seek(0, 2)
    file.seek(0)
    if fault := size_fault(size_bytes, station.settings.max_upload_mb * 1_000_000):
        raise InvalidError({"recording": fault})
    key = key or keys.original(new_id())
    _put(station.store, key, file, size_bytes)
    return key, size_bytes


def put_large(store: ObjectStore, key: str, file: IO[bytes]) -> int:
    """Store an open file of any size under `key`, holding one part in memory; gives its size."""
    size_bytes = file.seek(0, 2)
    file.seek(0)
    _put(store, key, file, size_bytes)
    return size_bytes


def put_picture_away(store: ObjectStore, content: bytes) -> str:
    """Draw a picture anew and put every size into the store; gives the hash of the largest, which names them all.

    Raises:
        RefusedPictureError: it is none that we can take.
    """
    drawn = artwork.redraw(content)
    sha256 = picture_sha256(drawn)
    put_drawn(store, sha256, drawn)
    return sha256


def picture_sha256(drawn: Mapping[int, bytes], episode_id: str = "") -> str:
    """What names a picture: its largest size, and the episode whose own it is, so that no other erases it with its own."""
    return hashlib.sha256(episode_id.encode() + drawn[max(drawn)]).hexdigest()


def put_drawn(store: ObjectStore, sha256: str, drawn: Mapping[int, bytes]) -> None:
    """Put every size of a picture that was drawn here into the store."""
    for size_px, picture in drawn.items():
        store.put_bytes(keys.artwork(sha256, size_px, "jpg"), picture, "image/jpeg")


def receive_object(
    session: Session, station: Station, episode_id: str, *, key: str, size_bytes: int, by: Person, now: datetime
) -> tuple[Recording, Job]:
    """Make the recording, and the job that works on it, of an object that was just put away.

    Raises:
        MoveError: the episode is not a draft; the object is taken out of the store again.
    """
    episode = session.get_one(Episode, episode_id, with_for_update={"of": Episode}, populate_existing=True)
    try:
        return _receive(session, episode, key=key, size_bytes=size_bytes, by=by.id, now=now)
    except MoveError:
        station.store.delete(key)
        raise


def _put(store: ObjectStore, key: str, file: IO[bytes], size_bytes: int) -> None:
    """Store an open file part by part, holding one part in memory."""
    if size_bytes <= PART_BYTES:
        store.put_bytes(key, file.read(), MEDIA_TYPE)
        return
    parts = Parts(size_bytes)
    store_upload_id = store.begin_upload(key, MEDIA_TYPE)
    try:
        done = [
            store.put_part(key, store_upload_id, number, file.read(parts.size_of(number)), parts.size_of(number))
            for number in range(1, parts.count + 1)
        ]
        store.complete_upload(key, store_upload_id, done)
    except BaseException:
        store.abort_upload(key, store_upload_id)
        raise


def _receive(
    session: Session, episode: Episode, *, key: str, size_bytes: int, by: str | None, now: datetime
) -> tuple[Recording, Job]:
    if episode.state is not State.DRAFT:
        raise MoveError("not-a-draft")
    recording = Recording(
        episode_id=episode.id,
        original_key=key,
        size_bytes=size_bytes,
        received_at=now,
        received_from=by,
        state=RecordingState.RECEIVED,
    )
    session.add(recording)
    session.flush()
    session.expire(episode, ["recordings"])
    episode.changed_at = now
    return recording, enqueue(session, "ingest", recording.id, now=now)


def try_again(session: Session, recording: Recording, *, now: datetime) -> Job:
    """Work on a received recording once more, after the station had given up."""
    return enqueue(session, "ingest", recording.id, now=now)
