"""The embedded server: what it promises when it, or we, die."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media.errors import StoreUnavailableError
from media.seaweed import Seaweed, compact
from media.store import ObjectStore
from tests.ports import embedded_store, free_port
from tests.waiting import PATIENCE_S, until

PARENT = """
import pathlib, sys
from tests.ports import embedded_store
from tests.waiting import PATIENCE_S
server = embedded_store(pathlib.Path(sys.argv[1]), secret_key="secret")
server.start()
server.wait_ready(PATIENCE_S)
print(server.s3_port, server.pid, flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-the-tests"


@pytest.mark.slow
def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    answered: dict[str, bytes] = {}
    upload_id = ""
    for round_number in range(3):
        server = embedded_store(tmp_path, secret_key=SECRET, durable=True)
        server.start()
        server.wait_ready(PATIENCE_S)
        store = ObjectStore(server.settings("radio-test"))
        store.ensure_bucket()
        assert {key: store.read(key) for key in answered} == answered
        upload_id = upload_id or store.begin_upload("in-parts", "audio/wav")
        assert [part.number for part in store.parts("in-parts", upload_id)] == list(range(1, round_number + 1))

        store.put_part("in-parts", upload_id, round_number + 1, b"part", 4)
        for number, size_bytes in enumerate((100, 5_000, 3_000_000)):
            key, content = f"{round_number}/{number}", os.urandom(size_bytes)
            store.put_bytes(key, content, "audio/mpeg")
            answered[key] = content

        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.stop()


@pytest.mark.slow
def test_the_server_dies_with_its_parent_however_that_dies(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with parent:
        assert parent.stdout is not None
        port, pid = map(int, parent.stdout.readline().split())
        # A file descriptor of a process becomes readable when it ends.
        ended = os.pidfd_open(pid)
        parent.kill()
        readable, _, _ = select.select([ended], [], [], PATIENCE_S)
        os.close(ended)

    assert readable
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.slow
def test_a_long_path_still_has_room_for_its_sockets(tmp_path: Path) -> None:
    server = embedded_store(tmp_path / ("deep" * 25), secret_key=SECRET)
    server.start()
    try:
        server.wait_ready(PATIENCE_S)
        ObjectStore(server.settings("radio-test")).ensure_bucket()
    finally:
        server.stop()

    assert server.pid is None


@contextmanager
def running(folder: Path) -> Iterator[ObjectStore]:
    """The store of a server in this folder, with its bucket."""
    server = embedded_store(folder, secret_key=SECRET)
    server.start()
    try:
        server.wait_ready(PATIENCE_S)
        store = ObjectStore(server.settings("radio-test"))
        store.ensure_bucket()
        yield store
    finally:
        server.stop()


@pytest.mark.slow
def test_no_door_is_open_to_the_world_or_without_a_key(tmp_path: Path) -> None:
    server = embedded_store(tmp_path, secret_key=SECRET, durable=True)
    server.start()
    try:
        server.wait_ready(PATIENCE_S)
        store = ObjectStore(server.settings("radio-test"))
        store.ensure_bucket()
        store.put_bytes("private/x", b"secret", "audio/mpeg")

        assert listening_addresses(server.pid) == {"127.0.0.1"}
        assert (tmp_path / "identities.json").stat().st_mode & 0o077 == 0
        assert (tmp_path / "fsync-is-on").exists()
        for port in json.loads((tmp_path / "ports.json").read_bytes()).values():
            assert b"secret" not in read_from(port, "/buckets/radio-test/private/x")
    finally:
        server.stop()


@pytest.mark.slow
def test_a_proxy_for_the_outer_world_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with running(tmp_path) as store:
        store.put_bytes("kept", b"a voice", "audio/mpeg")
        compact(tmp_path)
        assert store.read("kept") == b"a voice"


def test_a_taken_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Seaweed(tmp_path, taken.getsockname()[1], access_key="radio", secret_key=SECRET)
        with pytest.raises(StoreUnavailableError, match="taken"):
            server.start()


def listening_addresses(pid: int | None) -> set[str]:
    """The addresses at which a process listens, as the kernel sees them."""
    ours = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()}
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in ours:
                address = bytes.fromhex(fields[1].partition(":")[0])[::-1]
                found.add(socket.inet_ntop(socket.AF_INET if table == "tcp" else socket.AF_INET6, address))
    return found


def read_from(port: int, path: str) -> bytes:
    """What a stranger gets who asks for `path`; nothing when the port does not speak HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


@pytest.mark.slow
def test_what_was_deleted_leaves_the_disk(tmp_path: Path) -> None:
    with running(tmp_path) as store:
        kept, gone = os.urandom(3_000_000), b"a voice that is taken back" * 4_000
        store.put_bytes("kept", kept, "audio/mpeg")
        store.put_bytes("gone", gone, "audio/mpeg")
        assert on_disk(tmp_path, gone[:2_000])

        store.delete("gone")

        def is_gone() -> bool:
            compact(tmp_path)
            return not on_disk(tmp_path, gone[:2_000])

        until(is_gone)
        assert store.read("kept") == kept


def test_where_no_embedded_store_has_run_there_is_nothing_to_tidy(tmp_path: Path) -> None:
    compact(tmp_path)
    assert list(tmp_path.iterdir()) == []


def on_disk(folder: Path, content: bytes) -> bool:
    return any(content in path.read_bytes() for path in folder.rglob("*") if path.is_file())
