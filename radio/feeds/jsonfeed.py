"""The same feed as JSON, for readers that take no XML. Source: JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Sequence

from radio.core.text import allowed
from radio.feeds.rules import Channel, Item, Sound, changed


def write(channel: Channel, shown: Sequence[Item], self_url: str) -> bytes:
    """The feed as UTF-8 JSON. The same values give the same bytes."""
    told = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.link,
        "feed_url": self_url if channel.page == 1 else f"{self_url}?page={channel.page}",
        "description": channel.description,
        "icon": channel.image_url,
        "language": channel.language,
        "authors": [{"name": channel.author}],
        "expired": channel.complete,
        "items": [_item(item) for item in shown],
    }
    if channel.page < channel.n_pages:
        told["next_url"] = f"{self_url}?page={channel.page + 1}"
    if channel.hub_url:
        told["hubs"] = [{"type": "WebSub", "url": channel.hub_url}]
    return allowed(json.dumps(told, ensure_ascii=False, separators=(",", ":"))).encode()


def _item(item: Item) -> dict[str, object]:
    return {
        "id": str(item.guid),
        "url": item.link,
        "title": item.title,
        "summary": item.summary,
        "content_html": item.notes_html,
        "image": item.image_url,
        "date_published": item.published_at.isoformat(timespec="seconds"),
        "date_modified": changed(item).isoformat(timespec="seconds"),
        **({"authors": [{"name": person.name} for person in item.persons]} if item.persons else {}),
        "attachments": [_sound(sound, item) for sound in (item.standard, item.low) if sound],
    }


def _sound(sound: Sound, item: Item) -> dict[str, object]:
    """One form of the sound; what has the same title is the same in another form. Source: JSON Feed 1.1, `attachments`."""
    return {
        "url": sound.url, "mime_type": sound.media_type, "title": item.title, "size_in_bytes": sound.size_bytes,
        "duration_in_seconds": max(1, round(item.length_ms / 1000)),
    }  # fmt: skip
