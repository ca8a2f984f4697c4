"""Writes RSS: the only user of feedgen, with our own extensions for the `itunes` and `podcast` namespaces.

feedgen's own podcast extension refuses `explicit=true`, knows no `podcast:` tag and writes the present time; ours does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# isort: off
from lxml import etree  # first: feedgen relies on it being loaded
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
# isort: on

from radio.feeds.rules import Channel, Item, Sound, last_changed

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
_GENERATOR = "Peer Radio"


def _tag(parent: Any, namespace: str, name: str, text: str | None = None, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
    element.text = text
    return element


class _ChannelTags(BaseExtension):  # type: ignore[misc]
    """`itunes:` and `podcast:` tags of the channel."""

    told: Channel

    def extend_ns(self) -> dict[str, str]:
        return {"itunes": ITUNES, "podcast": PODCAST}

    def extend_rss(self, rss: Any) -> Any:
        channel, told = rss[0], self.told
        _tag(channel, ITUNES, "author", told.author)
        parent, _, child = told.category.partition(" > ")
        category = etree.SubElement(channel, f"{{{ITUNES}}}category", {"text": parent})
        if child:
            etree.SubElement(category, f"{{{ITUNES}}}category", {"text": child})
        _tag(channel, ITUNES, "explicit", "true" if told.explicit else "false")
        _tag(channel, ITUNES, "image", href=told.image_url)
        _tag(channel, ITUNES, "type", "episodic")
        _tag(channel, PODCAST, "guid", str(told.guid))
        _tag(channel, PODCAST, "locked", "no" if told.moved_to else "yes")
        if told.moved_to:
            _tag(channel, ITUNES, "new-feed-url", told.moved_to)
        _tag(channel, PODCAST, "medium", "podcast")
        return rss


class _ItemTags(BaseEntryExtension):  # type: ignore[misc]
    """`itunes:` and `podcast:` tags of an item."""

    told: Item
    channel_image_url: str

    def extend_rss(self, item: Any) -> Any:
        told = self.told
        _tag(item, ITUNES, "duration", str(max(1, round(told.length_ms / 1000))))
        _tag(item, ITUNES, "explicit", "true" if told.explicit else "false")
        if told.image_url != self.channel_image_url:
            _tag(item, ITUNES, "image", href=told.image_url)
        if told.season_number:
            _tag(item, ITUNES, "season", str(told.season_number))
            _tag(item, PODCAST, "season", str(told.season_number))
        if told.episode_number:
            _tag(item, ITUNES, "episode", str(told.episode_number))
            _tag(item, PODCAST, "episode", str(told.episode_number))
        if told.low:
            _alternate(item, told.low, "Less data")
        return item


def _alternate(item: Any, sound: Sound, title: str) -> None:
    """Source: podcast namespace, `alternateEnclosure`, `source`, `integrity`."""
    alternate = _tag(
        item, PODCAST, "alternateEnclosure", type=sound.media_type, length=str(sound.size_bytes),
        bitrate=str(sound.bitrate_bps), title=title,
    )  # fmt: skip
    _tag(alternate, PODCAST, "source", uri=sound.url)
    _tag(alternate, PODCAST, "integrity", type="sri", value=sound.integrity)


def write(channel: Channel, shown: Sequence[Item]) -> bytes:
    """The feed as UTF-8 RSS 2.0. The same values give the same bytes."""
    feed = FeedGenerator()
    feed.register_extension("tags", _ChannelTags, _ItemTags, atom=False)
    feed.tags.told = channel
    feed.title(channel.title)
    feed.description(channel.description)
    feed.link([
        {"href": channel.self_url, "rel": "self", "type": "application/rss+xml"},
        {"href": channel.link, "rel": "alternate"},  # the last one becomes <link>
    ])  # fmt: skip
    feed.language(channel.language.lower())
    feed.generator(_GENERATOR)
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.image(channel.image_url, channel.title, channel.link)
    feed.lastBuildDate(last_changed(channel, shown))
    for item in shown:
        _write(feed.add_entry(order="append"), item, channel)
    written: bytes = feed.rss_str()
    return written


def _write(entry: FeedEntry, item: Item, channel: Channel) -> None:
    entry.tags.told, entry.tags.channel_image_url = item, channel.image_url
    entry.title(item.title)
    entry.link(href=item.link)
    entry.description(item.summary)
    if item.notes_html:
        entry.content(item.notes_html, type="CDATA")
    entry.guid(item.guid, permalink=False)
    entry.enclosure(item.standard.url, str(item.standard.size_bytes), item.standard.media_type)
    entry.pubDate(item.published_at)
