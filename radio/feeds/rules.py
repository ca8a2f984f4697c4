"""What a feed says of a show and its episodes, and what it leaves out. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from radio.core.text import cut_bytes, plain, plain_lines

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
class Item:
    """One episode as a feed tells it. `notes_html` is already safe."""

    guid: str
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


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed: a show's, or the whole station's."""

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
    moved_to: str = ""
    """Where the show's feed lives now, once it has left."""


def podcast_guid(feed_url: str) -> UUID:
    """The guid of a feed by its first address, without scheme and trailing slashes. Source: podcast namespace, `guid`."""
    parts = urlsplit(feed_url)
    return uuid5(PODCAST_NAMESPACE, (parts.netloc + parts.path).rstrip("/"))


def told(item: Item) -> Item:
    """The item with its texts as a feed may hold them: no control characters, at most 4,000 bytes, never empty."""
    title = plain(item.title) or "Untitled"
    summary = cut_bytes(plain_lines(item.summary), TEXT_LIMIT_BYTES) or title
    notes = item.notes_html if 0 < len(item.notes_html.encode()) <= TEXT_LIMIT_BYTES else ""
    return replace(item, title=title, summary=summary, notes_html=notes)


def items(found: Iterable[Item], now: datetime) -> tuple[Item, ...]:
    """The items that belong into a feed at `now`, newest first, each title once a day.

    Source: AntennaPod takes two items of one title and day for one; the second gets a number here.
    """
    due = [told(i) for i in found if i.published_at <= now and (i.expires_at is None or i.expires_at > now)]
    due.sort(key=lambda i: (i.published_at, i.guid))
    seen: dict[tuple[str, object], int] = {}
    kept = []
    for item in due:
        day = (item.title.casefold(), item.published_at.date())
        seen[day] = seen.get(day, 0) + 1
        kept.append(item if seen[day] == 1 else replace(item, title=f"{item.title} ({seen[day]})"))
    return tuple(reversed(kept))


def valid_until(shown: Sequence[Item]) -> datetime | None:
    """When the first of these expires, so that the feed must be rendered again; None: never by itself."""
    return min((i.expires_at for i in shown if i.expires_at is not None), default=None)


def last_changed(channel: Channel, shown: Sequence[Item]) -> datetime:
    """The `lastBuildDate`: when the content last changed, never when it was rendered."""
    return max([channel.changed_at, *(i.changed_at for i in shown)])
