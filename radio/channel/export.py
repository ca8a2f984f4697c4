"""A copy of the coming hours in the bucket: with every process of the station dead, players go on from there.

It has the addresses of the live outputs below a prefix of its own, so a proxy or the store's own door serves it as it is. A file
cannot move with the time; so there is a playlist for each hour (by UTC), from that hour to the end of the copy, and whoever
serves the copy chooses by its clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from media import fmp4, hls, mp3
from media.errors import ObjectMissingError
from media.grid import HOUR_TICKS, SEGMENT_MS, SEGMENT_TICKS, tick_at
from media.profiles import Profile
from radio.channel import loop, queries
from radio.channel.held import Holding
from radio.channel.rules import Piece
from radio.channel.ticks import Ticks
from radio.core.time import from_unix_ms
from radio.db import db, reading
from radio.station import Station

PREFIX = "on-air/"
MADE = f"{PREFIX}made.json"
HOUR_SEGMENTS = HOUR_TICKS // SEGMENT_TICKS
OUTPUTS = {"standard": ("live", "mp3", hls.MP3_CODECS), "low": ("live-low", "m4s", hls.OPUS_CODECS)}
"""Rendition → its master playlist, the ending of its segments, its codecs."""
_RENEWED_AFTER_SEGMENTS = HOUR_SEGMENTS // 2
Tell = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Copy:
    """What lies in the bucket: from when, how much, true to which mark of the rundown."""

    from_segment: int
    n_segments: int
    mark: queries.Mark
    n_written: int = 0
    n_removed: int = 0


@contextmanager
def _only_reading() -> Iterator[Session]:
    with reading(), Session(db.engine) as session:
        yield session


class Exporter:
    """Makes the copy, and keeps it true: what has changed since is written, what is no longer listed is removed."""

    def __init__(self, here: Station) -> None:
        self._station, self._store = here, here.store
        loops = loop.loops(here.profiles, loop.FOLDER)
        self._holding = Holding(here.clock, _only_reading, loops, aside=False)
        self._ticks = Ticks(here.store, loops)
        self._profiles: dict[str, Profile] = {profile.name: profile for profile in here.profiles}

    def present(self) -> Copy | None:
        """The copy that is there; None: nobody has asked for one."""
        try:
            said = json.loads(self._store.read(MADE))
        except ObjectMissingError:
            return None
        return Copy(said["from_segment"], said["n_segments"], (said["mark"][0], said["mark"][1]))

    def is_true(self, copy: Copy) -> bool:
        """Whether it says what the rundown says, and begins not long ago."""
        with _only_reading() as session:
            mark = queries.mark(session)
        return copy.mark == mark and self._present() - copy.from_segment < _RENEWED_AFTER_SEGMENTS

    def write(self, n_segments: int, tell: Tell = lambda _: None) -> Copy:
        """Lay so much from now on into the bucket: segments, then the playlists that name them, then away with the rest.

        Raises:
            StoreUnavailableError: the store does not give or take; what was there stays.
        """
        mark, first = self._holding.now().mark, self._present()
        there = {each.key for each in self._store.list(PREFIX)}
        wanted: dict[str, bytes | None] = {}
        for name in OUTPUTS:
            addresses = self._segments(name, range(first, first + n_segments), there, wanted, tell)
            wanted |= self._playlists(name, first, addresses)
        made = {"from_segment": first, "n_segments": n_segments, "mark": mark}
        wanted[MADE] = json.dumps(made).encode()
        for key, content in wanted.items():
            if content is not None:
                self._store.put_bytes(key, content, "application/json" if key == MADE else _media_type(key))
        gone = there - set(wanted)
        for key in gone:
            self._store.delete(key)
        return Copy(first, n_segments, mark, len(set(wanted) - there), len(gone))

    def remove(self) -> int:
        """Take the whole copy away; gives how many objects it had."""
        return self._store.delete_prefix(PREFIX)

    def _present(self) -> int:
        return self._station.clock.unix_ms() // SEGMENT_MS

    def _segments(
        self, name: str, numbers: range, there: set[str], wanted: dict[str, bytes | None], tell: Tell
    ) -> dict[int, str]:
        """Put the segments that are not there yet; gives the address of each as a playlist names it."""
        addresses, now_tick = {}, tick_at(self._station.clock.unix_ms())
        for number in numbers:
            digest, made_of = self._holding.segment(name, number, now_tick)
            addresses[number] = f"{name}/{number}-{digest}.{OUTPUTS[name][1]}"
            key = f"{PREFIX}live/{addresses[number]}"
            wanted[key] = None
            if key not in there:
                self._store.put_bytes(key, self._content(name, number, made_of), self._profiles[name].media_type)
            tell((number - numbers.start) / len(numbers))
        return addresses

    def _content(self, name: str, number: int, made_of: tuple[Piece, ...]) -> bytes:
        unit_bytes = self._profiles[name].unit_bytes
        prefix = mp3.segment_prefix(number) if name == "standard" else fmp4.segment_prefix(number, unit_bytes)
        return prefix + self._ticks.read(made_of, name)

    def _playlists(self, name: str, first: int, addresses: dict[int, str]) -> dict[str, bytes | None]:
        """The master and the media playlist from now, and both again for each hour that begins in the copy."""
        master, _, codecs = OUTPUTS[name]
        profile = self._profiles[name]
        prefix_bytes = mp3.SEGMENT_PREFIX_BYTES if name == "standard" else fmp4.SEGMENT_PREFIX_BYTES
        bandwidth_bps = hls.bandwidth_bps(prefix_bytes + SEGMENT_TICKS * profile.tick_bytes)
        map_uri = "low/init.mp4" if name == "low" else None
        found: dict[str, bytes | None] = {}
        for start, ending in _starts(first, len(addresses)):
            uris = [addresses[number] for number in range(start, first + len(addresses))]
            media = hls.event(start, uris, map_uri=map_uri, is_over=True)
            found[f"{PREFIX}live/{name}{ending}.m3u8"] = media.encode()
            said = hls.master(f"live/{name}{ending}.m3u8", codecs=codecs, bandwidth_bps=bandwidth_bps)
            found[f"{PREFIX}{master}{ending}.m3u8"] = said.encode()
        if map_uri:
            found[f"{PREFIX}live/{map_uri}"] = fmp4.channel_init(profile.unit_bytes)
        return found


def _starts(first: int, n_segments: int) -> Iterator[tuple[int, str]]:
    """Where a playlist begins, and what its name ends with: now, and at each hour."""
    yield first, ""
    yield first, _hour(first)
    for start in range(-(-first // HOUR_SEGMENTS) * HOUR_SEGMENTS, first + n_segments, HOUR_SEGMENTS):
        if start > first:
            yield start, _hour(start)


def _hour(segment: int) -> str:
    return from_unix_ms(segment * SEGMENT_MS).strftime("-%Y-%m-%dT%H")


def _media_type(key: str) -> str:
    return "audio/mp4" if key.endswith(".mp4") else hls.MEDIA_TYPE
