"""Writes RSS: the only user of feedgen, with our own extensions for the `itunes` and `podcast` namespaces.

feedgen's own podcast extension refuses `explicit=true`, knows no `podcast:` tag and writes the present time; ours does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# isort: off
from lxml import etree  # first: feedgen relies on it being loaded
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
# isort: on

from radio.feeds.items import written
from radio.feeds.rules import Channel, Item, last_changed

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
        _tag(channel, PODCAST, "locked", "yes")
        _tag(channel, PODCAST, "medium", "podcast")
        return rss


def write(channel: Channel, shown: Sequence[Item]) -> bytes:
    """The feed as UTF-8 RSS 2.0. The same values give the same bytes."""
    feed = FeedGenerator()
    feed.register_extension("tags", _ChannelTags, atom=False)
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
    head, end, tail = feed.rss_str().rpartition(b"</channel>")
    return b"".join([head, *(written(item, channel.image_url).encode() for item in shown), end, tail])
