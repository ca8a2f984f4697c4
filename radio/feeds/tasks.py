"""Feeds are rendered when something changes, and hubs are told which did, so that apps need not ask."""

from __future__ import annotations

import logging
import re
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import select, update

from radio.catalogue.models import Show
from radio.catalogue.queries import shows
from radio.db import session
from radio.errors import NotFoundError
from radio.feeds import actions, names, queries
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Form, Of
from radio.feeds.served import holds
from radio.jobs.registry import periodic
from radio.jobs.work import Work
from radio.settings import Settings
from radio.station import station

log = logging.getLogger(__name__)
_PATIENCE_S = 10
_BEGUN = re.compile(rb'<podcast:liveItem status="live" start="([^"]+)"')
_JUST_NOW = timedelta(minutes=3)
"""Long enough for the next round, and one after it when a hub did not hear."""


@periodic(every=timedelta(minutes=1), kind="announce")
def announce(work: Work) -> None:
    """Render every feed that has grown old, and tell the hubs of those whose bytes are others than they were told of."""
    main = [names.STATION.key, *(FeedName(Of.SHOW, show.slug).key for show in shows(session()))]
    asked = session().scalars(select(StoredFeed.name)).all()
    for key in dict.fromkeys([*main, *asked]):
        _renew(work, key)
    if station().settings.websub_hub or station().settings.podping_url:
        _tell(work)


def _renew(work: Work, key: str) -> None:
    work.progress(0, "rendering")
    dates, now = queries.dates(session(), station(), key), station().now()
    if dates is not None and holds(dates, queries.numbers(session().connection()), now):
        return
    try:
        found = actions.render(session(), station(), key, now=now)
    except NotFoundError:
        with work.writing() as rows:
            actions.forget(rows, key)
        return
    with work.writing() as rows:
        actions.keep(rows, station(), found)


def _tell(work: Work) -> None:
    """Of a feed as a whole: its first page. What could not be told is told the next time."""
    query = select(StoredFeed.name, StoredFeed.etag, StoredFeed.identity).where(StoredFeed.etag != StoredFeed.announced_etag)
    for key, etag, content in session().execute(query.order_by(StoredFeed.name)).all():
        work.progress(0.5, "telling")
        path = _path(key)
        if path is None or _told(station().settings, station().url(path), _medium(key), _reason(content, station().now())):
            with work.writing() as rows:
                rows.execute(update(StoredFeed).where(StoredFeed.name == key).values(announced_etag=etag))


def _path(key: str) -> str | None:
    form, base = names.split(key)
    return None if form is Form.OPML or "/" in base else names.address(key)


def _medium(key: str) -> str:
    """What directories are told it is; empty: they are not told, because it asks them to pass by. Source: podping, `medium`."""
    form, base = names.split(key)
    if form is not Form.RSS or base == names.TODAY:
        return ""
    if base == names.PUBLISHER:
        return "publisher"
    name = names.named(base)
    blocked = session().scalar(select(Show.blocked).where(Show.slug == name.which)) if name.of is Of.SHOW else False
    return "" if blocked or not name.listed else "podcast"


def _reason(content: bytes, now: datetime) -> str:
    """Why directories are told: a programme that began just now is worth more haste than a new text. Source: podping, `reason`."""
    begun = _BEGUN.search(content)
    return "live" if begun and now - datetime.fromisoformat(begun[1].decode()) < _JUST_NOW else "update"


def _told(settings: Settings, feed_url: str, medium: str, reason: str) -> bool:
    """Whether everybody who is to be told has heard it. Source: WebSub §7; PubSubHubbub 0.4 §7; podping."""
    asked = []
    if settings.websub_hub:
        body = urlencode({"hub.mode": "publish", "hub.url": feed_url, "hub.topic": feed_url}).encode()
        asked.append(urllib.request.Request(settings.websub_hub, data=body, method="POST"))  # noqa: S310 - the operator's own
    if settings.podping_url and medium:
        query = urlencode({"url": feed_url, "reason": reason, "medium": medium})
        mark = "&" if "?" in settings.podping_url else "?"
        headers = {"Authorization": settings.podping_token} if settings.podping_token else {}
        asked.append(urllib.request.Request(f"{settings.podping_url}{mark}{query}", headers=headers))  # noqa: S310 - as above
    return [_heard(one) for one in asked].count(False) == 0  # everybody is told, also after one did not hear


def _heard(asked: urllib.request.Request) -> bool:
    asked.add_header("User-Agent", "PeerRadio")
    try:
        with urllib.request.urlopen(asked, timeout=_PATIENCE_S) as answer:  # noqa: S310 - the operator's own address
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, OSError) as error:
        log.warning("feeds: a hub was not told: %s", type(error).__name__)
        return False
