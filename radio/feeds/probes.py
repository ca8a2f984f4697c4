"""What a download and a picture are at their public address, against what the feed says of them: codes of what differs.

Each function asks, and raises NoVerdictError when nobody answers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from urllib.parse import urlsplit

import mutagen
from PIL import Image, UnidentifiedImageError

from radio.feeds.reach import Reach, RemoteFile
from radio.feeds.rules import Item, Sound

LENGTH_MAY_DIFFER = 0.02
LEAST_DIFFERENCE_MS = 1500
"""A tick and the rounding to seconds: what two honest readings of a very short sound may differ by."""
PICTURE_PX = range(1400, 3001)

_PROBE_BYTES = 100


def _head_faults(reach: Reach, sound: Sound) -> list[str]:
    """What HEAD says against what the feed says."""
    path = urlsplit(sound.url).path
    head = reach.ask(path, method="HEAD")
    if head.status != 200:
        return [f"status:{head.status}"]
    faults = []
    if head.headers.get("content-length") != str(sound.size_bytes):
        faults.append(f"length:{head.headers.get('content-length', '')}")
    if head.headers.get("content-type", "").partition(";")[0] != sound.media_type:
        faults.append(f"type:{head.headers.get('content-type', '')[:40]}")
    if head.headers.get("accept-ranges") != "bytes" or not head.headers.get("etag", "").startswith('"'):
        faults.append("no-ranges")
    return faults


def address_faults(reach: Reach, sound: Sound) -> list[str]:
    """HEAD, ranges at both ends, one beyond the end, one on a condition that does not hold. Source: RFC 9110 §14, §13.1.5."""
    path, size = urlsplit(sound.url).path, sound.size_bytes
    if faults := _head_faults(reach, sound):
        return faults
    faults = []
    for asked, start in ((f"bytes=0-{_PROBE_BYTES - 1}", 0), (f"bytes=-{_PROBE_BYTES}", size - _PROBE_BYTES)):
        part = reach.ask(path, Range=asked)
        expected = f"bytes {start}-{start + _PROBE_BYTES - 1}/{size}"
        if part.status != 206 or part.headers.get("content-range") != expected or len(part.body) != _PROBE_BYTES:
            faults.append("range-wrong")
    if reach.ask(path, Range=f"bytes={size}-").status != 416:
        faults.append("no-416")
    changed = reach.ask(path, whole=False, Range="bytes=0-1", If_Range='"another"')
    if changed.status != 200:
        faults.append("if-range")
    return sorted(set(faults))


def content_faults(reach: Reach, sound: Sound) -> list[str]:
    """The whole, read to its end, against the length and the SHA-256 that the feed says."""
    whole = reach.fetch(urlsplit(sound.url).path)
    if whole.status != 200:
        return [f"status:{whole.status}"]
    if whole.size_bytes != sound.size_bytes:
        return [f"length:{whole.size_bytes}"]
    return [] if whole.sha256 == sound.sha256 else ["bytes"]


def length_faults(reach: Reach, item: Item) -> list[str]:
    """How long the download says that it sounds, against the recording."""
    file = RemoteFile(reach, urlsplit(item.standard.url).path, item.standard.size_bytes)
    try:
        found = mutagen.File(file)
        length_ms = round(found.info.length * 1000) if found is not None else 0
    except mutagen.MutagenError:
        length_ms = 0
    allowed_ms = max(item.length_ms * LENGTH_MAY_DIFFER, LEAST_DIFFERENCE_MS)
    return [] if abs(length_ms - item.length_ms) <= allowed_ms else [f"duration:{length_ms}"]


def picture_faults(reach: Reach, url: str) -> Iterator[str]:
    """Whether the picture is there, and as directories want it."""
    answer = reach.ask(urlsplit(url).path)
    if answer.status != 200:
        yield f"picture-status:{answer.status}"
        return
    try:
        with Image.open(io.BytesIO(answer.body), formats=("JPEG", "PNG")) as image:
            if image.width != image.height or image.width not in PICTURE_PX:
                yield f"picture-size:{image.width}x{image.height}"
            if image.mode != "RGB":
                yield f"picture-colour:{image.mode}"
            if answer.headers.get("content-type") != Image.MIME[image.format or ""]:
                yield "picture-type"
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        yield "picture-broken"
