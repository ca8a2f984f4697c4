"""How loud a recording is, and the one gain that brings it to the station's loudness.

Loudness is that of ITU-R BS.1770 with the gates of EBU R 128, counted as dual mono. The weighting is applied to the spectrum
of each tenth of a second, not to the samples one by one: half the work, and the same loudness within 0.01 LU for speech and
music, within 0.2 LU for rumble below 50 Hz alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.fft
from numpy.typing import NDArray

from media.grid import SAMPLE_RATE_HZ
from media.limiter import hop_gains
from media.types import Db, Lufs

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
HopPeaks = Callable[[], Iterable[Floats]]
"""Gives the peaks of all milliseconds, from the start, in chunks of whole tenths of a second."""

TENTH_SAMPLES = SAMPLE_RATE_HZ // 10
HOPS_PER_TENTH = 100
MOST_GAIN_DB = 30.0
"""A recording that would need more is nearly silent, and its noise would be all that is heard."""
MOST_MAKE_UP_DB = 4.0
"""How much is added, at the most, for what the limiter takes away."""

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_DUAL_MONO_LU = 10 * math.log10(2)
_OFFSET_LUFS = -0.691
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Source: ITU-R BS.1770-5 Annex 1, tables 1 and 2 (48 kHz)."""


def _weights() -> Floats:
    """The share of each line of the spectrum in the mean square of a weighted tenth of a second (Parseval's theorem)."""
    z = np.exp(-2j * np.pi * np.arange(TENTH_SAMPLES // 2 + 1) / TENTH_SAMPLES)
    response = np.ones_like(z)
    for above, below in (_SHELF, _HIGH_PASS):
        response *= np.polyval(above[::-1], z) / np.polyval(below[::-1], z)
    weights: Doubles = 2 * np.abs(response) ** 2 / TENTH_SAMPLES**2
    weights[[0, -1]] /= 2  # all other lines stand for a pair
    return weights.astype(np.float32)


class Meter:
    """Collects the weighted energy of each tenth of a second."""

    def __init__(self) -> None:
        self._weights = _weights()
        self._waiting: Floats = np.zeros(0, np.float32)
        self._energies: list[Doubles] = []

    def hear(self, sound: Floats) -> None:
        """Take in the next samples, from -1 to 1; any number of them."""
        sound = np.concatenate([self._waiting, sound])
        whole = len(sound) // TENTH_SAMPLES * TENTH_SAMPLES
        self._waiting = sound[whole:]
        spectrum = np.fft.rfft(sound[:whole].reshape(-1, TENTH_SAMPLES))
        power = spectrum.real**2 + spectrum.imag**2
        self._energies.append((power @ self._weights).astype(np.float64))

    def energies(self) -> Doubles:
        """The weighted mean square of each whole tenth of a second heard."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0)


def integrated(energies: Doubles) -> Lufs | None:
    """The loudness of a recording with these energies; None when nothing in it is above the absolute gate.

    Source: ITU-R BS.1770-5 Annex 1 (blocks of 400 ms that overlap by three quarters; gates at -70 LUFS and -10 LU).
    """
    if len(energies) < 4:
        return None
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    blocks = (sums[4:] - sums[:-4]) / 4
    heard = blocks[blocks > _energy_at(_ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return None
    gate = float(heard.mean()) * 10 ** (_RELATIVE_GATE_LU / 10)
    return _lufs(float(heard[heard > gate].mean()))


def gain_for(measured: Lufs, energies: Doubles, peaks: HopPeaks, *, target: Lufs, ceiling_db: Db) -> Db:
    """The static gain that brings a recording from `measured` to `target`, the limiter's losses made good.

    What the limiter will do is known from the peaks of the milliseconds alone, so no sound is read for it.
    """
    plain = min(target - measured, MOST_GAIN_DB)
    gain = plain
    for _ in range(3):
        after = integrated(_after_limiting(energies, peaks(), gain, ceiling_db))
        missing = 0.0 if after is None else min(target, measured + plain) - after
        if abs(missing) < 0.05:
            break
        gain = min(max(gain + missing, plain), plain + MOST_MAKE_UP_DB)
    return Db(round(gain, 2))


def _after_limiting(energies: Doubles, peaks: Iterable[Floats], gain_db: float, ceiling_db: float) -> Doubles:
    """The energies after gain and limiter; within a tenth the energy is taken to lie as the squared peaks do."""
    after = energies * 10 ** (gain_db / 10)
    louder = (chunk * np.float32(10 ** (gain_db / 20)) for chunk in peaks)
    position = 0
    for chunk, gains in hop_gains(louder, 10 ** (ceiling_db / 20)):
        tenths = min(len(chunk) // HOPS_PER_TENTH, len(after) - position)
        if gains is not None and tenths > 0:
            n = tenths * HOPS_PER_TENTH
            squares = (chunk[:n].astype(np.float64) ** 2).reshape(tenths, -1)
            kept = squares * (gains[:n].astype(np.float64) ** 2).reshape(tenths, -1)
            after[position : position + tenths] *= kept.sum(1) / np.maximum(squares.sum(1), 1e-20)
        position += max(tenths, 0)
    return after


def true_peak(sound: Floats, margin: int = 0) -> float:
    """The largest magnitude between the samples, four times oversampled, `margin` samples at both ends left out.

    Source: ITU-R BS.1770-5 Annex 2.
    """
    fine = np.fft.irfft(np.fft.rfft(sound), 4 * len(sound)) * 4
    return float(np.abs(fine[4 * margin : len(fine) - 4 * margin]).max(initial=0.0))


def to_db(magnitude: float) -> Db:
    """A magnitude, 1 being full scale, in dB; silence is -120."""
    return Db(20 * math.log10(max(magnitude, 1e-6)))


def _lufs(energy: float) -> Lufs:
    return Lufs(_OFFSET_LUFS + 10 * math.log10(energy) + _DUAL_MONO_LU)


def _energy_at(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS - _DUAL_MONO_LU) / 10))
