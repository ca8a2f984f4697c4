"""What a search engine reads of the schedule: broadcast events as JSON-LD. Pure.

Source: schema.org, BroadcastEvent, RadioEpisode.
"""

from __future__ import annotations

from collections.abc import Iterable

from radio.core.time import from_unix_ms
from radio.pages.rules import Heard, Moment, Told


def events(heard: Iterable[Heard | Moment], *, station_name: str, url: str) -> dict[str, object]:
    """A graph of what goes out when; what has no page is left out. The station, a show and an episode are told once, and named after that."""
    named: dict[str, dict[str, object]] = {}
    found = [_event(one.start_ms, one.end_ms, one.told, url, named) for one in heard if one.told is not None]
    service = {"@type": "BroadcastService", "@id": f"{url}/#station", "name": station_name, "url": f"{url}/"}
    return {"@context": "https://schema.org", "@graph": [service, *named.values(), *found] if found else []}


def _event(start_ms: int, end_ms: int, told: Told, url: str, named: dict[str, dict[str, object]]) -> dict[str, object]:
    show, episode = f"{url}/shows/{told.show_slug}", f"{url}/episodes/{told.id}"
    named.setdefault(show, {"@type": "RadioSeries", "@id": show, "name": told.show_title, "url": show})
    named.setdefault(
        episode,
        {"@type": "RadioEpisode", "@id": episode, "name": told.title, "url": episode, "partOfSeries": {"@id": show}},
    )
    return {
        "@type": "BroadcastEvent",
        "name": f"{told.show_title}: {told.title}",
        "startDate": from_unix_ms(start_ms).isoformat(timespec="seconds"),
        "endDate": from_unix_ms(end_ms).isoformat(timespec="seconds"),
        "isLiveBroadcast": False,
        "publishedOn": {"@id": f"{url}/#station"},
        "workPerformed": {"@id": episode},
    }
