"""Opus in MP4, written by hand: a flat file whose ticks are byte ranges, and the frame around a live segment.

A stored rendition is an ordinary MP4 with one chunk of equal packets and a header of always 604 bytes, so
tick `i` lies at `604 + i * 48 * packet_bytes`. A live segment is a `moof` and the head of an `mdat` before
six ticks; one init section serves the whole channel for ever, because all episodes share codec parameters.

Source: ISO/IEC 14496-12; "Encapsulation of Opus in ISO Base Media File Format" §4.3 (`Opus`, `dOps`).
"""

from __future__ import annotations

import struct

from media.grid import SAMPLE_RATE_HZ, SEGMENT_TICKS, TICK_OPUS_PACKETS, segment_decode_time

FLAT_HEADER_BYTES = 604
SEGMENT_PREFIX_BYTES = 112
PRE_SKIP_SAMPLES = 312
"""The encoder's delay that a player drops once, at the start: what libopus reports for every rate we use."""

PACKET_SAMPLES = 960
SEGMENT_PACKETS = SEGMENT_TICKS * TICK_OPUS_PACKETS

_AUDIO_IS_ALWAYS_SYNC = 0x02000000
"""Sample flags: depends on no other sample. Source: ISO/IEC 14496-12 §8.8.3.1."""
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE_UNDETERMINED = 0x55C4
_MOOF_BYTES = SEGMENT_PREFIX_BYTES - 8


def flat_header(n_packets: int, packet_bytes: int) -> bytes:
    """All that stands before the packets of a stored rendition; always 604 bytes."""
    ftyp = _box(b"ftyp", b"isom", b"\0\0\2\0", b"isomiso6mp41")
    samples = _sample_tables(
        times=struct.pack(">III", 1, n_packets, PACKET_SAMPLES),
        chunks=struct.pack(">IIII", 1, 1, n_packets, 1),
        sizes=struct.pack(">II", packet_bytes, n_packets),
        offsets=struct.pack(">II", 1, FLAT_HEADER_BYTES),
    )
    header = ftyp + _movie(n_packets * PACKET_SAMPLES, samples) + _mdat_head(n_packets * packet_bytes)
    if len(header) != FLAT_HEADER_BYTES:
        raise AssertionError(f"a flat header of {len(header)} bytes moves every tick")
    return header


def channel_init(packet_bytes: int) -> bytes:
    """The init section of a live playlist (EXT-X-MAP): the same for every segment of the channel."""
    ftyp = _box(b"ftyp", b"iso6", bytes(4), b"iso6mp41cmfc")
    none = _sample_tables(times=bytes(4), chunks=bytes(4), sizes=bytes(8), offsets=bytes(4))
    defaults = struct.pack(">IIIII", 1, 1, PACKET_SAMPLES, packet_bytes, _AUDIO_IS_ALWAYS_SYNC)
    return ftyp + _movie(0, none, _box(b"mvex", _full_box(b"trex", 0, 0, defaults)))


def segment_prefix(segment: int, packet_bytes: int, n_packets: int = SEGMENT_PACKETS) -> bytes:
    """What stands before the packets of a live segment: 112 bytes, timed on the clock of the grid."""
    # The flags say: base is the moof; duration, size and flags of every sample are given here, once.
    header = struct.pack(">IIIII", 1, 1, PACKET_SAMPLES, packet_bytes, _AUDIO_IS_ALWAYS_SYNC)
    fragment = _box(
        b"traf",
        _full_box(b"tfhd", 0, 0x02003A, header),
        _full_box(b"tfdt", 1, 0, struct.pack(">Q", segment_decode_time(segment))),
        _full_box(b"trun", 0, 0x000001, struct.pack(">Ii", n_packets, SEGMENT_PREFIX_BYTES)),
    )
    moof = _box(b"moof", _full_box(b"mfhd", 0, 0, struct.pack(">I", segment & 0xFFFFFFFF)), fragment)
    if len(moof) != _MOOF_BYTES:
        raise AssertionError(f"a moof of {len(moof)} bytes: its own data offset would be wrong")
    return moof + _mdat_head(n_packets * packet_bytes)


def _sample_tables(*, times: bytes, chunks: bytes, sizes: bytes, offsets: bytes) -> bytes:
    """The four boxes of `stbl` that differ between a stored file and an empty init section."""
    return (
        _full_box(b"stts", 0, 0, times)
        + _full_box(b"stsc", 0, 0, chunks)
        + _full_box(b"stsz", 0, 0, sizes)
        + _full_box(b"stco", 0, 0, offsets)
    )


def _movie(n_samples: int, samples: bytes, *extends: bytes) -> bytes:
    """The `moov` with its one track. Times are 64-bit, so that the length of the box depends on nothing."""
    # The movie's clock is the sample rate, so its duration needs no rounding.
    header = (
        struct.pack(">QQIQ", 0, 0, SAMPLE_RATE_HZ, n_samples)
        + struct.pack(">IHH", 0x10000, 0x100, 0)
        + bytes(8)
        + _UNITY_MATRIX
        + bytes(24)
        + struct.pack(">I", 2)
    )
    return _box(b"moov", _full_box(b"mvhd", 1, 0, header), _track(n_samples, samples), *extends)


def _track(n_samples: int, samples: bytes) -> bytes:
    """Track 1, enabled and in the movie, at full volume."""
    header = (
        struct.pack(">QQIIQ", 0, 0, 1, 0, n_samples) + bytes(8) + struct.pack(">hhHH", 0, 1, 0x100, 0) + _UNITY_MATRIX + bytes(8)
    )
    media_header = struct.pack(">QQIQHH", 0, 0, SAMPLE_RATE_HZ, n_samples, _LANGUAGE_UNDETERMINED, 0)
    media = _box(
        b"mdia",
        _full_box(b"mdhd", 1, 0, media_header),
        _full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0"),
        _media_information(samples),
    )
    return _box(b"trak", _full_box(b"tkhd", 1, 3, header), media)


def _media_information(samples: bytes) -> bytes:
    """The `minf`: sound, in this same file, in the tables given."""
    here = _box(b"dinf", _full_box(b"dref", 0, 0, struct.pack(">I", 1), _full_box(b"url ", 0, 1)))
    description = _full_box(b"stsd", 0, 0, struct.pack(">I", 1), _opus_entry())
    tables = _box(b"stbl", description, samples)
    return _box(b"minf", _full_box(b"smhd", 0, 0, bytes(4)), here, tables)


def _opus_entry() -> bytes:
    """The sample entry: one channel, with the pre-skip that the encoder reports."""
    specific = _box(b"dOps", struct.pack(">BBHIhB", 0, 1, PRE_SKIP_SAMPLES, SAMPLE_RATE_HZ, 0, 0))
    sound = struct.pack(">HHHHI", 1, 16, 0, 0, SAMPLE_RATE_HZ << 16)
    return _box(b"Opus", bytes(6), struct.pack(">H", 1), bytes(8), sound, specific)


def _mdat_head(payload_bytes: int) -> bytes:
    return struct.pack(">I4s", 8 + payload_bytes, b"mdat")


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def _full_box(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)
