"""No room is left: it is said in words, nothing that was acknowledged is lost, and all goes on when there is room."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from radio.catalogue.models import Recording
from radio.db import reading
from radio.settings import Settings
from radio.station import open_store
from tests.integration.test_kill import Browser, is_whole, recording, unfinished
from tests.integration.test_up import Up, make_show_in, radio, surroundings
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

PAGES = ("/", "/shows", "/schedule", "/feed.xml", "/shows/night-desk/feed.xml", "/now.json", "/live.m3u8", "/live/standard.m3u8")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of this test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def up(disk: Path) -> Iterator[Up]:
    station = Up(disk / "var")
    try:
        station.wait_for("On air:", "/welcome/")
        make_show_in(station.folder)
        yield station
    finally:
        if station.process.poll() is None:
            station.end(signal.SIGTERM)


def fill(disk: Path) -> None:
    """Take what is left, to the last page."""
    for size in (1 << 20, 4096):
        with (disk / "ballast").open("ab", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass


def answers(up: Up, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}{path}", timeout=PATIENCE_S) as answer:
        return int(answer.status)


def refused(browser: Browser, method: str, path: str, body: bytes, kind: str = "application/json") -> tuple[int, str]:
    """The status and the sentence of a request that is not taken; (200, its answer) of one that is."""
    try:
        return 200, browser.ask_once(method, path, body, kind).decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["message"]


def begin(content: bytes) -> bytes:
    return json.dumps(
        {"show": "night-desk", "fingerprint": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    ).encode()


def test_a_full_disk_is_said_and_survived(up: Up, disk: Path) -> None:
    invite = radio("people", "invite", "--data", str(up.folder))
    link = subprocess.run(invite, check=True, capture_output=True, text=True, env=surroundings()).stdout.strip()
    browser = Browser(f"http://127.0.0.1:{up.port}", link)
    first, second = recording(1), recording(2)
    kept = {browser.upload(first, "night-desk"): first}
    status, said = refused(browser, "POST", "/studio/uploads", begin(second))
    assert status == 200
    row = json.loads(said)

    fill(disk)
    part = f"/studio/uploads/{row['id']}/parts/1"
    status, said = refused(browser, "PUT", part, second[: row["part_bytes"]], "application/octet-stream")
    assert (status, "disk is full" in said) == (507, True), said
    seen = set()
    for number in range(200):  # until the database needs another page
        fill(disk)
        seen.add(refused(browser, "POST", "/studio/uploads", begin(b"%d" % number))[0])
        if 507 in seen:
            break
    assert seen <= {200, 507}
    assert 507 in seen
    assert {path: answers(up, path) for path in PAGES} == dict.fromkeys(PAGES, 200)

    (disk / "ballast").unlink()
    kept[browser.upload(second, "night-desk")] = second
    settings = Settings.from_env({"RADIO_DATA": str(up.folder)})
    engine = create_engine(settings.database_url)
    with reading(), Session(engine) as session:
        until(lambda: not unfinished(session), lambda: f"{unfinished(session)}\n{up.said}")
        for episode_id, content in kept.items():
            is_whole(
                session.scalars(select(Recording).where(Recording.episode_id == episode_id)).one(), content, open_store(settings)
            )
    engine.dispose()
    assert up.said.count("does not answer") <= 5, "once for each time, not once a second"
