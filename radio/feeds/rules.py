"""What a feed says of a show and its episodes, and what it leaves out. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from radio.core.text import allowed, cut_bytes, plain, plain_lines
from radio.feeds import alike

PODCAST_NAMESPACE = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""Source: podcast namespace, `guid`."""
TEXT_LIMIT_BYTES = 4000
"""Source: Apple, “A Podcaster's Guide to RSS”, description."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One enclosure. `sha256` is hexadecimal."""

    url: str
    media_type: str
    size_bytes: int
    sha256: str
    bitrate_bps: int

    @property
    def integrity(self) -> str:
        """The subresource integrity value. Source: podcast namespace, `integrity`."""
        return "sha256-" + base64.b64encode(bytes.fromhex(self.sha256)).decode()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who agreed to be named. `role` and `group` are words of the Podcast Taxonomy, such as host, of the cast."""

    name: str
    role: str
    group: str = "cast"


@dataclass(frozen=True, slots=True)
class Words:
    """A transcript in one language; `suffix` stands between its address and its extension. Timed ones come in three forms."""

    language: str
    timed: bool
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where a part begins."""

    start_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Soundbite:
    """A part that may stand alone."""

    from_ms: int
    to_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Item:
    """One episode as a feed tells it. `notes_html` is already safe."""

    guid: UUID | str
    """Ours, or the one under which apps know it from an earlier host."""
    title: str
    summary: str
    notes_html: str
    link: str
    published_at: datetime
    changed_at: datetime
    length_ms: int
    explicit: bool
    image_url: str
    standard: Sound
    low: Sound | None
    season_number: int | None = None
    episode_number: int | None = None
    expires_at: datetime | None = None
    episode_id: str = ""
    kind: str = "programme"
    author: str = ""
    """Whose show it is, in feeds of several shows; empty: the channel's."""
    release: str = "full"
    season_name: str = ""
    synthetic: bool = False
    persons: tuple[Person, ...] = ()
    words: tuple[Words, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    soundbites: tuple[Soundbite, ...] = ()
    license: str = ""
    """Its own, or in feeds of several shows its show's; empty: the channel's."""
    license_url: str = ""
    blocked: bool = False
    """Directories are asked to leave it out."""
    gone: str = ""
    """Why this stands in the place of an episode; empty: it is one."""


@dataclass(frozen=True, slots=True)
class RemoteItem:
    """A pointer to another feed, or to one item of it."""

    feed_guid: str
    feed_url: str
    title: str
    item_guid: str = ""
    medium: str = ""


@dataclass(frozen=True, slots=True)
class Frequency:
    """When a new one comes. Source: podcast namespace, `updateFrequency`."""

    words: str
    rrule: str
    starts: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A programme that is on air or will be: `[start, end)`."""

    guid: UUID
    title: str
    summary: str
    start: datetime
    end: datetime
    image_url: str
    on_air: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed: a show's, or one of several shows."""

    guid: UUID
    title: str
    description: str
    link: str
    self_url: str
    language: str
    author: str
    category: str
    """`Parent` or `Parent > Child`, in Apple's words."""
    explicit: bool
    image_url: str
    changed_at: datetime
    medium: str = "podcast"
    serial: bool = False
    complete: bool = False
    blocked: bool = False
    synthetic: bool = False
    license: str = ""
    license_url: str = ""
    funding_url: str = ""
    funding_words: str = ""
    country: tuple[str, str] = ("", "")
    """ISO 3166 code and its name."""
    persons: tuple[Person, ...] = ()
    """Who is usually heard; what an item says of its own replaces it. Source: podcast namespace, `person`."""
    verifications: tuple[tuple[str, str], ...] = ()
    """(purpose, text)."""
    podroll: tuple[RemoteItem, ...] = ()
    publisher: RemoteItem | None = None
    remote: tuple[RemoteItem, ...] = ()
    """What a list feed lists."""
    frequency: Frequency | None = None
    trailers: tuple[Item, ...] = ()
    """Those of the show, on whatever page they are; a feed of several shows has none of its own."""
    live: tuple[Live, ...] = ()
    live_urls: tuple[str, str, str] = ("", "", "")
    """The MP3 stream, the HLS list, the page: where it is heard live."""
    hub_url: str = ""
    uses_podping: bool = False
    page: int = 1
    n_pages: int = 1
    moved_to: str = ""
    """Where the show's feed lives now, once it has left."""
    redirects_from: datetime | None = None
    """When our address begins to lead there."""

    def page_url(self, page: int) -> str:
        """The address of a page; the first is that of the feed. Source: RFC 5005 §3."""
        return self.self_url if page == 1 else f"{self.self_url}?page={page}"


def podcast_guid(feed_url: str) -> UUID:
    """The guid of a feed by its first address, without scheme and trailing slashes. Source: podcast namespace, `guid`."""
    parts = urlsplit(feed_url)
    return uuid5(PODCAST_NAMESPACE, (parts.netloc + parts.path).rstrip("/"))


def texts(title: str, summary: str, notes_html: str, link: str) -> tuple[str, str, str]:
    """Title, summary and notes as a feed may hold them: alike to every reader, at most 4,000 bytes, never empty."""
    title = heading(title)
    summary = alike.words(cut_bytes(alike.words(plain_lines(summary)) or title, TEXT_LIMIT_BYTES))
    notes = alike.markup(allowed(notes_html)) or _paragraph(summary)
    if len(notes.encode()) > TEXT_LIMIT_BYTES:
        notes = _beginning(summary, f'<p><a href="{escape(link)}">{escape(link)}</a></p>')
    return title, summary, notes


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _beginning(text: str, more: str) -> str:
    """As much of a text as leaves room for `more` behind it."""
    limit_bytes, part = TEXT_LIMIT_BYTES, text
    while len((found := _paragraph(part) + more).encode()) > TEXT_LIMIT_BYTES:
        limit_bytes -= 200
        part = cut_bytes(text, limit_bytes).rstrip() + "…"
    return found


def head(channel: Channel) -> Channel:
    """The channel with its words as a feed may hold them."""
    live = tuple(replace(one, title=heading(one.title), summary=alike.words(one.summary)) for one in channel.live)
    persons = tuple(replace(one, name=alike.line(one.name)) for one in channel.persons)
    title = heading(channel.title)
    return replace(
        channel, title=title, description=alike.words(plain_lines(channel.description)) or title, author=alike.line(channel.author) or title,
        funding_words=alike.line(channel.funding_words), persons=persons, live=live,
    )  # fmt: skip


def heading(title: str) -> str:
    """A title as a feed may hold it."""
    return alike.line(plain(title)) or "Untitled"


def told(item: Item) -> Item:
    """The item with its `texts` as a feed may hold them."""
    title, summary, notes = texts(item.title, item.summary, item.notes_html, item.link)
    return replace(item, title=title, summary=summary, notes_html=notes)


@dataclass(frozen=True, slots=True)
class Due:
    """What decides the place of an episode in a feed, before the rest is read."""

    episode_id: str
    guid: UUID
    title: str
    published_at: datetime
    expires_at: datetime | None = None


def due(found: Iterable[Due], now: datetime) -> tuple[Due, ...]:
    """Those that belong into a feed at `now`, newest first, each title once a day.

    Source: AntennaPod takes two items of one title and day for one; the second gets a number here.
    """
    shown = [d for d in found if d.published_at <= now and (d.expires_at is None or d.expires_at > now)]
    shown.sort(key=lambda d: (d.published_at, d.guid))
    seen: dict[tuple[str, object], int] = {}
    kept = []
    for one in shown:
        title = heading(one.title)
        day = (title.casefold(), one.published_at.date())
        n = seen[day] = seen.get(day, 0) + 1
        while n > 1 and (f"{title} ({n})".casefold(), day[1]) in seen:
            n += 1
        if n > 1:
            title = f"{title} ({n})"
            seen[(title.casefold(), day[1])] = 1
        kept.append(one if title == one.title else replace(one, title=title))
    return tuple(reversed(kept))


def n_pages(n_items: int, per_page: int) -> int:
    """How many pages a feed has: at least one."""
    return max(1, -(-n_items // per_page))


def ends(instants: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The first instant after `now` at which a feed must be rendered again; None: never by itself."""
    return min((at for at in instants if at is not None and at > now), default=None)


def last_changed(channel: Channel, shown: Sequence[Item]) -> datetime:
    """The `lastBuildDate`: when the content last changed, never when it was rendered."""
    return max([channel.changed_at, *map(changed, shown)])


def changed(item: Item) -> datetime:
    """When the item last changed for whoever reads the feed: its coming counts, however long before it was written."""
    return max(item.changed_at, item.published_at)


def beside_others(item: Item) -> Item:
    """The item in a feed of several shows, whose seasons, numbers and trailers would be taken for those of the feed.

    Source: Apple, “A Podcaster's Guide to RSS”: apps group by season, and a trailer introduces the channel.
    """
    if item.season_number is None and item.episode_number is None and item.release != "trailer":
        return item
    release = "bonus" if item.release == "trailer" else item.release
    return replace(item, season_number=None, episode_number=None, season_name="", release=release)
