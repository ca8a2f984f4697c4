"""Ports for servers in processes of their own, below the range from which the kernel gives them to everybody.

Between the moment at which a port is found free and the one at which a server takes it, the kernel may give one of that range to
whoever connects or asks for any. These it gives to nobody, and two test processes choose among different ones.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from media.seaweed import Seaweed

_RANGE = range(15_000, 30_000)
_INNER = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3.grpc")


def _ports() -> Iterator[int]:
    ours = _RANGE[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8 :: 8]
    first = secrets.randbelow(len(ours))
    return itertools.cycle([*ours[first:], *ours[:first]])


_left = _ports()


def free_port() -> int:
    """A loopback port at which nobody listens, and which nobody else takes by chance."""
    for port in _left:
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable: the ports go round")


def lay_out_store(folder: Path) -> None:
    """Have the embedded store of a folder that is not there yet take inner ports of ours: it takes those of last time while they are free."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    (folder / "ports.json").write_text(json.dumps({name: free_port() for name in _INNER}))


def embedded_store(folder: Path, *, access_key: str = "radio", secret_key: str, durable: bool = False) -> Seaweed:
    """The embedded store in a folder, at ports of ours, as quick as it can be; not started."""
    if not (folder / "ports.json").exists():
        lay_out_store(folder)
    return Seaweed(folder, free_port(), access_key=access_key, secret_key=secret_key, durable=durable, timer_slack_ms=0)
