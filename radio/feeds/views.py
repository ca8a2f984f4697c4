"""Feeds over HTTP: the addresses that podcast apps keep for ever."""

from __future__ import annotations

import logging
from datetime import datetime

from flask import Blueprint, Response, current_app, redirect, request
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as Answer

from radio import db
from radio.errors import NotFoundError
from radio.feeds import actions, names, queries, served
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Of
from radio.feeds.served import Ready, Served
from radio.station import station
from radio.web.access import Access, access
from radio.web.cors import EVERYBODY, open_to_pages
from radio.web.respond import another, is_another, none_match, not_modified

log = logging.getLogger(__name__)

bp = Blueprint("feeds", __name__)
open_to_pages(bp)


@bp.get("/feed.xml", defaults={"form": "xml", "low": ""})
@bp.get("/feed.<any(json):form>", defaults={"low": ""})
@bp.get("/<any(low):low>/feed.<any(xml,json):form>")
@access(Access.PUBLIC)
def station_feed(form: str, low: str) -> Answer:
    """Everything on the station."""
    return _feed(FeedName(Of.STATION, low=bool(low)), form)


@bp.get("/shows/<slug>/feed.<any(xml,json):form>", defaults={"low": ""})
@bp.get("/shows/<slug>/<any(low):low>/feed.<any(xml,json):form>")
@access(Access.PUBLIC)
def show_feed(slug: str, form: str, low: str) -> Answer:
    """One show. One that has left leads to where it lives now, for good.

    Source: RFC 9110 §15.4.2; Apple, “Change your podcast RSS feed URL”: itunes:new-feed-url, and a 301.
    """
    if address := queries.moved_to(db.session(), slug, now=station().now()):
        response = redirect(address, 301)
        response.headers.update({"Cache-Control": "public, max-age=3600", **EVERYBODY})
        return response
    return _feed(FeedName(Of.SHOW, slug, low=bool(low)), form)


@bp.get("/kinds/<kind>/feed.<any(xml,json):form>")
@access(Access.PUBLIC)
def kind_feed(kind: str, form: str) -> Answer:
    """Everything of one kind: stories, guidance …."""
    return _feed(FeedName(Of.KIND, kind), form)


@bp.get("/tags/<listed>/<code>/feed.<any(xml,json):form>")
@access(Access.PUBLIC)
def tag_feed(listed: str, code: str, form: str) -> Answer:
    """Everything with one tag."""
    return _feed(FeedName(Of.TAG, f"{listed}:{code}"), form)


@bp.get(names.TODAY_PATH)
@access(Access.PUBLIC)
def today() -> Answer:
    """Today's running order, as pointers to episodes; a person is shown the schedule."""
    return _page_for_a_person("/schedule") or answer(names.TODAY)


@bp.get(names.PUBLISHER_PATH)
@access(Access.PUBLIC)
def publisher() -> Answer:
    """Every show, as pointers to feeds; a person is shown the shows."""
    return _page_for_a_person("/shows") or answer(names.PUBLISHER)


@bp.get(names.OPML_PATH)
@access(Access.PUBLIC)
def opml() -> Answer:
    """The station and every show, for the import of an app."""
    return answer(names.OPML)


@bp.get(names.EVERY_PATH)
@access(Access.PUBLIC)
def every() -> Answer:
    """Every feed there is, in groups."""
    return answer(names.EVERY)


def _feed(name: FeedName, form: str) -> Answer:
    """The feed for an app; for a person with a browser the page that says what to do with it."""
    if form == "xml" and (page_instead := _page_for_a_person(name.subscribe_path)):
        return page_instead
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= 1000:
        raise NotFoundError(name.key)
    key = name.at_page(page).key
    found = answer(f"json:{key}" if form == "json" else key)
    if "raw" in request.args and form == "xml" and found.status_code == 200:
        found.content_type = "application/xml; charset=UTF-8"  # browsers style this, and offer the other as a file
    return found


def _page_for_a_person(path: str) -> Answer | None:
    """The way to the page that says the same in words; None: an app asks, or somebody who wants to see what apps see."""
    if not served.for_a_person(request.environ) or "raw" in request.args:
        return None
    response = redirect(path, 303)
    response.headers.update({"Cache-Control": "no-store", "Vary": "Sec-Fetch-Dest"})
    return response


def answer(key: str) -> Response:
    """A stored document: whole, gzipped, or 304."""
    kept = ready(key)
    gzipped = request.accept_encodings.quality("gzip") > 0
    etag = served.etag_of(kept, gzipped=gzipped)
    if is_another(etag):
        return another(etag, **EVERYBODY)
    if none_match(etag):
        response = not_modified(etag)
    else:
        media_type = names.MEDIA_TYPES[names.split(key)[0]]
        response = Response(kept.gzip if gzipped else kept.identity, content_type=media_type)
        response.headers["ETag"] = etag
        if gzipped:
            response.headers["Content-Encoding"] = "gzip"
        request.environ["radio.feed"] = kept
    response.headers.update(served.FOR_APPS)
    if hub := station().settings.websub_hub:  # Source: WebSub §4
        response.headers["Link"] = f'<{hub}>; rel="hub", <{station().url(request.path)}>; rel="self"'
    return response


def ready(key: str) -> Ready:
    """The bytes of a feed: from memory when nothing public has changed, else from its row, else rendered now.

    Raises:
        NotFoundError: there is no such feed or page.
    """
    kept: Served = current_app.extensions["feeds"]
    kept.engine = db.db.engine
    now = station().now()
    found = kept.feeds.get(key)
    with kept.engine.connect() as connection:
        numbers = queries.numbers(connection)
    if found is None or not served.holds(found, numbers, now):
        row = queries.kept(db.session(), station(), key, numbers[0])
        found = Ready.of(row) if row else None
        if found is None or not served.holds(found, numbers, now):
            found = Ready.of(_render(key, now))
        kept.feeds[key] = found
    return found


def _render(key: str, now: datetime) -> StoredFeed:
    """Rendered while nobody waits for us; kept for the next who asks, here or elsewhere, if the database can."""
    found = actions.render(db.session(), station(), key, now=now)
    try:
        with db.committing() as rows:
            actions.keep(rows, station(), found)
    except DBAPIError as error:
        log.warning("feeds: a rendered feed could not be kept: %s", type(error.orig).__name__)
    return found
