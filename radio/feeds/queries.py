"""What feeds and enclosures read. Columns, not objects: a feed of a thousand episodes is one query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Bundle, Session, aliased

from media.profiles import low, standard
from radio.catalogue.models import Change, Episode, Recording, Rendition, Show
from radio.catalogue.queries import agreed
from radio.catalogue.rules import RecordingState, Scope, State
from radio.core.ids import looks_like_id
from radio.errors import NotFoundError, WithdrawnError
from radio.feeds.models import FeedIdentity, StoredFeed
from radio.feeds.rules import Channel, Item, Sound, podcast_guid
from radio.station import Station

STATION_FEED = "station"

_standard, _low = aliased(Rendition), aliased(Rendition)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The bytes behind an enclosure's address."""

    key: str
    sha256: str
    size_bytes: int
    media_type: str


def stored(session: Session, name: str) -> StoredFeed | None:
    """The feed as it was last rendered, however old."""
    return session.get(StoredFeed, name)


def change_number_statement() -> Select[int]:
    """Asks for the catalogue's change number without an object."""
    return select(Change.number).where(Change.name == "catalogue")


def show_of(session: Session, slug: str) -> Show:
    """The show whose feed this is.

    Raises:
        NotFoundError: no such show, or one that has no feed.
    """
    show = session.scalar(select(Show).where(Show.slug == slug))
    if show is None or not show.in_feeds:
        raise NotFoundError(slug)
    return show


def show_channel(show: Show, station: Station) -> Channel:
    """A show as its feed's channel."""
    return Channel(
        guid=show.guid, title=show.title, description=show.description or show.title,
        link=station.url(f"/shows/{show.slug}"), self_url=station.url(f"/shows/{show.slug}/feed.xml"),
        language=show.language, author=show.author or station.settings.station_name, category=show.category,
        explicit=show.explicit, image_url=station.url(artwork_path(show.id, show.artwork_sha256)), changed_at=show.changed_at,
        moved_to=show.moved_to or "",
    )  # fmt: skip


def station_channel(session: Session, station: Station) -> Channel:
    """The whole station as one channel."""
    shows = session.execute(select(Show.explicit, Show.changed_at, Show.category).where(Show.in_feeds)).all()
    settings, self_url = station.settings, station.url("/feed.xml")
    identity = session.get(FeedIdentity, STATION_FEED)
    changed = max((row.changed_at for row in shows), default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    return Channel(
        guid=identity.guid if identity else podcast_guid(self_url), title=settings.station_name,
        description=f"Everything on {settings.station_name}, newest first.", link=station.url("/"), self_url=self_url,
        language=settings.language, author=settings.station_name,
        category=min((row.category for row in shows), default="Health & Fitness > Mental Health"),
        explicit=any(row.explicit for row in shows), image_url=station.url(artwork_path("station", None)), changed_at=changed,
    )  # fmt: skip


def artwork_path(owner_id: str, sha256: str | None, size_px: int = 1400) -> str:
    """The address of a picture; its name changes when the picture does."""
    return f"/artwork/{owner_id}-{(sha256 or 'pattern')[:12]}-{size_px}.jpg"


def items(session: Session, station: Station, show: Show | None) -> Iterator[Item]:
    """Every public episode of the show, or of all shows, as an item; expired ones too (rules leave them out)."""
    statement = (
        select(
            Episode.id, Episode.guid, Episode.feed_guid, Episode.title, Episode.summary, Episode.notes_html, Episode.explicit, Episode.published_at,
            Episode.changed_at, Episode.expires_at, Episode.season_number, Episode.episode_number, Recording.n_samples,
            Show.id.label("show_id"), Show.artwork_sha256, Show.explicit.label("show_explicit"),
            _sound_columns("standard", _standard), _sound_columns("low", _low),
        )
        .join(Show, Show.id == Episode.show_id)
        .join(Recording, Recording.id == Episode.recording_id)
        .join(_standard, (_standard.recording_id == Recording.id) & (_standard.profile == "standard"))
        .outerjoin(_low, (_low.recording_id == Recording.id) & (_low.profile == "low"))
        .where(Episode.state == State.PUBLISHED, Recording.state == RecordingState.TAKEN, Show.in_feeds, agreed(Scope.PODCAST))
    )  # fmt: skip
    if show is not None:
        statement = statement.where(Episode.show_id == show.id)
    return (_item(row, station, own_guid=show is None) for row in session.execute(statement))


def _item(row: Any, station: Station, *, own_guid: bool) -> Item:
    """An earlier host's ids are its own show's alone: two shows may have the same, so other feeds give ours (`own_guid`)."""
    return Item(
        guid=str(row.guid) if own_guid else row.feed_guid or str(row.guid), title=row.title, summary=row.summary, notes_html=row.notes_html,
        link=station.url(f"/episodes/{row.id}"), published_at=row.published_at, changed_at=row.changed_at,
        length_ms=row.n_samples // 48, explicit=row.explicit or row.show_explicit,
        image_url=station.url(artwork_path(row.show_id, row.artwork_sha256)),
        standard=_sound(station.url(f"/audio/{row.id}.mp3"), row.standard),
        low=_sound(station.url(f"/audio/{row.id}.m4a"), row.low) if row.low.size_bytes else None,
        season_number=row.season_number, episode_number=row.episode_number, expires_at=row.expires_at,
    )  # fmt: skip


def _sound_columns(name: str, rendition: Any) -> Bundle[Any]:
    return Bundle(name, rendition.size_bytes, rendition.sha256, rendition.media_type, rendition.code)


def _sound(url: str, rendition: Any) -> Sound:
    kbps = int(rendition.code.rpartition("-")[2])
    return Sound(url, rendition.media_type, rendition.size_bytes, rendition.sha256, kbps * 1000)


def enclosure_or_404(session: Session, episode_id: str, extension: str, *, now: datetime) -> Enclosure:
    """The bytes behind `/audio/<id>.<extension>`.

    Raises:
        WithdrawnError: it was here and has been taken back.
        NotFoundError: there is no such public sound.
    """
    profile = {p.extension: p.name for p in (standard(), low())}.get(extension)
    if profile is None or not looks_like_id(episode_id):
        raise NotFoundError(episode_id)
    found = session.execute(
        select(
            Episode.state, Episode.expires_at, Episode.scopes, Recording.state.label("recording_state"), Rendition.key, Rendition.sha256,
            Rendition.size_bytes, Rendition.media_type,
        )
        .outerjoin(Recording, Recording.id == Episode.recording_id)
        .outerjoin(Rendition, (Rendition.recording_id == Recording.id) & (Rendition.profile == profile))
        .where(Episode.id == episode_id)
    ).one_or_none()  # fmt: skip
    if found is None:
        raise NotFoundError(episode_id)
    if found.state == State.WITHDRAWN:
        raise WithdrawnError(episode_id)
    expired = found.expires_at is not None and found.expires_at <= now
    expired |= Scope.SITE not in found.scopes and Scope.PODCAST not in found.scopes
    if found.state != State.PUBLISHED or expired or found.recording_state != RecordingState.TAKEN or found.key is None:
        raise NotFoundError(episode_id)
    return Enclosure(found.key, found.sha256, found.size_bytes, found.media_type)


def moved_statement() -> Select[str, str | None, datetime | None]:
    """Asks which shows have left: slug, where to, and from when our address leads there."""
    return select(Show.slug, Show.moved_to, Show.redirects_from).where(Show.moved_to.is_not(None), Show.in_feeds)
