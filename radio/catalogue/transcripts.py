"""The words of episodes: kept, forgotten, found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from media import transcript
from media.transcript import RefusedTranscriptError, Spoken
from radio.catalogue.actions import changed
from radio.catalogue.models import Episode, Transcript
from radio.catalogue.rules import looks_like_language
from radio.errors import InvalidError


def set_transcript(session: Session, episode: Episode, language: str, content: bytes, *, now: datetime) -> Transcript:
    """Take a file of WebVTT, SubRip or plain text as the words of an episode in a language; it replaces the one before.

    Raises:
        InvalidError: not a language (`language`), or not a transcript (`transcript`: empty, too-big, not-text, no-words, backwards).
    """
    faults = {} if looks_like_language(language) else {"language": "unknown"}
    try:
        spoken = transcript.read(content)
    except RefusedTranscriptError as error:
        raise InvalidError({"transcript": error.code} | faults) from error
    if faults:
        raise InvalidError(faults)
    row = next((one for one in episode.transcripts if one.language == language), None)
    if row is None:
        row = Transcript(language=language)
        episode.transcripts.append(row)
    row.timed, row.text, row.changed_at = spoken.timed, transcript.stored(spoken), now
    changed(session, episode, now)
    return row


def forget_transcript(session: Session, episode: Episode, language: str, *, now: datetime) -> None:
    """Take the words in a language away."""
    episode.transcripts = [one for one in episode.transcripts if one.language != language]
    changed(session, episode, now)


def spoken(row: Transcript) -> Spoken:
    """The words as they were taken."""
    return transcript.restored(row.text, timed=row.timed)
