"""Feeds over HTTP: the addresses that podcast apps keep for ever."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError

from radio import db
from radio.feeds import actions, queries
from radio.feeds.models import StoredFeed
from radio.station import station
from radio.web.access import Access, access
from radio.web.respond import none_match, not_modified

log = logging.getLogger(__name__)

bp = Blueprint("feeds", __name__)

_FEED_AGE = "public, max-age=60"


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
    """One show."""
    return _feed(f"show:{slug}")


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
