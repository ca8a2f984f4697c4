"""Writing parcels: everything of a show that was not taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from media import artwork, keys
from media.errors import ObjectMissingError
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import RecordingState, State
from radio.editorial.models import FeedItem
from radio.errors import NotFoundError, RefusedError
from radio.feeds import actions as feeds
from radio.feeds.channels import artwork_path
from radio.moving.parcel import FORMAT, VERSION, Writer
from radio.moving.queries import taken_back_in
from radio.station import Station

SHOW_FIELDS = (
    "title", "description", "language", "category", "author", "kind", "explicit", "synthetic", "in_feeds", "serial", "complete",
    "blocked", "license", "license_url", "funding_url", "funding_words", "country", "verifications", "podroll", "seasons",
    "hosts",
)  # fmt: skip
EPISODE_FIELDS = (
    "kind", "title", "summary", "notes", "language", "season_number", "episode_number", "explicit", "synthetic", "intensity",
    "detail", "content_notes", "release", "chapters", "soundbites", "own_license",
)  # fmt: skip
MEASURES = ("container", "codec", "n_samples", "n_ticks", "integrated_lufs", "true_peak_dbtp", "gain_db")
RENDITION_FIELDS = ("profile", "code", "sha256", "media_type", "size_bytes", "header_bytes", "tick_bytes")

Tell = Callable[[float], None]


def write(
    session: Session, station: Station, shows: Sequence[Show], file: IO[bytes], *, now: datetime, tell: Tell = lambda _: None
) -> list[str]:
    """Write these shows; gives the ids of the episodes in it. Episodes are read one at a time: the archive may be large.

    Raises:
        RefusedError: one of them was taken back meanwhile; what was written must be thrown away.
    """
    writer = Writer(file, made_at=now)
    written: list[str] = []
    told = [(show.id, show.slug) for show in shows]
    for number, (show_id, slug) in enumerate(told):
        written += _write_show(session, station, writer, (show_id, slug), lambda part, n=number: tell((n + part) / len(told)))  # type: ignore[misc]
    writer.json("parcel.json", {
        "format": FORMAT, "version": VERSION, "station": station.settings.station_name, "address": station.url("/"),
        "made_at": now.isoformat(), "shows": [slug for _, slug in told],
    })  # fmt: skip
    writer.close()
    if taken_back_in(session, written):
        raise RefusedError("taken-back-meanwhile")
    return written


def _write_show(session: Session, station: Station, writer: Writer, show: tuple[str, str], tell: Tell) -> list[str]:
    show_id, slug = show
    folder = f"shows/{slug}/"
    ids = session.scalars(
        select(Episode.id)
        .where(Episode.show_id == show_id, Episode.state != State.WITHDRAWN)
        .order_by(Episode.made_at, Episode.id)
    ).all()
    found = session.get_one(Show, show_id)
    with suppress(NotFoundError):  # a show without a feed
        writer.text(folder + "feed.xml", feeds.render(session, station, f"show:{slug}", now=station.now()).identity)
    picture = found.artwork_sha256
    written, told = [], _show(station, found)
    session.rollback()  # nothing is locked while bytes flow
    for member, key in _pictures(picture):
        _write_object(station, writer, folder + member, key)
    for done, episode_id in enumerate(ids):
        tell(done / len(ids))
        if _write_episode(session, station, writer, f"{folder}episodes/{episode_id}/", episode_id):
            written.append(episode_id)
    writer.json(folder + "show.json", {**told, "episodes": written, "tombstones": _tombstones(session, show_id)})
    session.rollback()
    return written


def _show(station: Station, show: Show) -> dict[str, Any]:
    fields = {name: getattr(show, name) for name in SHOW_FIELDS}
    return {
        "id": show.id, "slug": show.slug, "guid": str(show.guid), "fields": fields, "artwork_sha256": show.artwork_sha256,
        "feed": station.url(f"/shows/{show.slug}/feed.xml"), "artwork": station.url(artwork_path(show.id, show.artwork_sha256)),
    }  # fmt: skip


def _tombstones(session: Session, show_id: str) -> list[dict[str, Any]]:
    """Ids and dates of what was taken back after it was public, and nothing else."""
    gone = select(Episode).where(
        Episode.show_id == show_id, Episode.state == State.WITHDRAWN, Episode.published_at.is_not(None)
    ).order_by(Episode.withdrawn_at, Episode.id)  # fmt: skip
    return [
        {
            "id": each.id,
            "guid": str(each.guid),
            "feed_guid": each.feed_guid,
            "published_at": _iso(each.published_at),
            "withdrawn_at": _iso(each.withdrawn_at),
            "entered_at": _entered_at(session, each.id),
        }
        for each in session.scalars(gone)
    ]


def _entered_at(session: Session, episode_id: str) -> str | None:
    """Since when apps may know it; None: they never did."""
    item = session.get(FeedItem, episode_id)
    return _iso(item.entered_at) if item else None


def _write_episode(session: Session, station: Station, writer: Writer, folder: str, episode_id: str) -> bool:
    """Whether it is in: what is taken back meanwhile is not."""
    query = (
        select(Episode).where(Episode.id == episode_id, Episode.state != State.WITHDRAWN).options(selectinload(Episode.voices))
    )
    episode = session.scalar(query.execution_options(populate_existing=True))
    if episode is None:
        return False
    told = {**_episode(episode), "entered_at": _entered_at(session, episode_id)}
    objects = [*_pictures(episode.artwork_sha256), *_objects(episode.recording)]
    words = {row.language: row.text.encode() for row in episode.transcripts}
    session.rollback()
    try:
        for name, key in objects:
            _write_object(station, writer, folder + name, key)
    except ObjectMissingError as error:
        if session.scalar(select(Episode.state).where(Episode.id == episode_id)) is State.WITHDRAWN:
            raise RefusedError("taken-back-meanwhile") from error  # half of it is in the archive: begin again
        raise
    for language, text in words.items():
        writer.text(f"{folder}words.{language}.txt", text)
    writer.json(folder + "episode.json", {**told, "transcripts": sorted(words)})
    return True


def _episode(episode: Episode) -> dict[str, Any]:
    recording = episode.recording
    taken = recording if recording is not None and recording.state is RecordingState.TAKEN else None
    return {
        "id": episode.id, "guid": str(episode.guid), "feed_guid": episode.feed_guid, "state": str(episode.state),
        "published_at": _iso(episode.published_at), "expires_at": _iso(episode.expires_at), "scopes": list(episode.scopes),
        "unshared_at": _iso(episode.unshared_at),
        "fields": {name: getattr(episode, name) for name in EPISODE_FIELDS},
        "tags": [[tag.vocabulary, tag.code] for tag in episode.tags],
        "voices": [{"name": each.voice.name, "named": each.named, "role": each.role} for each in episode.voices],
        "artwork_sha256": episode.artwork_sha256,
        "recording": _recording(taken) if taken else None,
    }  # fmt: skip


def _recording(recording: Recording) -> dict[str, Any]:
    measures = {name: getattr(recording, name) for name in MEASURES}
    renditions = [{name: getattr(each, name) for name in RENDITION_FIELDS} for each in recording.renditions]
    return {**measures, "renditions": sorted(renditions, key=lambda each: str(each["profile"]))}


def _objects(recording: Recording | None) -> list[tuple[str, str]]:
    if recording is None or recording.state is not RecordingState.TAKEN:
        return []
    sounds = [(f"{each.profile}.{each.key.rpartition('.')[2]}", each.key) for each in recording.renditions]
    return [*sorted(sounds), *([("peaks.bin", recording.peaks_key)] if recording.peaks_key else [])]


def _pictures(sha256: str | None) -> list[tuple[str, str]]:
    return [(f"artwork-{size_px}.jpg", keys.artwork(sha256, size_px, "jpg")) for size_px in artwork.SIZES_PX] if sha256 else []


def _write_object(station: Station, writer: Writer, name: str, key: str) -> None:
    writer.stream(name, iter(station.store.stream(key)))


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
