"""A copy of the coming hours in the bucket: with every process of the station dead, players go on from there.

It has the addresses of the live outputs below a prefix of its own, so a proxy or the store's own door serves it as it is. A file
cannot move with the time; so there is a playlist for each hour (by UTC), from that hour to the end of the copy, and whoever
serves the copy chooses by its clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from media import fmp4, hls, keys, mp3
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

FOLLOWED_EVERY = timedelta(minutes=1)
"""How often a worker looks whether the copy is true, besides whenever somebody asks."""
PREFIX = keys.COPY
MADE = f"{PREFIX}made.json"
INDEX = keys.COPY_INDEX
ASKED = "on-air-asked.json"
"""How much somebody wants to lie there."""
HOUR_SEGMENTS = HOUR_TICKS // SEGMENT_TICKS
OUTPUTS = {"standard": ("live", "mp3", hls.MP3_CODECS), "low": ("live-low", "m4s", hls.OPUS_CODECS)}
"""Rendition → its master playlist, the ending of its segments, its codecs."""
_RENEWED_AFTER_SEGMENTS = HOUR_SEGMENTS // 2
_WITHOUT_GUARD = 1 << 60
"""A tick so late that all that was ever taken back is so already."""
_BEGUN_AGAIN = 20
Tell = Callable[[float], object]
Index = dict[str, list[str]]
"""Key → the recordings that are heard in it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What lies in the bucket: from when, how much, true to which mark of the rundown."""

    from_segment: int
    n_segments: int
    mark: queries.Mark
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
    first: int
    addresses: dict[str, list[str]]
    made_of: dict[str, tuple[str, int, tuple[Piece, ...]]]
    """Key → rendition, number, pieces; in order of time."""

    def index(self) -> Index:
        """Which recordings are heard in each."""
        return {key: sorted({p.sound.recording_id for p in pieces if p.sound}) for key, (_, _, pieces) in self.made_of.items()}


class Exporter:
    """Makes the copy, and keeps it true: what has changed since is written, what is no longer listed is removed.

    Nobody plays from it while the station lives, so it waits for no guard: what was taken back is in it no more, from the
    first second on. An index beside it, for nobody else, tells which recordings are heard in which of its segments.
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
        return Copy(said["from_segment"], said["n_segments"], (said["mark"][0], said["mark"][1]))

    def asked(self) -> int | None:
        """How many segments somebody has asked for; 0: it is to go; None: nobody has."""
        try:
            return int(json.loads(self._store.read(ASKED))["n_segments"])
        except ObjectMissingError:
            there = self.present()
            return there.n_segments if there else None

    def ask(self, n_segments: int) -> None:
        """Say how much is to lie there; whoever does the work `copy` sees to it."""
        self._store.put_bytes(ASKED, json.dumps({"n_segments": n_segments}).encode(), "application/json")

    def follow(self, tell: Tell = lambda _: None) -> Copy | None:
        """See that what was asked for lies there and is true. One process at a time: it holds the job."""
        n_segments, there = self.asked(), self.present()
        if n_segments == 0:
            self.remove()
        elif n_segments and (there is None or there.n_segments != n_segments or not self.is_true(there)):
            return self.write(n_segments, tell)
        return there

    def is_true(self, copy: Copy) -> bool:
        """Whether it says what the rundown says, and begins not long ago."""
        with _only_reading() as session:
            mark = queries.mark(session)
        return copy.mark == mark and self._present() - copy.from_segment < _RENEWED_AFTER_SEGMENTS

    def write(self, n_segments: int, tell: Tell = lambda _: None) -> Copy:
        """Lay so much from now on into the bucket: segments, then the playlists that name them, then away with the rest.

        What may be heard no more goes before all else. Where the rundown changes meanwhile it begins again.

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
        there, n_barred = self._without_barred(self._there())
        wanted = self._wanted(n_segments)
        small = {key: text for name in OUTPUTS for key, text in self._playlists(name, wanted.first, wanted.addresses[name])}
        small[MADE] = json.dumps({"from_segment": wanted.first, "n_segments": n_segments, "mark": wanted.mark}).encode()
        complete = wanted.index() | {key: [] for key in small}
        lacking = [key for key in wanted.made_of if key not in there]
        self._put_index(there | complete, is_whole=False)
        for done, key in enumerate(lacking):
            if heeding and self._holding.now().mark != wanted.mark:
                self._put_index(there | {key: complete[key] for key in lacking[:done]}, is_whole=True)
                raise _OvertakenError(key)
            name, number, made_of = wanted.made_of[key]
            self._store.put_bytes(key, self._content(name, number, made_of), self._profiles[name].media_type)
            tell(done / len(lacking))
        for key, content in small.items():
            self._store.put_bytes(key, content, "application/json" if key == MADE else _media_type(key))
        gone = sorted(set(there) - set(complete))
        self._store.remove_all(gone)
        self._put_index(complete, is_whole=True)
        return Copy(wanted.first, n_segments, wanted.mark, len(complete.keys() - there.keys()), len(gone) + n_barred)

    def _there(self) -> Index:
        """What lies in the bucket, by the index; where a writer was cut short, the bucket is looked through."""
        try:
            said = json.loads(self._store.read(INDEX))
        except ObjectMissingError:
            said = {"is_whole": False, "heard": {}}
        heard: Index = said["heard"]
        return heard if said["is_whole"] else {each.key: heard.get(each.key, []) for each in self._store.list(PREFIX)}

    def _put_index(self, heard: Index, *, is_whole: bool) -> None:
        self._store.put_bytes(INDEX, json.dumps({"is_whole": is_whole, "heard": heard}).encode(), "application/json")

    def _without_barred(self, there: Index) -> tuple[Index, int]:
        """The same without the segments of what may not be heard any more, which are removed; and how many those were."""
        with _only_reading() as session:
            barred = queries.barred(session, {one for heard in there.values() for one in heard}, now=self._station.now())
        gone = [key for key, heard in there.items() if not barred.isdisjoint(heard)]
        self._store.remove_all(gone)
        return {key: heard for key, heard in there.items() if barred.isdisjoint(heard)}, len(gone)

    def _wanted(self, n_segments: int) -> _Wanted:
        """The names of all that is to lie there: arithmetic, the store is not asked."""
        mark, first = self._holding.now().mark, self._present()
        found = _Wanted(mark, first, {name: [] for name in OUTPUTS}, {})
        for number in range(first, first + n_segments):
            for name, (_, ending, _) in OUTPUTS.items():
                digest, made_of = self._holding.segment(name, number, _WITHOUT_GUARD)
                address = f"{name}/{number}-{digest}.{ending}"
                found.addresses[name].append(address)
                found.made_of[f"{PREFIX}live/{address}"] = (name, number, made_of)
        if self._holding.is_away:
            raise DatabaseAwayError("what is on the air is not known")
        return found

    def remove(self) -> int:
        """Take the whole copy away; gives how many objects it had."""
        n_removed = self._store.delete_prefix(PREFIX)
        self._store.remove_all([INDEX, ASKED])
        return n_removed

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
