"""Feeds that point at feeds: today's running order, all our shows, and all of them as OPML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import tick_at
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import agreed, out, shows
from radio.catalogue.rules import Scope
from radio.catalogue.terms import Term, vocabulary
from radio.core.time import instant_of, unix_ms
from radio.feeds import channels, names, queries
from radio.feeds.items import tag
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Channel, RemoteItem
from radio.schedule.airings import Part
from radio.schedule.models import Revision
from radio.schedule.queries import held, rundown
from radio.station import Station


def today(session: Session, station: Station, *, now: datetime) -> tuple[Channel, datetime]:
    """What is played today by the station's clock and may be heard in apps, in order; and when the day ends.

    Source: podcast namespace, `medium`: a list holds pointers only, no items of its own.
    """
    zone = station.settings.tz
    day = now.astimezone(zone).date()
    start, end = (instant_of(datetime.combine(day + timedelta(days=n), time()), zone) for n in (0, 1))
    span = tick_at(unix_ms(start)), tick_at(unix_ms(end))
    airings = rundown(session, *span).airings
    aired = [airing.episode_id for airing in airings if airing.part is Part.PROGRAMME and airing.episode_id]
    query = select(Episode.id, Episode.guid, Episode.feed_guid, Episode.title, Episode.changed_at, Show.slug, Show.guid.label("show_guid")).join(Show).where(
        out(now), Show.in_feeds, agreed(Scope.PODCAST), Episode.id.in_(set(aired))
    )  # fmt: skip
    known = {row.id: row for row in session.execute(query)}
    played = [known[episode_id] for episode_id in dict.fromkeys(aired) if episode_id in known]
    remote = [
        RemoteItem(str(row.show_guid), station.url(f"/shows/{row.slug}/feed.xml"), row.title, row.feed_guid or str(row.guid))
        for row in played
    ]
    changed_at = max([start, *(row.changed_at for row in played), *_compiled(session, span)])
    head = _head(
        session, station, names.TODAY, link=station.url("/schedule"), self_url=station.url(names.TODAY_PATH), medium="podcastL", remote=tuple(remote),
        title=_("Today on %(station)s", station=station.settings.station_name), changed_at=changed_at, blocked=True,
        description=_("What is played today, in order. Each one is an episode of its own feed."),
    )  # fmt: skip
    return head, end


def _compiled(session: Session, span: tuple[int, int]) -> Iterable[datetime]:
    """When what holds over the span was compiled."""
    revisions = {revision_id for revision_id, _from, _to in held(session, *span)}
    return session.scalars(select(Revision.made_at).where(Revision.id.in_(revisions)))


def publisher(session: Session, station: Station) -> Channel:
    """Every show of the station. Source: podcast namespace, `publisher`."""
    found = shows(session)
    remote = [RemoteItem(str(show.guid), station.url(f"/shows/{show.slug}/feed.xml"), show.title) for show in found]
    changed = max((show.changed_at for show in found), default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    return _head(
        session, station, names.PUBLISHER, uses_podping=bool(station.settings.podping_url), link=station.url("/shows"), self_url=station.url(names.PUBLISHER_PATH), medium="publisher", remote=tuple(remote),
        title=station.settings.station_name, changed_at=changed,
        description=_("Every show of %(station)s.", station=station.settings.station_name),
    )  # fmt: skip


def _head(session: Session, station: Station, key: str, **said: Any) -> Channel:
    """The head of a list: what all lists of this station say, and what this one does."""
    settings = station.settings
    return Channel(
        guid=channels.guid_of(session, station, key), language=settings.language,
        author=settings.station_name, category="Health & Fitness > Mental Health",
        explicit=any(show.explicit for show in shows(session)), hub_url=settings.websub_hub,
        image_url=station.url(channels.artwork_path("station", None)), **said,
    )  # fmt: skip


def opml(session: Session, station: Station, *, every: bool = False) -> bytes:
    """The station and its shows, for the import of an app; `every`: in groups all other feeds too. Source: OPML 2.0."""
    own, found = station.settings.station_name, shows(session)
    main = [(own, names.STATION, "/"), *((show.title, FeedName(Of.SHOW, show.slug), f"/shows/{show.slug}") for show in found)]
    body = "".join(_outline(station, *one) for one in main)
    if every:
        low = [(_("%(title)s, less data", title=title), replace(name, low=True), page) for title, name, page in main]
        body += _group(_("Less data"), "".join(_outline(station, *one) for one in low))
        body += "".join(_group(label, _terms(station, terms)) for label, terms in _told(session))
    head = tag("title", own)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head>{head}</head><body>{body}</body></opml>'.encode()


def _outline(station: Station, title: str, name: FeedName, page: str) -> str:
    return tag("outline", text=title, title=title, type_="rss", xmlUrl=station.url(name.path), htmlUrl=station.url(page))


def _group(label: str, inside: str) -> str:
    return tag("outline", text=label, title=label).removesuffix("/>") + f">{inside}</outline>"


def _terms(station: Station, terms: Iterable[Term]) -> str:
    named = [(term, names.of_term(f"{term.list}:{term.code}")) for term in terms]
    return "".join(_outline(station, term.label, name, name.subscribe_path) for term, name in named)


def _told(session: Session) -> Iterator[tuple[str, list[Term]]]:
    """The lists of kinds and tags of which something is in the feeds, in the order of the vocabulary: only what may be shown."""
    told = queries.terms(session)
    for listed in vocabulary().lists.values():
        if terms := [term for term in listed.terms if (term.list, term.code) in told and not term.sensitive]:
            yield listed.label, terms
