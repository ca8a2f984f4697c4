"""The secrets of this station: a folder (0700) of one file each (0600), made at the first start and never again.

Two processes that start at the same moment agree: a secret is written under another name and linked into its place, which
only one of them can do; the other reads what the first has made.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from radio.settings import Settings


def _key() -> str:
    return secrets.token_urlsafe(48)


def _access_key() -> str:
    return "R" + secrets.token_hex(9).upper()


def _totp() -> str:
    return json.dumps({"1": secrets.token_urlsafe(32)})


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


KEYS: Mapping[str, Callable[[], str]] = {
    "session": _key,
    "password-salt": _key,
    "totp": _totp,
    "seed": _key,
    "s3-access-key": _access_key,
    "s3-secret-key": _key,
    "s3-port": _free_port,
}
"""Every secret and how it is made. `totp` is JSON, key number → key; `seed` is the chance in the rundown: replicas share it."""


def make(settings: Settings) -> None:
    """Make the folder and every secret that is not there yet.

    Raises:
        OSError: the folder cannot be written.
    """
    settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.secrets.chmod(0o700)
    for name, fresh in KEYS.items():
        if not (settings.secrets / name).exists():
            _place(settings.secrets / name, fresh())


def _place(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # somebody else was first; theirs holds
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def read(settings: Settings, name: str) -> str:
    """One secret.

    Raises:
        KeyError: there is no secret of this name.
        FileNotFoundError: `make` has never run here.
    """
    if name not in KEYS:
        raise KeyError(name)
    return (settings.secrets / name).read_text().strip()


def renew(settings: Settings, name: str) -> str:
    """Make one secret anew; whoever reads it from now on has the new one."""
    fresh = settings.secrets / f".{name}.fresh"
    fresh.unlink(missing_ok=True)
    _place(fresh, KEYS[name]())
    fresh.replace(settings.secrets / name)
    return read(settings, name)


def open_to_others(settings: Settings) -> tuple[Path, ...]:
    """The folder and files that other accounts of this machine could read; empty is as it should be."""
    paths = (settings.secrets, *sorted(settings.secrets.iterdir())) if settings.secrets.is_dir() else ()
    return tuple(path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077)
