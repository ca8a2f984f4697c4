"""Renders feeds, reading only, and keeps them as they are served."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from radio.errors import NotFoundError
from radio.feeds import channels, jsonfeed, lists, names, queries, rules, tombstones, xml
from radio.feeds.models import FeedIdentity, StoredFeed
from radio.feeds.names import FeedName, Form, Of
from radio.feeds.rules import Channel, Item
from radio.feeds.writer import made_by
from radio.station import Station


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document before it is stored: its bytes, how long they hold by themselves, and what was left out."""

    content: bytes
    valid_until: datetime | None = None
    left_out: tuple[tuple[str, str], ...] = ()


def render(session: Session, station: Station, key: str, *, now: datetime) -> StoredFeed:
    """Render the feed `key` from what is public now. It is in no session yet: `keep` writes it.

    Raises:
        NotFoundError: there is no such feed or page.
    """
    change_number, rundown_number = queries.numbers(session.connection())
    found = _rendered(session, station, key, now=now)
    return StoredFeed(
        name=key, change_number=change_number, rundown_number=rundown_number, valid_until=found.valid_until,
        etag=hashlib.sha256(found.content).hexdigest()[:32], identity=found.content, gzip=gzip.compress(found.content, 5, mtime=0),
        left_out=[{"episode_id": episode_id, "why": why} for episode_id, why in found.left_out], announced_etag="",
        made_by=made_by(station.settings),
    )  # fmt: skip


def _rendered(session: Session, station: Station, key: str, *, now: datetime) -> Rendered:
    form, base = names.split(key)
    if form is Form.OPML:
        return Rendered(lists.opml(session, station, every=base == names.EVERY))
    found = told(session, station, base, now=now)
    if form is Form.JSON:
        address = station.url(names.named(base).folder + "feed.json")
        return Rendered(jsonfeed.write(found.channel, found.items, address), found.valid_until)
    written = xml.write(found.channel, found.items)
    return Rendered(written.content, found.valid_until, found.left_out + written.left_out)


@dataclass(frozen=True, slots=True)
class Told:
    """What a feed says, before it is written; until when that holds by itself, and what could not be said."""

    channel: Channel
    items: tuple[Item, ...] = ()
    valid_until: datetime | None = None
    left_out: tuple[tuple[str, str], ...] = ()


def told(session: Session, station: Station, base: str, *, now: datetime) -> Told:
    """What the feed `base` says at `now`; `base` is a name in the store without its form.

    Raises:
        NotFoundError: there is no such feed or page.
    """
    found = _found(session, station, base, now=now)
    return replace(found, channel=rules.head(found.channel))


def _found(session: Session, station: Station, base: str, *, now: datetime) -> Told:
    if base == names.TODAY:
        channel, ends = lists.today(session, station, now=now)
        return Told(channel, valid_until=ends)
    if base == names.PUBLISHER:
        return Told(lists.publisher(session, station))
    name = names.named(base)
    channel = channels.channel(session, station, name, now=now)
    stones = tombstones.due(session, name, now=now)
    found = [*queries.due(session, name), *stones]
    due = rules.due(found, now)
    n_pages = rules.n_pages(len(due), names.PER_PAGE)
    if name.page > n_pages:
        raise NotFoundError(name.key)
    wanted = due[(name.page - 1) * names.PER_PAGE : name.page * names.PER_PAGE]
    gone = {one.episode_id for one in stones}
    items, broken = queries.items(session, station, [one for one in wanted if one.episode_id not in gone], name)
    items = tombstones.among(session, station, items, wanted, name, now=now)
    if name.of is Of.SHOW:
        kept = queries.trailers(session, [one for one in due if one.episode_id not in gone], name)
        channel = replace(channel, trailers=queries.items(session, station, kept, name)[0])
    else:
        items = tuple(map(rules.beside_others, items))
    channel = replace(channel, page=name.page, n_pages=n_pages, live=channel.live if name.page == 1 else ())
    until = rules.ends([*(one.expires_at for one in due), *(one.published_at for one in found), channel.redirects_from], now)
    if channel.live or name.of in {Of.STATION, Of.SHOW}:
        until = min(until or now.max.replace(tzinfo=now.tzinfo), channels.until(channel, now))
    return Told(channel, items, until, broken)


def keep(session: Session, station: Station, feed: StoredFeed) -> None:
    """Write down a feed that was rendered, and at its first its identity in the directories."""
    form, base = names.split(feed.name)
    own: list[FeedName | str] = [names.PUBLISHER]
    if base == names.TODAY:
        own.append(names.TODAY)
    elif base != names.PUBLISHER and form is not Form.OPML:
        name = names.named(base).at_page(1)
        own += [name] if name.of is not Of.SHOW or name.low else []
    for each in own:
        key = each if isinstance(each, str) else each.key
        if session.get(FeedIdentity, key) is None:
            session.add(FeedIdentity(name=key, guid=channels.guid_of(session, station, each)))
    values = {
        column.name: getattr(feed, column.name) for column in StoredFeed.__table__.columns if column.name != "announced_etag"
    }
    written: Any = session.execute(update(StoredFeed).where(StoredFeed.name == feed.name).values(**values))
    if not written.rowcount:
        session.execute(insert(StoredFeed).values(announced_etag="", **values))


def forget(session: Session, key: str) -> None:
    """Drop a stored feed that is not there any more."""
    session.execute(delete(StoredFeed).where(StoredFeed.name == key))
