"""The values that `media` takes and gives. A number wears its unit in its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

Ticks = NewType("Ticks", int)
"""A count of 0.96 s ticks."""
Lufs = NewType("Lufs", float)
"""Loudness, counted as dual mono: one mono channel heard from two loudspeakers (ITU-R BS.1770, +3.01 LU)."""
Db = NewType("Db", float)

Progress = Callable[[float], None]
"""Told from 0.0 to 1.0 how much of a long work is done; may raise to stop it."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `[start, stop)` of an object."""

    start: int
    stop: int

    @property
    def size_bytes(self) -> int:
        """How many bytes the range covers."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is, by its content and never by its name.

    `length_ms` is what the container claims, None when it claims nothing; the truth is known after decoding.
    """

    container: str
    codec: str
    length_ms: int | None
    sample_rate_hz: int
    channels: int
    has_video: bool
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Loudness:
    """The loudness of a recording before the gain, and the static gain that brings it to the target."""

    integrated_lufs: Lufs
    true_peak_dbtp: Db
    gain_db: Db


@dataclass(frozen=True, slots=True)
class Rendition:
    """One finished encoded form on disk, cut to whole ticks.

    Tick `i` is the bytes `[header_bytes + i * tick_bytes, + tick_bytes)` of the file.
    """

    profile: str
    path: Path
    sha256: str
    size_bytes: int
    media_type: str
    header_bytes: int
    tick_bytes: int


@dataclass(frozen=True, slots=True)
class Ingested:
    """All that one recording became.

    `n_samples` is the decoded length at 48 kHz, `n_ticks` the length of every rendition on the grid. `peaks` is a file of
    int8 pairs (min, max), one pair each 100 ms. `artwork` never survives: pictures in recordings are dropped.
    """

    facts: Facts
    loudness: Loudness
    n_samples: int
    n_ticks: int
    renditions: tuple[Rendition, ...]
    peaks: Path
