"""What may be said of an episode away from our pages, and to whom. Pure.

A page of ours can be stopped at any time; what search engines, link previews and other sites have copied cannot. So each of
them gets what the teller agreed to, and nothing that would out somebody on a screen that others see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from radio.catalogue.rules import Scope

SHORT_LEAST = 8
"""Characters of the shortest short link: forty bits of an episode's id."""
EPISODES_PER_SITEMAP = 5_000
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OWN_LIVES = frozenset({"story", "interview"})
_LIKE_DIGITS = str.maketrans("oil", "011")
Linked = Mapping[str, object]
"""One object of JSON-LD."""


def may_be_embedded(scopes: Collection[str]) -> bool:
    """Whether other sites may show our player for it: with `site` and `relay`.

    The sound still comes from us and stops with us. But the place is chosen by somebody else, who may set a person's story
    beside anything and keep a copy; that is what `relay` asks the teller, and it is off for stories until they say yes.
    Source: domain study 3.10 and S5.
    """
    return Scope.SITE in scopes and Scope.RELAY in scopes


def may_be_listed(scopes: Collection[str]) -> bool:
    """Whether it is in the sitemap, and told to machines: when its teller lets it leave the station at all."""
    return Scope.SITE in scopes and (Scope.PODCAST in scopes or Scope.RELAY in scopes)


def robots(kind: str, scopes: Collection[str]) -> str:
    """What search engines are asked for (`X-Robots-Tag`); empty: nothing. Somebody's story is kept in no archive."""
    if not may_be_listed(scopes):
        return "noindex, noarchive"
    return "noarchive" if kind in _OWN_LIVES else ""


def is_discreet(kind: str, detail: str, intensity: int) -> bool:
    """Whether a preview of its link says neither title nor summary: people's own lives, and what is hard to hear.

    Somebody shares a link in a chat that a family or a workplace reads. Source: requirement S32.
    """
    return kind in _OWN_LIVES or detail == "describes" or intensity >= 2


def short_ids(asked: str) -> str:
    """A short link's letters as an id has them, however somebody typed what is printed. Source: Crockford's base 32."""
    return asked.lower().translate(_LIKE_DIGITS)


def short(own: str, others: Iterable[str]) -> str:
    """The shortest beginning of the id `own`, of eight characters or more, that none of the ids of `others` begins with."""
    rivals = list(others)
    return next((own[:n] for n in range(SHORT_LEAST, len(own)) if not any(other.startswith(own[:n]) for other in rivals)), own)


def iso_length(length_ms: int) -> str:
    """A length as ISO 8601 has it: PT1H2M5S."""
    minutes, seconds = divmod(round(length_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes or hours else "") + f"{seconds}S"


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a sitemap."""

    address: str
    changed_at: datetime | None = None


def sitemap(entries: Iterable[Entry]) -> bytes:
    """Addresses of pages. Source: sitemaps.org, protocol 0.9."""
    return _listing("urlset", "url", entries)


def sitemap_index(entries: Iterable[Entry]) -> bytes:
    """Addresses of sitemaps. Source: the same, “Using Sitemap index files”."""
    return _listing("sitemapindex", "sitemap", entries)


def _listing(root: str, item: str, entries: Iterable[Entry]) -> bytes:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_SITEMAP}">']
    for entry in entries:
        changed = f"<lastmod>{entry.changed_at:%Y-%m-%dT%H:%M:%SZ}</lastmod>" if entry.changed_at else ""
        lines.append(f"<{item}><loc>{escape(entry.address)}</loc>{changed}</{item}>")
    return "\n".join([*lines, f"</{root}>", ""]).encode()


def frame_px(n_notes: int) -> tuple[int, int]:
    """How wide and high the player is on another site: what to know before must be seen before the sound is pressed."""
    return 480, 210 + (50 + 32 * n_notes if n_notes else 0)


def iframe(address: str, title: str, size_px: tuple[int, int]) -> str:
    """What another site puts into its page."""
    width, height = size_px
    return (
        f'<iframe src={quoteattr(address)} title={quoteattr(title)} width="{width}" height="{height}"'
        ' loading="lazy" referrerpolicy="no-referrer"></iframe>'
    )


def oembed_xml(facts: Mapping[str, object]) -> bytes:
    """The answer of oEmbed as XML. Source: oembed.com §2.3.4.2."""
    lines = [f"<{name}>{escape(str(value))}</{name}>" for name, value in facts.items()]
    return "\n".join(['<?xml version="1.0" encoding="utf-8" standalone="yes"?>', "<oembed>", *lines, "</oembed>", ""]).encode()


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """A show as machines may know it."""

    title: str
    description: str
    address: str
    feed: str
    picture: str
    language: str
    author: str


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """An episode as machines may know it."""

    title: str
    summary: str
    address: str
    language: str
    published_at: datetime
    length_ms: int
    sound: str
    media_type: str
    size_bytes: int
    season_number: int | None
    episode_number: int | None
    picture: str = ""
    """Its own; empty: its show's."""
    season_name: str = ""


def linked_show(facts: ShowFacts) -> Linked:
    """The show as JSON-LD. Source: schema.org/PodcastSeries."""
    return {
        "@context": "https://schema.org", "@type": "PodcastSeries", "@id": facts.address, "name": facts.title,
        "description": facts.description, "url": facts.address, "webFeed": facts.feed, "image": facts.picture,
        "inLanguage": facts.language, "isAccessibleForFree": True,
        "author": {"@type": "Organization", "name": facts.author},
    }  # fmt: skip


def linked_episode(facts: EpisodeFacts, series: ShowFacts) -> Linked:
    """The episode as JSON-LD. Source: schema.org/PodcastEpisode."""
    found: dict[str, object] = {
        "@context": "https://schema.org", "@type": "PodcastEpisode", "@id": facts.address, "name": facts.title,
        "description": facts.summary, "url": facts.address, "datePublished": facts.published_at.isoformat(),
        "duration": iso_length(facts.length_ms), "inLanguage": facts.language, "image": facts.picture or series.picture, "isAccessibleForFree": True,
        "associatedMedia": {
            "@type": "AudioObject", "contentUrl": facts.sound, "encodingFormat": facts.media_type,
            "contentSize": str(facts.size_bytes), "duration": iso_length(facts.length_ms),
        },
        "partOfSeries": {"@type": "PodcastSeries", "@id": series.address, "name": series.title, "url": series.address,
                         "webFeed": series.feed},
    }  # fmt: skip
    if facts.episode_number is not None:
        found["episodeNumber"] = facts.episode_number
    if facts.season_number is not None:
        named = {"name": facts.season_name} if facts.season_name else {}
        found["partOfSeason"] = {"@type": "PodcastSeason", "seasonNumber": facts.season_number, **named}
    return {name: value for name, value in found.items() if value != ""}
