"""The bytes that stand before sound: their lengths never change, whatever the time."""

from __future__ import annotations

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from media import fmp4, mp3
from media.grid import SEGMENT_SAMPLES

segments = st.integers(0, 1 << 40)


@given(segments)
@example(0)
@example((1 << 32) + 1)
@example((1 << 33) // 518_400 + 1)
def test_an_mp3_segment_is_dated_in_73_bytes(segment: int) -> None:
    prefix = mp3.segment_prefix(segment)

    assert len(prefix) == 73
    assert prefix[:10] == b"ID3\x04\0\0\0\0\0\x3f"
    assert prefix[10:20] == b"PRIV\0\0\0\x35\0\0"
    assert int.from_bytes(prefix[-8:]) == segment * 518_400 % (1 << 33)


@given(st.integers(0, 1 << 33))
def test_the_clock_of_mp3_runs_on_through_its_wrap(segment: int) -> None:
    now, then = (int.from_bytes(mp3.segment_prefix(n)[-8:]) for n in (segment, segment + 1))

    assert (then - now) % (1 << 33) == 518_400 == 5_760 * 90


@given(segments, st.sampled_from([60, 40]))
@example(1 << 32, 60)
def test_an_opus_segment_is_dated_in_112_bytes(segment: int, packet_bytes: int) -> None:
    prefix = fmp4.segment_prefix(segment, packet_bytes)
    boxes = walk(prefix[:104])

    assert len(prefix) == 112
    assert struct.unpack(">I4s", prefix[104:]) == (8 + 288 * packet_bytes, b"mdat")
    assert struct.unpack(">I", boxes[b"mfhd"][4:]) == (segment % (1 << 32),)
    assert struct.unpack(">Q", boxes[b"tfdt"][4:]) == (segment * SEGMENT_SAMPLES,)
    assert struct.unpack(">Ii", boxes[b"trun"][4:]) == (288, 112)


@given(st.integers(1, 70_000_000), st.sampled_from([60, 40]))
def test_a_stored_file_has_604_bytes_before_its_first_packet(n_packets: int, packet_bytes: int) -> None:
    header = fmp4.flat_header(n_packets, packet_bytes)
    boxes = walk(header[:-8])

    assert len(header) == 604
    assert struct.unpack(">I4s", header[-8:]) == (8 + n_packets * packet_bytes, b"mdat")
    assert struct.unpack(">II", boxes[b"stsz"][4:]) == (packet_bytes, n_packets)
    assert struct.unpack(">II", boxes[b"stco"][4:]) == (1, 604)
    assert struct.unpack(">QQIQ", boxes[b"mdhd"][4:32])[2:] == (48_000, n_packets * 960)


def test_a_channel_has_one_init_section_that_holds_no_sound() -> None:
    boxes = walk(fmp4.channel_init(60))

    assert boxes[b"stsz"] == bytes(12)
    assert struct.unpack(">IIIII", boxes[b"trex"][4:]) == (1, 1, 960, 60, 0x02000000)


def walk(content: bytes) -> dict[bytes, bytes]:
    """Every box that holds no other, by name; the lengths must fit exactly."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + size]
        assert len(body) == size - 8, f"{name!r} is longer than what holds it"
        if name in {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"dinf"}:
            found |= walk(body)
        else:
            found[name] = body
        at += size
    return found
