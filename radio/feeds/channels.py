"""What stands at the head of a feed, read from shows, slots and the rundown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, tick_at, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import agreed, out
from radio.catalogue.rules import Scope
from radio.catalogue.terms import Term, UnknownTermError, role_words, vocabulary
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.errors import NotFoundError
from radio.feeds import names, rules
from radio.feeds.models import FeedIdentity
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Channel, Frequency, Live, Person, RemoteItem
from radio.schedule import queries as schedule
from radio.schedule import words
from radio.schedule.airings import Airing, Part
from radio.schedule.models import Slot
from radio.station import Station

_LOOK_AHEAD_TICKS = 24 * HOUR_TICKS
_LOOK_BACK_TICKS = 6 * HOUR_TICKS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CATEGORY = "Health & Fitness > Mental Health"


def artwork_path(owner_id: str, sha256: str | None, size_px: int = 1400) -> str:
    """The address of a picture; its name changes when the picture does."""
    return f"/artwork/{owner_id}-{(sha256 or 'pattern')[:12]}-{size_px}.jpg"


def show_of(session: Session, slug: str) -> Show:
    """The show whose feed this is.

    Raises:
        NotFoundError: no such show, or one that has no feed.
    """
    show = session.scalar(select(Show).where(Show.slug == slug))
    if show is None or not show.in_feeds:
        raise NotFoundError(slug)
    return show


def channel(session: Session, station: Station, name: FeedName, *, now: datetime) -> Channel:
    """The head of a feed.

    Raises:
        NotFoundError: there is no such feed.
    """
    if name.of is Of.SHOW:
        return show_channel(session, station, show_of(session, name.which), name, now=now)
    settings = station.settings
    title, description, link = _words(station, name)
    if name.low:
        title = _("%(title)s, less data", title=title)
    shows = session.execute(select(Show.explicit, Show.changed_at).where(Show.in_feeds)).all()
    live = _live(session, now, guid_of(session, station, name), None, station) if name == names.STATION else ()
    return Channel(
        guid=guid_of(session, station, name), title=title, description=description, link=link, self_url=station.url(name.path),
        language=settings.language, author=settings.station_name, category=_CATEGORY,
        explicit=any(row.explicit for row in shows), image_url=station.url(artwork_path("station", None)),
        changed_at=max((row.changed_at for row in shows), default=_EPOCH), blocked=not name.listed, live=live,
        live_urls=live_urls(station), hub_url=station.settings.websub_hub, uses_podping=bool(station.settings.podping_url),
    )  # fmt: skip


def show_channel(session: Session, station: Station, show: Show, name: FeedName, *, now: datetime) -> Channel:
    """The head of a show's feed, whole or for small data."""
    own = not name.low
    return Channel(
        guid=show.guid if own else guid_of(session, station, name),
        title=show.title if own else _("%(title)s, less data", title=show.title), description=show.description or show.title,
        link=station.url(f"/shows/{show.slug}"), self_url=station.url(name.path), language=show.language,
        author=show.author or station.settings.station_name, category=show.category, explicit=show.explicit,
        image_url=station.url(artwork_path(show.id, show.artwork_sha256)), changed_at=show.changed_at, serial=show.serial,
        complete=show.complete, blocked=show.blocked or not name.listed, synthetic=show.synthetic, license=show.license,
        license_url=show.license_url, funding_url=show.funding_url, funding_words=show.funding_words,
        country=(show.country, country_name(show.country)), podroll=tuple(_recommended(show)),
        persons=tuple(Person(name, *role_words(role or "host")) for name, role in (show.hosts or {}).items()),
        verifications=tuple((one["purpose"], one["text"]) for one in show.verifications or ()) if own else (),
        publisher=publisher(session, station) if own else None, frequency=_frequency(session, show),
        live=_live(session, now, show.guid, show, station) if own else (), live_urls=live_urls(station), hub_url=station.settings.websub_hub, uses_podping=bool(station.settings.podping_url),
        moved_to=show.moved_to or "", redirects_from=show.redirects_from,
    )  # fmt: skip


def live_urls(station: Station) -> tuple[str, str, str]:
    """The stream, the HLS list and the page of the 24-hour channel."""
    return station.url("/live.mp3"), station.url("/live.m3u8"), station.url("/")


def guid_of(session: Session, station: Station, name: FeedName | str) -> UUID:
    """The identity of a feed that is not a show's own: as it was written down, or as it will be."""
    key, path = _key_and_path(name)
    identity = session.get(FeedIdentity, key)
    return identity.guid if identity else rules.podcast_guid(station.url(path))


def _key_and_path(name: FeedName | str) -> tuple[str, str]:
    if isinstance(name, FeedName):
        return name.at_page(1).key, name.path
    return name, {names.TODAY: names.TODAY_PATH, names.PUBLISHER: names.PUBLISHER_PATH}[name]


def term_of(name: FeedName) -> Term:
    """The kind or tag that a feed is of.

    Raises:
        NotFoundError: there is none, or it is one that is not shown.
    """
    listed, code = ("kind", name.which) if name.of is Of.KIND else name.which.split(":", 1)
    try:
        term = vocabulary().term(listed, code)
    except (UnknownTermError, KeyError) as error:
        raise NotFoundError(name.key) from error
    if term.sensitive:
        raise NotFoundError(name.key)
    return term


def _words(station: Station, name: FeedName) -> tuple[str, str, str]:
    """Title, description and page of a feed of several shows."""
    own = station.settings.station_name
    if name.of is Of.STATION:
        return own, _("Everything on %(station)s, newest first.", station=own), station.url("/")
    term = term_of(name)
    title = _("%(what)s on %(station)s", what=term.label, station=own)
    page = station.url("/shows") if name.of is Of.KIND else station.url("/search?q=" + term.code)
    return title, term.definition, page


def publisher(session: Session, station: Station) -> RemoteItem:
    """Where all our shows are listed. Only a feed that is listed there may name it: others are not believed.

    Source: podcast namespace, publisher feeds: links count when both sides have them.
    """
    guid = guid_of(session, station, names.PUBLISHER)
    return RemoteItem(str(guid), station.url(names.PUBLISHER_PATH), "", medium="publisher")


def _recommended(show: Show) -> Iterable[RemoteItem]:
    return (RemoteItem(one["guid"], one.get("url", ""), one.get("title", "")) for one in show.podroll or ())


def country_name(code: str) -> str:
    """The country in English; empty: there is none of that code."""
    from babel import Locale  # its names are read from disk the first time

    return str(Locale("en").territories.get(code.upper(), "")) if code else ""


def _frequency(session: Session, show: Show) -> Frequency | None:
    """When a new one comes: the first slot that plays this show by its rule."""
    wanted = (slot for slot in schedule.slots(session) if slot.fill.get("show_id") == show.id and slot.rrule)
    slot = next(wanted, None)
    return Frequency(words.happens(slot), slot.rrule, _first(slot)) if slot else None


def _first(slot: Slot) -> datetime:
    from zoneinfo import ZoneInfo

    return instant_of(datetime.fromisoformat(slot.first_start), ZoneInfo(slot.zone))


def _live(session: Session, now: datetime, guid: UUID, show: Show | None, station: Station) -> tuple[Live, ...]:
    """What is on air and what comes next, of a show or of the whole station; only what a slot has planned."""
    tick = tick_at(unix_ms(now))
    found = schedule.rundown(session, tick - _LOOK_BACK_TICKS, tick + _LOOK_AHEAD_TICKS).airings  # with their true starts
    planned = [a for a in found if a.slot_id and a.part is Part.PROGRAMME and a.episode_id]
    told = _of_show(session, planned, show, station, now) if show else _of_slots(session, planned, station)
    lives = [
        Live(uuid5(guid, str(start)), title, summary, _at(start), _at(end), image, start <= tick)
        for start, end, title, summary, image in told
        if end > tick
    ]
    return tuple([one for one in lives if one.on_air][:1] + [one for one in lives if not one.on_air][:1])


_Told = tuple[int, int, str, str, str]


def _of_show(session: Session, airings: list[Airing], show: Show, station: Station, now: datetime) -> list[_Told]:
    """Only what may be in apps: what was taken back stands in the hours far ahead until they are compiled again."""
    ids = {airing.episode_id for airing in airings}
    query = select(Episode.id, Episode.title, Episode.summary).where(
        Episode.id.in_(ids), Episode.show_id == show.id, out(now), agreed(Scope.PODCAST)
    )
    titles = {row.id: (row.title, row.summary) for row in session.execute(query)}
    image = station.url(artwork_path(show.id, show.artwork_sha256))
    return [(a.start_tick, a.end_tick, *titles[a.episode_id], image) for a in airings if a.episode_id in titles]


def _of_slots(session: Session, airings: list[Airing], station: Station) -> list[_Told]:
    """One for each time a slot comes round: its airings from the first to the last."""
    titles = {slot.id: slot.title for slot in schedule.slots(session)}
    image, told = station.url(artwork_path("station", None)), list[_Told]()
    last = None
    for airing in airings:
        title = titles.get(airing.slot_id or "")
        if title and told and airing.slot_id == last:
            told[-1] = (told[-1][0], airing.end_tick, *told[-1][2:])
        elif title:
            told.append(
                (
                    airing.start_tick,
                    airing.end_tick,
                    title,
                    _("Live on %(station)s.", station=station.settings.station_name),
                    image,
                )
            )
        last = airing.slot_id
    return told


def _at(tick: int) -> datetime:
    """To the second: ticks rarely fall on one."""
    return from_unix_ms(tick_start_ms(tick) + 500).replace(microsecond=0)


def until(told: Channel, now: datetime) -> datetime:
    """When what is on air changes, or at the latest in six hours."""
    return rules.ends([*(one.start for one in told.live), *(one.end for one in told.live)], now) or now + timedelta(hours=6)
