"""Whatever part of the station is killed, at whatever moment: what was acknowledged is there, whole, and once."""

from __future__ import annotations

import hashlib
import http.cookiejar
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from wave import open as open_wave

import numpy as np
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from media.grid import SAMPLE_RATE_HZ
from media.store import S3Store
from radio.catalogue.models import Episode, Recording
from radio.catalogue.rules import RecordingState
from radio.db import reading
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.settings import Settings
from radio.station import open_store
from tests.integration.test_up import Up, make_show_in, radio, surroundings
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

DEATHS = 9
SECONDS, RATE_HZ = 12, 192_000
"""Two parts of a WAV file, soon encoded."""
AT_ONCE = 2
CHANCE = random.Random(os.environ.get("PYTEST_RANDOMLY_SEED", "kill"))
PASSWORD = "three plain words"


class LostError(Exception):
    """The station does not know this upload any more: begin again."""


class Browser:
    """Somebody signed in who sends files as the page does: part by part, patiently, for ever."""

    def __init__(self, address: str, welcome: str) -> None:
        address = self._address = f"http://localhost:{urlsplit(address).port}"  # as the link says: the cookie is for that name
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        token = self._token(self._open("GET", welcome).decode(), r'name="csrf_token" value="([^"]+)"')
        form = urlencode({"username": "alice", "password": PASSWORD, "csrf_token": token}).encode()
        self._open("POST", welcome, form, "application/x-www-form-urlencoded")
        self._csrf = self._token(self._open("GET", f"{address}/studio").decode(), r'name="csrf-token" content="([^"]+)"')

    @staticmethod
    def _token(page: str, pattern: str) -> str:
        found = re.search(pattern, page)
        assert found, page[:500]
        return found[1]

    def _open(self, method: str, url: str, body: bytes | None = None, kind: str = "application/json", **headers: str) -> bytes:
        asked = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind, **headers})
        with self._opener.open(asked, timeout=PATIENCE_S) as answer:
            content: bytes = answer.read()
            return content

    def upload(self, content: bytes, show: str) -> str:
        """The id of the episode whose recording was acknowledged."""
        facts = {"show": show, "fingerprint": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        while True:
            try:
                row = self._post("/studio/uploads", facts)
                if not row["complete"]:
                    self._send(row, content)
                    row = self._post(f"/studio/uploads/{row['id']}/complete", {})
                if not row.get("missing"):
                    return str(row["episode"])
            except LostError:
                time.sleep(1)

    def _send(self, row: dict[str, Any], content: bytes) -> None:
        size = row["part_bytes"]
        for number in range(1, -(-len(content) // size) + 1):
            if number not in row["have"]:
                url = self._post(f"/studio/uploads/{row['id']}/sign", {"parts": [number]})["urls"][str(number)]
                self._ask("PUT", url, content[(number - 1) * size : number * size], "application/octet-stream")

    def _post(self, path: str, facts: dict[str, object]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask("POST", path, json.dumps(facts).encode()))
        return found

    def ask_once(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        return self._open(method, self._address + path, body, kind, **{"X-CSRFToken": self._csrf, "Accept": "application/json"})

    def _ask(self, method: str, path: str, body: bytes, kind: str = "application/json") -> bytes:
        while True:
            try:
                return self.ask_once(method, path, body, kind)
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read()
                if error.code == 409 and b'"missing"' in said:
                    return said
                if error.code in {404, 409, 410}:
                    raise LostError from error
                if error.code not in {408, 429, 503, 507}:
                    pytest.fail(f"{error.code} for {method} {path}: {said[:300]!r}")
            except OSError:
                pass
            time.sleep(0.5)


def recording(number: int) -> bytes:
    """A WAV file whose sound no other has."""
    t = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    sound = 0.3 * np.sin(2 * np.pi * (200 + 37 * number) * t) * (1 + 0.3 * np.sin(2 * np.pi * 3 * t))
    file = BytesIO()
    with open_wave(file, "wb") as wav:
        wav.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        wav.writeframes(np.repeat((sound * 32767).astype("<i2"), 2).tobytes())
    return file.getvalue()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    station = Up(tmp_path / "var")
    try:
        station.wait_for("On air:", "/welcome/")
        make_show_in(station.folder)
        yield station
    finally:
        if station.process.poll() is None:
            station.end(signal.SIGTERM)


def kill_in_turn(up: Up) -> None:
    for part in islice(cycle(["web server", "worker", "store"]), DEATHS):
        until(lambda part=part: part in up.children)
        time.sleep(CHANCE.uniform(0.3, 3))
        os.kill(up.children[part], signal.SIGKILL)


def test_every_acknowledged_upload_outlives_every_death(up: Up) -> None:
    link = subprocess.run(
        radio("people", "invite", "--data", str(up.folder)), check=True, capture_output=True, text=True, env=surroundings()
    ).stdout.strip()
    address, over = f"http://127.0.0.1:{up.port}", threading.Event()
    browser = Browser(address, link)
    acknowledged: dict[str, bytes] = {}
    numbers = iter(range(1000))

    def send_on() -> None:
        while not over.is_set():
            content = recording(next(numbers))
            acknowledged[browser.upload(content, "night-desk")] = content
            over.wait(3)

    senders = [threading.Thread(target=send_on) for _ in range(AT_ONCE)]
    for sender in senders:
        sender.start()
    try:
        kill_in_turn(up)
    finally:
        over.set()
        for sender in senders:
            sender.join()
    content = recording(next(numbers))
    acknowledged[browser.upload(content, "night-desk")] = content

    assert len(acknowledged) >= AT_ONCE + 1
    settings = Settings.from_env({"RADIO_DATA": str(up.folder)})
    engine = create_engine(settings.database_url)
    with reading(), Session(engine) as session:
        until(lambda: not unfinished(session), lambda: f"{unfinished(session)}\n{up.said}")
        assert {episode.id for episode in session.scalars(select(Episode))} == set(acknowledged)
        assert len(session.scalars(select(Recording)).all()) == len(acknowledged)
        jobs = session.scalars(select(Job).where(Job.kind == "ingest")).all()
        assert sorted(job.subject for job in jobs) == sorted(session.scalars(select(Recording.id)))
        assert {job.state for job in jobs} == {JobState.DONE}
        for episode_id, content in acknowledged.items():
            is_whole(
                session.scalars(select(Recording).where(Recording.episode_id == episode_id)).one(), content, open_store(settings)
            )
    engine.dispose()
    assert list((up.folder / "work" / "ingest").iterdir()) == [], "nothing is left of attempts that were killed"


def unfinished(session: Session) -> list[tuple[str, str | None]]:
    session.rollback()  # a look is a transaction that only reads: nobody waits for it
    query = select(Job.state, Job.failure).where(Job.kind == "ingest", Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    return [(str(state), failure) for state, failure in session.execute(query)]


def is_whole(found: Recording, content: bytes, store: S3Store) -> None:
    """The original is what was sent; both renditions are what the rows say, and as long as the original."""
    assert found.state is RecordingState.TAKEN
    assert found.original_key is not None
    assert hashlib.sha256(store.read(found.original_key)).digest() == hashlib.sha256(content).digest()
    assert abs((found.n_samples or 0) - SECONDS * SAMPLE_RATE_HZ) <= SAMPLE_RATE_HZ // 100
    assert {rendition.profile for rendition in found.renditions} == {"standard", "low"}
    for rendition in found.renditions:
        kept = store.read(rendition.key)
        assert hashlib.sha256(kept).hexdigest() == rendition.sha256
        assert len(kept) == rendition.size_bytes == rendition.header_bytes + (found.n_ticks or 0) * rendition.tick_bytes
