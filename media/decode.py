"""The first pass: a recording is decoded once, into plain samples on disk, and measured on the way.

The samples are 16-bit mono at 48 kHz, because that is what the encoders take and what 12 hours of can still be kept
(4 GB). Beside them lies the peak of every millisecond, from which the limiter can be foreseen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from media import _av
from media.errors import Refusal, RefusedAudioError
from media.grid import SAMPLE_RATE_HZ
from media.limiter import HOP_SAMPLES
from media.loudness import HOPS_PER_TENTH, TENTH_SAMPLES, Floats, Meter, to_db, true_peak
from media.screen import SHORTEST_MS
from media.types import Db, Progress

Samples = NDArray[np.int16]

SAMPLE_BYTES = 2
FULL_SCALE = 32_768
_PEAK_CHUNK_HOPS = 48 * HOPS_PER_TENTH
_LOUDEST_TENTHS = 32
_MARGIN_SAMPLES = 480
_INAUDIBLE = 8
"""-72 dBFS: nothing below is above the gate of the meter."""
SILENT_DB = -50.0
"""Peaks below this, after the gain, are silence to a listener in a room."""
KEPT_TENTHS_BEFORE, KEPT_TENTHS_AFTER = 1, 4
"""With the rest of the last tick, at most 1.7 s of silence lie between two recordings."""
_LONGEST_SILENCE_SAMPLES = 3_600 * SAMPLE_RATE_HZ
"""A file that begins with an hour of silence is not decoded to its end: a day of it fits into a megabyte."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A recording as samples on disk, with all that was measured of it.

    `energies` is the weighted mean square and `extremes` the (min, max) of each tenth of a second.
    """

    samples: Path
    hop_peaks: Path
    n_samples: int
    energies: NDArray[np.float64]
    extremes: Samples
    true_peak_dbtp: Db
    first_sample: int = 0
    """Where it begins in the file of samples; `peaks` and `energies` are of the whole file."""

    def blocks(self, size: int) -> Iterator[Samples]:
        """The samples in blocks of `size`; the last may be shorter."""
        left = self.n_samples
        with self.samples.open("rb") as file:
            file.seek(self.first_sample * SAMPLE_BYTES)
            while len(block := np.frombuffer(file.read(min(size, left) * SAMPLE_BYTES), "<i2")):
                left -= len(block)
                yield block

    def without_silent_edges(self, gain_db: Db) -> Decoded:
        """The same recording without the silence before its first and after its last sound, as it is heard after the gain.

        A little of it stays: a breath before, a fade after. Nothing between the two is touched.
        """
        quiet = FULL_SCALE * 10 ** ((SILENT_DB - gain_db) / 20)
        loud = np.flatnonzero(np.abs(self.extremes.astype(np.int32)).max(axis=1, initial=0) > quiet)
        if not len(loud):
            return self
        first = max(int(loud[0]) - KEPT_TENTHS_BEFORE, 0)
        last = min(int(loud[-1]) + 1 + KEPT_TENTHS_AFTER, len(self.extremes))
        n_samples = min(last * TENTH_SAMPLES, self.n_samples) - first * TENTH_SAMPLES
        return replace(self, first_sample=first * TENTH_SAMPLES, n_samples=n_samples, extremes=self.extremes[first:last])

    def peaks(self) -> Iterator[Floats]:
        """The largest magnitude of each millisecond, from 0 to 1, in chunks of 4.8 s."""
        with self.hop_peaks.open("rb") as file:
            while len(chunk := np.frombuffer(file.read(_PEAK_CHUNK_HOPS * 2), "<u2")):
                yield _floats(chunk)


def decode(file: BinaryIO, folder: Path, *, max_length_ms: int, on_progress: Progress) -> Decoded:
    """Decode all sound of `file` into `folder`. Progress is how far the file has been read.

    Raises:
        RefusedAudioError: DAMAGED, TOO_LONG, TOO_SHORT, or SILENT when its first hour is.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    samples, hop_peaks = folder / "samples.i16", folder / "peaks.u16"
    meter, shape = Meter(), _Shape()
    n_samples, heard, most_samples = 0, False, max_length_ms * SAMPLE_RATE_HZ // 1000
    with samples.open("wb") as kept, hop_peaks.open("wb") as shaped:
        for block in _blocks(file):
            n_samples += len(block)
            heard = heard or int(np.abs(block).max()) > _INAUDIBLE
            if n_samples > most_samples:
                raise RefusedAudioError(Refusal.TOO_LONG)
            if n_samples > _LONGEST_SILENCE_SAMPLES and not heard:
                raise RefusedAudioError(Refusal.SILENT)
            kept.write(block.tobytes())
            shaped.write(shape.hop_peaks(block).tobytes())
            meter.hear(_floats(block))
            on_progress(min(file.tell() / size_bytes, 1.0))
        shaped.write(shape.last().tobytes())
    if n_samples * 1000 < SHORTEST_MS * SAMPLE_RATE_HZ:
        raise RefusedAudioError(Refusal.TOO_SHORT)
    extremes = shape.extremes()
    peak = _true_peak(samples, extremes)
    return Decoded(samples, hop_peaks, n_samples, meter.energies(), extremes, to_db(peak))


def _blocks(file: BinaryIO) -> Iterator[Samples]:
    try:
        with _av.opened(file) as container:
            stream = _av.sound_stream(container)
            if stream is None:
                raise RefusedAudioError(Refusal.NO_SOUND_TRACK)
            yield from _av.mono_blocks(container, stream)
    except MemoryError:
        raise
    except (_av.FFmpegError, _av.BadPacketsError) as error:
        raise RefusedAudioError(Refusal.DAMAGED, str(error)) from error


class _Shape:
    """Finds the extremes of each millisecond and of each tenth of a second, over blocks of any size."""

    def __init__(self) -> None:
        self._waiting: Samples = np.zeros(0, np.int16)
        self._lows: list[Samples] = []
        self._highs: list[Samples] = []
        self._of_tenths: list[Samples] = []

    def hop_peaks(self, block: Samples) -> NDArray[np.uint16]:
        """The peaks of the tenths of a second that `block` completes."""
        block = np.concatenate([self._waiting, block])
        whole = len(block) // TENTH_SAMPLES * TENTH_SAMPLES
        self._waiting = block[whole:]
        return self._peaks(block[:whole])

    def last(self) -> NDArray[np.uint16]:
        """The peaks of what is left, filled up with silence to a whole tenth."""
        rest = self._waiting
        return self._peaks(np.concatenate([rest, np.zeros(-len(rest) % TENTH_SAMPLES, np.int16)]))

    def extremes(self) -> Samples:
        """The (min, max) of every tenth of a second so far."""
        return np.concatenate(self._of_tenths) if self._of_tenths else np.zeros((0, 2), np.int16)

    def _peaks(self, block: Samples) -> NDArray[np.uint16]:
        hops = np.ascontiguousarray(block.reshape(-1, HOP_SAMPLES).T)  # reducing along columns is twice as fast
        low, high = hops.min(axis=0, initial=0), hops.max(axis=0, initial=0)
        tenths = low.reshape(-1, HOPS_PER_TENTH).min(1), high.reshape(-1, HOPS_PER_TENTH).max(1)
        self._of_tenths.append(np.stack(tenths, axis=1))
        peaks: NDArray[np.uint16] = np.maximum(-low.astype(np.int32), high).astype("<u2")
        return peaks


def _floats(samples: NDArray[np.int16] | NDArray[np.uint16]) -> Floats:
    """The same samples from -1 to 1."""
    return np.multiply(samples, np.float32(1 / FULL_SCALE), dtype=np.float32)


def _true_peak(samples: Path, extremes: Samples) -> float:
    """The true peak, looked for around the loudest tenths of a second: it does not hide where the samples are low."""
    magnitudes = np.maximum(-extremes[:, 0].astype(np.int32), extremes[:, 1])
    highest = float(magnitudes.max(initial=0)) / FULL_SCALE
    with samples.open("rb") as file:
        for tenth in np.argsort(magnitudes, kind="stable")[-_LOUDEST_TENTHS:]:
            start = max(int(tenth) * TENTH_SAMPLES - _MARGIN_SAMPLES, 0)
            file.seek(start * SAMPLE_BYTES)
            around = np.frombuffer(file.read((TENTH_SAMPLES + 2 * _MARGIN_SAMPLES) * SAMPLE_BYTES), "<i2")
            sound = _floats(around)
            highest = max(highest, true_peak(sound, margin=min(_MARGIN_SAMPLES, len(sound) // 4)))
    return highest
