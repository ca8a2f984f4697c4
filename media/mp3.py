"""MP3 on the grid: the timestamp before a live segment, and the law that makes a tick a byte range.

The law: every frame is MPEG-1 Layer III, 48 kHz, mono, of one constant size, and begins with its own bits
(`main_data_begin` 0), so that any frame may follow any other. A Xing frame or a tag in between breaks it.

Source: ISO/IEC 11172-3 §2.4.1.3 (header), §2.4.1.7 (main_data_begin); RFC 8216 §3.4; ID3v2.4.0 §3.1, §4.27.
"""

from __future__ import annotations

import struct

from media.grid import segment_pts

SEGMENT_PREFIX_BYTES = 73
FRAME_SAMPLES = 1152

_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
_SYNC = b"\xff\xfb"
"""Sync word, MPEG-1, Layer III, no checksum."""
_BITRATE_INDEX = {32: 1, 40: 2, 48: 3, 56: 4, 64: 5, 80: 6, 96: 7, 112: 8, 128: 9, 160: 10, 192: 11}
_48_KHZ = 1
_MONO = 3
_XING = (b"Xing", b"Info")
_XING_AT = 21
"""After the header and the side information of a mono frame."""


def segment_prefix(segment: int) -> bytes:
    """The ID3 tag that dates a segment of packed audio: 73 bytes, a 33-bit clock that wraps every 26.5 h."""
    body = _OWNER + struct.pack(">Q", segment_pts(segment))
    # Sizes in ID3v2.4 are synchsafe: seven bits a byte. Ours are below 128, so they look like plain numbers.
    frame = b"PRIV" + struct.pack(">IH", len(body), 0) + body
    prefix = b"ID3\x04\x00\x00" + struct.pack(">I", len(frame)) + frame
    if len(prefix) != SEGMENT_PREFIX_BYTES:
        raise AssertionError(f"a timestamp of {len(prefix)} bytes")
    return prefix


def frame_bytes(kbps: int) -> int:
    """The size of every frame; at 48 kHz there is no padding."""
    return kbps * 3


def is_plain_frame(frame: bytes, kbps: int) -> bool:
    """Whether this is one whole frame that may stand anywhere on the grid."""
    return not frame_problems(frame, kbps)


def frame_problems(content: bytes, kbps: int) -> tuple[str, ...]:
    """What keeps `content` from being frames on the grid: at most ten sentences, none when it is."""
    size_bytes = frame_bytes(kbps)
    found: list[str] = []
    if not content or len(content) % size_bytes:
        found.append(f"{len(content)} bytes are not whole frames of {size_bytes}")
    header = _header(kbps)
    for at in range(0, len(content) - size_bytes + 1, size_bytes):
        if problem := _problem(content[at : at + size_bytes], header):
            found.append(f"frame {at // size_bytes}: {problem}")
        if len(found) >= 10:
            break
    return tuple(found)


def _problem(frame: bytes, header: bytes) -> str | None:
    # The fourth byte begins with the channel mode; copyright, original and emphasis move nothing.
    if frame[:3] != header[:3] or frame[3] >> 6 != _MONO:
        return f"header {frame[:4].hex()}, not {header.hex()} in mono"
    # The side information begins with the 9 bits of main_data_begin.
    if frame[4] or frame[5] & 0x80:
        return "it borrows bits from the frame before it"
    if frame[_XING_AT : _XING_AT + 4] in _XING:
        return "it is a Xing frame, which players take for a length"
    return None


def _header(kbps: int) -> bytes:
    return _SYNC + bytes([_BITRATE_INDEX[kbps] << 4 | _48_KHZ << 2])
