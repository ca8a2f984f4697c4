"""`radio up`: the whole station under one parent. Light: what needs the database or the store runs in children."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from media.errors import StoreUnavailableError
from media.seaweed import Seaweed
from radio import keyring
from radio.errors import RadioError
from radio.settings import Settings, address_file
from radio.supervisor import Process, StopAskedError, Store, Supervisor, ignore_stop, listen_for_stop, start

LEAST_FREE_MB = 500
BIND_TRIES = 15
ON_AIR_WITHIN_S = 120.0

Say = Callable[[str], None]


class CannotStartError(RadioError):
    """The station cannot run here; the text is one sentence for whoever types the command."""


def local_url(host: str, port: int) -> str:
    """The address of a station that has no public one."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


def run(settings: Settings, *, host: str, port: int, empty: bool, say: Say) -> None:
    """Run the station until TERM or Ctrl-C.

    Raises:
        CannotStartError: one clear sentence says why.
    """
    listen_for_stop()
    supervisor = Supervisor(say)
    try:
        with _folder(settings), _listening(host, port) as door:
            _start(supervisor, settings, door, empty=empty, say=say)
            supervisor.watch()
    except StopAskedError:
        say("Stopping.")
    finally:
        ignore_stop()
        supervisor.stop()


def _start(supervisor: Supervisor, settings: Settings, door: socket.socket, *, empty: bool, say: Say) -> None:
    known = _Known(settings)
    if settings.embedded_s3:
        _start_store(supervisor, settings, wait=not known.prepared)
    link = None if known.prepared else _prepare(supervisor, known, empty=empty, say=say)
    supervisor.add(Process("web server", ["web", "--fd", str(door.fileno())], [door.fileno()]))
    supervisor.add(Process("worker", ["worker"]))
    if known.sample_wanted.exists():
        _bring_sample(supervisor, known, say)
    if not supervisor.watch(lambda: not _ailing(door), within_s=ON_AIR_WITHIN_S):
        say(f"Not well: {', '.join(_ailing(door)) or 'the web server'}. Run “radio doctor”; it says what to do.")
    say(f"On air: {settings.public_url}")
    if known.prepared:
        link = _prepare(supervisor, known, empty=True, say=say)
    if link:
        say(f"Nobody looks after this station yet. Open this once, to set up how its first steward signs in: {link}")


class _Known:
    """What earlier starts have left in the data folder."""

    def __init__(self, settings: Settings) -> None:
        self.sample_wanted = settings.data / "sample-wanted"
        """There until the whole sample station is in, also when bringing it was interrupted."""
        self._prepared = settings.data / "prepared"
        newest = max(path.name for path in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
        where = f"{newest} {settings.database_url} {settings.s3_endpoint} {settings.s3_bucket} {_browsers(settings)}"
        self._digest = hashlib.sha256(where.encode()).hexdigest()
        self.prepared = self._prepared.exists() and self._prepared.read_text() == self._digest
        """Whether the tables and the bucket were there, as this version wants them, at an earlier start."""

    def remember_prepared(self) -> None:
        """The next start need not wait for it."""
        self._prepared.write_text(self._digest)


def _browsers(settings: Settings) -> str:
    """Who may use the store from a page; nobody, unless it has a public door."""
    return " ".join(settings.origins) if settings.s3_public_endpoint else ""


def _start_store(supervisor: Supervisor, settings: Settings, *, wait: bool) -> None:
    store = Store(_seaweed(settings))
    try:
        supervisor.add(store)
        if wait:
            store.wait_ready()
    except (OSError, StoreUnavailableError) as error:
        raise CannotStartError(f"The embedded store does not start: {error}.") from error


def _prepare(supervisor: Supervisor, known: _Known, *, empty: bool, say: Say) -> str | None:
    """Tables, bucket, first steward; gives the link for the latter, None when the station has one."""
    if not known.prepared:
        say("Preparing the database and the store.")
    found = _prepared(supervisor)
    known.remember_prepared()
    if found["bare"] and not empty:
        known.sample_wanted.touch()
    return str(found["steward_link"]) if found["steward_link"] else None


def _prepared(supervisor: Supervisor) -> dict[str, object]:
    """Run `radio prepare` to its end; what it found."""
    process = start(["prepare"], stdout=subprocess.PIPE)
    supervisor.watch(lambda: process.poll() is not None)
    lines = process.communicate()[0].splitlines()
    if process.returncode != 0:
        raise CannotStartError("The station could not be prepared; the lines above say why.")
    found: dict[str, object] = json.loads(lines[-1])
    return found


def _bring_sample(supervisor: Supervisor, known: _Known, say: Say) -> None:
    process = start(["sample"])
    supervisor.watch(lambda: process.poll() is not None)
    if process.returncode == 0:
        known.sample_wanted.unlink(missing_ok=True)
    else:
        say("The sample station could not be brought in; the lines above say why. The next start tries again.")


@contextmanager
def _folder(settings: Settings) -> Iterator[None]:
    """Hold the data folder for us alone, with its secrets made."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (settings.data / "station.lock").open("a+")
    except OSError as error:
        raise CannotStartError(f"The folder {settings.data} cannot be written: {error.strerror}.") from error
    with lock:
        _hold(lock, settings.data)
        free_mb = shutil.disk_usage(settings.data).free // 1_000_000
        if free_mb < LEAST_FREE_MB:
            raise CannotStartError(
                f"Only {free_mb} MB are free for {settings.data}; the station needs {LEAST_FREE_MB} MB to start."
            )
        try:
            keyring.make(settings)
            address_file(settings.data).write_text(settings.public_url + "\n")
        except OSError as error:
            raise CannotStartError(f"The secrets in {settings.secrets} cannot be made: {error.strerror}.") from error
        yield


def _hold(lock: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise CannotStartError(f"A station is already running in {folder} (process {lock.read().strip()}).") from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The door that stays open while web servers come and go: whoever knocks meanwhile waits a moment."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        door = socket.socket(family, kind)
    except OSError as error:
        raise CannotStartError(f"“{host}” is no address of this machine.") from error
    with door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(door, address, f"Port {port} on {host}")
        door.listen(2048)
        yield door


def _bind(door: socket.socket, address: Any, name: str) -> None:
    """Take the port; a web server whose parent was just killed is given a moment to go."""
    for patience in range(BIND_TRIES, 0, -1):
        try:
            door.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or patience == 1:
                raise CannotStartError(f"{name} cannot be taken: {_why_not(error)}. Choose another with --port.") from error
            time.sleep(0.2)
        else:
            return


def _why_not(error: OSError) -> str:
    return "something else listens there" if error.errno == errno.EADDRINUSE else (error.strerror or "it is refused").lower()


def _seaweed(settings: Settings) -> Seaweed:
    port = int(keyring.read(settings, "s3-port"))
    if not _is_free(port):
        port = int(keyring.renew(settings, "s3-port"))
    return Seaweed(
        settings.store_folder, port, access_key=keyring.read(settings, "s3-access-key"),
        secret_key=keyring.read(settings, "s3-secret-key"),
    )  # fmt: skip


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _ailing(door: socket.socket) -> list[str]:
    """The parts that are not well, as the web server says; it itself when it does not answer."""
    host, port = door.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        parts: dict[str, str] = json.loads(connection.getresponse().read())["parts"]
        return [name for name, state in parts.items() if state != "ok"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["web server"]
    finally:
        connection.close()
