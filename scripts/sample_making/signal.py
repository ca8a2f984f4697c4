"""Sound as a float array: 48 kHz, mono, full scale 1.0. Everything here is deterministic."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 48_000
TARGET_LUFS = -16.0
"""Heard from two loudspeakers: a mono meter shows 3 LU less."""
CEILING_DBFS = -3.5

Sound = NDArray[np.float64]


def n_samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def seconds(sound: Sound) -> float:
    return len(sound) / RATE_HZ


def silence(length_s: float) -> Sound:
    return np.zeros(n_samples(length_s))


def times(length_s: float) -> Sound:
    return np.arange(n_samples(length_s)) / RATE_HZ


def db(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))


def faded(sound: Sound, in_s: float, out_s: float) -> Sound:
    """Raised-cosine fades, so that nothing clicks and nothing startles."""
    shaped = sound.copy()
    rise, fall = min(n_samples(in_s), len(sound)), min(n_samples(out_s), len(sound))
    if rise:
        shaped[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    if fall:
        shaped[-fall:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 1) / fall)
    return shaped


def heard(sound: Sound, floor_db: float = -46.0) -> Sound:
    """`sound` without the part of its end that nobody hears, faded out over what is left of it."""
    level = np.sqrt(np.convolve(sound**2, np.ones(4_800) / 4_800, "same"))
    last = int(np.flatnonzero(level > np.max(level) * db(floor_db))[-1])
    return faded(sound[: last + n_samples(0.3)], 0.0, 0.4)


def add_at(whole: Sound, part: Sound, at_s: float, gain_db: float = 0.0) -> None:
    """Mix `part` into `whole` in place; what would hang over the end is left out."""
    start = n_samples(at_s)
    stop = min(len(whole), start + len(part))
    if stop > start:
        whole[start:stop] += part[: stop - start] * db(gain_db)


def room(length_s: float, seed: int, *, dark_hz: float = 3_000.0) -> Sound:
    """The answer of a soft room: noise that dies away, its high notes first."""
    chance = np.random.default_rng(seed)
    t = times(length_s)
    noise = chance.standard_normal(len(t)) * np.exp(-6.0 * t / length_s)
    soft = signal.sosfilt(signal.butter(2, dark_hz, "low", fs=RATE_HZ, output="sos"), noise)
    soft = signal.sosfilt(signal.butter(1, 180, "high", fs=RATE_HZ, output="sos"), soft)
    soft[: n_samples(0.02)] = 0.0
    return np.asarray(soft / np.sqrt(np.sum(soft**2)))


def in_room(dry: Sound, answer: Sound, wet_db: float) -> Sound:
    """`dry` with the room's answer, cut to the length of `dry`."""
    wet = signal.fftconvolve(dry, answer)[: len(dry)]
    return np.asarray(dry + wet * db(wet_db))


def in_room_round(dry: Sound, answer: Sound, wet_db: float) -> Sound:
    """The same for a loop: the tail of its end is heard at its start."""
    wet = np.fft.irfft(np.fft.rfft(dry) * np.fft.rfft(answer, len(dry)), len(dry))
    return np.asarray(dry + wet * db(wet_db))


def limited(sound: Sound, ceiling_dbfs: float = CEILING_DBFS) -> Sound:
    """Peaks brought under the ceiling by a gain that moves slowly ahead of them (5 ms look-ahead)."""
    over = np.maximum(1.0, np.abs(sound) / db(ceiling_dbfs))
    reach = n_samples(0.005)
    held = np.array(_running_maximum(over, 2 * reach + 1))
    window = np.hanning(2 * reach + 1)
    smooth = signal.fftconvolve(np.pad(held, reach, mode="edge"), window / window.sum(), "valid")
    return np.asarray(sound / np.maximum(smooth, 1.0))


def _running_maximum(values: Sound, width: int) -> Sound:
    from scipy.ndimage import maximum_filter1d

    return np.asarray(maximum_filter1d(values, width, mode="nearest"))


def levelled(sound: Sound, target_lufs: float = TARGET_LUFS) -> Sound:
    """`sound` at the station's loudness, under its ceiling."""
    once = limited(sound * db(target_lufs - loudness_lufs(sound)))
    return limited(once * db(target_lufs - loudness_lufs(once)))


def loudness_lufs(sound: Sound) -> float:
    """Integrated loudness, counted as dual mono. Source: ITU-R BS.1770 as FFmpeg's ebur128 measures it."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-f", "f64le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-"]
    command += ["-af", "ebur128=dualmono=true", "-f", "null", "-"]
    report = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stderr.decode()
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", report)[-1])


def write_opus(sound: Sound, path: Path, *, kbps: int, speech: bool) -> None:
    """Ogg Opus without dates or random numbers, so that the same sound gives the same bytes."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "f64le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-"]
    command += ["-c:a", "libopus", "-b:a", f"{kbps}k", "-vbr", "constrained", "-compression_level", "10"]
    command += ["-application", "voip" if speech else "audio", "-frame_duration", "20" if speech else "60"]
    command += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", str(path)]
    subprocess.run(command, input=sound.tobytes(), check=True)
