"""Makes the public head of every enclosure whose facts have changed. The sound itself is never written again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from media import artwork, keys, tags
from media.profiles import low, standard
from media.store import ObjectStore
from media.tags import Chapter, PublicTags
from media.types import ByteRange
from radio.catalogue.models import Enclosure, Episode, Recording, Rendition, Show
from radio.catalogue.rules import RecordingState, State
from radio.catalogue.terms import UnknownTermError, vocabulary
from radio.core.text import plain
from radio.station import Station

_FORM = 1
"""Grows when the same facts shall give another head."""
_COVER_FROM_PX = 600
_EXTENSIONS = {profile.name: profile.extension for profile in (standard(), low())}


class DamagedSoundError(Exception):
    """The bytes in the store are others than were put there; they must not be proved as if they were right."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One enclosure as it should be: its facts, the picture that goes in, and the rendition that it is made for."""

    episode_id: str
    profile: str
    tags: PublicTags
    show_id: str
    artwork_sha256: str | None
    key: str
    sha256: str
    size_bytes: int
    header_bytes: int
    media_type: str

    @property
    def facts_sha256(self) -> str:
        """Changes when the head would."""
        facts = (_FORM, asdict(self.tags), self.artwork_sha256 or self.show_id, self.sha256, self.header_bytes)
        return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Made:
    """A head that lies in the store, and what it makes of the whole."""

    head_key: str
    head_bytes: int
    whole_key: str | None
    sha256: str
    size_bytes: int


def stale(session: Session, station: Station) -> list[Wanted]:
    """The enclosures of public episodes that have no head, or one that says what no longer holds."""
    columns = (Enclosure.episode_id, Enclosure.profile, Enclosure.facts_sha256, Enclosure.whole_key)
    there = {
        (row.episode_id, row.profile): row.facts_sha256
        for row in session.execute(select(*columns))
        if row.whole_key or not station.settings.s3_public_endpoint  # the store answers listeners since this was made
    }
    return [each for each in _wanted(session, station) if there.get((each.episode_id, each.profile)) != each.facts_sha256]


def _wanted(session: Session, station: Station) -> Iterator[Wanted]:
    statement = (
        select(
            Episode.id, Episode.title, Episode.published_at, Episode.content_notes, Episode.chapters, Episode.own_license, Show.license, Show.license_url,
            (Episode.synthetic | Show.synthetic).label("synthetic"), Show.id.label("show_id"), Show.title.label("show"),
            Show.author, func.coalesce(Episode.artwork_sha256, Show.artwork_sha256).label("artwork_sha256"), Recording.n_samples, Rendition.profile, Rendition.key, Rendition.sha256,
            Rendition.size_bytes, Rendition.header_bytes, Rendition.media_type,
        )
        .join(Show, Show.id == Episode.show_id)
        .join(Recording, Recording.id == Episode.recording_id)
        .join(Rendition, Rendition.recording_id == Recording.id)
        .where(Episode.state == State.PUBLISHED, Recording.state == RecordingState.TAKEN, Show.in_feeds)
        .order_by(Episode.published_at.desc(), Episode.id, Rendition.profile.desc())
    )  # fmt: skip
    for row in session.execute(statement):
        yield Wanted(
            row.id, row.profile, _tags(row, station), row.show_id, row.artwork_sha256, row.key, row.sha256, row.size_bytes,
            row.header_bytes, row.media_type,
        )  # fmt: skip


def _tags(row: Any, station: Station) -> PublicTags:
    length_ms = row.n_samples // 48
    licence = row.own_license or {"name": row.license, "url": row.license_url}
    return PublicTags(
        title=plain(row.title) or "Untitled", show=row.show, author=row.author or station.settings.station_name,
        page_url=station.url(f"/episodes/{row.id}"), released=row.published_at.date(), length_ms=length_ms,
        licence=licence["name"], licence_url=licence.get("url", ""), synthetic=bool(row.synthetic),
        chapters=chapters(row.chapters, row.content_notes, length_ms),
    )  # fmt: skip


def chapters(
    named: list[dict[str, object]] | None, content_notes: list[dict[str, object]] | None, length_ms: int
) -> tuple[Chapter, ...]:
    """The chapters that its makers named; without any, the spans of the content notes and what lies between them."""
    begins = sorted((int(str(one["start_ms"])), str(one["title"])) for one in named or ())
    stops = [*(start for start, _ in begins), length_ms][1:]
    found = tuple(Chapter(start, stop, title) for (start, title), stop in zip(begins, stops, strict=True) if start < stop)
    return found or _noted(content_notes, length_ms)


def _noted(content_notes: list[dict[str, object]] | None, length_ms: int) -> tuple[Chapter, ...]:
    marked: list[tuple[int, int, str]] = []
    for note in content_notes or ():
        start, stop = note.get("from_ms"), note.get("to_ms")
        if isinstance(start, int) and isinstance(stop, int) and start < length_ms:
            marked.append((start, min(stop, length_ms), _label(str(note.get("code")))))
    found: list[Chapter] = []
    at = 0
    for start, stop, label in sorted(marked):
        if stop <= at:
            continue
        if start > at:
            found.append(Chapter(at, start, "Goes on" if found else "Start"))
        found.append(Chapter(max(start, at), stop, label))
        at = stop
    if found and at < length_ms:
        found.append(Chapter(at, length_ms, "Goes on"))
    return tuple(found)


def _label(code: str) -> str:
    try:
        return f"Content note: {vocabulary().term('note', code).label}"
    except UnknownTermError:
        return "Content note"


def make(wanted: Wanted, station: Station) -> Made:
    """Put the head into the store, and the whole too where the store itself answers listeners.

    Raises:
        ObjectMissingError: the sound or the picture is not in the store.
        DamagedSoundError: what lies there is not the sound that was made.
    """
    store, extension = station.store, _EXTENSIONS[wanted.profile]
    facts = replace(wanted.tags, cover=_cover(store, wanted.show_id, wanted.artwork_sha256))
    header = store.read(wanted.key, ByteRange(0, wanted.header_bytes)) if wanted.header_bytes else b""
    head = tags.mp4_head(facts, header) if header else tags.mp3_head(facts)
    sound, sha256, body = hashlib.sha256(header), hashlib.sha256(head), ByteRange(wanted.header_bytes, wanted.size_bytes)
    for chunk in store.stream(wanted.key, body):
        sound.update(chunk)
        sha256.update(chunk)
    if sound.hexdigest() != wanted.sha256:
        raise DamagedSoundError(wanted.key)
    head_key = keys.public(wanted.episode_id, hashlib.sha256(head).hexdigest(), f"{extension}head")
    store.put_bytes(head_key, head, "application/octet-stream")
    size_bytes = len(head) + body.size_bytes
    whole_key = _whole(wanted, head, sha256.hexdigest(), store) if station.settings.s3_public_endpoint else None
    return Made(head_key, len(head), whole_key, sha256.hexdigest(), size_bytes)


def _whole(wanted: Wanted, head: bytes, sha256: str, store: ObjectStore) -> str:
    """One object for a store that answers listeners itself: it cannot put two together."""
    key = keys.public(wanted.episode_id, sha256, _EXTENSIONS[wanted.profile])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "whole"
        with path.open("wb") as file:
            file.write(head)
            for chunk in store.stream(wanted.key, ByteRange(wanted.header_bytes, wanted.size_bytes)):
                file.write(chunk)
        store.put_file(key, path, wanted.media_type)
    return key


def _cover(store: ObjectStore, show_id: str, artwork_sha256: str | None) -> bytes:
    if artwork_sha256 is None:
        return _pattern(show_id)
    return artwork.cover(store.read(keys.artwork(artwork_sha256, _COVER_FROM_PX, "jpg")))


@cache
def _pattern(show_id: str) -> bytes:
    return artwork.cover(artwork.pattern(show_id, _COVER_FROM_PX))


def keep(session: Session, found: Mapping[Wanted, Made], *, now: datetime) -> list[str]:
    """Let the address serve these from this transaction's commit on, and the feeds tell their length.

    Gives the ids of episodes that are not public any more: what was made for them must be erased.
    """
    gone = []
    for wanted, made in found.items():
        state = session.scalar(select(Episode.state).where(Episode.id == wanted.episode_id).with_for_update())
        if state != State.PUBLISHED:
            gone.append(wanted.episode_id)
            continue
        session.merge(
            Enclosure(
                episode_id=wanted.episode_id, profile=wanted.profile, facts_sha256=wanted.facts_sha256,
                rendition_sha256=wanted.sha256, since=now, **asdict(made),
            )
        )  # fmt: skip
    return gone


def outdated_keys(session: Session, store: ObjectStore, episode_id: str) -> list[str]:
    """What lies in the store for an episode's address and is served no more."""
    rows = session.execute(select(Enclosure.head_key, Enclosure.whole_key).where(Enclosure.episode_id == episode_id))
    served = {key for row in rows for key in row}
    return [each.key for each in store.list(keys.public_prefix(episode_id)) if each.key not in served]
