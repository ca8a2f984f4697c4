"""What a finished file says of itself beside its sound."""

from __future__ import annotations

from pathlib import Path

import mutagen


def found(path: Path) -> tuple[str, ...]:
    """The names of all tags and pictures in the file at `path`; empty when it carries nothing but sound."""
    file = mutagen.File(path)
    return () if file is None or file.tags is None else tuple(sorted(map(str, file.tags.keys())))
