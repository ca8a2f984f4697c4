"""Recordings made by arithmetic and put through the real ingest, laid into a real store: few, so that many episodes may share them."""

from __future__ import annotations

import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from media import pipeline
from media.grid import SAMPLE_RATE_HZ, TICK_SAMPLES
from media.store import ObjectStore
from media.types import Rendition
from radio.catalogue.models import Recording
from radio.channel.rules import Sound

_SHORT_OF_THE_TICK = 12_304
"""So many samples a recording stops before its last tick is full: a quarter of a second is filled up."""
_PAUSE_S = 5
LONGEST_SILENCE_S = 2.0


@dataclass(frozen=True)
class Recorded:
    """What became of one recording. `paused`: the ticks in which its author is silent, and wants to be."""

    n_ticks: int
    renditions: Mapping[str, Rendition]
    keys: Mapping[str, str]
    paused: range

    def sound(self, profile: str) -> Sound:
        """The rendition as the channel sees it."""
        made = self.renditions[profile]
        return Sound(made.sha256, self.keys[profile], made.header_bytes, made.tick_bytes, made.size_bytes)

    def paused_halves(self) -> set[bytes]:
        """The half ticks of its standard rendition in which its author is silent."""
        made = self.renditions["standard"]
        content, half = made.path.read_bytes(), made.tick_bytes // 2
        starts = (made.header_bytes + n * half for n in range(2 * self.paused.start, 2 * self.paused.stop))
        return {content[at : at + half] for at in starts}

    def stand_behind(self, recording: Recording) -> None:
        """Be what is heard of this recording."""
        for profile, made in self.renditions.items():
            row = recording.rendition(profile)
            assert row is not None
            row.sha256, row.key, row.size_bytes = made.sha256, self.keys[profile], made.size_bytes
            row.header_bytes, row.tick_bytes = made.header_bytes, made.tick_bytes


def record(folder: Path, store: ObjectStore, n_ticks: int, *, pause: bool = False) -> Recorded:
    """A recording of exactly so many ticks, each second of it another tone; with a `pause` of five seconds in its middle."""
    work = folder / f"{n_ticks}"
    work.mkdir()
    paused = _write(folder / f"{n_ticks}.wav", n_ticks * TICK_SAMPLES - _SHORT_OF_THE_TICK, pause=pause)
    made = pipeline.ingest(folder / f"{n_ticks}.wav", work)
    assert made.n_ticks == n_ticks
    keys = {one.profile: f"renditions/{one.sha256}" for one in made.renditions}
    for one in made.renditions:
        store.put_file(keys[one.profile], one.path, one.media_type)
    return Recorded(n_ticks, {one.profile: one for one in made.renditions}, keys, paused)


def record_all(folder: Path, store: ObjectStore, lengths: Sequence[int], *, paused: int) -> dict[int, Recorded]:
    """One recording of each length; the one of `paused` ticks has a pause."""
    return {n: record(folder, store, n, pause=n == paused) for n in lengths}


def _write(path: Path, n_samples: int, *, pause: bool) -> range:
    """The WAV of a recording, second by second; gives the ticks of its pause."""
    silent = range(n_samples // SAMPLE_RATE_HZ // 2, n_samples // SAMPLE_RATE_HZ // 2 + _PAUSE_S) if pause else range(0)
    at = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    swell = 0.12 + 0.2 * np.sin(2 * np.pi * 3 * at) ** 2
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        for second in range(-(-n_samples // SAMPLE_RATE_HZ)):
            left = min(SAMPLE_RATE_HZ, n_samples - second * SAMPLE_RATE_HZ)
            hz = 150 + (second * 61 + n_samples // 997) % 1500
            tone = np.zeros(SAMPLE_RATE_HZ) if second in silent else swell * np.sin(2 * np.pi * hz * at)
            file.writeframes((tone[:left] * 32_767).astype("<i2").tobytes())
    if not silent:
        return range(0)
    return range(silent.start * SAMPLE_RATE_HZ // TICK_SAMPLES - 1, silent.stop * SAMPLE_RATE_HZ // TICK_SAMPLES + 2)
