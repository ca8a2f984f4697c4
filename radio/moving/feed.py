"""Reads RSS from elsewhere, as it is: every string exactly, every tag as often as it stands there.

lxml reads strictly first, then forgivingly. It fetches nothing, loads no document type and expands no entity that a file
declares; such a file is not read at all.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from radio.moving.rules import MOST_ITEMS, FoundItem, FoundShow

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
_PODCASTS = (PODCAST, "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md")
CONTENT = "http://purl.org/rss/1.0/modules/content/"
PSC = "http://podlove.org/simple-chapters"
ATOM = "http://www.w3.org/2005/Atom"
_NAMED = re.compile(rb"&([a-zA-Z][a-zA-Z0-9]{1,10});")
_ITEM = re.compile(rb"<item[\s>].*?</item\s*>", re.DOTALL)
_RSS = re.compile(rb"<rss[\s>][^>]*>")
_OF_XML = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[124-9]|2\d|3[01]|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")


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
    channel = root.find("{*}channel") if root is not None and _name(root) == "rss" else None
    if channel is None:
        raise FeedError("not-a-feed")
    items = [each for each in channel.iterchildren(tag=etree.Element) if _name(each) == "item" and not _space(each)]
    if len(items) > MOST_ITEMS:
        faults += ("too-many-items",)
    return FoundShow(
        title=_text(channel, "title"), description=_text(channel, "description") or _text(channel, "summary", ITUNES),
        language=_text(channel, "language"), author=_text(channel, "author", ITUNES), category=_category(channel),
        explicit=_text(channel, "explicit", ITUNES), image_url=_image(channel), guid=_podcast_text(channel, "guid"),
        locked=_podcast_text(channel, "locked"), self_url=_atom(channel, "self"), link=_text(channel, "link"),
        kind=_text(channel, "type", ITUNES), complete=_text(channel, "complete", ITUNES),
        next_url=_atom(channel, "next"), items=tuple(_item(each) for each in items[:MOST_ITEMS]), faults=faults,
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
        guid=_text(item, "guid") or _deep(item, "guid"), title=_text(item, "title") or _text(item, "title", ITUNES),
        summary=_text(item, "description") or _text(item, "summary", ITUNES), content=_text(item, "encoded", CONTENT),
        date=_text(item, "pubDate") or _deep(item, "pubDate"), enclosure_url=enclosure.get("url", ""), enclosure_type=enclosure.get("type", ""),
        enclosure_bytes=enclosure.get("length", ""), season=_text(item, "season", ITUNES) or _podcast_text(item, "season"),
        number=_text(item, "episode", ITUNES) or _podcast_text(item, "episode"), explicit=_text(item, "explicit", ITUNES),
        image_url=_image(item), link=_text(item, "link"), episode_type=_text(item, "episodeType", ITUNES),
        chapters=_chapters(item), chapters_url=next((each.get("url", "") for each in _podcast(item, "chapters")), ""),
        transcripts=tuple(
            (each.get("url", ""), each.get("type", ""), each.get("language", "")) for each in _podcast(item, "transcript")
        ),
    )  # fmt: skip


def _enclosure(item: Any) -> dict[str, str]:
    """The one that is sound, when there are several."""
    found = [dict(each.attrib) for each in item.iter("enclosure")]
    sound = [each for each in found if each.get("type", "").startswith(("audio/", "video/"))]
    return next(iter(sound or found), {})


def _chapters(item: Any) -> tuple[tuple[str, str], ...]:
    """Those that stand in the feed itself. Source: Podlove Simple Chapters 1.2."""
    lists = list(item.iterchildren(f"{{{PSC}}}chapters"))
    return tuple((each.get("start", ""), each.get("title", "")) for found in lists[:1] for each in list(found)[:500])


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _space(element: Any) -> str:
    return str(etree.QName(element).namespace or "")


def _text(parent: Any, name: str, space: str = "") -> str:
    """The text of the first such child that has any, without space around it."""
    tag = f"{{{space}}}{name}" if space else name
    for child in parent.iterchildren(tag):
        if text := "".join(child.itertext()).strip():
            return text
    return ""


def _deep(item: Any, name: str) -> str:
    """As `_text`, where a tag before it was never closed."""
    return next((text for each in item.iter(name) if (text := "".join(each.itertext()).strip())), "")


def _podcast(parent: Any, name: str) -> list[Any]:
    return [child for space in _PODCASTS for child in parent.iterchildren(f"{{{space}}}{name}")]


def _podcast_text(parent: Any, name: str) -> str:
    return next((text for child in _podcast(parent, name) if (text := (child.text or "").strip())), "")


def _atom(channel: Any, rel: str) -> str:
    return next((each.get("href", "") for each in channel.iterchildren(f"{{{ATOM}}}link") if each.get("rel") == rel), "")


def _image(parent: Any) -> str:
    own = next((each.get("href", "") for each in parent.iterchildren(f"{{{ITUNES}}}image")), "")
    old = parent.find("image")
    return own or (_text(old, "url") if old is not None else "")


def _category(channel: Any) -> str:
    for each in channel.iterchildren(f"{{{ITUNES}}}category"):
        child = each.find(f"{{{ITUNES}}}category")
        parent, below = str(each.get("text", "")), str(child.get("text", "")) if child is not None else ""
        return f"{parent} > {below}" if below else parent
    return ""
