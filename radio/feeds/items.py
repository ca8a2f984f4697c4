"""One `<item>` as text. feedgen writes the channel; a thousand items through its objects would take the time of ten.

Everything that a person typed goes through `_escaped`, so what comes out is well-formed; `xml.write` reads it again all the same.
"""

from __future__ import annotations

import re
from email.utils import format_datetime

from radio.feeds.rules import Item, Sound

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile(r'[&<>"]')
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _escaped(text: str) -> str:
    """As text or as a quoted attribute. Source: XML 1.0 §2.4."""
    return _SPECIAL.sub(lambda found: _NAMES[found[0]], text) if _SPECIAL.search(text) else text


def tag(name: str, text: str = "", **attributes: str | int | None) -> str:
    """One element without children. `type_` stands for `type`; an attribute that is None is left out."""
    said = "".join(f' {key.rstrip("_")}="{_escaped(str(value))}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{said}>{_escaped(text)}</{name}>" if text else f"<{name}{said}/>"


def written(item: Item, channel_image_url: str) -> str:
    """The item as XML text; prefixes are those of the channel."""
    pieces = [
        "<item>", tag("title", item.title), tag("link", item.link), tag("description", item.summary),
        _content(item.notes_html), f'<guid isPermaLink="false">{item.guid}</guid>', _enclosure(item.standard),
        f"<pubDate>{format_datetime(item.published_at)}</pubDate>", *_itunes(item, channel_image_url), *_podcast(item), "</item>",
    ]  # fmt: skip
    return _FORBIDDEN.sub("", "".join(pieces))


def _content(html: str) -> str:
    """Source: XML 1.0 §2.7: a CDATA section ends at the first `]]>`."""
    return f"<content:encoded><![CDATA[{html.replace(']]>', ']]]]><![CDATA[>')}]]></content:encoded>" if html else ""


def _enclosure(sound: Sound) -> str:
    return f'<enclosure url="{_escaped(sound.url)}" length="{sound.size_bytes}" type="{_escaped(sound.media_type)}"/>'


def _itunes(item: Item, channel_image_url: str) -> list[str]:
    pieces = [
        f"<itunes:duration>{max(1, round(item.length_ms / 1000))}</itunes:duration>",
        f"<itunes:explicit>{'true' if item.explicit else 'false'}</itunes:explicit>",
    ]
    if item.image_url != channel_image_url:
        pieces.append(tag("itunes:image", href=item.image_url))
    if item.blocked:
        pieces.append("<itunes:block>Yes</itunes:block>")
    if item.season_number:
        pieces.append(f"<itunes:season>{item.season_number}</itunes:season>")
    if item.episode_number:
        pieces.append(f"<itunes:episode>{item.episode_number}</itunes:episode>")
    return pieces


def _podcast(item: Item) -> list[str]:
    pieces = []
    if item.season_number:
        pieces.append(f"<podcast:season>{item.season_number}</podcast:season>")
    if item.episode_number:
        pieces.append(f"<podcast:episode>{item.episode_number}</podcast:episode>")
    if item.low:
        pieces.append(_alternate(item.low, "Less data"))
    return pieces


def _alternate(sound: Sound, title: str) -> str:
    """Source: podcast namespace, `alternateEnclosure`, `source`, `integrity`."""
    return (
        f'<podcast:alternateEnclosure type="{sound.media_type}" length="{sound.size_bytes}" bitrate="{sound.bitrate_bps}"'
        f' title="{_escaped(title)}"><podcast:source uri="{_escaped(sound.url)}"/>'
        f'<podcast:integrity type="sri" value="{sound.integrity}"/></podcast:alternateEnclosure>'
    )
