"""What is this file, by its content and never by its name."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from av.audio.stream import AudioStream
from av.container import InputContainer

from media import _av
from media.errors import Refusal, RefusedAudioError
from media.types import Facts

_OF_SOUND = (
    b"RIFF",
    b"RF64",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\x1aE\xdf\xa3",
    b"FORM",
    b"caff",
    b"#!AMR",
    b"\xff\xfb",
    b"\xff\xf1",
)
"""How files begin that were meant to be sound: when such a file cannot be opened it is damaged, not of another kind."""
_OF_OTHER_THINGS = (
    b"PK\x03\x04",
    b"%PDF",
    b"MZ",
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
)
"""How files begin that are certainly no sound, though a patient decoder may find frames in them."""
_LOCKED_TAGS = {"drms", "drmi", "enca", "encv", "aavd"}
"""Sample entries of encrypted sound. Source: ISO/IEC 14496-12 §8.12; the music and audio-book shops' own."""


def facts(path: Path) -> Facts:
    """What the file at `path` is.

    Raises:
        RefusedAudioError: EMPTY, NOT_AUDIO, NO_SOUND_TRACK, PROTECTED or DAMAGED.
    """
    with path.open("rb", buffering=0) as file:
        return facts_of(file)


def facts_of(file: BinaryIO) -> Facts:
    """As `facts`, of an open file; leaves it at its start."""
    beginning = file.read(16)
    file.seek(0)
    if not beginning:
        raise RefusedAudioError(Refusal.EMPTY)
    if beginning.startswith(_OF_OTHER_THINGS):
        raise RefusedAudioError(Refusal.NOT_AUDIO)
    try:
        with _av.opened(file) as container:
            found = _facts_in(container)
    except MemoryError:
        raise
    except _av.FFmpegError as error:
        meant = beginning.startswith(_OF_SOUND) or beginning[4:8] == b"ftyp"
        raise RefusedAudioError(Refusal.DAMAGED if meant else Refusal.NOT_AUDIO, type(error).__name__) from error
    file.seek(0)
    return found


def _facts_in(container: InputContainer) -> Facts:
    moving = _av.has_pictures_that_move(container)
    stream = _av.sound_stream(container)
    if stream is None:
        raise RefusedAudioError(Refusal.NO_SOUND_TRACK if moving else Refusal.NOT_AUDIO)
    if _is_locked(container, stream):
        raise RefusedAudioError(Refusal.PROTECTED)
    codec = stream.codec_context
    if codec is None or not codec.sample_rate or not codec.channels:
        raise RefusedAudioError(Refusal.DAMAGED, "no parameters of the sound")
    return Facts(
        container=container.format.name,
        codec=codec.name,
        length_ms=None if container.duration is None else container.duration // 1000,
        sample_rate_hz=codec.sample_rate,
        channels=codec.channels,
        has_video=moving,
    )


def _is_locked(container: InputContainer, stream: AudioStream) -> bool:
    tag = stream.codec_context.codec_tag if stream.codec_context else ""
    return tag in _LOCKED_TAGS or any(key.startswith("ASF_Protection") for key in container.metadata)
