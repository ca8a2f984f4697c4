"""What a life sounds like: every segment that went out, made as the channel makes it, and each distinct one decoded as a player does."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from media import fmp4, hls, mp3
from media.grid import DAY_TICKS, SAMPLE_RATE_HZ, SEGMENT_MS, SEGMENT_SAMPLES, SEGMENT_TICKS, TICK_SAMPLES, tick_start_ms
from media.profiles import Profile
from radio.channel import queries
from radio.channel.rules import Piece, pieces, window
from radio.channel.ticks import Ticks

SILENT = 10 ** (-50 / 20)
"""Peaks below -50 dB are silence to a listener in a room."""
AT_ONCE = 60
"""So many segments are one playlist."""
_WAIT_S = 30.0
Floats = NDArray[np.float32]
Name = tuple[tuple[str, int, int], ...]


@dataclass
class Silences:
    """Of each distinct segment in samples: how long it is silent at its beginning, at its end, and at most within."""

    leads: list[int] = field(default_factory=list)
    trails: list[int] = field(default_factory=list)
    longest: list[int] = field(default_factory=list)

    def hear(self, quiet: NDArray[np.bool_]) -> None:
        """One more segment."""
        edges = np.flatnonzero(np.diff(quiet.view(np.int8), prepend=0, append=0))
        starts, ends = edges[::2], edges[1::2]
        if len(starts) and ends[0] - starts[0] == len(quiet):
            self.leads.append(len(quiet))
            self.trails.append(len(quiet))
            self.longest.append(len(quiet))
            return
        self.leads.append(int(ends[0]) if len(starts) and starts[0] == 0 else 0)
        self.trails.append(int(len(quiet) - starts[-1]) if len(ends) and ends[-1] == len(quiet) else 0)
        self.longest.append(int((ends - starts).max(initial=0)))

    def over(self, order: Sequence[int]) -> int:
        """The longest silence when the segments follow each other in this order."""
        running = longest = 0
        for index in order:
            if self.leads[index] == SEGMENT_SAMPLES:
                running += SEGMENT_SAMPLES
            else:
                longest = max(longest, self.longest[index], running + self.leads[index])
                running = self.trails[index]
        return max(longest, running)


class Listening:
    """One rendition of what went out. `paused`: ticks of a sound (by its key) in which its author wants silence."""

    def __init__(self, ticks: Ticks, profile: Profile, paused: frozenset[tuple[str, int]]) -> None:
        self.profile, self._ticks, self._paused = profile, ticks, paused
        self._known: dict[Name, int] = {}
        self._made_of: list[tuple[Piece, ...]] = []
        self._before: list[int] = []
        self.order = array("l")
        """Which distinct segment each segment was, in order of time."""
        self.n_joins = 0
        """How many segments were made of more than one piece."""
        self.silences = Silences()

    def walk(self, session: Session, from_tick: int, to_tick: int) -> None:
        """Make every segment of the span, each as it was when it was on; numbers grow by one."""
        for first in range(from_tick, to_tick, DAY_TICKS):
            self._day(session, first, min(first + DAY_TICKS, to_tick))

    def _day(self, session: Session, from_tick: int, to_tick: int) -> None:
        aired = queries.aired(session, from_tick, to_tick)
        loop_ticks = self._ticks.loops[self.profile.name].n_ticks
        near, ahead = list(aired[:0]), 0
        listed = window(tick_start_ms(from_tick) - SEGMENT_MS)
        for start in range(from_tick, to_tick, SEGMENT_TICKS):
            now = window(tick_start_ms(start))
            assert now.start == listed.start + 1
            assert now.stop == listed.stop + 1
            listed, end = now, start + SEGMENT_TICKS
            while ahead < len(aired) and aired[ahead].airing.start_tick < end:
                near.append(aired[ahead])
                ahead += 1
            near = [one for one in near if one.airing.end_tick > start]
            made = pieces(near, start, end, profile=self.profile.name, now_tick=start, loop_ticks=loop_ticks)
            assert sum(piece.n_ticks for piece in made) == SEGMENT_TICKS
            self._note(made)

    def _note(self, made: tuple[Piece, ...]) -> None:
        name = tuple((piece.sound.key if piece.sound else "", piece.first_tick, piece.n_ticks) for piece in made)
        self.n_joins += len(made) > 1
        index = self._known.get(name)
        if index is None:
            index = self._known[name] = len(self._made_of)
            self._made_of.append(made)
            self._before.append(self.order[-1] if self.order else index)
        self.order.append(index)

    @property
    def n_distinct(self) -> int:
        """How many different segments there were."""
        return len(self._made_of)

    def decode(self) -> int:
        """Decode every distinct segment behind the one it first followed; the samples of each, which are the same for all."""
        for batch in self._batches():
            sound = decoded(self.profile, [self._bytes(index) for index, _ in batch])
            for place, (index, is_new) in enumerate(batch):
                if is_new:
                    heard = sound[place * SEGMENT_SAMPLES : (place + 1) * SEGMENT_SAMPLES]
                    assert len(heard) == SEGMENT_SAMPLES
                    quiet = np.abs(heard) < SILENT
                    wanted = self._wanted(self._made_of[index])
                    self.silences.hear(quiet & ~wanted if wanted is not None else quiet)
        return SEGMENT_SAMPLES

    def longest_silence_s(self) -> float:
        """Over all that went out, also across joins; what an author wanted does not count."""
        return self.silences.over(self.order) / SAMPLE_RATE_HZ

    def _bytes(self, index: int) -> bytes:
        return self._ticks.read(self._made_of[index], self.profile.name, wait_s=_WAIT_S)

    def _batches(self) -> Iterator[list[tuple[int, bool]]]:
        batch: list[tuple[int, bool]] = []
        for index, before in enumerate(self._before):
            if not batch or batch[-1][0] != before:
                batch.append((before, False))
            batch.append((index, True))
            if len(batch) >= AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    def _wanted(self, made: Iterable[Piece]) -> NDArray[np.bool_] | None:
        """The samples of a segment at which silence is wanted; None: at none."""
        flags = [
            piece.sound is not None and (piece.sound.key, tick) in self._paused
            for piece in made
            for tick in range(piece.first_tick, piece.first_tick + piece.n_ticks)
        ]
        return np.repeat(np.array(flags), TICK_SAMPLES) if any(flags) else None


def decoded(profile: Profile, bodies: Sequence[bytes], first_segment: int = 311_111_111) -> Floats:
    """What FFmpeg's HLS client makes of segments one after the other; every frame is there, whole and where it belongs.

    What an Opus player skips once at its start is silence here, so that each segment begins at its own sample.
    """
    with TemporaryDirectory() as folder:
        playlist = _laid_out(Path(folder), profile, bodies, first_segment)
        begins: list[int] = []
        lengths: list[int] = []
        sound = av.AudioFifo()
        with av.open(str(playlist), options={"allowed_extensions": "ALL", "extension_picky": "0"}) as container:
            per_unit = container.streams.audio[0].time_base * SAMPLE_RATE_HZ
            for frame in container.decode(audio=0):
                begins.append(frame.pts)
                lengths.append(frame.samples)
                frame.pts = None
                sound.write(frame)
    unit = mp3.FRAME_SAMPLES if profile.codec == "mp3" else fmp4.PACKET_SAMPLES
    skipped = fmp4.PRE_SKIP_SAMPLES if profile.codec == "opus" else 0
    assert lengths == [unit - skipped] + [unit] * (len(lengths) - 1)
    assert len(lengths) * unit == len(bodies) * SEGMENT_SAMPLES, "no frame is lost or repeated"
    assert (np.abs(np.diff(begins[1:]) * float(per_unit) - unit) <= 1).all(), "each is where the one before it ends"
    heard: Floats = sound.read().to_ndarray()[0]
    return np.concatenate([np.zeros(skipped, np.float32), heard])


def _laid_out(folder: Path, profile: Profile, bodies: Sequence[bytes], first_segment: int) -> Path:
    """The playlist and its segments as files, with the heads that the channel writes."""
    is_mp3 = profile.codec == "mp3"
    uris = [f"{first_segment + n}.{'mp3' if is_mp3 else 'm4s'}" for n in range(len(bodies))]
    for n, (uri, body) in enumerate(zip(uris, bodies, strict=True), first_segment):
        (folder / uri).write_bytes((mp3.segment_prefix(n) if is_mp3 else fmp4.segment_prefix(n, profile.unit_bytes)) + body)
    if not is_mp3:
        (folder / "init.mp4").write_bytes(fmp4.channel_init(profile.unit_bytes))
    playlist = folder / "live.m3u8"
    playlist.write_text(hls.event(first_segment, uris, map_uri=None if is_mp3 else "init.mp4", is_over=True))
    return playlist
