"""With every process of the station dead, a player goes on from the bucket."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from media.errors import ObjectMissingError
from media.grid import tick_at
from media.objects import StoreSettings
from media.store import ObjectStore
from tests.conformance.test_players import NEAR, SECONDS, SWEEPS, Captured, places
from tests.live import ROOT, Live, air, chirp, make_live, read_wav
from tests.ports import free_port
from tests.waiting import PATIENCE_S, answered, ended

pytestmark = pytest.mark.slow


class Bucket(Protocol):
    """What gives an object by its key."""

    def read(self, key: str, /) -> bytes:
        """Its bytes; ObjectMissingError: there is none."""
        ...


@contextmanager
def door(store: Bucket, prefix: str) -> Iterator[str]:
    """The bucket as its provider's public door gives it: a key, and nothing that thinks."""

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                content = store.read(prefix + self.path.removeprefix("/"))
            except ObjectMissingError:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nobody is written down."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def radio(live: Live, *command: str) -> None:
    """A command of the station, for which an hour has only a minute: there are many objects in an hour."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("RADIO_")} | dict(live.env) | {"PYTHONPATH": str(ROOT)}
    shorter = "import sys, radio.cli, radio.channel.export as e; e.HOUR_SEGMENTS = 10; sys.argv[0] = 'radio'; radio.cli.main()"
    subprocess.run([sys.executable, "-c", shorter, *command], env=env, cwd=ROOT, check=True, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def copied(s3: StoreSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Captured, StoreSettings]]:
    folder = tmp_path_factory.mktemp("copied")
    now = datetime.now(UTC)
    live = make_live(folder, s3, {name: chirp(*sweep) for name, sweep in SWEEPS.items()}, now=now)
    tick = tick_at(time.time_ns() // 1_000_000)
    airings = air(live, list(live.made), tick - 400, tick + 8000, now=now)
    radio(live, "channel", "export", "1")
    yield Captured(live, airings, folder), s3
    ObjectStore(s3).delete_prefix("on-air")


HOURS = [datetime.now(UTC) + timedelta(hours=n) for n in (0, 1)]
"""This hour, and the one that may begin meanwhile."""
LAID = {
    f"radio/on-air/{output}-{hour:%Y-%m-%dT%H}.m3u8": output.encode()
    for output in ("live", "live-low", "live/standard", "live/low") for hour in HOURS
} | {"radio/on-air/live/standard/7-abcdefabcdefabcd.mp3": b"sound", "radio/on-air/live/low/init.mp4": b"init"}  # fmt: skip


class Laid:
    """A bucket of a few keys."""

    def read(self, key: str) -> bytes:
        if key not in LAID:
            raise ObjectMissingError(key)
        return LAID[key]


@contextmanager
def dead_station(folder: Path, bucket: str) -> Iterator[int]:
    """The nginx that operators are advised to turn to the copy, with no station behind it; gives its port."""
    found = re.search(r"```nginx\n(map \$time_iso8601.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    assert found, "docs/operations.md tells how a proxy turns to the copy"
    port, nobody = free_port(), free_port()
    turned = found.group(1).replace("127.0.0.1:8000", f"127.0.0.1:{nobody}").replace("https://s3.example", bucket)
    its_hour, places = turned.split("\n", 1)
    temporary = "\n".join(f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    who = "user root; " if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{who}daemon off; worker_processes 1; pid {folder}/pid; env TZ=UTC; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{its_hour}\nserver {{ listen 127.0.0.1:{port};\n{places}\n}} }}\n"
    )
    process = subprocess.Popen(
        ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")],
        env=os.environ | {"TZ": "UTC"},
    )
    try:
        answered(f"http://127.0.0.1:{port}/live/low/init.mp4", process)
        yield port
    finally:
        ended(process)


def test_the_proxy_as_it_is_recommended_turns_to_the_copy_of_the_hour(tmp_path: Path) -> None:
    with door(Laid(), "") as bucket, dead_station(tmp_path, bucket) as port:
        for path, content in {
            "/live.m3u8": b"live", "/live-low.m3u8": b"live-low", "/live/standard.m3u8": b"live/standard", "/live/low.m3u8": b"live/low",
            f"/live/standard-{HOURS[0]:%Y-%m-%dT%H}.m3u8": b"live/standard", "/live/standard/7-abcdefabcdefabcd.mp3": b"sound",
            "/live/low/init.mp4": b"init",
        }.items():  # fmt: skip
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
                assert answer.read() == content, path


@pytest.mark.parametrize(("name", "master"), [("standard", "live.m3u8"), ("low", "live-low.m3u8")])
def test_ffmpeg_plays_on_from_the_bucket(copied: tuple[Captured, StoreSettings], name: str, master: str) -> None:
    captured, s3 = copied
    out = captured.folder / f"{name}.wav"
    with door(ObjectStore(s3), "on-air/") as address:
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", f"{address}/{master}", "-t", str(SECONDS), "-ac", "1", "-ar", "48000", str(out)],
            check=True, timeout=PATIENCE_S,
        )  # fmt: skip
    found = places(captured, read_wav(out), name)
    assert len(found) >= 9
    assert all(abs(late) <= NEAR and alike > 0.95 for _, late, alike in found), found
