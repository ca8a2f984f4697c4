"""Rules of items, each alone and all together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from radio.feeds.lint_channel import shared
from radio.feeds.lint_rules import EXTENSIONS, TRANSCRIPT_TYPES
from radio.feeds.lint_tree import BIDI, Fault, children, date_of, is_number, text_of, too_long

_UNSAFE = re.compile(
    r"<\s*(script|style|iframe|object|embed|form|img|video|audio|link|meta)\b|\son\w+\s*=|javascript:", re.IGNORECASE
)
_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]\d)(?:\.(\d{1,3}))?")
_INTEGRITY = re.compile(r"sha(256|384|512)-[A-Za-z0-9+/]+={0,2}")
_HASH_LETTERS = {"256": 44, "384": 64, "512": 88}


def faults(channel: Any) -> Iterator[Fault]:
    """What is wrong with the items of a feed."""
    items = children(channel, "item")
    serial = text_of(channel, "itunes:type") == "serial"
    for number, item in enumerate(items, 1):
        place = f"item {text_of(item, 'guid') or number} "
        yield from _words(item, place)
        yield from _texts(item, place)
        yield from _identity(item, place)
        yield from _enclosure(item, place)
        yield from _apple(item, place, serial=serial)
        yield from _numbers(item, place)
        yield from shared(item, place)
        yield from _transcripts(item, place)
        yield from _companions(item, place)
        yield from _alternates(item, place)
    yield from _together(items)


def _words(item: Any, place: str) -> Iterator[Fault]:
    title = text_of(item, "title")
    if not title:
        yield "item-title", f"{place}title"
    if len(title) > 255:
        yield "title-long", f"{place}title"
    if BIDI.search(title):
        yield "title-direction", f"{place}title"
    if not text_of(item, "link"):
        yield "item-link", f"{place}link"


def _texts(item: Any, place: str) -> Iterator[Fault]:
    description = text_of(item, "description")
    if not description:
        yield "item-description", f"{place}description"
    content = text_of(item, "content:encoded")
    if not content:
        yield "content", f"{place}content:encoded"
    for name, words in (("description", description), ("content:encoded", content)):
        if len(words.encode()) > 4000:
            yield "description-long", f"{place}{name}"
        if _UNSAFE.search(words):
            yield "html", f"{place}{name}"


def _identity(item: Any, place: str) -> Iterator[Fault]:
    date = text_of(item, "pubDate")
    if not date:
        yield "pub-date", f"{place}pubDate"
    elif date_of(date) is None:
        yield "date", f"{place}pubDate"
    guids = children(item, "guid")
    if len(guids) != 1 or not text_of(item, "guid"):
        yield "guid", f"{place}guid"
    elif guids[0].get("isPermaLink") != "false" and not text_of(item, "guid").startswith(("http://", "https://")):
        yield "guid-permalink", f"{place}guid"


def _enclosure(item: Any, place: str) -> Iterator[Fault]:
    found, where = children(item, "enclosure"), f"{place}enclosure"
    if len(found) != 1:
        yield "enclosure", where
        return
    url, media_type = found[0].get("url", ""), found[0].get("type", "")
    if not is_number(found[0].get("length", "")):
        yield "enclosure-length", where
    if not url.isascii():
        yield "enclosure-ascii", where
    if media_type not in EXTENSIONS:
        yield "enclosure-type", where
    elif url.partition("?")[0].rpartition(".")[2].lower() not in EXTENSIONS[media_type]:
        yield "enclosure-extension", where


def _apple(item: Any, place: str, *, serial: bool) -> Iterator[Fault]:
    if not is_number(text_of(item, "itunes:duration")):
        yield "duration", f"{place}itunes:duration"
    release = text_of(item, "itunes:episodeType") or "full"
    if release not in {"full", "trailer", "bonus"}:
        yield "release", f"{place}itunes:episodeType"
    blocked = text_of(item, "itunes:block") == "Yes"  # directories pass by: it stands in the place of what is gone
    if serial and release == "full" and not blocked and not children(item, "itunes:episode"):
        yield "serial-number", f"{place}itunes:episode"
    if children(item, "itunes:block") and text_of(item, "itunes:block") != "Yes":
        yield "block-value", f"{place}itunes:block"


def _numbers(item: Any, place: str) -> Iterator[Fault]:
    for name in ("itunes:season", "itunes:episode", "podcast:season"):
        if children(item, name) and not is_number(text_of(item, name)):
            yield "season-number", f"{place}{name}"
    for one in children(item, "podcast:season"):
        if len(one.get("name", "")) > 128:
            yield "text-128", f"{place}podcast:season"
    for one in children(item, "podcast:episode"):
        if len(one.get("display", "")) > 32:
            yield "episode-display", f"{place}podcast:episode"


def _transcripts(item: Any, place: str) -> Iterator[Fault]:
    for one in children(item, "podcast:transcript"):
        where = f"{place}podcast:transcript"
        if not one.get("url") or not one.get("type"):
            yield "transcript-url", where
        elif one.get("type") not in TRANSCRIPT_TYPES:
            yield "transcript-type", where
        if one.get("rel", "captions") != "captions":
            yield "transcript-rel", where


def _companions(item: Any, place: str) -> Iterator[Fault]:
    for one in children(item, "podcast:chapters"):
        if not one.get("url") or one.get("type") != "application/json+chapters":
            yield "chapters-url", f"{place}podcast:chapters"
    for one in children(item, "psc:chapters"):
        inside = children(one, "psc:chapter")
        starts = [_seconds(chapter.get("start", "")) for chapter in inside]
        known = [start for start in starts if start is not None]
        ordered = len(known) == len(starts) and all(a < b for a, b in pairwise(known))
        if not inside or not ordered or not all(chapter.get("title") for chapter in inside):
            yield "chapters-order", f"{place}psc:chapters"
    length = text_of(item, "itunes:duration")
    for one in children(item, "podcast:soundbite"):
        if not _fits(one.get("startTime", ""), one.get("duration", ""), int(length) if is_number(length) else 10**9):
            yield "soundbite-span", f"{place}podcast:soundbite"
    yield from too_long(item, ("podcast:soundbite",), 128, "text-128", place)


def _fits(start: str, duration: str, length_s: int) -> bool:
    try:
        return float(start) >= 0 and 15 <= float(duration) <= 120 and float(start) + float(duration) <= length_s + 1
    except ValueError:
        return False


def _seconds(clock: str) -> float | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hours, minutes, seconds = (int(found[n] or 0) for n in (1, 2, 3))
    return (hours * 60 + minutes) * 60 + seconds + int((found[4] or "0").ljust(3, "0")) / 1000


def _alternates(item: Any, place: str) -> Iterator[Fault]:
    where = f"{place}podcast:alternateEnclosure"
    for one in children(item, "podcast:alternateEnclosure"):
        if not one.get("type"):
            yield "alternate-type", where
        sources = children(one, "podcast:source")
        if not sources or not all(source.get("uri") for source in sources):
            yield "alternate-source", where
        if len(one.get("title", "")) > 32:
            yield "alternate-title", where
        hashes = children(one, "podcast:integrity")
        if len(hashes) > 1 or any(not _is_hash(found.get("value", "")) for found in hashes if found.get("type") == "sri"):
            yield "integrity", where


def _is_hash(value: str) -> bool:
    found = _INTEGRITY.fullmatch(value)
    return found is not None and len(value.partition("-")[2]) == _HASH_LETTERS[found[1]]


def _together(items: list[Any]) -> Iterator[Fault]:
    """No two share what must be of their own, and the newest comes first."""
    guids, urls, titles = set(), set(), set()
    last = None
    for item in items:
        guid, date = text_of(item, "guid"), date_of(text_of(item, "pubDate"))
        url = next((one.get("url") for one in children(item, "enclosure")), None)
        day = (text_of(item, "title").casefold(), date.date() if date else None)
        place = f"item {guid} "
        if guid and guid in guids:
            yield "guid-again", f"{place}guid"
        if url and url in urls:
            yield "enclosure-again", f"{place}enclosure"
        if day[0] and day[1] and day in titles:
            yield "item-title-again", f"{place}title"
        if last is not None and date is not None and date > last:
            yield "newest-first", place.strip()
        guids.add(guid)
        urls.add(url)
        titles.add(day)
        last = date or last
