"""Making recordings ready for air, and clearing up after those who never came back."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, or_, select

from media import keys, pipeline
from media.errors import RefusedAudioError
from media.profiles import Profile
from media.types import Ingested
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode, Recording
from radio.catalogue.queries import awaiting_erasure, picture_keys
from radio.catalogue.rules import RecordingState, State
from radio.db import session as station_session
from radio.editorial.tasks import COMPACTED_AFTER
from radio.errors import RefusedError
from radio.jobs.actions import enqueue
from radio.jobs.queries import running_tokens
from radio.jobs.registry import handles, periodic
from radio.jobs.rules import JobState
from radio.jobs.work import Work
from radio.station import station
from radio.studio import queries
from radio.studio.models import Upload
from radio.studio.rules import ABANDONED_AFTER, UNFINISHED

_FETCHED, _ENCODED = 0.05, 0.95
"""How far the work is after each step."""
_LOOK_EVERY_S = 5.0
_NOT_OUR_FAULT = ("StoreUnavailableError", "RefusedError: disk-full", f"EncodingError: errno {errno.ENOSPC}")


class _TakenBackError(Exception):
    """The episode was withdrawn while its recording was worked on."""


@handles("ingest", heavy=True)
def ingest(work: Work) -> None:
    """Make of the recording `work.subject` all that the station needs.

    Objects are put after the rows that name them and before the one commit that makes them heard: whatever is killed
    when, nothing is lost, nothing is there twice, and nothing is in the store that an erasure would not find.
    """
    recording = station_session().get(Recording, work.subject)
    if recording is None or recording.original_key is None or recording.state not in UNFINISHED or _taken_back(work.subject):
        return
    original_key = recording.original_key
    with work.writing() as session:
        session.get_one(Recording, work.subject).state = RecordingState.INGESTING
    try:
        with _folder(work.token) as folder, _full_disk_told():
            _store(work, _encoded(work, original_key, folder))
    except RefusedAudioError as error:
        with work.publishing() as session:
            catalogue.refuse_recording(session, session.get_one(Recording, work.subject), error.code)
    except _TakenBackError:
        return


def _encoded(work: Work, original_key: str, folder: Path) -> Ingested:
    source = folder / "original"
    station().store.fetch_to(original_key, source, _progress(work, 0.0, _FETCHED, "fetching"))
    settings = station().settings
    return pipeline.ingest(
        source,
        folder,
        mp3_kbps=settings.mp3_kbps,
        opus_kbps=settings.opus_kbps,
        max_length_ms=settings.max_recording_hours * 3_600_000,
        on_progress=_progress(work, _FETCHED, _ENCODED, "encoding"),
    )


def _store(work: Work, ingested: Ingested) -> None:
    profiles = station().profiles
    names = {r.profile: keys.rendition(r.sha256, _extension(profiles, r.profile)) for r in ingested.renditions}
    peaks_key = keys.peaks(keys.sha256_of(ingested.peaks))
    with work.writing() as session:
        if awaiting_erasure(session, [*names.values(), peaks_key]):
            raise RefusedError("erasing-first")
        recording = session.get_one(Recording, work.subject)
        catalogue.claim_renditions(session, recording, ingested, keys=names, peaks_key=peaks_key, profiles=profiles)
    tell = _progress(work, _ENCODED, 1.0, "storing")
    for done, rendition in enumerate(ingested.renditions):
        tell(done / (len(ingested.renditions) + 1))
        station().store.put_file(names[rendition.profile], rendition.path, rendition.media_type)
    station().store.put_file(peaks_key, ingested.peaks, "application/octet-stream")
    with work.publishing() as session:
        recording = session.get_one(Recording, work.subject)
        session.get_one(Episode, recording.episode_id, with_for_update={"of": Episode})
        catalogue.take_recording(session, recording, now=station().now())


def _extension(profiles: tuple[Profile, ...], name: str) -> str:
    return next(profile.extension for profile in profiles if profile.name == name)


def _progress(work: Work, start: float, end: float, step: str) -> Callable[[float], None]:
    """Tell how far a part of the work is; stops it when the episode has been taken back."""
    looked_s = time.monotonic()

    def tell(fraction: float) -> None:
        nonlocal looked_s
        work.progress(start + (end - start) * fraction, step)
        if time.monotonic() - looked_s > _LOOK_EVERY_S:
            looked_s = time.monotonic()
            if _taken_back(work.subject):
                raise _TakenBackError

    return tell


def _taken_back(recording_id: str) -> bool:
    session = station_session()
    query = select(Episode.state).join(Recording, Recording.episode_id == Episode.id).where(Recording.id == recording_id)
    state = session.scalar(query)
    session.rollback()
    return state is State.WITHDRAWN


def _works() -> Path:
    return station().settings.data / "work" / "ingest"


@contextmanager
def _folder(token: str) -> Iterator[Path]:
    """A folder of this attempt's own; those of attempts that were killed are cleared away."""
    _clear_up()
    folder = _works() / token
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_up() -> None:
    alive = set(running_tokens(station_session()))
    station_session().rollback()
    for left in _works().iterdir() if _works().is_dir() else ():
        if left.name not in alive:
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise RefusedError("disk-full") from error
        raise


@handles("erase-picture")
def erase_picture(work: Work) -> None:
    """Take the picture of an episode, `work.subject` its hash, out of the store."""
    for key in sorted(picture_keys(work.subject)):
        station().store.delete(key)
    with work.publishing() as session:
        now = station().now()
        enqueue(session, "compact-store", "", now=now, due_at=now + COMPACTED_AFTER)


@periodic(every=timedelta(hours=1), kind="sweep-uploads")
def sweep(work: Work) -> None:
    """Throw away uploads nobody came back to, originals that were refused, and what is left of ended uploads.

    What failed because the store was away or the disk full is tried once more.
    """
    _clear_up()
    before = station().now() - ABANDONED_AFTER
    for upload_id in [upload.id for upload in queries.abandoned_uploads(station_session(), before=before)]:
        _give_up(work, upload_id)
    _abort_the_unknown(work)
    _forget_refused(work)
    with work.publishing() as session:
        taken_back = select(Episode.id).where(Episode.state == State.WITHDRAWN)
        over = or_(Upload.touched_at < before, Upload.episode_id.in_(taken_back))
        session.execute(delete(Upload).where(Upload.state != "open", over))
        for recording_id in _stranded():
            enqueue(session, "ingest", recording_id, now=station().now())


def _give_up(work: Work, upload_id: str) -> None:
    with work.writing() as session:
        upload = session.get_one(Upload, upload_id)
        key, store_upload_id = upload.key, upload.store_upload_id
        upload.state = "aborted"
    station().store.abort_upload(key, store_upload_id)
    station().store.delete(key)


def _abort_the_unknown(work: Work) -> None:
    """Uploads that the store holds and no row knows: whoever began them was killed in between."""
    before = station().now() - ABANDONED_AFTER
    known = set(station_session().scalars(select(Upload.store_upload_id).where(Upload.state == "open")))
    station_session().rollback()
    for found in list(station().store.unfinished_uploads(keys.PRIVATE)):
        work.progress(0.5, "sweeping")
        if found.upload_id not in known and found.begun_at < before:
            station().store.abort_upload(found.key, found.upload_id)


def _forget_refused(work: Work) -> None:
    before = station().now() - ABANDONED_AFTER
    refused = select(Recording).where(
        Recording.state == RecordingState.REFUSED, Recording.original_key.is_not(None), Recording.received_at < before
    )
    doomed = {recording.id: recording.original_key for recording in station_session().scalars(refused)}
    station_session().rollback()
    for recording_id, key in doomed.items():
        station().store.delete(key or "")
        with work.writing() as session:
            session.get_one(Recording, recording_id).original_key = None


def _stranded() -> list[str]:
    session = station_session()
    waiting = session.scalars(select(Recording.id).where(Recording.state.in_(UNFINISHED))).all()
    jobs = queries.ingest_jobs(session, waiting)
    return [
        recording_id
        for recording_id, job in jobs.items()
        if job.state is JobState.FAILED and (job.failure or "").startswith(_NOT_OUR_FAULT)
    ]
