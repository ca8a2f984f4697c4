"""The names of objects: made from their content, so that a key's bytes never change.

Below `private/` lies what only the station may read; everything else may be offered by a signed URL. No key
holds a title, a name or a date.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PRIVATE = "private/"
COPY = "on-air/"
"""Below it lies the copy of the coming hours, for when the station is dead."""
COPY_INDEX = "on-air-index.json"
"""Which recordings are heard in which of its objects; beside it and not in it: it is nobody else's."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")
_EXTENSION = re.compile(r"[0-9a-z]{1,8}")


def original(upload_id: str) -> str:
    """The key of a recording as it was uploaded. Its content is not known when the first part arrives."""
    return f"{PRIVATE}originals/{_checked(_WORD, upload_id)}"


def arrival(arrival_id: str) -> str:
    """The key of a feed or an archive from elsewhere while its show moves in."""
    return f"{PRIVATE}arrivals/{_checked(_WORD, arrival_id)}"


def parcel(parcel_id: str) -> str:
    """The key of an archive of shows."""
    return f"{PRIVATE}parcels/{_checked(_WORD, parcel_id)}"


def rendition(sha256: str, extension: str) -> str:
    """The key of a finished rendition."""
    return f"renditions/{_fanned(sha256)}.{_checked(_EXTENSION, extension)}"


def peaks(sha256: str) -> str:
    """The key of a waveform."""
    return f"peaks/{_fanned(sha256)}.bin"


def artwork(sha256: str, size_px: int, extension: str) -> str:
    """The key of a picture drawn at `size_px`; the hash is that of the picture it was drawn from."""
    return f"artwork/{_fanned(sha256)}-{size_px}.{_checked(_EXTENSION, extension)}"


def public_prefix(episode_id: str) -> str:
    """Below this lies all that was made to offer one episode for download, and nothing else: it is erased as one."""
    return f"public/{_checked(_WORD, episode_id)}/"


def public(episode_id: str, sha256: str, extension: str) -> str:
    """The key of the head of a download, or of a whole one."""
    return f"{public_prefix(episode_id)}{_checked(_SHA256, sha256)}.{_checked(_EXTENSION, extension)}"


def is_private(key: str) -> bool:
    """Whether the object must never be offered to a listener."""
    return key.startswith(PRIVATE)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fanned(sha256: str) -> str:
    """The hash below its first two digits: stores that keep folders stay quick."""
    digest = _checked(_SHA256, sha256)
    return f"{digest[:2]}/{digest}"


def _checked(pattern: re.Pattern[str], word: str) -> str:
    """The word itself; ValueError when it could reach into another folder or say more than it should."""
    if not pattern.fullmatch(word):
        raise ValueError("not a part of an object key")
    return word
