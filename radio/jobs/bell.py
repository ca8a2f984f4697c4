"""A doorbell between processes of one machine: whoever has committed a job rings, and workers look at the table at once.

Nobody relies on it. A ring that is lost costs a second.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from pathlib import Path

_PREFIX = ".bell-"


def ring(folder: Path) -> None:
    """Ring at every worker of this folder; the bells of dead ones are taken down."""
    for path in folder.glob(_PREFIX + "*"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
            caller.setblocking(False)
            try:
                caller.sendto(b"!", str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)


class Bell:
    """One worker's own bell."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / (_PREFIX + name)
        self._inner, self._button = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._outer: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._outer.bind(str(self._path))
        except OSError:  # the path is too long for a socket, or the file system has none: we look every second anyway
            self._outer.close()
            self._outer = None
        for end in self._ends():
            end.setblocking(False)
        self._button.setblocking(False)

    def ring(self) -> None:
        """Ring from inside this process; safe in a signal handler."""
        with suppress(BlockingIOError, OSError):
            self._button.send(b"!")

    def wait(self, seconds: float) -> None:
        """Wait for a ring, at most this long."""
        heard, _, _ = select.select(self._ends(), [], [], seconds)
        for end in heard:
            with suppress(BlockingIOError):
                while end.recv(16):
                    pass

    def close(self) -> None:
        """Take the bell down."""
        for end in (*self._ends(), self._button):
            end.close()
        if self._outer is not None:
            self._path.unlink(missing_ok=True)

    def _ends(self) -> list[socket.socket]:
        return [self._inner] if self._outer is None else [self._inner, self._outer]
