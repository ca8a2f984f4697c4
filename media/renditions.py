"""Finished renditions on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from media.errors import EncodingError
from media.profiles import Profile
from media.types import Rendition


def path_of(profile: Profile, folder: Path) -> Path:
    """Where the rendition of this profile lies in the folder of one recording."""
    return folder / f"{profile.name}.{profile.extension}"


def rendition(profile: Profile, folder: Path, n_ticks: int) -> Rendition:
    """The rendition of this profile in `folder`.

    Raises:
        EncodingError: it is not there, or not exactly `n_ticks` long.
    """
    path = path_of(profile, folder)
    size_bytes = path.stat().st_size if path.is_file() else 0
    if size_bytes != profile.header_bytes + n_ticks * profile.tick_bytes:
        raise EncodingError(f"{profile.code}: {size_bytes} bytes for {n_ticks} ticks")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Rendition(
        profile=profile.name,
        path=path,
        sha256=digest,
        size_bytes=size_bytes,
        media_type=profile.media_type,
        header_bytes=profile.header_bytes,
        tick_bytes=profile.tick_bytes,
    )
