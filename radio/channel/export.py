"""A copy of the coming hours in the bucket: with every process of the station dead, players go on from there.

It has the addresses of the live outputs below a prefix of its own, so a proxy or the store's own door serves it as it is. A file
cannot move with the time; so there is a playlist for each hour (by UTC), from that hour to the end of the copy, and whoever
serves the copy chooses by its clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from media import fmp4, hls, mp3
from media.errors import ObjectMissingError
from media.grid import HOUR_TICKS, SEGMENT_MS, SEGMENT_TICKS
from media.profiles import Profile
from radio.channel import loop, queries
from radio.channel.held import Holding
from radio.channel.rules import Piece
from radio.channel.ticks import Ticks
from radio.core.time import from_unix_ms
from radio.db import db, reading
from radio.errors import RadioError
from radio.station import Station

PREFIX = "on-air/"
MADE = f"{PREFIX}made.json"
HOUR_SEGMENTS = HOUR_TICKS // SEGMENT_TICKS
OUTPUTS = {"standard": ("live", "mp3", hls.MP3_CODECS), "low": ("live-low", "m4s", hls.OPUS_CODECS)}
"""Rendition → its master playlist, the ending of its segments, its codecs."""
_RENEWED_AFTER_SEGMENTS = HOUR_SEGMENTS // 2
_SEGMENTS = f"{PREFIX}live/"
_WITHOUT_GUARD = 1 << 60
"""A tick so late that all that was ever taken back is so already."""
_BEGUN_AGAIN = 20
Tell = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Copy:
    """What lies in the bucket: from when, how much, true to which mark of the rundown, and to which take-down."""

    from_segment: int
    n_segments: int
    mark: queries.Mark
    taken_back: queries.Mark
    n_written: int = 0
    n_removed: int = 0


class DatabaseAwayError(RadioError):
    """The database did not answer while the copy was made; the one that was there stays."""


class _OvertakenError(RadioError):
    """The rundown has changed meanwhile."""


@contextmanager
def _only_reading() -> Iterator[Session]:
    with reading(), Session(db.engine) as session:
        yield session


@dataclass(slots=True)
class _Wanted:
    """What is to lie in the bucket under one mark: by rendition the address of each segment, and what it is made of."""

    mark: queries.Mark
    taken_back: queries.Mark
    first: int
    addresses: dict[str, list[str]]
    made_of: dict[str, tuple[str, int, tuple[Piece, ...]]]
    """Key → rendition, number, pieces; in order of time."""


class Exporter:
    """Makes the copy, and keeps it true: what has changed since is written, what is no longer listed is removed.

    Nobody plays from it while the station lives, so it waits for no guard: what was taken back is in it no more, from the
    first second on.
    """

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
        taken_back = said.get("taken_back", (0, 0))
        return Copy(said["from_segment"], said["n_segments"], (said["mark"][0], said["mark"][1]), (taken_back[0], taken_back[1]))

    def is_true(self, copy: Copy) -> bool:
        """Whether it says what the rundown says, and begins not long ago."""
        with _only_reading() as session:
            mark = queries.mark(session)
        return copy.mark == mark and self._present() - copy.from_segment < _RENEWED_AFTER_SEGMENTS

    def write(self, n_segments: int, tell: Tell = lambda _: None) -> Copy:
        """Lay so much from now on into the bucket: segments, then the playlists that name them, then away with the rest.

        After a take-down what is no longer true goes first. Where the rundown changes meanwhile it begins again.

        Raises:
            StoreUnavailableError: the store does not give or take; what was there stays.
            DatabaseAwayError: the same of the database.
        """
        for again in range(_BEGUN_AGAIN, -1, -1):
            try:
                return self._write(n_segments, tell, heeding=again > 0)
            except _OvertakenError:
                continue
        raise AssertionError("the last time it heeds nothing")

    def _write(self, n_segments: int, tell: Tell, *, heeding: bool) -> Copy:
        wanted, present = self._wanted(n_segments), self.present()
        there = {each.key for each in self._store.list(PREFIX)}
        untrue = [key for key in sorted(there) if key.startswith(_SEGMENTS) and key not in wanted.made_of]
        if present is None or present.taken_back != wanted.taken_back:
            self._remove(untrue, lambda: tell(0.0))
        lacking = [key for key in wanted.made_of if key not in there]
        for done, key in enumerate(lacking):
            if heeding and self._holding.now().mark != wanted.mark:
                raise _OvertakenError(key)
            name, number, made_of = wanted.made_of[key]
            self._store.put_bytes(key, self._content(name, number, made_of), self._profiles[name].media_type)
            tell(done / len(lacking))
        small = {key: text for name in OUTPUTS for key, text in self._playlists(name, wanted.first, wanted.addresses[name])}
        made = {"from_segment": wanted.first, "n_segments": n_segments, "mark": wanted.mark, "taken_back": wanted.taken_back}
        small[MADE] = json.dumps(made).encode()
        for key, content in small.items():
            self._store.put_bytes(key, content, "application/json" if key == MADE else _media_type(key))
        gone = there - set(wanted.made_of) - set(small)
        self._remove(gone, lambda: tell(1.0))
        written = len(lacking) + len(set(small) - there)
        return Copy(wanted.first, n_segments, wanted.mark, wanted.taken_back, written, len(gone))

    def _wanted(self, n_segments: int) -> _Wanted:
        """The names of all that is to lie there: arithmetic, the store is not asked."""
        with _only_reading() as session:
            taken_back = queries.taken_back(session)
        mark, first = self._holding.now().mark, self._present()
        found = _Wanted(mark, taken_back, first, {name: [] for name in OUTPUTS}, {})
        for number in range(first, first + n_segments):
            for name, (_, ending, _) in OUTPUTS.items():
                digest, made_of = self._holding.segment(name, number, _WITHOUT_GUARD)
                address = f"{name}/{number}-{digest}.{ending}"
                found.addresses[name].append(address)
                found.made_of[f"{_SEGMENTS}{address}"] = (name, number, made_of)
        if self._holding.is_away:
            raise DatabaseAwayError("what is on the air is not known")
        return found

    def _remove(self, keys: Iterable[str], tell: Callable[[], object]) -> None:
        for key in keys:
            self._store.delete(key)
            tell()

    def remove(self) -> int:
        """Take the whole copy away; gives how many objects it had."""
        return self._store.delete_prefix(PREFIX)

    def _present(self) -> int:
        return self._station.clock.unix_ms() // SEGMENT_MS

    def _content(self, name: str, number: int, made_of: tuple[Piece, ...]) -> bytes:
        unit_bytes = self._profiles[name].unit_bytes
        prefix = mp3.segment_prefix(number) if name == "standard" else fmp4.segment_prefix(number, unit_bytes)
        return prefix + self._ticks.read(made_of, name)

    def _playlists(self, name: str, first: int, addresses: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The master and the media playlist from now, and both again for each hour that begins in the copy."""
        master, _, codecs = OUTPUTS[name]
        profile = self._profiles[name]
        prefix_bytes = mp3.SEGMENT_PREFIX_BYTES if name == "standard" else fmp4.SEGMENT_PREFIX_BYTES
        bandwidth_bps = hls.bandwidth_bps(prefix_bytes + SEGMENT_TICKS * profile.tick_bytes)
        map_uri = "low/init.mp4" if name == "low" else None
        for start, ending in _starts(first, len(addresses)):
            media = hls.event(start, addresses[start - first :], map_uri=map_uri, is_over=True)
            yield f"{PREFIX}live/{name}{ending}.m3u8", media.encode()
            said = hls.master(f"live/{name}{ending}.m3u8", codecs=codecs, bandwidth_bps=bandwidth_bps)
            yield f"{PREFIX}{master}{ending}.m3u8", said.encode()
        if map_uri:
            yield f"{PREFIX}live/{map_uri}", fmp4.channel_init(profile.unit_bytes)


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
