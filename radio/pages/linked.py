"""What a search engine reads of the schedule: broadcast events as JSON-LD. Pure.

Source: schema.org, BroadcastEvent, RadioEpisode.
"""

from __future__ import annotations

from collections.abc import Iterable

from radio.core.time import from_unix_ms
from radio.pages.rules import Heard, Moment, Told


def events(heard: Iterable[Heard | Moment], *, station_name: str, url: str) -> dict[str, object]:
    """A graph of what goes out when; what has no page is left out."""
    return {
        "@context": "https://schema.org",
        "@graph": [_event(one.start_ms, one.end_ms, one.told, station_name, url) for one in heard if one.told is not None],
    }


def _event(start_ms: int, end_ms: int, told: Told, station_name: str, url: str) -> dict[str, object]:
    return {
        "@type": "BroadcastEvent",
        "name": f"{told.show_title}: {told.title}",
        "startDate": from_unix_ms(start_ms).isoformat(timespec="seconds"),
        "endDate": from_unix_ms(end_ms).isoformat(timespec="seconds"),
        "isLiveBroadcast": False,
        "publishedOn": {"@type": "BroadcastService", "name": station_name, "url": f"{url}/"},
        "workPerformed": {
            "@type": "RadioEpisode",
            "name": told.title,
            "url": f"{url}/episodes/{told.id}",
            "partOfSeries": {"@type": "RadioSeries", "name": told.show_title, "url": f"{url}/shows/{told.show_slug}"},
        },
    }
