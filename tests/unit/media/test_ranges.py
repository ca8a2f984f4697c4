from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import ranges
from media.errors import UnsatisfiableRangeError
from media.types import ByteRange

sizes = st.integers(0, 300)
positions = st.integers(0, 400)
specs = st.one_of(
    st.builds("{}-{}".format, positions, positions),
    st.builds("{}-".format, positions),
    st.builds("-{}".format, positions),
)


def bytes_asked_for(spec: str, content: bytes) -> bytes | None:
    """The model: the bytes one range-spec asks for, found by looking at each; None when it is not one."""
    first, last = spec.split("-")
    if not first:
        return content[len(content) - min(int(last), len(content)) :]
    if last and int(last) < int(first):
        return None
    return bytes(byte for at, byte in enumerate(content) if int(first) <= at and (not last or at <= int(last)))


@given(specs, sizes)
def test_one_range_gives_the_bytes_that_the_standard_describes(spec: str, size_bytes: int) -> None:
    content = bytes(at % 251 for at in range(size_bytes))
    expected = bytes_asked_for(spec, content)

    if expected == b"":
        with pytest.raises(UnsatisfiableRangeError):
            ranges.parse(f"bytes={spec}", size_bytes)
        return
    found = ranges.parse(f"bytes={spec}", size_bytes)

    assert [content[span.start : span.stop] for span in found or ()] == [expected] * (expected is not None)


@given(st.lists(specs, min_size=1, max_size=6), sizes)
def test_the_one_range_we_answer_is_all_that_was_asked_for_and_nothing_else(asked: list[str], size_bytes: int) -> None:
    content = bytes(size_bytes)
    header = "bytes=" + ", ".join(asked)
    wanted: set[int] = set()
    for spec in asked:
        if bytes_asked_for(spec, content) is None:
            assert ranges.single(header, size_bytes) is None
            return
        wanted |= {at for at in range(size_bytes) if holds(spec, at, size_bytes)}

    if not wanted:
        with pytest.raises(UnsatisfiableRangeError):
            ranges.single(header, size_bytes)
        return
    span = ranges.single(header, size_bytes)
    is_one_piece = all(after == before + 1 for before, after in pairwise(sorted(wanted)))
    assert span == (ByteRange(min(wanted), max(wanted) + 1) if is_one_piece else None)


def holds(spec: str, at: int, size_bytes: int) -> bool:
    first, last = spec.split("-")
    if not first:
        return at >= size_bytes - int(last)
    return at >= int(first) and (not last or at <= int(last))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_ranges_that_partition_an_object_are_answered_as_its_parts(lengths: list[int]) -> None:
    size_bytes = sum(lengths)
    edges = [sum(lengths[:count]) for count in range(len(lengths) + 1)]
    parts = tuple(ByteRange(start, stop) for start, stop in pairwise(edges))
    header = "bytes=" + ",".join(f"{part.start}-{part.stop - 1}" for part in parts)

    assert ranges.parse(header, size_bytes) == parts
    assert ranges.single(header, size_bytes) == ByteRange(0, size_bytes)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=,",
        "bytes=a-b",
        "bytes=0-1;2-3",
        "bytes=5-2",
        "bytes=0-1,x",
        "bytes=1 -2",
        "bytes=+1-2",
        "bytes=٣-٤",
        "seconds=0-1",
        "0-1",
        "bytes=" + ",".join(["0-0"] * 33),
    ],
)
def test_what_is_not_a_range_of_bytes_is_ignored(header: str | None) -> None:
    assert ranges.parse(header, 100) is None


def test_the_unit_may_be_written_in_capitals_and_members_may_be_spaced() -> None:
    assert ranges.parse("Bytes= 0-1 ,\t-2 ,", 100) == (ByteRange(0, 2), ByteRange(98, 100))


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=100-200, 300-", "bytes=" + "9" * 40 + "-"])
def test_a_range_beyond_the_end_is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        ranges.parse(header, 100)


def test_ranges_are_conditional_on_exactly_our_strong_etag() -> None:
    assert ranges.if_range_matches(None, '"abc"')
    assert ranges.if_range_matches('"abc"', '"abc"')
    assert not ranges.if_range_matches('"abd"', '"abc"')
    assert not ranges.if_range_matches('W/"abc"', '"abc"')
    assert not ranges.if_range_matches('W/"abc"', 'W/"abc"')
    assert not ranges.if_range_matches("Sat, 21 Nov 2026 10:00:00 GMT", '"abc"')


def test_the_last_byte_is_named_in_the_answer() -> None:
    assert ranges.content_range(ByteRange(0, 2), 100) == "bytes 0-1/100"
    assert ranges.unsatisfied_range(100) == "bytes */100"
