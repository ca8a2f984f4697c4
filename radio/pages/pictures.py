"""The pictures of shows and episodes. An address names what it shows, so it never changes.

A show's is kept for ever; an episode's only for minutes: it may be taken back.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, Response

from media import artwork, keys
from radio.catalogue.models import Show
from radio.catalogue.queries import episode_or_404
from radio.core.ids import looks_like_id
from radio.db import session
from radio.errors import NotFoundError
from radio.station import station
from radio.web.access import Access, access
from radio.web.respond import none_match, not_modified, strong_etag

bp = Blueprint("pictures", __name__)

PATTERN_SIZES_PX = (1400, 600, 200)
THE_STATION = "station"
"""Whose pattern stands for the whole station, as the feed of everything names it."""
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_MINUTES = "public, max-age=300"


@bp.get("/artwork/<owner>-<name>-<int:size_px>.jpg")
@access(Access.PUBLIC)
def picture(owner: str, name: str, size_px: int) -> Response:
    """The picture of a show or an episode, or the pattern that is drawn from a show's id (`pattern`)."""
    if name == "pattern":
        content, kept = _pattern(owner, size_px), _FOR_EVER
    else:
        content, kept = _artwork(owner, name, size_px)
    etag = strong_etag(content)
    if none_match(etag):
        return not_modified(etag, Cache_Control=kept)
    response = Response(content, mimetype="image/jpeg")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = kept
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _pattern(owner: str, size_px: int) -> bytes:
    if size_px not in PATTERN_SIZES_PX or not (owner == THE_STATION or _show(owner)):
        raise NotFoundError(owner)
    return _drawn(owner, size_px)


@lru_cache(maxsize=64)
def _drawn(owner: str, size_px: int) -> bytes:
    return artwork.pattern(owner, size_px)


def _artwork(owner: str, name: str, size_px: int) -> tuple[bytes, str]:
    """From the store, and how long it is kept: podcast apps fetch a show's once.

    Raises:
        WithdrawnError: of an episode that was taken back.
        NotFoundError: there is none, or none that is public.
    """
    show = session().get(Show, owner) if looks_like_id(owner) else None
    found, kept = (show, _FOR_EVER) if show else (episode_or_404(session(), owner, now=station().now()), _FOR_MINUTES)
    sha256 = found.artwork_sha256
    if sha256 is None or sha256[:12] != name or size_px not in artwork.SIZES_PX:
        raise NotFoundError(owner)
    session().rollback()  # no connection is held while the store is read
    return b"".join(station().store.stream(keys.artwork(sha256, size_px, "jpg"))), kept


def _show(owner: str) -> Show:
    found = session().get(Show, owner) if looks_like_id(owner) else None
    if found is None:
        raise NotFoundError(owner)
    return found
