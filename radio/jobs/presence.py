"""Which workers of this machine are alive: each holds a lock on a file of its own, and the kernel lets go when it dies."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO


class Presence:
    """This worker's own lock. `name` begins every token it takes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = secrets.token_hex(6)
        self._path = folder / self.name
        draft = folder / f".{self.name}"
        self._file = draft.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(self._path)  # nobody ever sees it unlocked while we live

    def close(self) -> None:
        """Leave: the file goes, then the lock."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def dead_workers(folder: Path) -> tuple[str, ...]:
    """The names of workers that ran here and were killed; `forget` them when their jobs are free."""
    return tuple(path.name for path in _entries(folder) if _is_dead(path))


def living_workers(folder: Path) -> int:
    """How many workers run on this machine and this data folder."""
    return sum(1 for path in _entries(folder) if not _is_dead(path))


def forget(folder: Path, names: tuple[str, ...]) -> None:
    """Remove what dead workers left."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_file()) if folder.is_dir() else []


def _is_dead(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("r+") as file:
        return _free(file)
    return False


def _free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file.fileno()).st_nlink > 0
