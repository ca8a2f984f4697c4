"""Transcripts as people have them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import transcript
from media.transcript import Cue, RefusedTranscriptError, Spoken

VTT = """\ufeffWEBVTT - made somewhere

NOTE who made this stays here

STYLE
::cue { color: red }

intro
00:01.500 --> 00:04.000 align:start
<v.loud Ann>Hello <b>there</b> &amp; welcome &lt;3

01:00:00.000 --> 01:00:02.000
<v Ann>One.</v> <v Bo>Two.
"""
SRT = (
    "1\r\n00:00:01,500 --> 00:00:04,000\r\n<i>Ann: Hello</i>\r\nthere\r\n\r\n2\r\n00:00:05,000 --> 00:00:06,000\r\n{\\an8}Bye\r\n"
)


def test_webvtt_keeps_who_says_what_and_when_and_nothing_else() -> None:
    spoken = transcript.read(VTT.encode())
    assert spoken.timed
    assert spoken.cues == (
        Cue(1500, 4000, "Ann", "Hello there & welcome <3"),
        Cue(3_600_000, 3_602_000, "Ann", "One."),
        Cue(3_600_000, 3_602_000, "Bo", "Two."),
    )
    for written in (transcript.vtt(spoken), transcript.srt(spoken), transcript.html(spoken, language="en", title="x")):
        assert "made" not in written


def test_subrip_of_any_editor_is_read() -> None:
    expected = (Cue(1500, 4000, "Ann", "Hello there"), Cue(5000, 6000, "", "Bye"))
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert transcript.read(SRT.encode(encoding)).cues == expected


def test_plain_text_is_paragraphs_without_times() -> None:
    spoken = transcript.read("Ann: It was\nlate.\n\nWe went — home.".encode())
    assert not spoken.timed
    assert [(cue.speaker, cue.text) for cue in spoken.cues] == [("Ann", "It was late."), ("", "We went — home.")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"WEBVTT\n\n00:05.000 --> 00:01.000\nBack", "backwards"),
        (b"WEBVTT\n\n00:75.000 --> 00:80.000\nNever", "backwards"),
        (b"WEBVTT\n\nNOTE nothing is said", "no-words"),
        (b"ID3\x04\x00\x00\x00\x00", "not-text"),
        (b"x" * (transcript.MOST_BYTES + 1), "too-big"),
    ],
)
def test_what_is_no_transcript_is_refused_and_says_why(content: bytes, code: str) -> None:
    with pytest.raises(RefusedTranscriptError) as refused:
        transcript.read(content)
    assert refused.value.code == code


def test_lines_are_as_long_as_players_show() -> None:
    spoken = Spoken((Cue(0, 20_000, "Ann", "word " * 60),), timed=True)
    assert max(map(len, transcript.vtt(spoken).replace("<v Ann>", "").splitlines())) <= transcript.VTT_LINE
    blocks = transcript.srt(spoken).strip().split("\n\n")
    assert all(len(block.splitlines()) <= 4 for block in blocks), "a number, a time, two rows"
    assert all(len(row) <= transcript.SRT_LINE for block in blocks for row in block.splitlines()[2:])
    ends = [re.findall(r"\d\d:\d\d:\d\d,\d\d\d", block) for block in blocks]
    assert all(a[1] == b[0] for a, b in pairwise(ends)), "one after the other, without a gap"
    assert (ends[0][0], ends[-1][1]) == ("00:00:00,000", "00:00:20,000")


@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "ignore"))))
def test_whatever_comes_is_refused_or_read_and_what_was_kept_is_read_the_same(content: bytes) -> None:
    for head in (b"", b"WEBVTT\n\n00:01.000 --> 00:02.000\n", b"1\n00:00:01,000 --> 00:00:02,000\n"):
        try:
            spoken = transcript.read(head + content)
        except RefusedTranscriptError:
            continue
        kept = transcript.restored(transcript.stored(spoken), timed=spoken.timed)
        assert transcript.stored(kept) == transcript.stored(spoken)
        page = transcript.html(spoken, language="en", title="x")
        assert page.count("<p>") == page.count("</p>")
        assert "<script" not in page


@given(st.text(min_size=1, max_size=60))
def test_words_of_any_kind_come_back_whole_from_webvtt(words: str) -> None:
    text = " ".join(transcript._CONTROL.sub("", words).split())
    if text:
        spoken = Spoken((Cue(0, 1000, "Ann", text),), timed=True)
        assert transcript.restored(transcript.vtt(spoken), timed=True) == spoken
