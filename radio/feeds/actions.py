"""Renders feeds, reading only, and keeps them as they are served."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from radio.feeds import queries, rules, tombstones, xml
from radio.feeds.models import FeedIdentity, StoredFeed
from radio.station import Station


def render(session: Session, station: Station, name: str, *, now: datetime) -> StoredFeed:
    """Render the feed `name` from what is public now. It is in no session yet: `keep` writes it.

    Raises:
        NotFoundError: the name is of no show that has a feed.
    """
    number = session.scalar(queries.change_number_statement()) or 0
    show = None if name == queries.STATION_FEED else queries.show_of(session, name.removeprefix("show:"))
    channel = queries.station_channel(session, station) if show is None else queries.show_channel(show, station)
    found = chain(queries.items(session, station, show), tombstones.items(session, station, show, now=now))
    shown = rules.items(found, now)
    identity = xml.write(channel, shown)
    return StoredFeed(
        name=name, change_number=number, valid_until=rules.valid_until(shown),
        etag=hashlib.sha256(identity).hexdigest()[:32], identity=identity, gzip=gzip.compress(identity, 5, mtime=0),
    )  # fmt: skip


def keep(session: Session, station: Station, feed: StoredFeed) -> None:
    """Write down a feed that was rendered, and the station's identity in the directories at its first."""
    if feed.name == queries.STATION_FEED and session.get(FeedIdentity, queries.STATION_FEED) is None:
        session.add(FeedIdentity(name=queries.STATION_FEED, guid=rules.podcast_guid(station.url("/feed.xml"))))
    session.merge(feed)
