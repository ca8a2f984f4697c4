"""Byte ranges of HTTP: what a player asks for, and what we may answer.

A header we do not understand is ignored, never an error: the answer is then the whole object (RFC 9110
§14.2).
"""

from __future__ import annotations

import re

from media.errors import UnsatisfiableRangeError
from media.types import ByteRange

_SPEC = re.compile(r"(?P<first>[0-9]{0,40})-(?P<last>[0-9]{0,40})")
_MOST_SPECS = 32
"""More ranges than this in one request is an attack, not a player (RFC 9110 §17.15)."""


def parse(header: str | None, size_bytes: int) -> tuple[ByteRange, ...] | None:
    """Return the ranges that a `Range` header asks for, in their order, or None for the whole object.

    None as well when the header is absent, broken or in another unit. Ranges that lie beyond the end are left
    out, and one that reaches over it is cut.

    Raises:
        UnsatisfiableRangeError: it is well formed, and no byte of it exists.

    Source: RFC 9110 §14.1.1, §14.1.2.
    """
    unit, _, rest = (header or "").partition("=")
    # OWS around the members of a list, and empty members, are the recipient's to accept (RFC 9110 §5.6.1.2).
    specs = [spec for each in rest.split(",") if (spec := each.strip(" \t"))]
    if unit.strip(" \t").lower() != "bytes" or not 1 <= len(specs) <= _MOST_SPECS:
        return None
    asked = [_asked(spec, size_bytes) for spec in specs]
    if any(each is None for each in asked):
        return None
    found = tuple(each for each in asked if each is not None and each.size_bytes > 0)
    if not found:
        raise UnsatisfiableRangeError(size_bytes)
    return found


def single(header: str | None, size_bytes: int) -> ByteRange | None:
    """Return the one range to answer with 206, or None for the whole object with 200.

    Several ranges that touch or overlap are one; several that do not are answered whole, which the sender
    must be ready for, rather than as `multipart/byteranges`, which no player asks for.

    Raises:
        UnsatisfiableRangeError: answer 416.

    Source: RFC 9110 §14.2, §15.3.7.2.
    """
    found = parse(header, size_bytes)
    if found is None:
        return None
    first, *others = sorted(found, key=lambda span: span.start)
    for span in others:
        if span.start > first.stop:
            return None
        first = ByteRange(first.start, max(first.stop, span.stop))
    return first


def if_range_matches(header: str | None, etag: str) -> bool:
    """Whether the ranges may be answered: there is no `If-Range`, or it names exactly this strong ETag.

    A date never matches, because we promise nothing about dates. `etag` comes with its quotes.

    Source: RFC 9110 §13.1.5, §8.8.3.2.
    """
    if header is None:
        return True
    said = header.strip(" \t")
    return said == etag and said.startswith('"')


def content_range(span: ByteRange, size_bytes: int) -> str:
    """The `Content-Range` of a 206. Source: RFC 9110 §14.4."""
    return f"bytes {span.start}-{span.stop - 1}/{size_bytes}"


def unsatisfied_range(size_bytes: int) -> str:
    """The `Content-Range` of a 416. Source: RFC 9110 §14.4."""
    return f"bytes */{size_bytes}"


def _asked(spec: str, size_bytes: int) -> ByteRange | None:
    """The bytes of one range-spec, empty when none exists; None when it is not one."""
    match = _SPEC.fullmatch(spec)
    if match is None or spec == "-":
        return None
    first, last = match["first"], match["last"]
    if not first:
        return ByteRange(max(0, size_bytes - int(last)), size_bytes)
    start = int(first)
    if last and int(last) < start:
        return None
    stop = min(int(last) + 1, size_bytes) if last else size_bytes
    return ByteRange(start, max(start, stop))
