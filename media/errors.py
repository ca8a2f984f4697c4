"""What can go wrong with sound and objects.

    MediaError
    ├── RefusedAudioError(code)      the file is the reason; `code` is a Refusal
    ├── EncodingError(log)           we are the reason; worth another attempt
    ├── UnsatisfiableRangeError      no byte of the range exists (RFC 9110 §14.4)
    └── StorageError
        ├── ObjectMissingError(key)
        └── StoreUnavailableError    the store cannot be reached or refuses us

Errors carry facts; the words for people are chosen in `radio/web/errors.py`.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why a recording is not taken. Codes are stored and never re-used."""

    EMPTY = "empty"
    NOT_AUDIO = "not-audio"
    NO_SOUND_TRACK = "no-sound-track"
    PROTECTED = "protected"
    DAMAGED = "damaged"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    TOO_BIG = "too-big"
    SILENT = "silent"
    TOO_MANY_CHANNELS = "too-many-channels"
    TOO_COSTLY = "too-costly"
    """Decoding it went over the limits of memory, processor time or disk."""


class MediaError(Exception):
    """Anything that went wrong with sound or objects."""


class RefusedAudioError(MediaError):
    """The file is not one we can take."""

    def __init__(self, code: Refusal, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


class EncodingError(MediaError):
    """The encoder failed for a reason that is ours; `log` is its last lines, without names or tags of the file."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


class UnsatisfiableRangeError(MediaError):
    """No byte of the range exists in an object of `size_bytes`. Source: RFC 9110 §14.4."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"no such range in {size_bytes} bytes")
        self.size_bytes = size_bytes


class StorageError(MediaError):
    """The object store did not do what was asked."""


class ObjectMissingError(StorageError):
    """No object has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class StoreUnavailableError(StorageError):
    """The store cannot be reached, or refuses us."""
