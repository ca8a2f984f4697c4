"""What comes with the sound of an item: its transcripts, chapters and picture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from media import artwork
from media.transcript import MOST_BYTES
from radio.catalogue.models import Episode
from radio.catalogue.rules import looks_like_language
from radio.catalogue.transcripts import set_transcript, spoken
from radio.errors import InvalidError
from radio.moving import rules
from radio.moving.transcribed import BEST_FIRST, as_text, form_of, is_transcript
from radio.web.outside import Outside, OutsideError

_LINKS = re.compile(rb'"(?:img|url)"\s*:\s*"[^"]')
_CHAPTERS_BYTES = 2_000_000
_PICTURE_BYTES = 20_000_000


@dataclass(slots=True)
class Companions:
    """What was fetched: language → transcript, chapters, the picture as it was drawn here, and notes."""

    words: dict[str, bytes] = field(default_factory=dict)
    chapters: list[dict[str, Any]] | None = None
    picture: dict[int, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, session: Session, episode: Episode, *, now: datetime) -> None:
        """Give them to the episode; what cannot be read is noted."""
        for language, content in self.words.items():
            try:
                row = set_transcript(session, episode, language, content, now=now)
            except InvalidError:
                self.notes.append("transcript-missing")
                continue
            if any(cue.speaker for cue in spoken(row).cues):
                self.notes.append("words-name")


@dataclass(slots=True)
class _Fetching:
    outside: Outside
    found: Companions
    patient: bool
    tell: Callable[[int], None]

    def get(self, url: str, most_bytes: int, code: str) -> bytes | None:
        """The content; None: it is not to be had, and that is noted."""
        try:
            return self.outside.read(url, most_bytes=most_bytes, on_bytes=self.tell)[0]
        except OutsideError as error:
            if error.later and self.patient:
                raise
            if code:
                self.found.notes.append(code)
            return None


def fetch(outside: Outside, source: dict[str, Any], language: str, *, patient: bool, tell: Callable[[int], None]) -> Companions:
    """Everything that the feed names beside the sound. `patient`: when a server fails for now, the item is tried again.

    Raises:
        OutsideError: for now only.
    """
    found = Companions()
    fetching = _Fetching(outside, found, patient, tell)
    _words(fetching, chosen(source.get("transcripts", ()), language))
    if any(not form_of(str(one[1]), str(one[0])) for one in source.get("transcripts", ())):
        found.notes.append("transcript-form")
    _chapters(fetching, source)
    _picture(fetching, str(source.get("image") or ""))
    return found


def _words(fetching: _Fetching, told: dict[str, list[tuple[str, str]]]) -> None:
    """The best of each language that can be had; a worse one when the better is not there or cannot be read."""
    for code, forms in told.items():
        texts = (as_text(content, form) for form, url in forms if (content := fetching.get(url, MOST_BYTES, "")))
        best = next((text for text in texts if is_transcript(text)), None)
        if best is None:
            fetching.found.notes.append("transcript-missing")
        else:
            fetching.found.words[code] = best


def _chapters(fetching: _Fetching, source: dict[str, Any]) -> None:
    own = source.get("chapter_list")
    if isinstance(own, list) and own:
        fetching.found.chapters = own
    elif source.get("chapters"):
        content = fetching.get(str(source["chapters"]), _CHAPTERS_BYTES, "chapters-missing")
        fetching.found.chapters = chapters(content) if content is not None else None
        if content is not None and fetching.found.chapters is None:
            fetching.found.notes.append("chapters-missing")
        elif content is not None and _LINKS.search(content):
            fetching.found.notes.append("chapters-linked")


def _picture(fetching: _Fetching, url: str) -> None:
    content = fetching.get(url, _PICTURE_BYTES, "picture-missing") if url else None
    if content is None:
        return
    try:
        fetching.found.picture = artwork.redraw(content)
    except artwork.RefusedPictureError as error:
        fetching.found.notes.append("picture-too-small" if error.code == "too-small" else "picture-missing")


def chosen(told: Iterable[Any], language: str) -> dict[str, list[tuple[str, str]]]:
    """Language → (form, address) of its transcripts that can be read, the best first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for url, media_type, own in told:
        if form := form_of(str(media_type), str(url)):
            found.setdefault(own if looks_like_language(own) else language, []).append((form, str(url)))
    return {code: sorted(forms, key=lambda one: BEST_FIRST.index(one[0])) for code, forms in found.items()}


def chapters(content: bytes) -> list[dict[str, Any]] | None:
    """Chapters as JSON; None: they cannot be read. Source: podcast namespace, JSON chapters 1.2."""
    try:
        return rules.in_order(_starts(json.loads(content)["chapters"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _starts(told: Iterable[Any]) -> Iterator[tuple[float, str]]:
    return ((float(one["startTime"]), str(one.get("title", ""))) for one in told if one.get("toc", True))
