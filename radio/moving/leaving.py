"""Looking before a show leaves: a wrong address would lose everybody who follows it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from uuid import UUID

from radio.moving import feed, rules
from radio.station import Station
from radio.web.outside import Outside, OutsideError, place


def address_fault(station: Station, slug: str, address: str) -> str:
    """What is wrong with the address as such: a code, or nothing."""
    try:
        place(address)
    except OutsideError as error:
        return error.code
    return "same" if address == station.url(f"/shows/{slug}/feed.xml") or len(address) > 2000 else ""


def fault(station: Station, slug: str, address: str, guid: UUID, guids: AbstractSet[str]) -> str:
    """Why a show cannot be said to live there: a code, with a fact after a colon where there is one, or nothing when its feed is there."""
    if code := address_fault(station, slug, address):
        return code
    try:
        content, _ = Outside.of(station.settings).read(address, most_bytes=rules.FEED_BYTES)
        found = feed.read(content)
    except OutsideError as error:
        return f"{error.code}:{error.detail}"
    except feed.FeedError:
        return "no-feed"
    own = rules.show_guid(found, address) == guid
    return "" if own or guids & {item.guid.strip() for item in found.items} else "another-show"
