"""The pictures of shows. An address names what it shows, so it never changes and is kept for ever."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, Response

from media import artwork, keys
from radio.catalogue.models import Show
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


@bp.get("/artwork/<owner>-<name>-<int:size_px>.jpg")
@access(Access.PUBLIC)
def picture(owner: str, name: str, size_px: int) -> Response:
    """The picture of a show, or the pattern that is drawn from its id (`pattern`)."""
    content = _pattern(owner, size_px) if name == "pattern" else _artwork(owner, name, size_px)
    etag = strong_etag(content)
    if none_match(etag):
        return not_modified(etag, Cache_Control=_FOR_EVER)
    response = Response(content, mimetype="image/jpeg")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = _FOR_EVER
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


def _artwork(owner: str, name: str, size_px: int) -> bytes:
    """From the store; podcast apps fetch it once, and caches keep it."""
    sha256 = _show(owner).artwork_sha256
    if sha256 is None or sha256[:12] != name or size_px not in artwork.SIZES_PX:
        raise NotFoundError(owner)
    session().rollback()  # no connection is held while the store is read
    return b"".join(station().store.stream(keys.artwork(sha256, size_px, "jpg")))


def _show(owner: str) -> Show:
    found = session().get(Show, owner) if looks_like_id(owner) else None
    if found is None:
        raise NotFoundError(owner)
    return found
