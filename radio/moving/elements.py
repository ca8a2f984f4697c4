"""Finding things in the XML of a feed: by name, in whichever namespace its writer put them."""

from __future__ import annotations

from typing import Any

from lxml import etree

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
_PODCASTS = (PODCAST, "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md")
CONTENT = "http://purl.org/rss/1.0/modules/content/"
PSC = "http://podlove.org/simple-chapters"
ATOM = "http://www.w3.org/2005/Atom"
_PREFIXES = {ITUNES: "itunes", CONTENT: "content", PSC: "psc", ATOM: "atom", "": "", **dict.fromkeys(_PODCASTS, "podcast")}


def name(element: Any) -> str:
    """Without its namespace."""
    return str(etree.QName(element).localname)


def space(element: Any) -> str:
    """Its namespace; empty: none."""
    return str(etree.QName(element).namespace or "")


def called(element: Any) -> str:
    """As people write it: `podcast:value`."""
    prefix = _PREFIXES.get(space(element), element.prefix or "?")
    return f"{prefix}:{name(element)}" if prefix else name(element)


def text(parent: Any, name: str, space: str = "") -> str:
    """The text of the first such child that has any, without space around it."""
    tag = f"{{{space}}}{name}" if space else name
    for child in parent.iterchildren(tag):
        if found := words(child):
            return found
    return ""


def words(element: Any) -> str:
    """All text in it."""
    return "".join(element.itertext()).strip()


def deep(item: Any, name: str) -> str:
    """As `text`, where a tag before it was never closed."""
    return next((found for each in item.iter(name) if (found := words(each))), "")


def podcast(parent: Any, name: str) -> list[Any]:
    """Its children of the podcast namespace, old or new."""
    return [child for space in _PODCASTS for child in parent.iterchildren(f"{{{space}}}{name}")]


def podcast_text(parent: Any, name: str) -> str:
    """The text of the first such that has any."""
    return next((found for child in podcast(parent, name) if (found := (child.text or "").strip())), "")


def atom(channel: Any, rel: str) -> str:
    """Where a link of this relation leads."""
    return next((each.get("href", "") for each in channel.iterchildren(f"{{{ATOM}}}link") if each.get("rel") == rel), "")


def image(parent: Any) -> str:
    """The address of its picture, a square one of the podcast namespace before any other of those."""
    own = next((each.get("href", "") for each in parent.iterchildren(f"{{{ITUNES}}}image")), "")
    old = parent.find("image")
    named = [
        each for each in podcast(parent, "image") if each.get("href") and each.get("aspect-ratio", "1/1") in {"1/1", "1", "1 / 1"}
    ]
    widest = max(named, key=lambda each: _whole(each.get("width", "")), default=None)
    return own or (text(old, "url") if old is not None else "") or (widest.get("href", "") if widest is not None else "")


def _whole(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0
