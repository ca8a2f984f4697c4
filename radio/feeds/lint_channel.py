"""Rules of the channel. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from radio.feeds.lint_rules import APPLE_CATEGORIES, MEDIUMS
from radio.feeds.lint_tree import BIDI, Fault, children, date_of, is_guid, text_of, too_long

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_KNOWN_LICENSE = re.compile(r"(cc-|cc0|apache|mit|gpl|lgpl|agpl|bsd|odbl|ogl|pddl|unlicense|mpl).*")
_RRULE = re.compile(
    r"FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY)(;(INTERVAL|COUNT|UNTIL|BYDAY|BYMONTH|BYMONTHDAY|BYHOUR|BYMINUTE|BYSETPOS|WKST)=[\w,+:.-]+)*"
)


def faults(channel: Any) -> Iterator[Fault]:
    """What is wrong with the head of a feed."""
    yield from _words(channel)
    yield from _dates(channel)
    yield from _apple(channel)
    yield from _said(channel)
    yield from _identity(channel)
    yield from _links(channel)
    yield from _agreements(channel)
    yield from shared(channel, "channel ")
    yield from _pointers(channel)
    for live in children(channel, "podcast:liveItem"):
        yield from _live(live)
        yield from shared(live, "liveItem ")


def _words(channel: Any) -> Iterator[Fault]:
    for name in ("title", "description", "link", "language"):
        if not text_of(channel, name):
            yield name, f"channel {name}"
    if len(text_of(channel, "title")) > 255:
        yield "title-long", "channel title"
    if BIDI.search(text_of(channel, "title")):
        yield "title-direction", "channel title"
    if len(text_of(channel, "description").encode()) > 4000:
        yield "description-long", "channel description"
    link, language = text_of(channel, "link"), text_of(channel, "language")
    if link and not link.startswith(("http://", "https://")):
        yield "address", "channel link"
    if language and not _LANGUAGE.fullmatch(language):
        yield "language-code", "channel language"


def _dates(channel: Any) -> Iterator[Fault]:
    built = text_of(channel, "lastBuildDate")
    if not built:
        yield "build-date", "channel lastBuildDate"
    elif date_of(built) is None:
        yield "date", "channel lastBuildDate"
    if re.search(r"©|\(c\)|copyright|\b(19|20)\d\d\b", text_of(channel, "copyright"), re.IGNORECASE):
        yield "copyright-sign", "channel copyright"


def _apple(channel: Any) -> Iterator[Fault]:
    categories = children(channel, "itunes:category")
    if not categories:
        yield "category", "channel itunes:category"
    for category in categories:
        known = APPLE_CATEGORIES.get(category.get("text", ""))
        inside = [one.get("text", "") for one in children(category, "itunes:category")]
        if known is None or any(one not in known.split("|") for one in inside):
            yield "category-unknown", "channel itunes:category"
    if not text_of(channel, "itunes:author"):
        yield "author", "channel itunes:author"
    if text_of(channel, "itunes:type") not in {"", "episodic", "serial"}:
        yield "type-value", "channel itunes:type"
    if not children(channel, "itunes:explicit"):
        yield "explicit", "channel itunes:explicit"
    if not children(channel, "itunes:image"):
        yield "image", "channel itunes:image"


def _said(channel: Any) -> Iterator[Fault]:
    for name, rule in (("itunes:block", "block-value"), ("itunes:complete", "complete-value")):
        if children(channel, name) and text_of(channel, name) != "Yes":
            yield rule, f"channel {name}"
    moved = text_of(channel, "itunes:new-feed-url")
    if moved and not moved.startswith(("http://", "https://")):
        yield "new-feed-url", "channel itunes:new-feed-url"


def _identity(channel: Any) -> Iterator[Fault]:
    guids = children(channel, "podcast:guid")
    if len(guids) != 1:
        yield "podcast-guid", "channel podcast:guid"
    elif not is_guid(text_of(channel, "podcast:guid")):
        yield "podcast-guid-form", "channel podcast:guid"
    if not children(channel, "podcast:locked"):
        yield "locked", "channel podcast:locked"
    elif text_of(channel, "podcast:locked") not in {"yes", "no"}:
        yield "locked-value", "channel podcast:locked"
    medium = text_of(channel, "podcast:medium")
    if not medium:
        yield "medium", "channel podcast:medium"
    elif medium.removesuffix("L") not in MEDIUMS:
        yield "medium-unknown", "channel podcast:medium"
    items = children(channel, "item")
    if (medium.endswith("L") or medium == "publisher") and items:
        yield "list-items", "channel item"
    if not items and not medium.endswith("L") and medium != "publisher":
        yield "no-items", "channel"


def _links(channel: Any) -> Iterator[Fault]:
    links = {link.get("rel", ""): link for link in children(channel, "atom:link")}
    if "self" not in links:
        yield "self", "channel atom:link"
    elif links["self"].get("type") != "application/rss+xml":
        yield "self-type", "channel atom:link self"
    paged = {"next", "previous", "prev", "last"} & links.keys()
    if paged and "first" not in links:
        yield "paging", "channel atom:link"
    for one in children(channel, "podcast:podping"):
        if one.get("usesPodping") not in {"true", "false"}:
            yield "podping-value", "channel podcast:podping"


def _agreements(channel: Any) -> Iterator[Fault]:
    for one in children(channel, "podcast:updateFrequency"):
        rule = one.get("rrule", "")
        if rule and not _RRULE.fullmatch(rule):
            yield "frequency-rule", "channel podcast:updateFrequency"
        if "COUNT=" in rule and not one.get("dtstart"):
            yield "frequency-start", "channel podcast:updateFrequency"
    for one in children(channel, "podcast:trailer"):
        if not one.get("url") or not one.get("pubdate"):
            yield "trailer-url", "channel podcast:trailer"
        elif date_of(one.get("pubdate")) is None:
            yield "trailer-date", "channel podcast:trailer"
    for one in children(channel, "podcast:block"):
        if (one.text or "").strip() not in {"yes", "no"}:
            yield "podcast-block", "channel podcast:block"
    yield from too_long(channel, ("podcast:updateFrequency", "podcast:trailer"), 128, "text-128", "channel ")


def shared(parent: Any, place: str) -> Iterator[Fault]:
    """Rules of the channel, an item and a live item alike."""
    for one in children(parent, "itunes:explicit"):
        if (one.text or "") not in {"true", "false"}:
            yield "explicit-value", f"{place}itunes:explicit"
    for one in children(parent, "itunes:image"):
        if not re.search(r"\.(jpe?g|png)$", one.get("href", "")):
            yield "image-type", f"{place}itunes:image"
    yield from (("podcast-image", f"{place}podcast:image") for one in children(parent, "podcast:image") if not one.get("href"))
    yield from (("funding-url", f"{place}podcast:funding") for one in children(parent, "podcast:funding") if not one.get("url"))
    yield from (("txt-long", f"{place}podcast:txt") for one in children(parent, "podcast:txt") if len(one.text or "") > 4000)
    yield from too_long(
        parent, ("podcast:funding", "podcast:person", "podcast:location", "podcast:license"), 128, "text-128", place
    )
    for one in children(parent, "podcast:location"):
        yield from _location(one, place)
    yield from _named(parent, place)


def _named(parent: Any, place: str) -> Iterator[Fault]:
    for one in children(parent, "podcast:person"):
        if not (one.text or "").strip():
            yield "person-name", f"{place}podcast:person"
    for one in children(parent, "podcast:license"):
        name = (one.text or "").strip()
        if not _LICENSE.fullmatch(name):
            yield "license-name", f"{place}podcast:license"
        elif not one.get("url") and not _KNOWN_LICENSE.fullmatch(name):
            yield "license-url", f"{place}podcast:license"
    for one in children(parent, "podcast:socialInteract"):
        if (one.get("protocol") == "disabled") == bool(one.get("uri")):
            yield "social", f"{place}podcast:socialInteract"


def _location(one: Any, place: str) -> Iterator[Fault]:
    where = f"{place}podcast:location"
    if not (one.text or "").strip():
        yield "location-name", where
    if one.get("rel", "subject") not in {"subject", "creator"}:
        yield "location-rel", where
    if not re.fullmatch(r"[A-Za-z]{2}", one.get("country", "gb")):
        yield "location-country", where
    if one.get("geo") or one.get("osm"):
        yield "location-exact", where


def _pointers(channel: Any) -> Iterator[Fault]:
    for roll in children(channel, "podcast:podroll"):
        if not children(roll, "podcast:remoteItem"):
            yield "podroll-empty", "channel podcast:podroll"
    for one in children(channel, "podcast:publisher"):
        pointers = children(one, "podcast:remoteItem")
        if len(pointers) != 1 or pointers[0].get("medium") != "publisher":
            yield "publisher-one", "channel podcast:publisher"
    for parent in (channel, *children(channel, "podcast:podroll"), *children(channel, "podcast:publisher")):
        for one in children(parent, "podcast:remoteItem"):
            if not is_guid(one.get("feedGuid", "")):
                yield "remote-guid", "channel podcast:remoteItem"


def _live(live: Any) -> Iterator[Fault]:
    if live.get("status") not in {"pending", "live", "ended"}:
        yield "live-status", "liveItem"
    start, end = _instant(live.get("start", "")), _instant(live.get("end", ""))
    if start is None:
        yield "live-start", "liveItem"
    if live.get("end") and (end is None or (start is not None and end <= start)):
        yield "live-end", "liveItem"
    for name, rule in (("guid", "live-guid"), ("enclosure", "live-enclosure"), ("podcast:contentLink", "live-content-link")):
        if not children(live, name):
            yield rule, "liveItem"


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
