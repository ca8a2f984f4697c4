from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.icy import MOST_TEXT_BYTES, NOTHING_NEW, Interleaver, metadata_block


def apart(stream: bytes, metaint_bytes: int) -> tuple[bytes, list[bytes]]:
    """What a player does: take the blocks out again."""
    sound, blocks = b"", []
    while len(stream) > metaint_bytes:
        sound += stream[:metaint_bytes]
        length = stream[metaint_bytes] * 16
        blocks.append(stream[metaint_bytes + 1 : metaint_bytes + 1 + length])
        assert len(blocks[-1]) == length, "a block was cut"
        stream = stream[metaint_bytes + 1 + length :]
    return sound + stream, blocks


@given(st.lists(st.tuples(st.binary(max_size=90), st.sampled_from(["", "one", "two"]))), st.integers(1, 70))
def test_the_sound_is_untouched_and_the_blocks_stand_exactly_apart(pieces: list[tuple[bytes, str]], metaint_bytes: int) -> None:
    stream = Interleaver(metaint_bytes)
    sent = b"".join(stream.send(sound, metadata_block(title)) for sound, title in pieces)
    everything = b"".join(sound for sound, _ in pieces)

    sound, blocks = apart(sent, metaint_bytes)

    assert sound == everything
    assert len(blocks) == len(everything) // metaint_bytes


@given(st.lists(st.integers(1, 50), min_size=1))
def test_however_the_sound_is_cut_the_stream_is_the_same(cuts: list[int]) -> None:
    sound = bytes(at % 256 for at in range(sum(cuts)))
    block = metadata_block("A show")
    whole, cut = Interleaver(16), Interleaver(16)
    pieces, at = [], 0
    for length in cuts:
        pieces.append(cut.send(sound[at : at + length], block))
        at += length

    assert b"".join(pieces) == whole.send(sound, block)


def test_a_title_is_said_once_until_it_changes() -> None:
    stream = Interleaver(10)
    one, two = metadata_block("one"), metadata_block("two")

    sent = stream.send(bytes(30), one) + stream.send(bytes(20), two)

    _, blocks = apart(sent, 10)
    assert blocks == [one[1:], b"", b"", two[1:], b""]


def test_a_block_fills_whole_sixteens() -> None:
    block = metadata_block("It’s here", "https://radio.example/now")

    assert len(block) == 1 + 16 * block[0]
    assert block[1:].rstrip(b"\0").decode() == "StreamTitle='It’s here';StreamUrl='https://radio.example/now';"


def test_nothing_to_say_is_one_zero_byte() -> None:
    assert metadata_block("") == NOTHING_NEW == b"\0"


@given(st.text(min_size=1, max_size=6000), st.one_of(st.none(), st.text(max_size=3000)))
def test_no_title_can_end_its_quotes_or_outgrow_the_block(title: str, url: str | None) -> None:
    block = metadata_block(title.encode(errors="replace").decode(), url and url.encode(errors="replace").decode())
    text = block[1:].rstrip(b"\0").decode()

    assert len(block) == 1 + 16 * block[0] <= 1 + MOST_TEXT_BYTES
    assert text.isprintable()
    assert text.count("'") in (2, 4)
    assert text.startswith("StreamTitle='")
    assert text.endswith("';")


def test_a_quote_becomes_a_typographic_one() -> None:
    assert "It’s".encode() in metadata_block("It's")


def test_there_is_always_sound_between_blocks() -> None:
    with pytest.raises(ValueError):
        Interleaver(0)
