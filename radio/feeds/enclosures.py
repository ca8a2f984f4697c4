"""What `/audio/<id>.*` serves: an episode's head and sound, or the clip that stands in its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from media.errors import StoreUnavailableError
from media.profiles import low, standard
from media.store import ObjectStore
from media.types import ByteRange
from radio.catalogue.models import Enclosure, Episode, Recording, Rendition
from radio.catalogue.rules import RecordingState, Scope, State
from radio.core.ids import looks_like_id
from radio.editorial.models import FeedItem
from radio.errors import NotFoundError, WithdrawnError
from radio.feeds import tombstones

STANDARD, LOW = aliased(Enclosure), aliased(Enclosure)
_PROFILES = {profile.extension: profile.name for profile in (standard(), low())}
_CHUNK_BYTES = 256 * 1024
WAIT_S = 8.0
"""How long a download may wait for the store before it is answered with 503: podcast apps give up within half a minute."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of an answer: `span` of the object under `key`, or of `content`."""

    span: ByteRange
    key: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Served:
    """The bytes behind an enclosure's address: its parts, one after the other."""

    parts: tuple[Part, ...]
    name: str
    """Changes when a byte does: the entity tag, without quotes."""
    media_type: str
    one_key: str | None = None
    """The object that is all of it, where there is one."""
    sound_bytes: int = 0
    """Without the head; 0: it is a clip, which is not counted."""
    tick_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        """Of all parts."""
        return sum(part.span.size_bytes for part in self.parts)

    def read(self, store: ObjectStore, wanted: ByteRange) -> Iterator[bytes]:
        """The bytes of `wanted`, from as many objects as it takes.

        A missing object is told at the call, before the first byte is asked for.

        Raises:
            StoreUnavailableError: the store did not begin to give them within `WAIT_S`.
        """
        opening: Future[list[Iterator[bytes]]] = Future()
        threading.Thread(target=self._open, args=(store, wanted, opening), daemon=True).start()  # a greenlet under gevent
        try:
            open_ = opening.result(WAIT_S)
        except TimeoutError:
            raise StoreUnavailableError(f"{self.name}: not there in time") from None
        return (chunk for each in open_ for chunk in each)

    def _open(self, store: ObjectStore, wanted: ByteRange, opening: Future[list[Iterator[bytes]]]) -> None:
        try:
            opening.set_result([_bytes_of(store, part, span) for part, span in self._cut(wanted)])
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            opening.set_exception(error)

    def _cut(self, wanted: ByteRange) -> Iterator[tuple[Part, ByteRange]]:
        at = 0
        for part in self.parts:
            start, stop = max(wanted.start, at), min(wanted.stop, at + part.span.size_bytes)
            if start < stop:
                yield part, ByteRange(part.span.start + start - at, part.span.start + stop - at)
            at += part.span.size_bytes


def _bytes_of(store: ObjectStore, part: Part, span: ByteRange) -> Iterator[bytes]:
    return store.stream(part.key, span, _CHUNK_BYTES) if part.key else iter((part.content[span.start : span.stop],))


def holds(rendition: Any, enclosure: Any) -> ColumnElement[bool]:
    """The condition that joins the enclosure made of a rendition to it (an outer join: there may be none yet)."""
    return and_(
        enclosure.episode_id == Episode.id,
        enclosure.profile == rendition.profile,
        enclosure.rendition_sha256 == rendition.sha256,
    )


def offered(rendition: Any, enclosure: Any, name: str) -> tuple[ColumnElement[Any], ...]:
    """Length and hash of what is served, as columns `<name>_size_bytes` and `<name>_sha256`."""
    return tuple(
        func.coalesce(getattr(enclosure, column), getattr(rendition, column)).label(f"{name}_{column}")
        for column in ("size_bytes", "sha256")
    )


def served_or_404(session: Session, episode_id: str, extension: str, *, now: datetime, on_our_page: bool = False) -> Served:
    """The bytes behind `/audio/<id>.<extension>`. `on_our_page`: what apps may not have any more is heard there all the same.

    Raises:
        WithdrawnError: it was here and has been taken back, and no app can know it, or its clip has stood for a year.
        NotFoundError: there is no such public sound.
    """
    profile = _PROFILES.get(extension)
    if profile is None or not looks_like_id(episode_id):
        raise NotFoundError(episode_id)
    found = session.execute(
        select(
            *tombstones.STANDING, Episode.published_at, Episode.scopes, Recording.state.label("recording_state"), Rendition.key, Rendition.sha256, Rendition.size_bytes,
            Rendition.header_bytes, Rendition.tick_bytes, Rendition.media_type, STANDARD.head_key, STANDARD.head_bytes, STANDARD.whole_key,
            STANDARD.sha256.label("offered_sha256"),
        )
        .outerjoin(Recording, Recording.id == Episode.recording_id)
        .outerjoin(Rendition, (Rendition.recording_id == Recording.id) & (Rendition.profile == profile))
        .outerjoin(STANDARD, holds(Rendition, STANDARD))
        .outerjoin(FeedItem, FeedItem.episode_id == Episode.id)
        .where(Episode.id == episode_id)
    ).one_or_none()  # fmt: skip
    if found is None:
        raise NotFoundError(episode_id)
    standing = tombstones.Standing.of(found)
    if on_our_page and Scope.SITE in found.scopes:
        standing = replace(standing, unshared_at=None)
    if why := standing.clip(now):
        return _clip(why, profile)
    if found.state == State.WITHDRAWN or standing.is_over(now):
        raise WithdrawnError(episode_id)
    if not _is_public(found, now):
        raise NotFoundError(episode_id)
    return _sound(found)


def _is_public(found: Any, now: datetime) -> bool:
    agreed = Scope.SITE in found.scopes or Scope.PODCAST in found.scopes
    begun = found.published_at is not None and found.published_at <= now
    expired = found.expires_at is not None and found.expires_at <= now
    taken = found.recording_state == RecordingState.TAKEN and found.key is not None
    return found.state == State.PUBLISHED and agreed and taken and begun and not expired


def _sound(found: Any) -> Served:
    sound_bytes = found.size_bytes - found.header_bytes
    if found.head_key is None:
        whole = Part(ByteRange(0, found.size_bytes), key=found.key)
        return Served((whole,), found.sha256[:32], found.media_type, found.key, sound_bytes, found.tick_bytes)
    head = Part(ByteRange(0, found.head_bytes), key=found.head_key)
    body = Part(ByteRange(found.header_bytes, found.size_bytes), key=found.key)
    return Served((head, body), found.offered_sha256[:32], found.media_type, found.whole_key, sound_bytes, found.tick_bytes)


def _clip(why: tombstones.Why, profile: str) -> Served:
    clip = tombstones.clip(why, profile)
    part = Part(ByteRange(0, len(clip.content)), content=clip.content)
    return Served((part,), clip.sha256[:32], clip.media_type)
