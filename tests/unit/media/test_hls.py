from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import hls

segments = st.integers(0, 1 << 33)


def test_a_live_window_of_mp3_reads_as_the_standard_writes_it() -> None:
    assert hls.live(311_111_111, ["311111111-ab.mp3", "311111112-cd.mp3"]) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:311111111\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-10-14T17:46:39.360Z\n"
        "#EXTINF:5.760,\n"
        "311111111-ab.mp3\n"
        "#EXTINF:5.760,\n"
        "311111112-cd.mp3\n"
    )


def test_segments_in_mp4_name_their_init_section_first() -> None:
    text = hls.live(0, ["0.m4s"], map_uri="init.mp4")

    assert "#EXT-X-VERSION:6\n" in text
    assert text.index('#EXT-X-MAP:URI="init.mp4"') < text.index("#EXTINF")
    assert "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z" in text


def test_a_live_window_has_no_type_and_no_end() -> None:
    text = hls.live(7, ["7.mp3"])

    assert "PLAYLIST-TYPE" not in text
    assert "ENDLIST" not in text
    assert "DISCONTINUITY" not in text


def test_a_start_over_grows_until_it_is_over() -> None:
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in hls.event(7, ["7.mp3"])
    assert "ENDLIST" not in hls.event(7, ["7.mp3"])
    assert hls.event(7, ["7.mp3"], is_over=True).endswith("7.mp3\n#EXT-X-ENDLIST\n")


@given(segments, st.integers(1, 30))
def test_a_later_window_says_the_same_of_the_segments_it_shares(first: int, n_segments: int) -> None:
    now = parts(hls.live(first, [f"{n}.mp3" for n in range(first, first + n_segments)]))
    later = parts(hls.live(first + 1, [f"{n}.mp3" for n in range(first + 1, first + 1 + n_segments)]))

    assert now[1:] == later[:-1]


def parts(text: str) -> list[tuple[int, str, str]]:
    """Each segment with its sequence number and the duration before it."""
    first = int(re.findall(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)$", text, re.MULTILINE)[0])
    found = re.findall(r"^#EXTINF:([\d.]+),\n(.+)$", text, re.MULTILINE)
    return [(first + at, duration, uri) for at, (duration, uri) in enumerate(found)]


@given(st.integers(0, 1 << 35))
def test_a_segment_starts_one_segment_after_the_one_before(segment: int) -> None:
    text = hls.program_date_time(segment)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert text < hls.program_date_time(segment + 1)


def test_a_master_offers_one_codec() -> None:
    assert hls.master("live/standard.m3u8", codecs=hls.MP3_CODECS, bandwidth_bps=hls.bandwidth_bps(46_153)) == (
        "#EXTM3U\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=64102,AVERAGE-BANDWIDTH=64102,CODECS="mp4a.40.34"\n'
        "live/standard.m3u8\n"
    )


@pytest.mark.parametrize("uri", ["", "#EXT-X-ENDLIST", "a\n#EXT-X-ENDLIST"])
def test_a_uri_cannot_become_a_tag(uri: str) -> None:
    with pytest.raises(ValueError):
        hls.live(0, [uri])


def test_an_attribute_cannot_end_its_quotes() -> None:
    with pytest.raises(ValueError):
        hls.live(0, ["a.m4s"], map_uri='a",URI="b')
