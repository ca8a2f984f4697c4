"""The station's arithmetic: ticks, segments, frames.

One tick is 46,080 samples at 48 kHz = 0.96 s = 40 MP3 frames = 48 Opus packets. A segment is six ticks. Tick and segment
numbers count from the Unix epoch, so they are media sequence numbers for ever.
"""

from __future__ import annotations

SAMPLE_RATE_HZ = 48_000
TICK_MS = 960
TICK_SAMPLES = 46_080
TICK_MP3_FRAMES = 40
TICK_OPUS_PACKETS = 48
SEGMENT_TICKS = 6
SEGMENT_MS = 5_760
SEGMENT_SAMPLES = 276_480
DAY_TICKS = 90_000
HOUR_TICKS = 3_750

CODEC_ROOM_SAMPLES = 2_304
"""Room for the delay of the codecs (48 ms), so that no tail is cut."""

_PTS_PER_SEGMENT = 518_400
_PTS_WRAP = 1 << 33


def tick_at(unix_ms: int) -> int:
    """The tick on air at this millisecond."""
    return unix_ms // TICK_MS


def tick_start_ms(tick: int) -> int:
    """The Unix millisecond at which this tick starts."""
    return tick * TICK_MS


def segment_of(tick: int) -> int:
    """The segment that holds this tick: its EXT-X-MEDIA-SEQUENCE."""
    return tick // SEGMENT_TICKS


def ticks_for(n_samples: int) -> int:
    """How many ticks a recording of `n_samples` occupies, with room for the codecs' delay."""
    return -(-(n_samples + CODEC_ROOM_SAMPLES) // TICK_SAMPLES)


def ticks_in(length_ms: int) -> int:
    """How many whole ticks fit into this length."""
    return length_ms // TICK_MS


def first_tick_from(unix_ms: int) -> int:
    """The first tick that starts at or after this millisecond."""
    return -(-unix_ms // TICK_MS)


def segment_pts(segment: int) -> int:
    """The 33-bit 90 kHz timestamp of a segment. Source: RFC 8216 §3.4."""
    return segment * _PTS_PER_SEGMENT % _PTS_WRAP


def segment_decode_time(segment: int) -> int:
    """The 64-bit `tfdt` of a segment in samples. Source: ISO/IEC 14496-12 §8.8.12."""
    return segment * SEGMENT_SAMPLES
