"""A station on air, and somebody with a browser. The sound is real: ingested, stored, scheduled, served by gunicorn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy.orm import Session

from media import keys
from media.objects import StoreSettings
from media.pipeline import ingest
from media.store import S3Store
from media.types import Ingested
from radio import keyring
from radio.app import create_app
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.clock import SystemClock
from radio.db import db
from radio.schedule.actions import extend
from radio.settings import Settings
from radio.station import Station
from tests.databases import Blank
from tests.makers import make_episode, make_show
from tests.ports import free_port
from tests.waiting import PATIENCE_S, answered, ended

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 1_000 * PATIENCE_S
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--no-first-run"]  # fmt: skip


@dataclass(frozen=True)
class OnAir:
    """A running station."""

    url: str
    episode_id: str
    story_id: str
    withdrawn_id: str

    @property
    def pages(self) -> list[str]:
        """Every public page."""
        return ["/", "/schedule", "/shows", "/shows/kitchen-table", "/shows/kitchen-table/subscribe", f"/episodes/{self.episode_id}", f"/episodes/{self.story_id}",
                "/search?q=bread", "/help", "/about", f"/episodes/{self.withdrawn_id}"]  # fmt: skip


@dataclass
class Listener:
    """Somebody with a browser, and all that went wrong or out."""

    page: Page
    station: OnAir
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go there as by typing the address."""
        self.page.goto(self.station.url + path)

    def sound(self) -> dict[str, object]:
        """What the sound of the tab is doing."""
        module = self.page.eval_on_selector("script[type=module]", "s => s.src").replace("radio-player.js", "sound.js")
        found: dict[str, object] = self.page.evaluate(
            """async module => { const { sound } = await import(module); const { audio } = sound;
            return { state: sound.state, position: audio.currentTime, at: performance.now() / 1000 } }""",
            module,
        )
        return found

    def hears(self) -> None:
        """Wait until the sound goes on: its position moves by half a second.

        Raises:
            AssertionError: it never did.
        """
        begun, end_s = self.sound()["position"], time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            now = self.sound()
            if now["state"] == "playing" and abs(float(str(now["position"])) - float(str(begun))) > 0.5:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no sound: {self.sound()}; {self.complaints}")


def _wav(path: Path, seconds: int) -> Path:
    """A soft tone, louder and quieter each second."""
    import wave

    at = np.arange(48_000 * seconds) / 48_000
    tone = np.sin(2 * np.pi * 330 * at) * (0.2 + 0.1 * np.sin(2 * np.pi * at))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes((tone * 32_000).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """Two minutes of tone, through the real pipeline."""
    folder = tmp_path_factory.mktemp("ingest")
    (folder / "work").mkdir()
    return ingest(_wav(folder / "tone.wav", 120), folder / "work")


def _with_sound(episode: Episode, ingested: Ingested, store: S3Store) -> None:
    recording = episode.recording
    assert recording is not None
    recording.n_samples, recording.n_ticks = ingested.n_samples, ingested.n_ticks
    for made in ingested.renditions:
        row = recording.rendition(made.profile)
        assert row is not None
        row.sha256, row.size_bytes, row.header_bytes, row.tick_bytes = (
            made.sha256,
            made.size_bytes,
            made.header_bytes,
            made.tick_bytes,
        )
        row.key = keys.rendition(made.sha256, made.path.suffix.removeprefix("."))
        store.put_file(row.key, made.path, row.media_type)


@pytest.fixture(scope="session")
def served(s3: StoreSettings, blank: Blank, ingested: Ingested, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    """The station, served until the last test is done."""
    data = tmp_path_factory.mktemp("on-air")
    port = free_port()
    env = {
        "RADIO_DATA": str(data), "RADIO_DATABASE_URL": blank.copy(data), "RADIO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RADIO_S3_ENDPOINT": s3.endpoint_url, "RADIO_S3_BUCKET": s3.bucket, "RADIO_S3_ACCESS_KEY": s3.access_key,
        "RADIO_S3_SECRET_KEY": s3.secret_key,
    }  # fmt: skip
    settings = Settings.from_env(env)
    keyring.make(settings)
    ids = _catalogue(settings, S3Store(s3), ingested)
    loop = data / "loop"
    loop.mkdir()
    for made in ingested.renditions:
        code = {"standard": "mp3-64", "low": "opus-24"}[made.profile]
        shutil.copy(made.path, loop / f"{code}{made.path.suffix}")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.served", str(port), str(loop)], cwd=ROOT, env=os.environ | env
    )
    try:
        answered(f"http://127.0.0.1:{port}/now.json", process)
        yield OnAir(f"http://127.0.0.1:{port}", *ids)
    finally:
        ended(process)


def _catalogue(settings: Settings, store: S3Store, ingested: Ingested) -> tuple[str, str, str]:
    """Two episodes with sound and one that was taken back; the rundown is compiled."""
    clock = SystemClock()
    app = create_app(settings, clock=clock, store=store)
    now = clock.now()
    with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
        show = make_show(session, slug="kitchen-table", title="Kitchen Table", synthetic=True, now=now)
        bread = make_episode(session, show=show, title="Bread", now=now)
        story = make_episode(session, show=show, title="The first week", kind="story", now=now)
        story.content_notes = [{"code": "injecting", "from_ms": 30_000, "to_ms": 40_000}]
        gone = make_episode(session, show=show, title="Gone", now=now)
        calm = (
            "Tea",
            "Rain on the window",
            "A walk",
            "The kettle",
            "Socks",
            "The bus home",
            "Soup",
        )  # nothing is heard twice in ten minutes
        for episode in (bread, story, *(make_episode(session, show=show, title=title, now=now) for title in calm)):
            _with_sound(episode, ingested, store)
        gone.state = State.WITHDRAWN
        session.commit()
        extend(session, Station(settings, clock, store))
        session.commit()
        ids = bread.id, story.id, gone.id
    with app.app_context():
        db.engine.dispose()
    return ids


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which tells nobody anything; everybody is patient with it."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET, timeout=PATIENCE_MS)
        new_context = browser.new_context

        def patient(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
            return context

        setattr(browser, "new_context", patient)  # noqa: B010  a method of theirs
        yield browser
        browser.close()


def listener_in(context: BrowserContext, station: OnAir) -> Listener:
    """A new page of a context, watched."""
    page = context.new_page()
    listener = Listener(page, station)
    page.on("request", lambda request: listener.requests.append(request.url))
    page.on("console", lambda said: listener.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: listener.complaints.append(str(error)))
    return listener


@pytest.fixture
def phone(browser: Browser, served: OnAir) -> Iterator[Listener]:
    """Somebody with a small phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield listener_in(context, served)
    context.close()
