"""What counts as one fetch of an episode, and what may be said of it. Pure.

Source: IAB Podcast Measurement Guidelines v2.3 §5, with the day as its window (UTC). Two things differ. Addresses of data
centres, VPNs and Tor are not left out: for these listeners they are people. And a whole answer counts by what really went
out of it, as a part does.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MINUTE_TICKS = 62.5
"""A minute of sound. A tick is 0.96 s."""
LEAST_SHOWN = 5
"""Smaller numbers are not told: behind them could be somebody. Source: requirement S36."""
MOST_PIECES = 64
"""Of one listener and episode; an app that leaves more holes than this is not followed further."""

Piece = tuple[int, int]
"""Bytes `[from, to)` of an object."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The object behind an enclosure's address, as far as counting needs to know it."""

    episode_id: str
    form: str
    """`mp3` or `m4a`; both are one episode."""
    size_bytes: int
    sound_bytes: int
    """Without what lies before the sound: tags, cover, header. 0: a clip in the place of an episode, which is not counted."""
    tick_bytes: int

    @property
    def needed_bytes(self) -> int:
        """How much of the sound must have gone out: a minute, or all of what is shorter."""
        return min(self.sound_bytes, int(MINUTE_TICKS * self.tick_bytes + 0.5))

    def heard_bytes(self, pieces: Iterable[Piece]) -> int:
        """How much of the sound is in these pieces, which do not overlap."""
        begin = self.size_bytes - self.sound_bytes
        return sum(max(0, end - max(start, begin)) for start, end in pieces)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One answer to one request, when it has ended. Who asked is not in it."""

    sound: Sound
    method: str
    status: int
    piece: Piece
    """What went out."""
    ahead: bool = False
    """The browser said that it only fetches what might be wanted."""

    @property
    def is_sound(self) -> bool:
        """Whether it may be of somebody who listens.

        Not: HEAD, what was not changed or refused, what is fetched ahead, and the two bytes that apps ask for first.
        """
        start, end = self.piece
        asks = self.method != "GET" or self.status not in {200, 206, 302} or self.ahead
        return not asks and end > start and (start, end) not in {(0, 1), (0, 2)}


def joined(pieces: Iterable[Piece], piece: Piece) -> tuple[Piece, ...]:
    """The pieces with one more, those that touch made one: what is sent twice is there once."""
    found: list[Piece] = []
    for start, end in sorted([*pieces, piece]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found[:MOST_PIECES])


def listener(key: bytes, address: str, agent: str, episode_id: str) -> bytes:
    """Stands for one listener of one episode on one day. Without `key`, which is thrown away, it tells nothing.

    An IPv6 address is cut to its /64: a household. Source: IAB v2.3 §5.4.
    """
    words = "\0".join((_household(address), agent, episode_id))
    return hashlib.blake2b(words.encode("utf-8", "surrogateescape"), key=key, digest_size=16).digest()


def _household(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def shown(number: int) -> str:
    """A number as it is told: `<5` hides the small ones, and that there is none."""
    return str(number) if number >= LEAST_SHOWN else f"<{LEAST_SHOWN}"


def shown_sum(number: int) -> str:
    """A sum of many weeks, down to full fives: what is hidden in one week cannot be found by subtracting the others."""
    return shown(number - number % LEAST_SHOWN)


@dataclass(frozen=True, slots=True)
class Told:
    """What the studio may say about one episode."""

    last_week: str
    week_before: str
    in_all: str


def told(days: Mapping[date, int], today: date) -> Told:
    """Sums of full weeks from Monday to Sunday. Weeks do not slide: their difference would be a single day."""
    monday = today - timedelta(days=today.weekday())
    last, before = monday - timedelta(days=7), monday - timedelta(days=14)
    return Told(
        shown(sum(n for day, n in days.items() if last <= day < monday)),
        shown(sum(n for day, n in days.items() if before <= day < last)),
        shown_sum(sum(n for day, n in days.items() if day < monday)),
    )
