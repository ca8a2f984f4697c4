"""Meters that we did not write: Debian's ffmpeg decodes and measures what our own FFmpeg has made."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.audio.recipes import ffmpeg


class Heard(NamedTuple):
    """Loudness of one channel (3 LU less than our dual mono), and true peak."""

    lufs: float
    peak_dbtp: float


def heard(path: Path) -> Heard:
    """What an EBU R 128 meter shows for the file."""
    log = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    summary = log[log.rindex("Summary:") :]
    lufs, peak = (re.search(rf"{name}:\s+(-?[\d.]+|-inf) ", summary) for name in ("I", "Peak"))
    assert lufs is not None
    assert peak is not None
    return Heard(float(lufs.group(1)), float(peak.group(1)))


def decoded(path: Path) -> NDArray[np.float32]:
    """The sound of the file as another decoder gives it: mono, 48 kHz."""
    return np.frombuffer(ffmpeg("-i", path, "-f", "f32le", "-ac", "1", "-ar", "48000", "-"), np.float32)


def onset(sound: NDArray[np.float32], hertz: float, level: float = 0.5) -> int:
    """The sample at which a tone of this pitch begins, within a few periods."""
    window = round(48_000 / hertz) * 4
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / 48_000)
    strength = np.abs(np.convolve(sound * phase, np.ones(window) / window, "same"))
    return int(np.argmax(strength > level * strength.max()))
