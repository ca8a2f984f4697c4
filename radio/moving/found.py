"""A feed from elsewhere as it tells itself: every text as it stands there. Values, nothing more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Source: podcast namespace, `person`. Its picture and page are only counted: nobody was asked for them."""

    name: str = ""
    role: str = ""
    group: str = ""
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class FoundTrailer:
    """Source: podcast namespace, `trailer`."""

    title: str = ""
    url: str = ""
    media_type: str = ""
    size_bytes: str = ""
    date: str = ""
    season: str = ""


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One item as a feed tells it. Texts as they stand there."""

    guid: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    date: str = ""
    enclosure_url: str = ""
    enclosure_type: str = ""
    enclosure_bytes: str = ""
    season: str = ""
    season_name: str = ""
    number: str = ""
    display: str = ""
    """How its number was shown, in words."""
    explicit: str = ""
    block: str = ""
    image_url: str = ""
    link: str = ""
    episode_type: str = ""
    license: tuple[str, str] = ("", "")
    """(identifier or name, address)."""
    chapters_url: str = ""
    chapters: tuple[tuple[str, str], ...] = ()
    """(start as `1:02:03.5`, title): those that stand in the feed itself."""
    transcripts: tuple[tuple[str, str, str], ...] = ()
    """(address, type, language)."""
    persons: tuple[FoundPerson, ...] = ()
    soundbites: tuple[tuple[str, str, str], ...] = ()
    """(start and duration in seconds, title)."""
    synthetic: str = ""
    """Whether it says that its content is made by machines."""
    gone: str = ""
    """Why only a note stands in its place; empty: it is there. Stations of this kind say so."""
    n_alternates: int = 0
    """Other forms of the same sound."""
    others: tuple[str, ...] = ()
    """Names of elements that are not read, such as `podcast:value`."""


@dataclass(frozen=True, slots=True)
class FoundShow:
    """A feed. `faults`: codes of what was wrong with it as a whole."""

    title: str = ""
    description: str = ""
    language: str = ""
    author: str = ""
    category: str = ""
    explicit: str = ""
    block: str = ""
    image_url: str = ""
    guid: str = ""
    locked: str = ""
    self_url: str = ""
    link: str = ""
    next_url: str = ""
    moved_to: str = ""
    kind: str = ""
    medium: str = ""
    complete: str = ""
    license: tuple[str, str] = ("", "")
    """(identifier or name, address)."""
    funding: tuple[tuple[str, str], ...] = ()
    """(address, words)."""
    podroll: tuple[tuple[str, str, str], ...] = ()
    """(guid, address, title)."""
    places: tuple[tuple[str, str], ...] = ()
    """(country as two letters, words)."""
    trailers: tuple[FoundTrailer, ...] = ()
    persons: tuple[FoundPerson, ...] = ()
    synthetic: str = ""
    """As that of an item."""
    proofs: tuple[str, ...] = ()
    """Purposes of `podcast:txt`."""
    blocked_platforms: tuple[str, ...] = ()
    has_owner: bool = False
    others: tuple[str, ...] = ()
    """As those of an item."""
    items: tuple[FoundItem, ...] = ()
    faults: tuple[str, ...] = ()
