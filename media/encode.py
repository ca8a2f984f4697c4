"""The second pass: gain, limiter and every rendition at once, cut to whole ticks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from media import _av, _lame
from media.decode import FULL_SCALE, Decoded, Samples
from media.errors import EncodingError
from media.fmp4 import PRE_SKIP_SAMPLES, flat_header
from media.grid import SAMPLE_RATE_HZ, TICK_SAMPLES, ticks_for
from media.limiter import limited
from media.loudness import Floats
from media.profiles import LIMIT_DBFS, Profile
from media.renditions import path_of
from media.types import Db, Progress

FADE_SAMPLES = SAMPLE_RATE_HZ // 50
"""The edges of a recording are faded over 20 ms, so that a join does not click."""
_LOST_IN_CODING_DB = {"mp3-64": 0.0, "mp3-96": 0.0, "mp3-128": 0.0, "opus-24": 0.15, "opus-16": 0.5}
"""How much quieter speech comes out of each codec, measured; made good before it goes in."""


class _Encoder(Protocol):
    def encode(self, sound: NDArray[np.float32]) -> list[bytes]: ...


def encode(decoded: Decoded, folder: Path, *, profiles: tuple[Profile, ...], gain_db: Db, on_progress: Progress) -> None:
    """Make one rendition for each profile in `folder`, all exactly `ticks_for(n_samples)` ticks long.

    The same samples and the same gain give the same bytes.

    Raises:
        EncodingError: an encoder gave something else than the profile promises.
    """
    n_ticks = ticks_for(decoded.n_samples)
    writers = [_Writer(profile, folder, n_ticks) for profile in profiles]
    ceiling = 10 ** (LIMIT_DBFS / 20)
    for tick, sound in enumerate(limited(_ticks(decoded, n_ticks + 1, gain_db), ceiling)):
        for writer in writers:
            writer.write(sound)
        on_progress(min(tick / n_ticks, 1.0))
    for writer in writers:
        writer.close()


def waveform(extremes: Samples, gain_db: Db) -> bytes:
    """What a player draws: int8 (min, max) of each tenth of a second, as it will be heard."""
    ceiling = 10 ** (LIMIT_DBFS / 20)
    heard = np.clip(extremes.astype(np.float64) / FULL_SCALE * 10 ** (gain_db / 20), -ceiling, ceiling)
    return np.rint(heard * 127).astype(np.int8).tobytes()


def _ticks(decoded: Decoded, n_ticks: int, gain_db: Db) -> Iterator[Floats]:
    """The sound with its gain and faded edges, tick by tick; silence fills the rest."""
    scale = np.float32(10 ** (gain_db / 20) / FULL_SCALE)
    n = 0
    for samples in decoded.blocks(TICK_SAMPLES):
        tick = np.zeros(TICK_SAMPLES, np.float32)
        np.multiply(samples, scale, out=tick[: len(samples)])
        _fade(tick, n * TICK_SAMPLES, decoded.n_samples)
        yield tick
        n += 1
    for _ in range(n, n_ticks):
        yield np.zeros(TICK_SAMPLES, np.float32)


def _fade(tick: Floats, start: int, n_samples: int) -> None:
    """Fade what of the first and the last 20 ms lies in `tick`, whose first sample is number `start`."""
    if start >= FADE_SAMPLES and start + len(tick) <= n_samples - FADE_SAMPLES:
        return
    from_edge = np.arange(start, start + len(tick))
    nearest = np.clip(np.minimum(from_edge + 1, n_samples - from_edge), 0, FADE_SAMPLES)
    tick *= np.sin(nearest / FADE_SAMPLES * (np.pi / 2)).astype(np.float32) ** 2


class _Writer:
    """Writes one rendition; asserts that every unit has the size and the header that the arithmetic needs."""

    def __init__(self, profile: Profile, folder: Path, n_ticks: int) -> None:
        self._profile = profile
        self._encoder, level = _encoder(profile)
        self._file = path_of(profile, folder).open("wb")
        self._level = np.float32(level * 10 ** (_LOST_IN_CODING_DB[profile.code] / 20))
        self._missing_bytes = n_ticks * profile.tick_bytes
        self._rest = b""
        if profile.codec == "opus":
            self._file.write(flat_header(n_ticks * profile.units_per_tick, profile.unit_bytes))

    def write(self, sound: Floats) -> None:
        """Encode one tick of sound; units beyond the last tick are dropped."""
        packets = self._encoder.encode(sound if self._level == 1 else sound * self._level)
        if self._profile.codec == "opus" and any(len(packet) != self._profile.unit_bytes for packet in packets):
            raise EncodingError(f"{self._profile.code}: a packet of another size")
        units = self._rest + b"".join(packets)
        whole = len(units) // self._profile.unit_bytes * self._profile.unit_bytes
        self._rest = units[whole:]
        units = units[: min(whole, self._missing_bytes)]
        if self._profile.codec == "mp3":
            _assert_frames(units, self._profile)
        self._missing_bytes -= len(units)
        self._file.write(units)

    def close(self) -> None:
        """Close the file, which must be complete."""
        self._file.close()
        if self._missing_bytes:
            raise EncodingError(f"{self._profile.code}: {self._missing_bytes} bytes are missing")


def _encoder(profile: Profile) -> tuple[_Encoder, float]:
    """The encoder, and the factor that its input needs."""
    if profile.codec == "mp3":
        fast = _lame.encoder(profile.bitrate_kbps)
        return (fast, 1.0) if fast else (_av.mp3_encoder(profile.bitrate_kbps), 1 / _lame.OWN_SCALE)
    opus = _av.opus_encoder(profile.bitrate_kbps)
    if int.from_bytes(opus.header[10:12], "little") != PRE_SKIP_SAMPLES:
        raise EncodingError(f"{profile.code}: another pre-skip")
    return opus, 1.0


def _assert_frames(frames: bytes, profile: Profile) -> None:
    """Every frame: MPEG-1 layer III, this bitrate, 48 kHz, mono, no padding, nothing borrowed from the one before.

    Source: ISO/IEC 11172-3 §2.4.1.3 (header), §2.4.1.7 (`main_data_begin`, nine bits after the header).
    """
    rate_index = {64: 5, 96: 7, 128: 9}[profile.bitrate_kbps]
    table = np.frombuffer(frames, np.uint8).reshape(-1, profile.unit_bytes)
    header = (table[:, 0] == 0xFF) & (table[:, 1] == 0xFB) & (table[:, 2] == rate_index << 4 | 0b0100)
    mono = table[:, 3] & 0xC0 == 0xC0
    alone = (table[:, 4] == 0) & (table[:, 5] & 0x80 == 0)
    if not (header & mono & alone).all():
        raise EncodingError(f"{profile.code}: a frame that cannot stand alone")
