"""How the usual apps take the address of a feed. Pure; no app is asked, the link does nothing until it is pressed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class App:
    """An app and the link that opens it with the feed."""

    name: str
    link: str


def apps(feed_url: str) -> tuple[App, ...]:
    """Links for the usual apps, in order of the alphabet. Addresses of other schemes open what is installed."""
    bare = feed_url.partition("://")[2]
    quoted = quote(feed_url, safe="")
    return (
        App("AntennaPod", f"https://antennapod.org/deeplink/subscribe?url={quoted}"),
        App("Apple Podcasts", f"podcast://{bare}"),
        App("Castro", f"castros://subscribe/{bare}"),
        App("gPodder", f"gpodder://{bare}"),
        App("Overcast", f"overcast://x-callback-url/add?url={quoted}"),
        App("Pocket Casts", f"pktc://subscribe/{bare}"),
        App("Podcast Addict", f"podcastaddict://{bare}"),
    )
