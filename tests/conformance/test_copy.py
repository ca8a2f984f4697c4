"""With every process of the station dead, a player goes on from the bucket."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from media.errors import ObjectMissingError
from media.grid import tick_at
from media.objects import StoreSettings
from media.store import ObjectStore
from tests.conformance.test_players import NEAR, SECONDS, SWEEPS, Captured, places
from tests.live import ROOT, Live, air, chirp, make_live, read_wav
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


@contextmanager
def door(store: ObjectStore, prefix: str) -> Iterator[str]:
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
