"""Two web processes on one database and one bucket are one station: either may be killed while a player plays on."""

from __future__ import annotations

import http.client
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import pytest

from media.grid import tick_at
from media.objects import StoreSettings
from tests.conformance.test_players import NEAR, SWEEPS, Captured, places
from tests.databases import Blank
from tests.live import ROOT, Live, air, chirp, make_live, read_wav
from tests.ports import free_port
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

SECONDS = 60
"""Of sound, at least; the player has the first seventeen at once."""
DEATHS = 4
"""Both have died twice."""
PIECE_BYTES = 15_360
"""Two seconds of the stream."""
HALF_TICK_BYTES = 3_840
CHANCE = random.Random(os.environ.get("PYTEST_RANDOMLY_SEED", "replicas"))


class Replica:
    """A web process that is killed with all it has started, and started again at the same address."""

    def __init__(self, live: Live) -> None:
        self.port = free_port()
        settings = (
            {k: v for k, v in os.environ.items() if not k.startswith("RADIO_")} | dict(live.env) | {"PYTHONPATH": str(ROOT)}
        )
        self._command = [sys.executable, "-m", "tests.web_process", str(self.port), str(live.emergency)]
        self._env = settings
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._env, cwd=ROOT, start_new_session=True)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_ready(self) -> None:
        until(lambda: self.get("/now.json") is not None, lambda: "a replica does not start")

    def get(self, path: str) -> bytes | None:
        """The body; None: it did not answer, or not to the end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read() if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def stream(self, n_bytes: int) -> bytes | None:
        """So many bytes of the MP3 stream from now on; None: it was cut off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/live.mp3")
            found = connection.getresponse().read(n_bytes)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return found if len(found) == n_bytes else None


@contextmanager
def front(replicas: list[Replica]) -> Iterator[str]:
    """One address for both, by turns: who does not answer a request is passed over, as any proxy does."""
    turns = cycle(replicas)
    with socket.create_server(("127.0.0.1", 0)) as door:

        def take() -> None:
            with suppress(OSError):
                while True:
                    client, _ = door.accept()
                    threading.Thread(target=_relay, args=(client, turns), daemon=True).start()

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def _relay(client: socket.socket, turns: Iterator[Replica]) -> None:
    asked = b""
    with client:
        for _ in range(2_000):
            with suppress(OSError), socket.create_connection(("127.0.0.1", next(turns).port), timeout=60) as replica:
                asked, over = _talk(client, replica, asked)
                if over:
                    return
            time.sleep(0.05)


def _talk(client: socket.socket, replica: socket.socket, asked: bytes) -> tuple[bytes, bool]:
    """Pass on both ways; gives what was asked, and whether another replica could not go on with it."""
    answered = False
    with suppress(ConnectionError):
        replica.sendall(asked)
        while True:
            for ready in select.select([client, replica], [], [])[0]:
                content = ready.recv(65_536)
                if ready is client:
                    if not content:
                        return asked, True
                    asked = asked if answered else asked + content
                    replica.sendall(content)
                elif content:
                    answered = True
                    client.sendall(content)
                else:
                    return asked, answered
    return asked, answered


@dataclass
class Seen:
    """What was compared while one of them died again and again."""

    alike: dict[str, int] = field(default_factory=dict)
    differed: list[str] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        each = [self.alike.get(what, 0) for what in ("standard playlist", "low playlist", "standard segment", "low segment")]
        return min(each) >= 3 and self.alike.get("stream", 0) >= 1

    def compare(self, what: str, first: bytes | None, second: bytes | None, again: bytes | None) -> None:
        """What one says between two equal answers of the other must be the same: nothing has changed meanwhile."""
        if None in {first, second, again} or first != again:
            return
        self.alike[what] = self.alike.get(what, 0) + 1
        if first != second:
            self.differed.append(what)

    def watch(self, one: Replica, other: Replica, until: threading.Event) -> None:
        while not until.is_set():
            for name in ("standard", "low"):
                path = f"/live/{name}.m3u8"
                listed = one.get(path)
                self.compare(f"{name} playlist", listed, other.get(path), one.get(path))
                for address in [line for line in (listed or b"").decode().splitlines() if line and line[0] != "#"][-2:]:
                    body = one.get(f"/live/{address}")
                    self.compare(f"{name} segment", body, other.get(f"/live/{address}"), body)
            self._listen(one, other)

    def _listen(self, one: Replica, other: Replica) -> None:
        """Ten seconds of each, begun at nearly the same time: what both have heard is the same, to the byte."""
        heard: list[bytes | None] = [None, None]
        listeners = [
            threading.Thread(target=lambda n=n, replica=replica: heard.__setitem__(n, replica.stream(5 * PIECE_BYTES)))
            for n, replica in enumerate((one, other))
        ]  # fmt: skip
        for listener in listeners:
            listener.start()
        for listener in listeners:
            listener.join()
        if heard[0] and heard[1]:
            self.alike["stream"] = self.alike.get("stream", 0) + 1
            if not overlap(heard[0], heard[1]):
                self.differed.append("stream")


def overlap(one: bytes, other: bytes) -> bool:
    """Whether the later of two stretches begins within the other and goes on as it does."""
    for early, late in ((one, other), (other, one)):
        at = early.find(late[:HALF_TICK_BYTES])
        if at >= 0:
            return late.startswith(early[at:])
    return False


def kill_in_turn(replicas: list[Replica], until: threading.Event, deaths: list[int]) -> None:
    for replica in cycle(replicas):
        if until.wait(CHANCE.uniform(1, 5)):
            return
        replica.kill()
        deaths.append(replica.port)
        until.wait(CHANCE.uniform(0, 2))
        replica.start()
        replica.wait_ready()


def heard_s(folder: Path) -> float:
    """How much the player has written down."""
    path = folder / "heard.wav"
    return path.stat().st_size / 96_000 if path.is_file() else 0.0


def test_a_player_plays_on_while_replicas_die_in_turn(tmp_path: Path, s3: StoreSettings, blank: Blank) -> None:
    now = datetime.now(UTC)
    sounds = {name: chirp(*sweep) for name, sweep in SWEEPS.items()}
    live = make_live(tmp_path, s3, sounds, now=now, RADIO_DATABASE_URL=blank.nothing(tmp_path))
    tick = tick_at(time.time_ns() // 1_000_000)
    airings = air(live, list(live.made), tick - 400, tick + 4000, now=now)
    replicas, over, seen, deaths = [Replica(live), Replica(live)], threading.Event(), Seen(), []
    threads = [
        threading.Thread(target=kill_in_turn, args=(replicas, over, deaths)),
        threading.Thread(target=seen.watch, args=(*replicas, over)),
    ]
    try:
        for replica in replicas:
            replica.wait_ready()
        with front(replicas) as address:
            for thread in threads:
                thread.start()
            player = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "warning", "-y", "-i", f"{address}/live.m3u8", "-ac", "1",
                                       "-ar", "48000", str(tmp_path / "heard.wav")])  # fmt: skip
            try:
                until(
                    lambda: player.poll() is not None or (heard_s(tmp_path) >= SECONDS and len(deaths) >= DEATHS and seen.is_enough),
                    lambda: f"{heard_s(tmp_path)} s, {len(deaths)} deaths, {seen}", within_s=3 * PATIENCE_S,
                )  # fmt: skip
                assert player.poll() is None, "the player goes on"
            finally:
                player.send_signal(signal.SIGINT)
                player.wait(PATIENCE_S)
    finally:
        over.set()
        for thread in threads:
            thread.join()
        for replica in replicas:
            replica.kill()

    assert seen.differed == []
    heard = read_wav(tmp_path / "heard.wav")
    assert len(heard) > (SECONDS - 6) * 48_000, f"only {len(heard) / 48_000:.1f} s were heard"
    found = places(Captured(live, airings, tmp_path), heard, "standard")
    assert len(found) >= 18
    assert all(abs(late) <= NEAR and alike > 0.95 for _, late, alike in found), found
