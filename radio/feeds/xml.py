"""Writes RSS: the only user of feedgen, with our own extension for the `itunes` and `podcast` namespaces.

feedgen's own podcast extension refuses `explicit=true`, knows no `podcast:` tag and writes the present time; ours does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

# isort: off
from lxml import etree  # first: feedgen relies on it being loaded
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
# isort: on

from radio.core.text import allowed
from radio.feeds import items
from radio.feeds.rules import Channel, Item, RemoteItem, last_changed

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
ATOM = "http://www.w3.org/2005/Atom"
PODCAST = "https://podcastindex.org/namespace/1.0"
CHAPTERS = "http://podlove.org/simple-chapters"
NAMESPACES = {"itunes": ITUNES, "podcast": PODCAST, "psc": CHAPTERS}
STYLE = '<?xml-stylesheet type="text/css" href="/static/of-any-build/css/feed.css"?>'
_GENERATOR = "Peer Radio"
_ROOT = "<r {}>".format(
    " ".join(f'xmlns:{prefix}="{url}"' for prefix, url in {**NAMESPACES, "content": "urn:c"}.items())
).encode()


@dataclass(frozen=True, slots=True)
class Written:
    """A feed as bytes, and the items it goes on without: (episode id, why)."""

    content: bytes
    left_out: tuple[tuple[str, str], ...] = ()


def _tag(parent: Any, namespace: str, name: str, text: str | None = None, **attributes: str) -> Any:
    said = {key.rstrip("_").replace("_", "-"): allowed(value) for key, value in attributes.items() if value}
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", said)
    element.text = allowed(text) if text else None
    return element


class _ChannelTags(BaseExtension):  # type: ignore[misc]
    """`itunes:` and `podcast:` tags of the channel."""

    told: Channel

    def extend_ns(self) -> dict[str, str]:
        return NAMESPACES

    def extend_rss(self, rss: Any) -> Any:
        channel, told = rss[0], self.told
        for link in _links(told):
            _tag(channel, ATOM, "link", **link)
        _itunes(channel, told)
        _podcast(channel, told)
        _agreements(channel, told)
        _others(channel, told)
        return rss


def _itunes(channel: Any, told: Channel) -> None:
    _tag(channel, ITUNES, "author", told.author)
    parent, _, child = told.category.partition(" > ")
    category = etree.SubElement(channel, f"{{{ITUNES}}}category", {"text": parent})
    if child:
        etree.SubElement(category, f"{{{ITUNES}}}category", {"text": child})
    _tag(channel, ITUNES, "explicit", "true" if told.explicit else "false")
    _tag(channel, ITUNES, "image", href=told.image_url)
    _tag(channel, ITUNES, "type", "serial" if told.serial else "episodic")
    if told.moved_to:
        _tag(channel, ITUNES, "new-feed-url", told.moved_to)
    if told.blocked:
        _tag(channel, ITUNES, "block", "Yes")
    if told.complete:
        _tag(channel, ITUNES, "complete", "Yes")


def _podcast(channel: Any, told: Channel) -> None:
    _tag(channel, PODCAST, "guid", str(told.guid))
    _tag(channel, PODCAST, "locked", "no" if told.moved_to else "yes")
    _tag(channel, PODCAST, "medium", told.medium)
    _tag(
        channel, PODCAST, "image", href=told.image_url, alt=told.title, aspect_ratio="1/1", width="1400", type="image/jpeg",
        purpose="artwork",
    )  # fmt: skip
    if told.blocked:
        _tag(channel, PODCAST, "block", "yes")
    if told.uses_podping and not told.blocked:
        _tag(channel, PODCAST, "podping", usesPodping="true")
    _tag(channel, PODCAST, "socialInteract", protocol="disabled")
    if told.complete:
        _tag(channel, PODCAST, "updateFrequency", "No more will come.", complete="true")
    elif told.frequency:
        starts = told.frequency.starts.isoformat(timespec="seconds").replace("+00:00", "Z") if told.frequency.starts else ""
        _tag(channel, PODCAST, "updateFrequency", told.frequency.words[:128], rrule=told.frequency.rrule, dtstart=starts)


def _agreements(channel: Any, told: Channel) -> None:
    """What it may be used for, who pays, where it is, whose it is."""
    if told.license:
        _tag(channel, PODCAST, "license", told.license, url=told.license_url)
    if told.funding_url:
        _tag(channel, PODCAST, "funding", told.funding_words[:128] or None, url=told.funding_url)
    code, name = told.country
    if code:
        _tag(channel, PODCAST, "location", name or code, rel="subject", country=code)
    if told.synthetic:
        _tag(channel, PODCAST, "txt", "true", purpose="ai-content")
    for purpose, text in told.verifications:
        _tag(channel, PODCAST, "txt", text, purpose=purpose)
        if purpose == "applepodcastsverify":
            _tag(channel, ITUNES, "applepodcastsverify", text)


def _others(channel: Any, told: Channel) -> None:
    for person in told.persons:
        _tag(channel, PODCAST, "person", person.name, role=person.role, group=person.group)
    if told.podroll:
        roll = _tag(channel, PODCAST, "podroll")
        for one in told.podroll:
            _remote(roll, one)
    if told.publisher:
        _remote(_tag(channel, PODCAST, "publisher"), told.publisher)
    for one in told.remote:
        _remote(channel, one)


def _remote(parent: Any, one: RemoteItem) -> None:
    _tag(
        parent, PODCAST, "remoteItem", medium=one.medium, feedGuid=one.feed_guid, feedUrl=one.feed_url, itemGuid=one.item_guid,
        title=one.title,
    )  # fmt: skip


def write(channel: Channel, shown: Sequence[Item]) -> Written:
    """The feed as UTF-8 RSS 2.0. The same values give the same bytes.

    An item that cannot be written is left out and named; the feed goes on. What is on air comes
    right behind the title: readers that do not know the tag take the last link and description that they meet for the channel's.
    """
    head, end, tail = _channel(channel, shown).partition(b"</channel>")
    live = "".join(items.live(one, channel.live_urls, channel.author) for one in channel.live)
    title, mark, rest = head.replace(b"?>\n", f"?>\n{STYLE}\n".encode(), 1).partition(b"</title>")
    trailers = "".join(map(_trailer, channel.trailers))
    start = b"".join([title, mark, live.encode(), rest, trailers.encode()])
    written = [_told(item, channel.image_url) for item in shown]
    body = [text for text, _why in written]
    whole = b"".join([start, *body, end, tail])
    if not _is_whole(whole):
        written = [(text, why or ("" if _is_whole(_ROOT + text + b"</r>") else "not-well-formed")) for text, why in written]
        whole = b"".join([start, *(text for text, why in written if not why), end, tail])
    return Written(whole, tuple((item.episode_id, why) for item, (_text, why) in zip(shown, written, strict=True) if why))


def _told(item: Item, channel_image_url: str) -> tuple[bytes, str]:
    """The item, or nothing and why."""
    try:
        return items.written(item, channel_image_url).encode(), ""
    except Exception as error:  # noqa: BLE001 - whatever one item does, the others go on
        return b"", type(error).__name__


def _is_whole(content: bytes) -> bool:
    """Without a tree, which would take as long as writing it."""
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(content, True)
    except expat.ExpatError:
        return False
    return True


def _trailer(item: Item) -> str:
    """Source: podcast namespace, `trailer`."""
    return items.tag(
        "podcast:trailer", item.title[:128], url=item.standard.url, pubdate=items.rfc_2822(item.published_at),
        length=item.standard.size_bytes, type_=item.standard.media_type, season=item.season_number,
    )  # fmt: skip


def _channel(channel: Channel, dated: Sequence[Item]) -> bytes:
    feed = FeedGenerator()
    feed.register_extension("tags", _ChannelTags, atom=False)
    feed.tags.told = channel
    feed.title(allowed(channel.title).strip() or _GENERATOR)
    feed.description(allowed(channel.description).strip() or _GENERATOR)
    feed.link(href=channel.link, rel="alternate")
    feed.language(channel.language.lower())
    feed.copyright(allowed(channel.author))
    feed.generator(_GENERATOR)
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.image(channel.image_url, allowed(channel.title).strip() or _GENERATOR, channel.link)
    feed.lastBuildDate(last_changed(channel, dated))
    written: bytes = feed.rss_str()
    return written


def _links(channel: Channel) -> list[dict[str, str]]:
    """Self, hub, and the other pages. Source: RFC 5005 §3; WebSub §4."""
    kind = "application/rss+xml"
    found = [{"href": channel.page_url(channel.page), "rel": "self", "type": kind}]
    if channel.hub_url:
        found.append({"href": channel.hub_url, "rel": "hub"})
    if channel.n_pages > 1:
        wanted = {"first": 1, "previous": channel.page - 1, "next": channel.page + 1, "last": channel.n_pages}
        found += [
            {"href": channel.page_url(page), "rel": rel, "type": kind}
            for rel, page in wanted.items()
            if 1 <= page <= channel.n_pages
        ]
    return found
