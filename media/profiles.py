"""The two renditions of the whole station, and the loudness they are made for.

**standard** is MP3: the podcast enclosure, the MP3 stream and the standard HLS stream are one object. **low** is Opus in a
flat MP4: the low-data stream and download. Both are hard constant bitrate, so that a tick is a byte range.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.types import Db, Lufs

TARGET_LUFS = Lufs(-16.0)
"""Integrated loudness, counted as dual mono (a 1-channel meter shows 3 LU less)."""
LIMIT_DBFS = Db(-4.5)
"""The limiter's ceiling before encoding; leaves room for the codecs to stay under -1 dBTP."""

MP3_BITRATES = (64, 96, 128)
OPUS_BITRATES = (24, 16)


@dataclass(frozen=True, slots=True)
class Profile:
    """One rendition as the station makes it. `unit_bytes` is one MP3 frame or one Opus packet."""

    name: str
    codec: str
    bitrate_kbps: int
    media_type: str
    extension: str
    header_bytes: int
    unit_bytes: int
    units_per_tick: int

    @property
    def tick_bytes(self) -> int:
        """The bytes of one tick, the same for every tick of every rendition of this profile."""
        return self.unit_bytes * self.units_per_tick

    @property
    def code(self) -> str:
        """A name that says codec and rate, such as `mp3-64`: part of the rendition's identity."""
        return f"{self.codec}-{self.bitrate_kbps}"


def standard(mp3_kbps: int = 64) -> Profile:
    """MP3, 48 kHz mono, no reservoir, no Xing frame, no ID3 prefix."""
    return Profile("standard", "mp3", mp3_kbps, "audio/mpeg", "mp3", 0, mp3_kbps * 3, 40)


def low(opus_kbps: int = 24) -> Profile:
    """Opus, 48 kHz mono, hard CBR, 20 ms packets in a flat MP4 with a header of always 604 bytes."""
    return Profile("low", "opus", opus_kbps, "audio/mp4", "m4a", 604, opus_kbps * 5 // 2, 48)
