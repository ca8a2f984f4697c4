"""The renditions of the emergency loop: cut from the middle of three rounds, so that the encoders are at rest."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from media.fmp4 import flat_header
from media.pipeline import ingest
from media.profiles import MP3_BITRATES, OPUS_BITRATES, Profile, low, standard
from sample_making.shows import LOOP_TICKS
from sample_making.signal import RATE_HZ, Sound


def write_renditions(loop: Sound, folder: Path) -> None:
    """One rendition of exactly `LOOP_TICKS` ticks for every rate a station may choose, through the ordinary ingest."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "three-rounds.wav"
        wavfile.write(source, RATE_HZ, np.round(np.tile(loop, 3) * 32_767).astype(np.int16))
        for number, mp3_kbps in enumerate(MP3_BITRATES):
            opus_kbps = OPUS_BITRATES[min(number, len(OPUS_BITRATES) - 1)]
            work = Path(scratch) / str(mp3_kbps)
            work.mkdir()
            made = ingest(source, work, mp3_kbps=mp3_kbps, opus_kbps=opus_kbps)
            by_name = {rendition.profile: rendition.path for rendition in made.renditions}
            for profile in (standard(mp3_kbps), low(opus_kbps)):
                _middle(profile, by_name[profile.name], folder / f"{profile.code}.{profile.extension}")


def _middle(profile: Profile, three: Path, one: Path) -> None:
    start = profile.header_bytes + LOOP_TICKS * profile.tick_bytes
    ticks = three.read_bytes()[start : start + LOOP_TICKS * profile.tick_bytes]
    head = flat_header(LOOP_TICKS * profile.units_per_tick, profile.unit_bytes) if profile.codec == "opus" else b""
    one.write_bytes(head + ticks)
    print(f"{one.name:18} {LOOP_TICKS} ticks {one.stat().st_size:8} bytes")
