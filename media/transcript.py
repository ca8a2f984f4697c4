"""Transcripts: reads WebVTT, SubRip and plain text as people have them, and writes what players and apps take.

Nothing of a file is kept but who says what and when. Source: WebVTT §4; SubRip as written by common editors.
"""

from __future__ import annotations

import html as entities
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from media.errors import MediaError

MOST_BYTES = 4_000_000
MOST_CUES = 40_000
VTT_LINE = 65
SRT_LINE = 32
"""Characters. Source: podcast namespace, transcripts."""
_TIMING = re.compile(r"^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s+-->\s+((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SAID = re.compile(r"^([^\W\d_][\w.'’-]{0,20}(?: [^\W\d_][\w.'’-]{0,20}){0,2}): +(\S.*)$", re.DOTALL)
"""A name of at most three words and a colon; not in WebVTT, which has voices for that."""


class RefusedTranscriptError(MediaError):
    """The file cannot be taken. `code`: empty, too-big, not-text, backwards or no-words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Cue:
    """What somebody says, `[start_ms, end_ms)`; `speaker` is empty when nobody says who. Plain text is one cue a paragraph, at 0."""

    start_ms: int
    end_ms: int
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A transcript; `timed`: it knows when."""

    cues: tuple[Cue, ...]
    timed: bool


def read(content: bytes) -> Spoken:
    """A transcript of whatever form.

    Raises:
        RefusedTranscriptError: it is none, or too large.
    """
    if len(content) > MOST_BYTES:
        raise RefusedTranscriptError("too-big")
    lines = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    if not lines.strip():
        raise RefusedTranscriptError("empty")
    timed = lines.startswith("WEBVTT") or any(_TIMING.match(line) for line in lines.split("\n")[:40])
    found = tuple(_timed(lines, named=not lines.startswith("WEBVTT")) if timed else _paragraphs(lines))
    if not found:
        raise RefusedTranscriptError("no-words")
    if len(found) > MOST_CUES:
        raise RefusedTranscriptError("too-big")
    return Spoken(tuple(sorted(found, key=lambda cue: cue.start_ms)) if timed else found, timed)


def _decoded(content: bytes) -> str:
    """Text of UTF-8, of UTF-16 with its mark, or of old Windows editors."""
    for encoding in ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise RefusedTranscriptError("not-text")


def _timed(lines: str, *, named: bool = False) -> Iterator[Cue]:
    for block in re.split(r"\n[ \t]*\n+", lines):
        rows = block.strip("\n").split("\n")
        found = next(((n, timing) for n, row in enumerate(rows[:3]) if (timing := _TIMING.match(row))), None)
        if found is None:  # the header, a note, a style, or what nobody knows
            continue
        at, timing = found
        start, end = _ms(timing[1]), _ms(timing[2])
        if end < start:
            raise RefusedTranscriptError("backwards")
        for speaker, text in _voices("\n".join(rows[at + 1 :]), named=named):
            yield Cue(start, max(end, start + 1), speaker, text)


def _ms(clock: str) -> int:
    whole, _, rest = clock.replace(",", ".").partition(".")
    hours, minutes, seconds = ([0, 0, 0] + [int(part) for part in whole.split(":")])[-3:]
    if minutes > 59 or seconds > 59 or hours > 99:
        raise RefusedTranscriptError("backwards")
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(rest.ljust(3, "0"))


def _voices(payload: str, *, named: bool) -> Iterator[tuple[str, str]]:
    """Who says what in one cue, by its voice tags; otherwise by a name with a colon before it."""
    pieces = _VOICE.split(payload)
    if pieces[0].strip():
        text = _clean(pieces[0])
        name = _SAID.match(text) if named else None
        if text:
            yield (name[1], name[2]) if name else ("", text)
    for speaker, words in zip(pieces[1::2], pieces[2::2], strict=True):
        if text := _clean(words):
            yield _clean(speaker)[:80], text


def _clean(words: str) -> str:
    text = entities.unescape(_TAG.sub("", words))
    return " ".join(_CONTROL.sub("", text).split())


def _paragraphs(lines: str) -> Iterator[Cue]:
    for block in re.split(r"\n[ \t]*\n+", lines):
        text = " ".join(_CONTROL.sub("", block).split())
        named = _SAID.match(text)
        if text:
            yield Cue(0, 0, *((named[1], named[2]) if named else ("", text)))


def stored(spoken: Spoken) -> str:
    """As it is kept: `restored` gives the same again."""
    if spoken.timed:
        return vtt(spoken)
    return "\n\n".join(f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text for cue in spoken.cues)


def restored(text: str, *, timed: bool) -> Spoken:
    """What `stored` wrote."""
    return Spoken(tuple(_timed(text) if timed else _paragraphs(text)), timed)


def vtt(spoken: Spoken) -> str:
    """As WebVTT, with who speaks in `<v>`, which Apple shows."""
    return "WEBVTT\n\n" + "".join(_vtt(cue) for cue in spoken.cues)


def _vtt(cue: Cue) -> str:
    voice = f"<v {_safe(cue.speaker)}>" if cue.speaker else ""
    rows = textwrap.wrap(cue.text, VTT_LINE, break_long_words=False, break_on_hyphens=False)
    return f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{voice}{_safe(chr(10).join(rows))}\n\n"


def _safe(text: str) -> str:
    """Source: WebVTT §4.2.2: these three begin tags, entities and the arrow."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def srt(spoken: Spoken) -> str:
    """As SubRip: at most two short rows at a time, so longer ones are shown piece by piece."""
    pieces = (piece for cue in spoken.cues for piece in _rows(cue))
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(pieces, 1)
    )


def _rows(cue: Cue) -> Iterator[Cue]:
    said = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
    rows = textwrap.wrap(said, SRT_LINE, break_on_hyphens=False)
    pairs = ["\n".join(rows[n : n + 2]) for n in range(0, len(rows), 2)]
    total, begun = sum(map(len, pairs)), 0
    span = cue.end_ms - cue.start_ms
    for pair in pairs:
        start = cue.start_ms + span * begun // total
        begun += len(pair)
        yield replace(cue, start_ms=start, end_ms=cue.start_ms + span * begun // total, text=pair)


def html(spoken: Spoken, *, language: str, title: str) -> str:
    """As a page without style or script, with who speaks and when."""
    look = '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    head = f'<meta charset="utf-8">{look}<title>{entities.escape(title)}</title>'
    return f'<!doctype html>\n<html lang="{entities.escape(language)}"><head>{head}</head><body>\n{paragraphs(spoken)}</body></html>\n'


def paragraphs(spoken: Spoken) -> str:
    """As escaped HTML paragraphs, for a page of ours."""
    return "".join(_html(cues) for cues in _turns(spoken))


def _turns(spoken: Spoken) -> Iterable[list[Cue]]:
    """Cues of one speaker after another are one paragraph of at most half a minute."""
    turn: list[Cue] = []
    for cue in spoken.cues:
        if turn and (not spoken.timed or cue.speaker != turn[0].speaker or cue.end_ms - turn[0].start_ms > 30_000):
            yield turn
            turn = []
        turn.append(cue)
    if turn:
        yield turn


def _html(turn: list[Cue]) -> str:
    first = turn[0]
    who = f"<cite>{entities.escape(first.speaker)}:</cite> " if first.speaker else ""
    clock = _clock(first.start_ms, ".")[:8]
    when = f'<time datetime="PT{first.start_ms // 1000}S">{clock}</time> ' if first.end_ms else ""
    return f"<p>{who}{when}{entities.escape(' '.join(cue.text for cue in turn))}</p>\n"


def _clock(ms: int, mark: str) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{rest:03}"
