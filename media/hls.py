"""Playlists: one master and one media playlist a codec, on the station's grid.

Every segment is exactly 5.76 s and its number counts from the epoch, so a playlist is arithmetic: two servers
write the same bytes, the media sequence never goes back, and there is no discontinuity ever, because the
timestamps in the segments are continuous by themselves. A player must never switch between codecs, whose
clocks differ: hence one master for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from media.grid import SEGMENT_MS

MEDIA_TYPE = "application/vnd.apple.mpegurl"
MP3_CODECS = "mp4a.40.34"
OPUS_CODECS = "opus"
TARGET_DURATION_S = 6
"""Every EXTINF, rounded, is at most this. Source: RFC 8216 §4.3.3.1."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 3
"""Decimal durations; any box made since 2010 reads it. Source: RFC 8216 §7."""
_VERSION_WITH_MAP = 6


def bandwidth_bps(segment_bytes: int) -> int:
    """The rate of segments of this size, rounded up: peak and average alike. Source: RFC 8216 §4.3.4.2."""
    return -(-segment_bytes * 8_000 // SEGMENT_MS)


def program_date_time(segment: int) -> str:
    """The instant at which a segment starts, to the millisecond, in UTC. Source: RFC 8216 §4.3.2.6."""
    instant = _EPOCH + timedelta(milliseconds=segment * SEGMENT_MS)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def master(uri: str, *, codecs: str, bandwidth_bps: int) -> str:
    """A master playlist of one variant stream. Source: RFC 8216 §4.3.4.2, §4.3.5.1."""
    said = f'BANDWIDTH={bandwidth_bps},AVERAGE-BANDWIDTH={bandwidth_bps},CODECS="{_quotable(codecs)}"'
    lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS", f"#EXT-X-STREAM-INF:{said}", _line(uri)]
    return "\n".join(lines) + "\n"


def live(first_segment: int, uris: Iterable[str], *, map_uri: str | None = None) -> str:
    """The live window: it has no type, so it may drop what is old. Source: RFC 8216 §4.3.3.5, §6.2.2.

    `uris` are of consecutive segments; `map_uri` is the init section of MP4 segments, None for MP3.
    """
    return "\n".join([*_head(first_segment, map_uri), *_segments(first_segment, uris, map_uri)]) + "\n"


def event(
    first_segment: int, uris: Iterable[str], *, map_uri: str | None = None, is_over: bool = False, skipped_ms: int = 0
) -> str:
    """A start-over: it grows at its end and drops nothing, so a listener can go back to its beginning.

    It begins `skipped_ms` into its first segment. Source: RFC 8216 §4.3.3.5, §4.3.3.4, §4.3.5.2.
    """
    start = f"#EXT-X-START:TIME-OFFSET={skipped_ms / 1000:.3f},PRECISE=YES"
    head = [*_head(first_segment, map_uri), "#EXT-X-PLAYLIST-TYPE:EVENT", start]
    tail = ["#EXT-X-ENDLIST"] if is_over else []
    return "\n".join([*head, *_segments(first_segment, uris, map_uri), *tail]) + "\n"


def _head(first_segment: int, map_uri: str | None) -> list[str]:
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION_WITH_MAP if map_uri else _VERSION}",
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}",
        f"#EXT-X-MEDIA-SEQUENCE:{first_segment}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]


def _segments(first_segment: int, uris: Iterable[str], map_uri: str | None) -> Iterator[str]:
    if map_uri:
        yield f'#EXT-X-MAP:URI="{_quotable(map_uri)}"'
    # Once is enough: the rest follows from the durations, and each listener fetches this all the time.
    yield f"#EXT-X-PROGRAM-DATE-TIME:{program_date_time(first_segment)}"
    for uri in uris:
        yield f"#EXTINF:{SEGMENT_MS / 1000:.3f},"
        yield _line(uri)


def _line(uri: str) -> str:
    """The URI, when it is one line and no tag."""
    if not uri or uri.startswith("#") or not uri.isprintable():
        raise ValueError("not a line of a playlist")
    return uri


def _quotable(text: str) -> str:
    """The text, when it can stand between quotes. Source: RFC 8216 §4.2."""
    if '"' in text or not text.isprintable():
        raise ValueError("not a quoted string of a playlist")
    return text
