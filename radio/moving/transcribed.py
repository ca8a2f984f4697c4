"""Transcripts from elsewhere, in every form that feeds name: as the text that the catalogue reads. Pure.

Source: podcast namespace, transcripts: WebVTT, SubRip, JSON and HTML; other tools also give plain text.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from media import transcript
from radio.core.text import plain

BEST_FIRST = ("text/vtt", "application/x-subrip", "application/json", "text/html", "text/plain")
"""Those that know when before those that know who, before those that know nothing but the words."""
_SAME = {
    "application/srt": "application/x-subrip", "text/srt": "application/x-subrip", "text/x-subrip": "application/x-subrip",
    "application/x-srt": "application/x-subrip", "application/vtt": "text/vtt", "text/webvtt": "text/vtt", "text/json": "application/json",
    "application/xhtml+xml": "text/html",
}  # fmt: skip
_ENDINGS = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "json": "application/json",
    "html": "text/html",
    "txt": "text/plain",
}
_ONE_CUE_MS = 10_000
_WORDS_IN_A_CUE = 12
_BLOCKS = frozenset({"p", "div", "li", "br", "tr", "blockquote", "section", "h1", "h2", "h3", "h4", "h5", "h6", "cite"})
_SILENT = frozenset({"script", "style", "head", "title", "template"})


def form_of(media_type: str, url: str) -> str:
    """One of `BEST_FIRST` by what a feed says of it, else by how its address ends; empty: none that can be read."""
    told = media_type.partition(";")[0].strip().lower()
    form = _SAME.get(told, told)
    if form in BEST_FIRST:
        return form
    ending = url.partition("?")[0].partition("#")[0].rpartition(".")[2].lower()
    return _ENDINGS.get(ending, "") if form in {"", "application/octet-stream", "binary/octet-stream"} else ""


def as_text(content: bytes, form: str) -> bytes:
    """What `media.transcript` reads: WebVTT when it is known when, else paragraphs; as it is when it cannot be told apart."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if form == "application/json" or start.startswith((b'{"version"', b'{"segments"')):
        return _of_json(content)
    if form == "text/html" or start.startswith((b"<!doctype html", b"<html", b"<cite", b"<p>")):
        return _of_html(content)
    return content


def is_transcript(text: bytes) -> bool:
    """Whether the catalogue could read it."""
    try:
        transcript.read(text)
    except transcript.RefusedTranscriptError:
        return False
    return True


def _of_json(content: bytes) -> bytes:
    """Words of one speaker after another are one cue; a segment without an end ends where the next begins."""
    try:
        told = [_segment(each) for each in json.loads(content)["segments"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return b""
    lines = ["WEBVTT\n"]
    for start_ms, end_ms, speaker, words in _cues(told):
        voice = f"<v {_safe(speaker)}>" if speaker else ""
        lines.append(f"{_clock(start_ms)} --> {_clock(end_ms)}\n{voice}{_safe(words)}\n")
    return "\n".join(lines).encode() if len(lines) > 1 else b""


def _segment(each: Any) -> tuple[int, int, str, str]:
    start_ms = round(float(each["startTime"]) * 1000)
    end_ms = round(float(each.get("endTime") or 0) * 1000)
    if not 0 <= start_ms < 86_400_000:
        raise ValueError("start")
    return (
        start_ms,
        end_ms if start_ms < end_ms < 90_000_000 else 0,
        plain(str(each.get("speaker") or "")),
        plain(str(each.get("body") or "")),
    )


def _cues(told: list[tuple[int, int, str, str]]) -> list[tuple[int, int, str, str]]:
    found: list[tuple[int, int, str, str]] = []
    ordered = sorted(told, key=lambda one: one[0])
    starts = [one[0] for one in ordered[1:]] + [0]
    for (start_ms, end_ms, speaker, words), following_ms in zip(ordered, starts, strict=True):
        until_ms = end_ms or (following_ms if following_ms > start_ms else start_ms + _ONE_CUE_MS)
        last = found[-1] if found else None
        if (
            last
            and last[2] == speaker
            and words
            and len(last[3].split()) < _WORDS_IN_A_CUE
            and not last[3].endswith((".", "?", "!"))
        ):
            found[-1] = (last[0], max(last[1], until_ms), speaker, f"{last[3]} {words}")
        elif words:
            found.append((start_ms, until_ms, speaker, words))
    return found


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _of_html(content: bytes) -> bytes:
    """Paragraphs, each with the name that stands in the `cite` before it; the times are rough, so they are left out."""
    reader = _Reader()
    reader.feed(content.decode("utf-8", "replace"))
    reader.close()
    return "\n\n".join(reader.paragraphs()).encode()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: list[tuple[str, str]] = []
        self._pieces: list[str] = []
        self._speaker, self._inside, self._silent = "", "", 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self._end()
        if tag in {"cite", "time"}:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "cite":
            self._speaker, self._pieces, self._inside = plain("".join(self._pieces)).rstrip(" :"), [], ""
        elif tag == "time":
            self._inside = ""
        elif tag in _BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        if not self._silent and self._inside != "time":
            self._pieces.append(data)

    def _end(self) -> None:
        if words := plain("".join(self._pieces)):
            self._found.append((self._speaker, words))
            self._speaker = ""
        self._pieces = []

    def paragraphs(self) -> list[str]:
        self._end()
        return [f"{speaker}: {words}" if speaker else words for speaker, words in self._found]
