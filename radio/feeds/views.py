"""Feeds and enclosures over HTTP: the addresses that podcast apps keep for ever."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app, redirect, request
from sqlalchemy.exc import DBAPIError

from media.ranges import if_range_matches
from media.types import ByteRange
from radio import db
from radio.feeds import actions, queries
from radio.feeds.models import StoredFeed
from radio.station import station
from radio.web.access import Access, access
from radio.web.respond import none_match, not_modified, object_response

log = logging.getLogger(__name__)

bp = Blueprint("feeds", __name__)

_FEED_AGE = "public, max-age=60"
_SOUND_AGE = "public, max-age=60"
"""Short: what is taken back must be gone from every cache within a minute."""
_SIGNED_SECONDS = 6 * 3600
"""A paused listener goes on at the signed address."""
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Ready:
    change_number: int
    valid_until: datetime | None
    etag: str
    identity: bytes
    gzip: bytes


@bp.get("/feed.xml")
@access(Access.PUBLIC)
def station_feed() -> Response:
    """Everything on the station."""
    return _feed(queries.STATION_FEED)


@bp.get("/shows/<slug>/feed.xml")
@access(Access.PUBLIC)
def show_feed(slug: str) -> Response:
    """One show. One that has left leads to where it lives now, for good.

    Source: RFC 9110 §15.4.2; Apple, “Change your podcast RSS feed URL”: 301, and itunes:new-feed-url before it.
    """
    if address := _moved_to(slug):
        response = redirect(address, 301)
        response.headers.update({"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"})
        return response  # type: ignore[return-value]
    return _feed(f"show:{slug}")


def _moved_to(slug: str) -> str:
    """Where the show's feed lives if our address leads there already; from memory as long as nothing public changes."""
    with db.db.engine.connect() as connection:
        number = connection.scalar(queries.change_number_statement()) or 0
        known: tuple[int, dict[str, tuple[str, datetime]]] | None = current_app.extensions.get("moved")
        if known is None or known[0] != number:
            rows = connection.execute(queries.moved_statement()).all()
            known = number, {row.slug: (row.moved_to, row.redirects_from) for row in rows}
            current_app.extensions["moved"] = known
    address, since = known[1].get(slug, ("", None))
    return address if since is not None and since <= station().now() else ""


def _feed(name: str) -> Response:
    ready = _ready(name)
    gzipped = request.accept_encodings.quality("gzip") > 0
    etag = f'"{ready.etag}-gzip"' if gzipped else f'"{ready.etag}"'
    headers = {"Cache-Control": _FEED_AGE, "Vary": "Accept-Encoding", "Access-Control-Allow-Origin": "*"}
    if none_match(etag):
        response = not_modified(etag)
    else:
        response = Response(ready.gzip if gzipped else ready.identity, content_type="application/rss+xml; charset=UTF-8")
        response.headers["ETag"] = etag
        if gzipped:
            response.headers["Content-Encoding"] = "gzip"
    response.headers.update(headers)
    return response


def _ready(name: str) -> _Ready:
    """The bytes of a feed: from memory when nothing public has changed, else from its row, else rendered now."""
    kept: dict[str, _Ready] = current_app.extensions.setdefault("feeds", {})
    now = station().now()
    with db.db.engine.connect() as connection:
        number = connection.scalar(queries.change_number_statement()) or 0
    ready = kept.get(name)
    if ready is None or not _holds(ready, number, now):
        found = queries.stored(db.session(), name)
        if found is None or not _holds(found, number, now):
            found = _render(name, now)
        ready = _Ready(found.change_number, found.valid_until, found.etag, found.identity, found.gzip)
        kept[name] = ready
    return ready


def _holds(feed: _Ready | StoredFeed, number: int, now: datetime) -> bool:
    return feed.change_number == number and (feed.valid_until is None or now < feed.valid_until)


def _render(name: str, now: datetime) -> StoredFeed:
    """Rendered while nobody waits for us; kept for the next who asks, here or elsewhere, if the database can."""
    found = actions.render(db.session(), station(), name, now=now)
    try:
        with db.committing() as rows:
            actions.keep(rows, station(), found)
    except DBAPIError as error:
        log.warning("feeds: a rendered feed could not be kept: %s", type(error.orig).__name__)
    return found


@bp.get("/audio/<episode_id>.<any(mp3,m4a):extension>")
@access(Access.PUBLIC)
def enclosure(episode_id: str, extension: str) -> Response:
    """The sound of an episode: standard as .mp3, low as .m4a."""
    here = station()
    found = queries.enclosure_or_404(db.session(), episode_id, extension, now=here.now())
    db.db.session.remove()  # the connection is not held while sound flows
    etag = f'"{found.sha256[:32]}"'
    if _may_redirect(etag):
        response = redirect(here.store.sign_get(found.key, _SIGNED_SECONDS), 302)
        response.headers["Cache-Control"] = "no-store"
        return response  # type: ignore[return-value]

    def read(wanted: ByteRange) -> Iterator[bytes]:
        return here.store.stream(found.key, wanted, _CHUNK_BYTES)

    response = object_response(found.size_bytes, etag, found.media_type, read)
    response.headers["Cache-Control"] = _SOUND_AGE
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _may_redirect(etag: str) -> bool:
    """Whether the store may answer this itself: not HEAD, not a conditional request, not a range only we judge."""
    if not station().settings.s3_public_endpoint or request.method == "HEAD" or none_match(etag):
        return False
    return "Range" not in request.headers or (
        "If-Range" not in request.headers or if_range_matches(request.headers.get("If-Range"), etag)
    )
