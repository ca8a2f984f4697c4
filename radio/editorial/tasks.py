"""What follows from decisions: erasing what was taken back, and letting run out what has run out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from media import keys, seaweed
from radio.catalogue import search
from radio.catalogue.actions import forget_voices, touched
from radio.catalogue.models import Enclosure, Episode, Recording
from radio.catalogue.queries import keys_of, keys_of_others, picture_keys
from radio.catalogue.rules import RecordingState, State
from radio.core.people import THE_STATION
from radio.db import session as station_session
from radio.db import tidy_log
from radio.editorial import audit
from radio.editorial.models import FeedItem
from radio.errors import RefusedError
from radio.jobs.actions import enqueue
from radio.jobs.queries import unfinished_job
from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.schedule import actions as schedule
from radio.station import station

COMPACTED_AFTER = timedelta(seconds=30)
"""A deletion needs some seconds to reach the files of the store."""


@handles("erase")
def erase(work: Work) -> None:
    """Take every object of a withdrawn episode out of the store, then all that was said of it out of its rows.

    It waits for work that may still put objects. Keys that other recordings use too stay; each step may be repeated.
    """
    session = station_session()
    episode = session.get(Episode, work.subject)
    if episode is None or episode.state is not State.WITHDRAWN or episode.erased_at is not None:
        return
    if any(unfinished_job(session, "ingest", recording.id) for recording in episode.recordings):
        raise RefusedError("ingest-first")
    own = keys_of(episode.recordings)
    doomed = sorted((own - keys_of_others(session, own, episode_id=episode.id)) | picture_keys(episode.artwork_sha256))
    session.rollback()
    for done, key in enumerate(doomed):
        work.progress(done / len(doomed), "erasing")
        station().store.delete(key)
    station().store.delete_prefix(keys.public_prefix(work.subject))
    with work.publishing() as session:
        _forget(session, session.get_one(Episode, work.subject))
        enqueue(session, "compact-store", "", now=station().now(), due_at=station().now() + COMPACTED_AFTER)


@handles("compact-store")
def compact_store(work: Work) -> None:
    """Let the files of this machine forget what was erased: the embedded store's, and the database's log. Others are their provider's."""
    settings = station().settings
    if settings.embedded_s3:
        seaweed.compact(settings.store_folder)
    if not tidy_log():
        raise RefusedError("log-in-use")
    with work.publishing():
        pass


def _forget(session: Session, episode: Episode) -> None:
    """What is left of an episode: ids and dates."""
    now = station().now()
    session.execute(delete(Enclosure).where(Enclosure.episode_id == episode.id))
    nothing: dict[str, object] = {"proved_sha256": None, "proved_objects_sha256": None, "held_at": None, "faults": []}
    session.execute(update(FeedItem).where(FeedItem.episode_id == episode.id).values(**nothing))
    for recording in episode.recordings:
        _forget_recording(recording)
    episode.title = episode.summary = episode.notes = ""
    episode.kind, episode.detail, episode.intensity, episode.explicit = "programme", "none", 0, False
    episode.content_notes = episode.season_number = episode.episode_number = None
    episode.chapters = episode.soundbites = episode.artwork_sha256 = episode.own_license = None
    episode.tags, episode.voices, episode.transcripts, episode.release = [], [], [], "full"
    forget_voices(session)
    episode.erased_at = now
    search.unindex(session, episode)
    audit.record(session, "erased", "episode", episode.id, by=THE_STATION, now=now)


def _forget_recording(recording: Recording) -> None:
    recording.renditions = []
    recording.state, recording.size_bytes = RecordingState.ERASED, 0
    recording.original_key = recording.peaks_key = recording.refusal = recording.container = recording.codec = None
    recording.n_samples = recording.n_ticks = None
    recording.integrated_lufs = recording.true_peak_dbtp = recording.gain_db = None


@periodic(every=timedelta(minutes=1), kind="expire")
def expire(work: Work) -> None:
    """Tell everybody that an episode has run out: feeds and pages are made anew, the rundown goes on without it."""
    now = station().now()
    if not search.indexed_but_over(station_session(), now=now):
        return
    with work.publishing() as session:
        for episode in search.indexed_but_over(session, now=now):
            search.unindex(session, episode)
            audit.record(session, "expired", "episode", episode.id, by=THE_STATION, now=now)
        touched(session)
        schedule.ask_revision(session, why="catalogue-changed", now=now)
