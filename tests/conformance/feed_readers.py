"""What three parsers that we did not write make of a feed, field by field, beside what our writer was given.

One row a field. A parser that does not know the field has None in its column; where it knows less than we say, its reader and ours
are cut to what it can say, with the reason beside it.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
from calendar import timegm
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import feedparser
import podcastparser

from radio.feeds.actions import Told
from radio.feeds.items import CHAPTERS_TYPE, HLS_TYPE
from radio.feeds.rules import Channel, Item, RemoteItem, last_changed
from tests.waiting import PATIENCE_S

HERE = Path(__file__).resolve().parent
MODULES = Path(os.environ.get("RADIO_TEST_NODE_MODULES", HERE.parents[1] / "node_modules"))
NAMESPACE, FIRST_NAMESPACE = (
    b"https://podcastindex.org/namespace/1.0",
    b"https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
)
"""The name of the podcast namespace, and the one it had at first: podcastparser 0.6 knows no other, so it is given that."""

Reader = Callable[[Any], Any] | None


@dataclass(frozen=True)
class Row:
    """One field: what was said, and how each parser says it. `of`: the fields of ours that it shows."""

    of: str
    said: Callable[[Any], Any]
    feedparser: Reader
    podcastparser: Reader
    partytime: Reader


@dataclass(frozen=True)
class Read:
    """One feed as each of the three understands it."""

    feedparser: Any
    podcastparser: Any
    partytime: Any


def read(feeds: Sequence[bytes]) -> list[Read]:
    """All feeds by all three; node is started once."""
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES), "PARTYTIME_LOG": "silent"}
    asked = json.dumps([feed.decode() for feed in feeds]).encode()
    done = subprocess.run(
        ["node", str(HERE / "partytime.cjs")], input=asked, capture_output=True, check=True, timeout=PATIENCE_S, env=environment
    )
    theirs = [feedparser.parse(feed) for feed in feeds]
    assert [found.bozo_exception for found in theirs if found.bozo] == []
    others = [
        podcastparser.parse("http://unused.example/", io.BytesIO(feed.replace(NAMESPACE, FIRST_NAMESPACE))) for feed in feeds
    ]
    return [Read(*found) for found in zip(theirs, others, json.loads(done.stdout), strict=True)]


def flat(text: str | None) -> str:
    """Without runs of white space, which parsers fold as they like."""
    return " ".join((text or "").split())


def at(text: str | None) -> datetime | None:
    """An instant as partytime writes it."""
    return datetime.fromisoformat(text) if text else None


def stamp(parsed: Any) -> int | None:
    """An instant as feedparser gives it, in seconds."""
    return timegm(parsed) if parsed else None


def links(found: Any, rel: str) -> list[str]:
    """The channel's links of a relation; feedparser puts those of a programme on air among them."""
    return [link.href for link in found.links if link.rel == rel]


def _remote(one: RemoteItem) -> dict[str, str]:
    found = {"feedGuid": one.feed_guid, "feedUrl": one.feed_url, "title": flat(one.title), "itemGuid": one.item_guid}
    return {name: value for name, value in found.items() if value}


def _of_remote(found: dict[str, str]) -> dict[str, str]:
    return {name: flat(value) for name, value in found.items() if name != "medium"}


def _pages(channel: Channel) -> dict[str, str]:
    wanted = {"first": 1, "previous": channel.page - 1, "next": channel.page + 1, "last": channel.n_pages}
    several = channel.n_pages > 1
    return {rel: channel.page_url(n) for rel, n in wanted.items() if several and 1 <= n <= channel.n_pages}


def _txt(entries: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """partytime takes the text `true` for a boolean and loses it, and all of them when none has another text."""
    return (
        [(purpose, "" if text == "true" else text) for purpose, text in entries]
        if {text for _, text in entries} - {"true"}
        else []
    )


def _txt_of(found: Any) -> list[tuple[str, str]]:
    return [(one["purpose"], one["value"]) for one in found.get("podcastTxt", [])]


CHANNEL = [
    Row("title", lambda c: flat(c.title), lambda f: flat(f.title), lambda p: p["title"], lambda t: t["title"]),
    Row("link", lambda c: c.link, lambda f: f.link, lambda p: p["link"], lambda t: t["link"]),
    Row("description", lambda c: flat(c.description), lambda f: _words(f, "subtitle"), lambda p: flat(p["description"]), lambda t: flat(t["description"])),
    Row("language", lambda c: c.language.lower(), lambda f: f.language, lambda p: p["language"], lambda t: t["language"]),
    Row("image_url", lambda c: c.image_url, lambda f: f.image.href, lambda p: p["cover_url"], lambda t: t["itunesImage"]),
    Row("image_url", lambda c: c.image_url, lambda f: f.podcast_image["href"], None, lambda t: t["image"]["url"]),
    # feedparser understands `yes`, which Apple does not take any more
    Row("explicit", lambda c: c.explicit, None, lambda p: p["explicit"], lambda t: t["explicit"]),
    Row("author", lambda c: flat(c.author), lambda f: flat(f.author), lambda p: p["itunes_author"], lambda t: flat(t["author"])),
    Row("author", lambda c: flat(c.author), lambda f: flat(f.rights), None, lambda t: flat(t["copyright"])),
    Row("serial", lambda c: "serial" if c.serial else "episodic", lambda f: f.itunes_type, lambda p: p["type"], lambda t: t["itunesType"]),
    Row("category", lambda c: c.category, lambda f: " > ".join(tag.term for tag in f.tags), lambda p: " > ".join(p["itunes_categories"][0]), lambda t: t["itunesCategory"][0]),
    Row("guid", lambda c: str(c.guid), lambda f: f.podcast_guid, None, lambda t: t["guid"]),
    Row("medium", lambda c: c.medium, lambda f: f.podcast_medium, None, lambda t: t["medium"]),
    # partytime reads it only beside the owner's mail address, which we give nobody
    Row("moved_to", lambda c: not c.moved_to, lambda f: f.podcast_locked == "yes", lambda p: p["import_prohibited"], None),
    Row("moved_to", lambda c: c.moved_to, None, lambda p: p.get("new_url", ""), lambda t: t.get("itunesNewFeedUrl", "")),
    Row("blocked", lambda c: c.blocked, lambda f: bool(f.get("itunes_block")), None, lambda t: t["itunesBlock"]),
    Row("blocked", lambda c: "yes" if c.blocked else "no", lambda f: f.get("podcast_block", "no"), None, lambda t: t["podcastBlocked"]),
    Row("complete", lambda c: c.complete, lambda f: f.get("itunes_complete") == "Yes", None, lambda t: t["itunesComplete"]),
    Row("license", lambda c: c.license, None, None, lambda t: t.get("license", {}).get("identifier", "")),
    Row("license_url", lambda c: c.license_url if c.license else "", lambda f: _attribute(f, "podcast_license", "url"), None, None),
    Row("funding_url", lambda c: c.funding_url, lambda f: _attribute(f, "podcast_funding", "url"), lambda p: p.get("funding_url", ""), lambda t: "".join(one["url"] for one in t.get("podcastFunding", []))),
    Row("funding_words", lambda c: flat(c.funding_words) if c.funding_url else "", None, None, lambda t: "".join(flat(one["message"]) for one in t.get("podcastFunding", []))),
    Row("country", lambda c: c.country[0], lambda f: _attribute(f, "podcast_location", "country"), None, None),
    Row("country", lambda c: c.country[1], None, None, lambda t: t.get("podcastLocation", {}).get("name", "")),
    Row("synthetic verifications", lambda c: _txt([*([("ai-content", "true")] if c.synthetic else []), *c.verifications]), None, None, _txt_of),
    Row("persons", lambda c: [(one.name, one.role, one.group) for one in c.persons], None, None,
        lambda t: [(one["name"], one["role"].lower(), one["group"].lower()) for one in t.get("podcastPeople", [])]),
    Row("podroll", lambda c: [_remote(one) for one in c.podroll], None, None, lambda t: [_of_remote(one) for one in t.get("podroll", [])]),
    Row("publisher", lambda c: c.publisher.feed_guid if c.publisher else "", None, None, lambda t: t.get("podcastPublisher", {}).get("feedGuid", "")),
    Row("publisher", lambda c: c.publisher.feed_url if c.publisher else "", None, None, lambda t: t.get("podcastPublisher", {}).get("feedUrl", "")),
    Row("remote", lambda c: [_remote(one) for one in c.remote], None, None, lambda t: [_of_remote(one) for one in t.get("podcastRemoteItems", [])]),
    Row("frequency", lambda c: c.frequency.rrule if c.frequency and not c.complete else "", lambda f: _attribute(f, "podcast_updatefrequency", "rrule"), None, None),
    Row("hub_url", lambda c: [c.hub_url] if c.hub_url else [], lambda f: links(f, "hub"), None, lambda t: [t["pubsub"]["hub"]] if "hub" in t["pubsub"] else []),
    Row("self_url page", lambda c: c.page_url(c.page), lambda f: links(f, "self")[0], None, lambda t: t["pubsub"]["self"]),
    Row("page n_pages", _pages, lambda f: {rel: links(f, rel)[0] for rel in ("first", "previous", "next", "last") if links(f, rel)}, None, None),
    Row("page n_pages", lambda c: _pages(c).get("next"), None, lambda p: p.get("paged_feed_next"), lambda t: t["pubsub"].get("next")),
    Row("page n_pages", lambda c: _pages(c).get("first"), None, lambda p: p.get("paged_feed_first"), None),
    Row("uses_podping", lambda c: c.uses_podping and not c.blocked, lambda f: _attribute(f, "podcast_podping", "usespodping") == "true", None, None),
    Row("live", lambda c: [str(one.guid) for one in c.live], None, None, lambda t: [one["guid"] for one in t.get("podcastLiveItems", [])]),
    Row("live", lambda c: [("live" if one.on_air else "pending", one.start, one.end, flat(one.title), one.image_url) for one in c.live], None, None,
        lambda t: [(one["status"], at(one["start"]), at(one["end"]), flat(one["title"]), one["image"]) for one in t.get("podcastLiveItems", [])]),
    Row("live_urls", lambda c: [(c.live_urls[0], [c.live_urls[0], c.live_urls[1]], ["audio/mpeg", HLS_TYPE], c.live_urls[2]) for _ in c.live], None, None,
        lambda t: [(one["enclosure"]["url"], [each["source"][0]["uri"] for each in one["alternativeEnclosures"]], [each["type"] for each in one["alternativeEnclosures"]], one["contentLinks"][0]["url"])
                   for one in t.get("podcastLiveItems", [])]),
]  # fmt: skip


def _attribute(found: Any, tag: str, name: str) -> str:
    """An attribute of a tag that feedparser knows only as such; a tag without attributes is a text to it."""
    seen = found.get(tag)
    return str(seen.get(name, "")) if isinstance(seen, dict) else ""


def _words(found: Any, name: str) -> str:
    """A text as feedparser gives it: as HTML when it says so."""
    told = found[f"{name}_detail"]
    return flat(unescape(told.value) if told.type == "text/html" else told.value)


def _psc(entry: Any) -> list[tuple[int, str]]:
    return [(int(one.start_parsed.total_seconds()), one.title) for one in entry.get("psc_chapters", {}).get("chapters", [])]


def _transcripts(item: Item) -> list[tuple[str, str, str]]:
    found = []
    for words in item.words:
        stem = f"{item.link}/transcript{words.suffix}"
        if words.timed:
            found += [(f"{stem}.vtt", "text/vtt", words.language), (f"{stem}.srt", "application/srt", words.language)]
        found.append((f"{stem}.html", "text/html", words.language))
    return found


def _low(item: Item) -> list[tuple[object, ...]]:
    if item.low is None:
        return []
    low = item.low
    return [(low.url, low.media_type, low.size_bytes, low.bitrate_bps, low.integrity)]


def _item_txt(item: Item) -> list[tuple[str, str]]:
    review = [("review", item.expires_at.date().isoformat())] if item.expires_at else []
    gone = [("gone", item.gone)] if item.gone else []
    return _txt([*([("ai-content", "true")] if item.synthetic else []), *gone, *review])


ITEM = [
    Row("guid", lambda i: str(i.guid), lambda f: f.id, lambda p: p["guid"], lambda t: t["guid"]),
    Row("title", lambda i: i.title, lambda f: f.title, lambda p: p["title"], lambda t: t["title"]),
    Row("title", lambda i: i.title, lambda f: f.itunes_title, None, None),
    Row("link", lambda i: i.link, lambda f: f.link, lambda p: p["link"], lambda t: t["link"]),
    Row("summary", lambda i: flat(i.summary), lambda f: _words(f, "summary"), lambda p: flat(p["description"]), lambda t: flat(t["description"])),
    Row("notes_html", lambda i: flat(i.notes_html), None, lambda p: flat(p["description_html"]), None),
    # partytime resolves what is escaped inside a CDATA section too
    Row("notes_html", lambda i: flat(unescape(i.notes_html)), None, None, lambda t: flat(unescape(t["content"]))),
    Row("notes_html", lambda i: bool(i.notes_html), lambda f: bool(f.content[0].value), None, None),
    Row("standard", lambda i: i.standard.url, lambda f: f.enclosures[0].href, lambda p: p["enclosures"][0]["url"], lambda t: t["enclosure"]["url"]),
    Row("standard", lambda i: i.standard.size_bytes, lambda f: int(f.enclosures[0].length), lambda p: p["enclosures"][0]["file_size"], lambda t: t["enclosure"]["length"]),
    Row("standard", lambda i: i.standard.media_type, lambda f: f.enclosures[0].type, lambda p: p["enclosures"][0]["mime_type"], lambda t: t["enclosure"]["type"]),
    Row("published_at", lambda i: int(i.published_at.timestamp()), lambda f: stamp(f.published_parsed), lambda p: p["published"], lambda t: int(datetime.fromisoformat(t["pubDate"]).timestamp())),
    Row("length_ms", lambda i: max(1, round(i.length_ms / 1000)), lambda f: int(f.itunes_duration), lambda p: p["total_time"], lambda t: t["duration"]),
    Row("explicit", lambda i: i.explicit, None, lambda p: p["explicit"], lambda t: t["explicit"]),
    Row("season_number", lambda i: i.season_number, lambda f: int(f.itunes_season) if "itunes_season" in f else None, lambda p: p.get("season"), lambda t: t.get("itunesSeason")),
    Row("season_number season_name", lambda i: (i.season_number, i.season_name) if i.season_number else None, None, None,
        lambda t: (t["podcastSeason"]["number"], t["podcastSeason"].get("name", "")) if "podcastSeason" in t else None),
    Row("season_name", lambda i: i.season_name if i.season_number else "", lambda f: _attribute(f, "podcast_season", "name"), None, None),
    Row("episode_number", lambda i: i.episode_number, lambda f: int(f.itunes_episode) if "itunes_episode" in f else None, lambda p: p.get("number"), lambda t: t.get("itunesEpisode")),
    Row("episode_number", lambda i: i.episode_number, lambda f: int(f.podcast_episode) if "podcast_episode" in f else None, None, lambda t: t.get("podcastEpisode", {}).get("number")),
    Row("release", lambda i: i.release, lambda f: f.itunes_episodetype, lambda p: p["type"], lambda t: t["itunesEpisodeType"]),
    Row("blocked", lambda i: i.blocked, lambda f: bool(f.get("itunes_block")), None, None),
    Row("persons", lambda i: [(one.name, one.role, one.group) for one in i.persons], None, lambda p: [(one["name"], one["role"], one["group"]) for one in p.get("persons") or []],
        lambda t: [(one["name"], one["role"].lower(), one["group"].lower()) for one in t.get("podcastPeople", [])]),
    Row("license", lambda i: i.license, None, None, lambda t: t.get("license", {}).get("identifier", "")),
    Row("license_url", lambda i: i.license_url, lambda f: _attribute(f, "podcast_license", "url"), None, None),
    Row("words", _transcripts, None, None, lambda t: [(one["url"], one["type"], one["language"]) for one in t.get("podcastTranscripts", [])]),
    Row("words", lambda i: _transcripts(i)[-1][0] if i.words else "", lambda f: _attribute(f, "podcast_transcript", "url"), lambda p: p.get("transcript_url", ""), None),
    Row("chapters", lambda i: [(one.start_ms // 1000, one.title) for one in i.chapters], _psc, lambda p: [(int(one["start"]), one["title"]) for one in p.get("chapters") or []], None),
    Row("chapters", lambda i: f"{i.link}/chapters.json" if i.chapters else "", lambda f: _attribute(f, "podcast_chapters", "url"), lambda p: p.get("chapters_json_url", ""), lambda t: t.get("podcastChapters", {}).get("url", "")),
    Row("chapters", lambda i: CHAPTERS_TYPE if i.chapters else "", lambda f: _attribute(f, "podcast_chapters", "type"), None, lambda t: t.get("podcastChapters", {}).get("type", "")),
    Row("soundbites", lambda i: [(one.from_ms / 1000, (one.to_ms - one.from_ms) / 1000, one.title) for one in i.soundbites], None, None,
        lambda t: [(one["startTime"], one["duration"], one["title"]) for one in t.get("podcastSoundbites", [])]),
    Row("low", _low, None, None, lambda t: [(one["source"][0]["uri"], one["type"], one["length"], one["bitrate"], one["integrity"]["value"]) for one in t.get("alternativeEnclosures", [])]),
    Row("low", lambda i: i.low.integrity if i.low else "", lambda f: _attribute(f, "podcast_integrity", "value"), None, None),
    Row("synthetic expires_at gone", _item_txt, None, None, _txt_of),
]  # fmt: skip


def _trailers(told: Told) -> list[tuple[str, datetime, int, str]]:
    return [(one.standard.url, one.published_at, one.standard.size_bytes, one.title[:128]) for one in told.channel.trailers]


WHOLE = [
    Row("trailers", _trailers, None, None, lambda t: [(one["url"], at(one["pubdate"]), one["length"], one["title"]) for one in t.get("trailers", [])]),
    Row("changed_at", lambda told: last_changed(told.channel, told.items).replace(microsecond=0), None, None, lambda t: at(t["lastBuildDate"])),
]  # fmt: skip

PARSERS = ("feedparser", "podcastparser", "partytime")


def disagreements(told: Told, seen: Read) -> list[str]:
    """Every field in which a parser says other than was said."""
    found = [*_compared("channel", CHANNEL, told.channel, (seen.feedparser.feed, seen.podcastparser, seen.partytime))]
    found += _compared("feed", WHOLE, told, (seen.feedparser.feed, seen.podcastparser, seen.partytime))
    episodes = {one["guid"]: one for one in seen.podcastparser["episodes"]}  # it sorts them
    theirs = (
        seen.feedparser.entries,
        [episodes[str(item.guid)] for item in told.items if str(item.guid) in episodes],
        seen.partytime["items"],
    )
    for parser, entries in zip(PARSERS, theirs, strict=True):
        if len(entries) != len(told.items):
            return [*found, f"{parser} reads {len(entries)} items of {len(told.items)}"]
    for item, *entries in zip(told.items, *theirs, strict=True):
        found += _compared(f"item {item.guid}", ITEM, item, entries)
    return found


def _compared(place: str, rows: Sequence[Row], said: Any, seen: Sequence[Any]) -> list[str]:
    found = []
    for row in rows:
        wanted = row.said(said)
        for parser, each in zip(PARSERS, seen, strict=True):
            reader: Reader = getattr(row, parser)
            if reader is not None and (got := reader(each)) != wanted:
                found.append(f"{place}, {row.of}: {parser} says {got!r}, not {wanted!r}")
    return found
