"""Taken back while it is on air: two web processes, the caching nginx of docs/operations.md in front, and the last byte of it measured."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media.grid import tick_at
from media.objects import StoreSettings
from media.profiles import low, standard
from media.store import ObjectStore, S3Store
from radio.catalogue.models import Episode, Recording
from radio.clock import SystemClock
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.station import Station
from tests.conformance.test_replicas import Replica
from tests.databases import Blank
from tests.live import ROOT, Live, air, chirp, make_live
from tests.ports import free_port
from tests.waiting import PATIENCE_S, answered, ended, until

pytestmark = pytest.mark.slow

LATEST_S = 60.0
"""What the station promises, from the commit to the last byte on any output."""
HALF_BYTES = 3_840


def recommended() -> str:
    """The nginx configuration that operators are given."""
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(r"```nginx\n(proxy_cache_path.*?)```", text, re.DOTALL)
    assert found, "docs/operations.md recommends a caching nginx"
    return found.group(1)


def configuration(folder: Path, port: int, replicas: list[Replica]) -> str:
    """The recommendation with the addresses of this test in place of those of its readers."""
    servers = "\n".join(f"    server 127.0.0.1:{replica.port};" for replica in replicas)
    changed = re.sub(r"(upstream \w+ \{\n)(?:\s*server [^;]+;[^\n]*\n)+", lambda m: f"{m[1]}{servers}\n", recommended())
    changed = re.sub(r"listen [^;]+;", f"listen 127.0.0.1:{port};", changed)
    changed = re.sub(r"\s*ssl_[^;]+;[^\n]*", "", changed)
    changed = changed.replace("/var/cache/nginx/radio", str(folder / "cache"))
    temporary = "\n".join(f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    who = "user root; " if os.geteuid() == 0 else ""
    return f"{who}daemon off; worker_processes 1; pid {folder}/pid; events {{}}\nhttp {{\n{temporary}\n{changed}\n}}\n"


@contextmanager
def nginx(folder: Path, replicas: list[Replica]) -> Iterator[int]:
    """A caching nginx in front of the replicas; gives its port."""
    folder.mkdir()
    port = free_port()
    (folder / "nginx.conf").write_text(configuration(folder, port, replicas))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        answered(f"http://127.0.0.1:{port}/now.json", process)
        yield port
    finally:
        ended(process)


def get(port: int, path: str) -> tuple[int, bytes, str]:
    """Status, body, and what the cache says of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("X-Cache", "")
    finally:
        connection.close()


@dataclass
class Doomed:
    """The sound that is taken back: its half ticks as they are stored, none of which another sound has."""

    halves: list[bytes]

    def is_in(self, body: bytes) -> bool:
        return any(half in body for half in self.halves)


@dataclass
class Listening:
    """All that listeners asked for through the cache, and when the doomed sound was last among it."""

    port: int
    doomed: Doomed
    from_tick: int
    handed_out: dict[str, int] = field(default_factory=dict)
    """Address → last status."""
    gave_it: set[str] = field(default_factory=set)
    """The addresses that have given the doomed sound."""
    last: dict[str, float] = field(default_factory=dict)
    """Output → when it last gave a byte of it, by the monotonic clock."""
    hits: int = 0

    def look(self) -> None:
        """Every playlist, every address that any of them has ever named, and what says what is on."""
        for name in ("standard", "low"):
            self._listed(f"/live/{name}.m3u8")
            self._listed(f"/live/{name}.m3u8?from={self.from_tick}")
        for address in list(self.handed_out):
            asked_s = time.monotonic()
            status, body, cache = get(self.port, address)
            self.hits += cache == "HIT"
            self.handed_out[address] = status
            if status == 200 and self.doomed.is_in(body):
                self.gave_it.add(address)
                self.last["segments"] = asked_s  # it was given then or later, however late we read it

    def _listed(self, path: str) -> None:
        status, body, _ = get(self.port, path)
        for line in body.decode().splitlines() if status == 200 else ():
            if line and line[0] != "#":
                self.handed_out.setdefault(f"/live/{line}", 0)

    def stream(self, over: threading.Event) -> None:
        """Somebody who plays the MP3 stream all the while."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", "/live.mp3")
        answer, heard = connection.getresponse(), b""
        with suppress(OSError, http.client.HTTPException):
            while not over.is_set():
                heard = (heard + answer.read1(65_536))[-4 * HALF_BYTES :]
                if self.doomed.is_in(heard):
                    self.last["stream"] = time.monotonic()
                    heard = heard[-HALF_BYTES + 1 :]
        connection.close()

    @property
    def is_over(self) -> bool:
        """Whether none of the addresses that gave it is answered any more."""
        return {self.handed_out[address] for address in self.gave_it} <= {404, 410}


def doomed_sound(live: Live, s3: StoreSettings, recording: Recording) -> Doomed:
    halves, store = [], ObjectStore(s3)
    for profile in (standard(), low()):
        row = recording.rendition(profile.name)
        assert row is not None
        content, half = store.read(row.key), profile.tick_bytes // 2
        halves += [content[at : at + half] for at in range(row.header_bytes, row.size_bytes, half)]
    assert len(set(halves)) == len(halves), "every half tick tells itself"
    return Doomed(halves)


def taken_back(live: Live, s3: StoreSettings, recording_id: str) -> str:
    """A steward takes it back, in one transaction; gives the episode's id."""
    with live.session() as session:
        episode = session.get_one(Recording, recording_id).episode_id
        station = Station(live.settings, SystemClock(), S3Store(s3))
        editorial.withdraw(session, station, session.get_one(Episode, episode), by=AT_THE_CONSOLE, now=station.now())
        session.commit()
        return episode


def test_the_last_byte_of_what_is_taken_back_is_out_within_a_minute_behind_a_cache(
    tmp_path: Path, s3: StoreSettings, blank: Blank
) -> None:
    now = datetime.now(UTC)
    sounds = {"doomed": chirp(88, 300, 3000), "other": chirp(12, 3000, 300)}
    live = make_live(tmp_path, s3, sounds, now=now, RADIO_DATABASE_URL=blank.nothing(tmp_path))
    doomed_id = next(iter(live.made))
    replicas, over = [Replica(live), Replica(live)], threading.Event()
    with live.session() as session:
        doomed = doomed_sound(live, s3, session.get_one(Recording, doomed_id))
    try:
        for replica in replicas:
            replica.wait_ready()
        tick = tick_at(time.time_ns() // 1_000_000)
        air(live, list(live.made), tick - 8, tick + 4000, now=now)
        with nginx(tmp_path / "nginx", replicas) as port:
            listening = Listening(port, doomed, tick_at(time.time_ns() // 1_000_000))
            streaming = threading.Thread(target=listening.stream, args=(over,), daemon=True)
            streaming.start()

            def is_everywhere() -> bool:
                listening.look()
                return set(listening.last) == {"segments", "stream"} and listening.hits > 20

            until(is_everywhere, lambda: f"it is on air, everywhere, and cached: {listening.last}, {listening.hits}")

            episode_id = taken_back(live, s3, doomed_id)
            committed = time.monotonic()

            def is_over() -> bool:
                listening.look()
                return listening.is_over

            until(is_over, lambda: "no address that was handed out is answered", every_s=0.3)
            over.set()
            late = {output: round(when - committed, 1) for output, when in listening.last.items()}
            print("seconds from the commit to the last byte:", late)
            assert max(late.values()) <= LATEST_S
            for path in (f"/audio/{episode_id}.mp3", f"/audio/{episode_id}.m4a", f"/episodes/{episode_id}"):
                assert not doomed.is_in(get(port, path)[1]), path  # podcast apps get a clip that says so, everybody else 410
            for name in ("standard", "low"):
                status, listed, _ = get(port, f"/live/{name}.m3u8?from={listening.from_tick}")
                lines = listed.decode().splitlines() if status == 200 else []
                assert not any(doomed.is_in(get(port, f"/live/{line}")[1]) for line in lines if line and line[0] != "#")
            assert b"doomed" not in get(port, "/now.json")[1]
            streaming.join(PATIENCE_S)
    finally:
        over.set()
        for replica in replicas:
            replica.kill()
