"""Reads RSS from elsewhere, as it is: every string exactly, every tag as often as it stands there.

lxml reads strictly first, then forgivingly. It fetches nothing, loads no document type and expands no entity that a file
declares; such a file is not read at all.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from radio.moving.elements import (
    CONTENT,
    ITUNES,
    PODCAST,
    PSC,
    atom,
    called,
    deep,
    image,
    name,
    podcast,
    podcast_text,
    space,
    text,
    words,
)  # fmt: skip
from radio.moving.found import FoundItem, FoundPerson, FoundShow, FoundTrailer
from radio.moving.podcasting import is_yes
from radio.moving.rules import MOST_ITEMS

_NAMED = re.compile(rb"&([a-zA-Z][a-zA-Z0-9]{1,10});")
_ITEM = re.compile(rb"<item[\s>].*?</item\s*>", re.DOTALL)
_RSS = re.compile(rb"<rss[\s>][^>]*>")
_OF_XML = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[124-9]|2\d|3[01]|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")


AI, GONE = "ai-content", "gone"
_OF_BOTH = frozenset({
    "title", "link", "description", "image", "pubDate", "itunes:title", "itunes:subtitle", "itunes:summary", "itunes:author",
    "itunes:explicit", "itunes:image", "itunes:block", "content:encoded", "podcast:person", "podcast:license", "podcast:image",
    "podcast:images", "podcast:txt", "atom:link",
})  # fmt: skip
_OF_CHANNELS = _OF_BOTH | {
    "item", "language", "generator", "lastBuildDate", "docs", "ttl", "cloud", "itunes:category", "itunes:type", "itunes:complete",
    "itunes:owner", "itunes:new-feed-url", "podcast:guid", "podcast:locked", "podcast:medium", "podcast:funding", "podcast:podroll",
    "podcast:location", "podcast:trailer", "podcast:block", "podcast:podping", "podcast:updateFrequency", "podcast:publisher",
    "podcast:liveItem",
}  # fmt: skip
_OF_ITEMS = _OF_BOTH | {
    "guid", "enclosure", "itunes:duration", "itunes:season", "itunes:episode", "itunes:episodeType", "podcast:season", "podcast:episode",
    "podcast:chapters", "podcast:transcript", "podcast:soundbite", "podcast:alternateEnclosure", "psc:chapters",
}  # fmt: skip
"""What is read, or follows here from something else: length, rhythm, what is on air."""


class FeedError(Exception):
    """It cannot be read as a feed; `code` says why: not-a-feed, declares-entities."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(content: bytes) -> FoundShow:
    """The show that a feed tells of.

    Raises:
        FeedError: it is none that can be read.
    """
    if b"<!ENTITY" in content[:200_000] or "<!ENTITY".encode("utf-16-le") in content[:200_000] + b"\0":
        raise FeedError("declares-entities")
    faults: tuple[str, ...] = ()
    root = _parsed(content, forgiving=False)
    if root is None:
        root, faults = _in_pieces(_mended(content)), ("feed-mended",)
    channel = root.find("{*}channel") if root is not None and name(root) == "rss" else None
    if channel is None:
        raise FeedError("not-a-feed")
    items = [each for each in channel.iterchildren(tag=etree.Element) if name(each) == "item" and not space(each)]
    if len(items) > MOST_ITEMS:
        faults += ("too-many-items",)
    return FoundShow(
        title=text(channel, "title"), description=text(channel, "description") or text(channel, "summary", ITUNES),
        language=text(channel, "language"), author=text(channel, "author", ITUNES), category=_category(channel),
        explicit=text(channel, "explicit", ITUNES), image_url=image(channel), guid=podcast_text(channel, "guid"),
        locked=podcast_text(channel, "locked"), self_url=atom(channel, "self"), link=text(channel, "link"),
        kind=text(channel, "type", ITUNES), complete=text(channel, "complete", ITUNES),
        next_url=atom(channel, "next"), moved_to=text(channel, "new-feed-url", ITUNES), block=_blocked(channel),
        medium=podcast_text(channel, "medium"), license=_license(channel),
        funding=tuple((each.get("url", ""), words(each)) for each in podcast(channel, "funding")), podroll=_podroll(channel),
        places=tuple((each.get("country", ""), words(each)) for each in podcast(channel, "location")), trailers=_trailers(channel),
        persons=_persons(channel), proofs=tuple(each.get("purpose", "verify") for each in podcast(channel, "txt") if each.get("purpose") != AI), synthetic=_said(channel, AI),
        blocked_platforms=tuple(each.get("id", "") for each in podcast(channel, "block") if each.get("id") and is_yes(words(each))),
        has_owner=channel.find(f"{{{ITUNES}}}owner") is not None, others=_others(channel, _OF_CHANNELS), items=tuple(_item(each) for each in items[:MOST_ITEMS]), faults=faults,
    )  # fmt: skip


def _parsed(content: bytes, *, forgiving: bool) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=forgiving,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _in_pieces(content: bytes) -> Any:
    """A broken feed, each item read for itself: what is wrong in one stays in it."""
    first = _ITEM.search(content)
    if first is None:
        return _parsed(content, forgiving=True)
    head = content[: first.start()]
    root = _parsed(head + b"</channel></rss>", forgiving=True)
    channel = root.find("{*}channel") if root is not None else None
    if channel is None:
        return None
    opening = b'<rss xmlns:itunes="%s" xmlns:podcast="%s" xmlns:content="%s"><channel>' % tuple(
        space.encode() for space in (ITUNES, PODCAST, CONTENT)
    )
    given = _RSS.search(head)
    for found in list(_ITEM.finditer(content))[: MOST_ITEMS + 1]:
        piece = _parsed(
            (given[0] if given else opening) + b"<channel>" * bool(given) + found[0] + b"</channel></rss>", forgiving=True
        )
        item = piece.find(".//item") if piece is not None else None
        channel.append(etree.Element("item") if item is None else item)
    return root


def _mended(content: bytes) -> bytes:
    """Without control characters, and with the letters that HTML has names for and XML has not."""
    return _NAMED.sub(_letter, _CONTROL.sub(b"", content))


def _letter(match: re.Match[bytes]) -> bytes:
    code = name2codepoint.get(match[1].decode()) if match[1] not in _OF_XML else None
    return match[0] if code is None else b"&#%d;" % code


def _item(item: Any) -> FoundItem:
    enclosure = _enclosure(item)
    return FoundItem(
        guid=text(item, "guid") or deep(item, "guid"), title=text(item, "title") or text(item, "title", ITUNES),
        summary=text(item, "description") or text(item, "summary", ITUNES), content=text(item, "encoded", CONTENT),
        date=text(item, "pubDate") or deep(item, "pubDate"), enclosure_url=enclosure.get("url", ""), enclosure_type=enclosure.get("type", ""),
        enclosure_bytes=enclosure.get("length", ""), season=text(item, "season", ITUNES) or podcast_text(item, "season"), block=_blocked(item),
        season_name=next((each.get("name", "") for each in podcast(item, "season")), ""), license=_license(item),
        persons=_persons(item), n_alternates=len(podcast(item, "alternateEnclosure")), others=_others(item, _OF_ITEMS),
        synthetic=_said(item, AI), gone=_said(item, GONE), display=next((each.get("display", "") for each in podcast(item, "episode")), ""),
        soundbites=tuple((each.get("startTime", ""), each.get("duration", ""), words(each)) for each in podcast(item, "soundbite")),
        number=text(item, "episode", ITUNES) or podcast_text(item, "episode"), explicit=text(item, "explicit", ITUNES),
        image_url=image(item), link=text(item, "link"), episode_type=text(item, "episodeType", ITUNES),
        chapters=_chapters(item), chapters_url=next((each.get("url", "") for each in podcast(item, "chapters")), ""),
        transcripts=tuple(
            (each.get("url", ""), each.get("type", ""), each.get("language", "")) for each in podcast(item, "transcript")
        ),
    )  # fmt: skip


def _license(parent: Any) -> tuple[str, str]:
    return next(((words(each), each.get("url", "")) for each in podcast(parent, "license")), ("", ""))


def _enclosure(item: Any) -> dict[str, str]:
    """The one that is sound, when there are several."""
    found = [dict(each.attrib) for each in item.iter("enclosure")]
    sound = [each for each in found if each.get("type", "").startswith(("audio/", "video/"))]
    return next(iter(sound or found), {})


def _chapters(item: Any) -> tuple[tuple[str, str], ...]:
    """Those that stand in the feed itself. Source: Podlove Simple Chapters 1.2."""
    lists = list(item.iterchildren(f"{{{PSC}}}chapters"))
    return tuple((each.get("start", ""), each.get("title", "")) for found in lists[:1] for each in list(found)[:500])


def _persons(parent: Any) -> tuple[FoundPerson, ...]:
    return tuple(
        FoundPerson(words(each), each.get("role", ""), each.get("group", ""), bool(each.get("img") or each.get("href")))
        for each in podcast(parent, "person")
    )


def _trailers(channel: Any) -> tuple[FoundTrailer, ...]:
    return tuple(
        FoundTrailer(
            words(each),
            each.get("url", ""),
            each.get("type", ""),
            each.get("length", ""),
            each.get("pubdate", ""),
            each.get("season", ""),
        )
        for each in podcast(channel, "trailer")
    )


def _podroll(channel: Any) -> tuple[tuple[str, str, str], ...]:
    told = (each for roll in podcast(channel, "podroll") for each in podcast(roll, "remoteItem"))
    return tuple((each.get("feedGuid", ""), each.get("feedUrl", ""), each.get("title", "")) for each in told)


def _said(parent: Any, purpose: str) -> str:
    """Source: podcast namespace, `txt`."""
    return next((words(each) for each in podcast(parent, "txt") if each.get("purpose") == purpose), "")


def _blocked(parent: Any) -> str:
    """What it says of all directories."""
    everywhere = (words(each) for each in podcast(parent, "block") if not each.get("id"))
    return text(parent, "block", ITUNES) or next(everywhere, "")


def _others(parent: Any, known: frozenset[str]) -> tuple[str, ...]:
    """What is not read, and not made anew here either."""
    found = {called(each) for each in parent.iterchildren(tag=etree.Element) if not _is_as_here(each)} - known
    if known is _OF_ITEMS and any(each.get("purpose") not in {AI, GONE} for each in podcast(parent, "txt")):
        found.add("podcast:txt")
    return tuple(sorted(found))


def _is_as_here(element: Any) -> bool:
    """Comments that are turned off: so they are here."""
    return name(element) == "socialInteract" and element.get("protocol") == "disabled"


def _category(channel: Any) -> str:
    for each in channel.iterchildren(f"{{{ITUNES}}}category"):
        child = each.find(f"{{{ITUNES}}}category")
        parent, below = str(each.get("text", "")), str(child.get("text", "")) if child is not None else ""
        return f"{parent} > {below}" if below else parent
    return ""
