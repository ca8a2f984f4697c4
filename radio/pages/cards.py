"""What a link to us looks like elsewhere: the words and the picture of its preview, and what machines may know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response
from flask_babel import gettext as _

from media import artwork, cards, keys
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import episode_or_404
from radio.core.ids import looks_like_id
from radio.db import session
from radio.pages import queries, sharing
from radio.pages.pictures import THE_STATION
from radio.station import station
from radio.web.access import Access, access
from radio.web.respond import SOON_GONE_S, none_match, not_modified, strong_etag

bp = Blueprint("cards", __name__)

_KEPT = f"public, max-age={SOON_GONE_S}"
_SQUARE_PX = 600


@dataclass(frozen=True, slots=True)
class Card:
    """A preview of a link: what may be read and seen by whoever looks over a shoulder."""

    title: str
    text: str
    address: str
    owner: str
    """Whose picture: the id of an episode or show, or the station."""
    drawn: tuple[str, str]
    """The words in the picture: large, small."""
    square: tuple[str, str | None]
    """The picture in the picture: whose, and the fingerprint of its artwork; None: the pattern."""

    @property
    def picture(self) -> str:
        """The address of the picture; it changes when the picture does, because other sites keep what they have fetched."""
        seen = hashlib.sha256("\0".join(map(str, (*self.drawn, *self.square))).encode()).hexdigest()[:8]
        return station().url(f"/cards/{self.owner}.jpg?v={seen}")


def episode_card(episode: Episode) -> Card:
    """The preview of an episode; of somebody's own life it says only that there is a programme."""
    name, address = station().settings.station_name, station().url(f"/episodes/{episode.id}")
    if sharing.is_discreet(episode.kind, episode.detail, episode.intensity):
        text = _("A programme on %(name)s.", name=name)
        return Card(_("Programme"), text, address, episode.id, (name, ""), (THE_STATION, None))
    under = f"{episode.show.title} · {name}"
    own = (episode.id, episode.artwork_sha256)
    square = own if episode.artwork_sha256 else (episode.show_id, episode.show.artwork_sha256)
    return Card(episode.title, episode.summary[:200], address, episode.id, (episode.title, under), square)


def show_card(show: Show) -> Card:
    """The preview of a show."""
    name, address = station().settings.station_name, station().url(f"/shows/{show.slug}")
    text = show.description[:200] or _("A show on %(name)s.", name=name)
    return Card(show.title, text, address, show.id, (show.title, name), (show.id, show.artwork_sha256))


def show_facts(show: Show) -> sharing.ShowFacts:
    """A show for machines."""
    here = station()
    name = f"{show.artwork_sha256[:12]}-1400" if show.artwork_sha256 else "pattern-1400"
    return sharing.ShowFacts(
        title=show.title, description=show.description or show.title, address=here.url(f"/shows/{show.slug}"),
        feed=here.url(f"/shows/{show.slug}/feed.xml"), picture=here.url(f"/artwork/{show.id}-{name}.jpg"),
        language=show.language, author=show.author or here.settings.station_name,
    )  # fmt: skip


def linked(episode: Episode) -> sharing.Linked | None:
    """An episode for machines; None: its teller has not said that it may leave, or there is no sound yet."""
    sound = episode.recording.rendition("standard") if episode.recording else None
    if not sharing.may_be_listed(episode.scopes) or sound is None or episode.recording is None or episode.published_at is None:
        return None
    facts = sharing.EpisodeFacts(
        title=episode.title, summary=episode.summary, address=station().url(f"/episodes/{episode.id}"),
        language=episode.language, published_at=episode.published_at, length_ms=episode.recording.length_ms,
        sound=station().url(f"/audio/{episode.id}.mp3"), media_type=sound.media_type,
        size_bytes=queries.download_bytes(session(), episode),
        season_number=episode.season_number, episode_number=episode.episode_number,
        season_name=(episode.show.seasons or {}).get(str(episode.season_number), ""),
        picture=station().url(f"/artwork/{episode.id}-{episode.artwork_sha256[:12]}-1400.jpg") if episode.artwork_sha256 else "",
    )  # fmt: skip
    return sharing.linked_episode(facts, show_facts(episode.show))


@bp.get("/cards/<owner>.jpg")
@access(Access.PUBLIC)
def picture(owner: str) -> Response:
    """The picture of a preview, 1200 by 630."""
    card = _card_of(owner)
    whose, sha256 = card.square
    session().rollback()  # no connection is held while the store is read
    content = _drawn(whose, sha256, card.drawn)
    etag = strong_etag(content)
    if none_match(etag):
        return not_modified(etag, Cache_Control=_KEPT)
    response = Response(content, mimetype="image/jpeg")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = _KEPT
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _card_of(owner: str) -> Card:
    """Whose card it is.

    Raises:
        WithdrawnError: of an episode that was taken back.
        NotFoundError: of nothing public.
    """
    if owner == THE_STATION:
        name = station().settings.station_name
        return Card(name, "", station().url("/"), THE_STATION, (name, ""), (THE_STATION, None))
    show = session().get(Show, owner) if looks_like_id(owner) else None
    if show is not None and show.in_feeds:
        return show_card(show)
    return episode_card(episode_or_404(session(), owner, now=station().now()))


@lru_cache(maxsize=64)
def _drawn(whose: str, sha256: str | None, words: tuple[str, str]) -> bytes:
    if sha256 is None:
        square = artwork.pattern(whose, _SQUARE_PX)
    else:
        square = b"".join(station().store.stream(keys.artwork(sha256, _SQUARE_PX, "jpg")))
    return cards.card(square, *words)
