"""The store is away for more than half a minute: nobody hears silence, pages answer, and all comes back by itself."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from media.grid import SAMPLE_RATE_HZ, tick_at
from media.seaweed import Seaweed
from media.store import S3Store
from tests.live import Live, Sound, air, chirp, make_live, read_wav, web
from tests.ports import embedded_store
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

AWAY_S = 30
"""Longer than what is read ahead: twenty seconds."""
PAUSE_S = 3
"""Of the stream, at most, and of what the machine itself stood still."""
PAGES = ("/", "/shows", "/schedule", "/feed.xml", "/now.json", "/live.m3u8", "/live/standard.m3u8", "/live/low.m3u8")


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Seaweed]:
    server = embedded_store(tmp_path / "s3", secret_key="a-secret-of-this-test")
    server.start()
    server.wait_ready(PATIENCE_S)
    yield server
    if server.pid:
        os.kill(server.pid, signal.SIGCONT)
    server.stop()


@pytest.fixture
def live(tmp_path: Path, mortal: Seaweed) -> Live:
    """Twelve sounds that come once in two minutes, so that most of what is next has not been read."""
    settings = mortal.settings("radio")
    S3Store(settings).ensure_bucket()
    sounds = {f"sound-{n}": chirp(9.1 + n / 10, 300 + 60 * n, 2000 + 90 * n) for n in range(12)}
    now = datetime.now(UTC)
    made = make_live(tmp_path, settings, sounds, now=now)
    tick = tick_at(time.time_ns() // 1_000_000)
    air(made, list(made.made), tick - 2, tick + 4000, now=now)
    return made


class Pulse(threading.Thread):
    """Asks the web process several times a second for what costs it nothing, and knows when it answered."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.came: list[float] = []
        self._port, self._over = port, threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.2):
            assert ask(self._port, "/live.m3u8")[0] == 200
            self.came.append(time.monotonic())

    def stop(self) -> None:
        self._over.set()
        self.join()

    def longest_pause_s(self, from_s: float, to_s: float) -> float:
        """For how long it answered nobody: around a span of time."""
        before = max((at for at in self.came if at <= from_s), default=from_s)
        after = min((at for at in self.came if at >= to_s), default=to_s)
        return max(
            later - earlier for earlier, later in pairwise([before, *(at for at in self.came if before < at < after), after])
        )


class Listener(threading.Thread):
    """Takes the stream as it comes and knows when each piece came."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.came: list[tuple[float, bytes]] = []
        self._line = socket.create_connection(("127.0.0.1", port))

    def run(self) -> None:
        self._line.sendall(b"GET /live.mp3 HTTP/1.0\r\n\r\n")
        while content := self._line.recv(65_536):
            self.came.append((time.monotonic(), content))

    def stop(self) -> bytes:
        self._line.shutdown(socket.SHUT_RDWR)
        self.join()
        self._line.close()
        return b"".join(content for _, content in self.came).partition(b"\r\n\r\n")[2]

    def paused_for_s(self, pulse: Pulse) -> float:
        """For how long the stream said nothing while the process answered others: a machine that stands still is no pause."""
        spans = [(earlier, later) for (earlier, _), (later, _) in pairwise(self.came) if later - earlier > PAUSE_S]
        return max((later - earlier - pulse.longest_pause_s(earlier, later) for earlier, later in spans), default=0.0)


def ask(port: int, path: str) -> tuple[int, bytes, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["Retry-After"]
    finally:
        connection.close()


def newest_segment(port: int) -> tuple[int, str | None]:
    address = [line for line in ask(port, "/live/standard.m3u8")[1].decode().splitlines() if line and line[0] != "#"][-1]
    status, _, retry_after = ask(port, f"/live/{address}")
    return status, retry_after


def loudness(sound: Sound) -> list[float]:
    """In dBFS, of every second and a half: the last tick of a recording is filled up with up to a second of silence."""
    length = SAMPLE_RATE_HZ * 3 // 2
    pieces = sound[: len(sound) // length * length].reshape(-1, length)
    return [float(level) for level in 20 * np.log10(np.sqrt(np.mean(pieces.astype(np.float64) ** 2, axis=1)) + 1e-9)]


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "dies"])
def test_without_its_store_the_station_goes_on(live: Live, mortal: Seaweed, tmp_path: Path, how: signal.Signals) -> None:
    with web(live) as (address, _):
        port = int(address.rpartition(":")[2])
        listener, pulse = Listener(port), Pulse(port)
        listener.start()
        pulse.start()
        player = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "quiet", "-y", "-max_reload", "100", "-i", f"{address}/live.m3u8", "-ac", "1", "-ar", "48000",
             str(tmp_path / "hls.wav")],
        )  # fmt: skip
        until(lambda: listener.came and (tmp_path / "hls.wav").is_file(), every_s=0.5)
        segments = [newest_segment(port)]
        time.sleep(2)
        os.kill(mortal.pid or 0, how)
        pages = away(port, segments)
        if how is signal.SIGKILL:
            mortal.start()
        else:
            os.kill(mortal.pid or 0, signal.SIGCONT)
        until(lambda: newest_segment(port)[0] == 200, every_s=1)
        there_bytes = (tmp_path / "hls.wav").stat().st_size
        until(lambda: (tmp_path / "hls.wav").stat().st_size > there_bytes + 2 * 25 * SAMPLE_RATE_HZ or player.poll() is not None)
        assert player.poll() is None, "the HLS player goes on"
        player.send_signal(signal.SIGINT)
        player.wait(PATIENCE_S)
        heard = listener.stop()
        pulse.stop()

    assert pages == {path: {200} for path in PAGES}
    assert set(segments) == {(200, None), (503, "10")}, "at first from what was read ahead, then not"
    assert listener.paused_for_s(pulse) < PAUSE_S
    (tmp_path / "heard.mp3").write_bytes(heard)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(tmp_path / "heard.mp3"), str(tmp_path / "heard.wav")], check=True)
    sound = read_wav(tmp_path / "heard.wav")
    assert len(sound) > (AWAY_S + 10) * SAMPLE_RATE_HZ
    assert min(loudness(sound)) > -45, "never silence"
    played = read_wav(tmp_path / "hls.wav")
    assert len(played) > (AWAY_S + 10) * SAMPLE_RATE_HZ
    assert min(loudness(played[-10 * SAMPLE_RATE_HZ :])) > -45, "the HLS player has found its way back"


def away(port: int, segments: list[tuple[int, str | None]]) -> dict[str, set[int]]:
    """What pages answer meanwhile; and the newest segment, noted behind what it answered before."""
    pages: dict[str, set[int]] = {path: set() for path in PAGES}
    end_s = time.monotonic() + AWAY_S
    while time.monotonic() < end_s or segments[-1][0] == 200:
        assert time.monotonic() < end_s + PATIENCE_S, "what was read ahead never ends"
        segments.append(newest_segment(port))
        for path in PAGES:
            pages[path].add(ask(port, path)[0])
    return pages
