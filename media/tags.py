"""What a file says of itself beside its sound: nothing in what is stored, public facts in what is offered for download.

A public head stands before the sound and is all that differs between a stored rendition and its enclosure, so a new title
moves no byte of sound. The same facts give the same bytes.

Source: ID3v2.4.0 §4; ID3v2 Chapter Frame Addendum 1.0; ISO/IEC 14496-12 §8.10 (`udta`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mutagen
from mutagen.id3 import APIC, CHAP, COMM, CTOC, ID3, TALB, TCON, TCOP, TDRL, TIT2, TLEN, TPE1, TXXX, WCOP, WOAF, CTOCFlags
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

SYNTHETIC = "Made with a synthetic voice. Nobody's story is told in it."
"""Said in every file that software spoke."""
_UTF8 = 3
_FRONT_COVER = 3
_NO_OFFSET = 0xFFFFFFFF
_FREE_FORM = "----:org.podcastindex:"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named span of the sound, in milliseconds, end exclusive."""

    start_ms: int
    stop_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class PublicTags:
    """All that a download says of itself. Nothing here may tell more than the episode's public page."""

    title: str
    show: str
    author: str
    page_url: str
    released: date
    length_ms: int
    licence: str = ""
    licence_url: str = ""
    synthetic: bool = False
    chapters: tuple[Chapter, ...] = ()
    cover: bytes = b""
    """A JPEG; empty: none."""


def found(path: Path) -> tuple[str, ...]:
    """The names of all tags and pictures in the file at `path`; empty when it carries nothing but sound."""
    file = mutagen.File(path)
    return () if file is None or file.tags is None else tuple(sorted(map(str, file.tags.keys())))


def mp3_head(tags: PublicTags) -> bytes:
    """The ID3v2.4 tag that stands before an MP3."""
    id3 = ID3()
    id3.add(TIT2(encoding=_UTF8, text=tags.title))
    for frame, text in ((TALB, tags.show), (TPE1, tags.author)):
        if text:
            id3.add(frame(encoding=_UTF8, text=text))
    id3.add(TCON(encoding=_UTF8, text="Podcast"))
    id3.add(TDRL(encoding=_UTF8, text=tags.released.isoformat()))
    id3.add(TLEN(encoding=_UTF8, text=str(tags.length_ms)))
    if tags.page_url:
        id3.add(WOAF(url=tags.page_url))
    if tags.licence:
        id3.add(TCOP(encoding=_UTF8, text=f"{tags.released.year} {tags.licence}"))
    if tags.licence_url:
        id3.add(WCOP(url=tags.licence_url))
    if tags.synthetic:
        id3.add(COMM(encoding=_UTF8, lang="eng", desc="", text=SYNTHETIC))
        id3.add(TXXX(encoding=_UTF8, desc="ai-content", text="true"))
    if tags.cover:
        id3.add(APIC(encoding=_UTF8, mime="image/jpeg", type=_FRONT_COVER, desc="", data=tags.cover))
    _add_chapters(id3, tags.chapters)
    out = io.BytesIO()
    id3.save(out, v1=0, v2_version=4, padding=_no_padding)
    return _chapters_in_time(out.getvalue())


_HEADER_BYTES, _FRAME_HEADER_BYTES = 10, 10


def _chapters_in_time(tag: bytes) -> bytes:
    """The tag with its chapters in the order of time: mutagen writes short frames first, and many players go by what comes first.

    Source: ID3v2.4.0 §4: a frame is its id, its length in four times seven bits, two bytes of flags, and that many bytes.
    """
    frames, at = list[bytes](), _HEADER_BYTES
    while at < len(tag):
        size_bytes = sum(byte << shift for byte, shift in zip(tag[at + 4 : at + 8], (21, 14, 7, 0), strict=True))
        frames.append(tag[at : at + _FRAME_HEADER_BYTES + size_bytes])
        at += len(frames[-1])
    chapters = iter(sorted((frame for frame in frames if frame.startswith(b"CHAP")), key=_start_of_chapter))
    ordered = [next(chapters) if frame.startswith(b"CHAP") else frame for frame in frames]
    return tag[:_HEADER_BYTES] + b"".join(ordered)


def _start_of_chapter(frame: bytes) -> int:
    """Source: ID3v2 Chapter Frame Addendum §3.1: a name, a zero, the start in milliseconds."""
    _name, _zero, times = frame[_FRAME_HEADER_BYTES:].partition(b"\0")
    return int.from_bytes(times[:4], "big")


def mp4_head(tags: PublicTags, header: bytes) -> bytes:
    """The header of a flat MP4 with an `udta` of public facts; what it says of where the packets lie is moved along."""
    out = io.BytesIO(header)
    file = MP4(out)
    file.add_tags()
    for name, text in (("\xa9nam", tags.title), ("\xa9alb", tags.show), ("\xa9ART", tags.author)):
        if text:
            file[name] = text
    file["\xa9gen"], file["\xa9day"] = "Podcast", tags.released.isoformat()
    if tags.licence:
        file["cprt"] = f"{tags.released.year} {tags.licence}"
    if tags.page_url:
        file[_FREE_FORM + "page"] = MP4FreeForm(tags.page_url.encode())
    if tags.licence_url:
        file[_FREE_FORM + "licence"] = MP4FreeForm(tags.licence_url.encode())
    if tags.synthetic:
        file["\xa9cmt"] = SYNTHETIC
        file[_FREE_FORM + "ai-content"] = MP4FreeForm(b"true")
    if tags.cover:
        file["covr"] = [MP4Cover(tags.cover, MP4Cover.FORMAT_JPEG)]
    out.seek(0)
    file.save(out, padding=_no_padding)
    return out.getvalue()


def _add_chapters(id3: ID3, chapters: tuple[Chapter, ...]) -> None:
    if not chapters:
        return
    names = [f"chp{number}" for number in range(len(chapters))]
    flags = CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
    id3.add(CTOC(element_id="toc", flags=flags, child_element_ids=names, sub_frames=[]))
    for name, chapter in zip(names, chapters, strict=True):
        id3.add(
            CHAP(
                element_id=name, start_time=chapter.start_ms, end_time=chapter.stop_ms, start_offset=_NO_OFFSET,
                end_offset=_NO_OFFSET, sub_frames=[TIT2(encoding=_UTF8, text=chapter.title)],
            )
        )  # fmt: skip


def _no_padding(_info: object) -> int:
    return 0
