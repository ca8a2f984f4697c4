"""What comes with the sound of an item: its transcripts and chapters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from media.transcript import MOST_BYTES
from radio.catalogue.models import Episode
from radio.catalogue.rules import looks_like_language
from radio.catalogue.transcripts import set_transcript
from radio.errors import InvalidError
from radio.moving import rules
from radio.web.outside import Outside, OutsideError

_CHAPTERS_BYTES = 2_000_000
_BEST_FIRST = ("text/vtt", "application/x-subrip", "application/srt", "text/srt", "text/plain")
"""Forms of a transcript that can be read; of others nothing is said."""


@dataclass(slots=True)
class Companions:
    """What was fetched: language → transcript, chapters, and codes of what was not to be had."""

    words: dict[str, bytes] = field(default_factory=dict)
    chapters: list[dict[str, Any]] | None = None
    notes: list[str] = field(default_factory=list)

    def put(self, session: Session, episode: Episode, *, now: datetime) -> None:
        """Give them to the episode; what cannot be read is noted."""
        for language, content in self.words.items():
            try:
                set_transcript(session, episode, language, content, now=now)
            except InvalidError:
                self.notes.append("transcript-missing")


def fetch(outside: Outside, source: dict[str, Any], language: str, *, patient: bool, tell: Callable[[int], None]) -> Companions:
    """Everything that the feed names beside the sound. `patient`: when a server fails for now, the item is tried again.

    Raises:
        OutsideError: for now only.
    """
    found = Companions()

    def get(url: str, most_bytes: int, code: str) -> bytes | None:
        try:
            return outside.read(url, most_bytes=most_bytes, on_bytes=tell)[0]
        except OutsideError as error:
            if error.later and patient:
                raise
            found.notes.append(code)
            return None

    for code, url in chosen(source.get("transcripts", ()), language).items():
        content = get(url, MOST_BYTES, "transcript-missing")
        if content is not None:
            found.words[code] = content
    own = source.get("chapter_list")
    if isinstance(own, list) and own:
        found.chapters = own
    elif source.get("chapters"):
        content = get(str(source["chapters"]), _CHAPTERS_BYTES, "chapters-missing")
        found.chapters = chapters(content) if content is not None else None
        if content is not None and found.chapters is None:
            found.notes.append("chapters-missing")
    return found


def chosen(told: Iterable[Any], language: str) -> dict[str, str]:
    """One transcript for each language, in the best form there is."""
    best: dict[str, tuple[int, str]] = {}
    for url, media_type, own in told:
        form = str(media_type).partition(";")[0].strip().lower()
        code = own if looks_like_language(own) else language
        if form in _BEST_FIRST and (code not in best or _BEST_FIRST.index(form) < best[code][0]):
            best[code] = _BEST_FIRST.index(form), url
    return {code: url for code, (_rank, url) in best.items()}


def chapters(content: bytes) -> list[dict[str, Any]] | None:
    """Chapters as JSON; None: they cannot be read. Source: podcast namespace, JSON chapters 1.2."""
    try:
        told = json.loads(content)
        return rules.in_order(
            (float(one["startTime"]), str(one.get("title", ""))) for one in told["chapters"] if one.get("toc", True)
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
