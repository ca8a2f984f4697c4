"""Podcast clients that we did not write subscribe, list and download what is served."""

from __future__ import annotations

import hashlib
import os
import pty
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from radio.app import create_app
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode
from radio.db import db, writing
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.feeds import tombstones
from radio.jobs.carrier import Carrier
from radio.station import Station, open_clock, open_store
from radio.worker import import_tasks
from tests.live import Live, chirp, make_live, web
from tests.ports import free_port
from tests.waiting import PATIENCE_S, ended, until

pytestmark = pytest.mark.slow

SOUNDS = {"Morning": chirp(3, 300, 900), "Noon": chirp(4, 300, 900), "Night": chirp(5, 300, 900)}


@dataclass(frozen=True)
class Feed:
    url: str

    def enclosures(self) -> dict[str, str]:
        """Title → hash of the bytes behind its enclosure, by our own reading."""
        with urllib.request.urlopen(self.url, timeout=PATIENCE_S) as answer:
            entries = feedparser.parse(answer.read()).entries
        found = {}
        for entry in entries:
            with urllib.request.urlopen(entry.enclosures[0].href, timeout=PATIENCE_S) as answer:
                found[entry.title] = hashlib.sha256(answer.read()).hexdigest()
        return found


@pytest.fixture(scope="module")
def feed(s3: StoreSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    folder = tmp_path_factory.mktemp("podcast")
    port = free_port()
    live = make_live(folder, s3, SOUNDS, now=datetime.now(UTC) - timedelta(hours=1), RADIO_PUBLIC_URL=f"http://127.0.0.1:{port}")
    with web(live, port=port) as (address, _pid):
        yield Feed(f"{address}/feed.xml")


def hashes(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.mp3")}


def client(*command: str, home: Path, **more: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"} | more
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def on_a_terminal(*command: str, home: Path) -> Iterator[None]:
    """A program that wants a screen and keys; it is told to quit at the end."""
    screen, keys = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    process = subprocess.Popen(command, stdin=keys, stdout=keys, stderr=keys, env=environment)
    reader = threading.Thread(target=_drain, args=(screen,), daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended(process)
        os.close(keys)
        reader.join(PATIENCE_S)
        os.close(screen)


def _drain(screen: int) -> None:
    with suppress(OSError):  # the other end was closed
        while os.read(screen, 65_536):
            pass


def test_gpodder_subscribes_lists_and_downloads_the_very_bytes(feed: Feed, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    where = {"home": tmp_path, "GPODDER_HOME": str(tmp_path / "gpo"), "GPODDER_DOWNLOAD_DIR": str(downloads)}
    client("gpo", "subscribe", feed.url, **where)
    listed = client("gpo", "episodes", **where)
    assert all(title in listed for title in feed.enclosures()), listed
    client("gpo", "download", **where)
    assert hashes(downloads) == set(feed.enclosures().values())
    assert len(feed.enclosures()) == len(SOUNDS)


def test_newsboat_reads_the_feed_and_podboat_downloads_the_very_bytes(feed: Feed, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    config, urls, cache, queue = (tmp_path / name for name in ("config", "urls", "cache.db", "queue"))
    config.write_text(f'download-path "{downloads}/"\nmax-downloads 2\nproxy-type "http"\nuse-proxy no\n')
    urls.write_text(f"{feed.url}\n")
    shared = ("-C", str(config), "-u", str(urls), "-c", str(cache))
    client("newsboat", *shared, "-x", "reload", home=tmp_path)
    unread = client("newsboat", *shared, "-x", "print-unread", home=tmp_path)
    assert unread.split()[0] == str(len(SOUNDS)), unread

    links = [entry.enclosures[0].href for entry in feedparser.parse(feed.url).entries]
    queue.write_text("".join(f'{link} "{downloads}/{link.rsplit("/", 1)[1]}"\n' for link in links))
    watched = ("podboat", "-C", str(config), "-q", str(queue), "-a")
    with on_a_terminal(*watched, home=tmp_path):
        until(lambda: hashes(downloads) == set(feed.enclosures().values()))


@dataclass(frozen=True)
class Told:
    """A station of its own whose episodes are changed while clients have them."""

    feed: Feed
    live: Live

    def decide(self, decision: Callable[[Session, Station, Episode], None], title: str) -> None:
        """Somebody in the studio decides about an episode; then the station does what follows from it."""
        app = create_app(self.live.settings, clock=open_clock(self.live.settings), store=open_store(self.live.settings))
        import_tasks()
        with app.app_context(), writing():
            episode = db.session().scalars(select(Episode).where(Episode.title == title)).one()
            decision(db.session(), app.extensions["station"], episode)
            db.session().commit()
        carrier = Carrier(app)
        carrier.work_off()
        carrier.close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def told(s3: StoreSettings, tmp_path: Path) -> Iterator[Told]:
    port = free_port()
    sounds = {"Morning": chirp(3, 250, 800), "Noon": chirp(4, 250, 800)}  # its own: what is taken back is erased from the store
    live = make_live(
        tmp_path, s3, sounds, now=datetime.now(UTC) - timedelta(hours=1), RADIO_PUBLIC_URL=f"http://127.0.0.1:{port}"
    )
    with web(live, port=port) as (address, _pid):
        yield Told(Feed(f"{address}/feed.xml"), live)


def told_anew(session: Session, here: Station, episode: Episode) -> None:
    catalogue.describe(session, episode, now=here.now(), title="Morning, told anew")


def taken_back(session: Session, here: Station, episode: Episode) -> None:
    editorial.withdraw(session, here, episode, by=AT_THE_CONSOLE, now=here.now())


def in_newsboat(cache: Path) -> set[str]:
    with closing(sqlite3.connect(cache)) as rows:
        return {title for (title,) in rows.execute("SELECT title FROM rss_item")}


def podget(feed: Feed, home: Path) -> set[str]:
    """Hashes of what a new subscriber gets."""
    folder, downloads = home / "podget", home / "POD"
    folder.mkdir(parents=True)
    (folder / "serverlist").write_text(f"{feed.url} Talk Station\n")
    client("podget", "-r", "10", "-d", str(folder), "-l", str(downloads), home=home)
    return hashes(downloads)


def test_three_clients_see_an_edit_and_that_an_episode_was_taken_back(told: Told, tmp_path: Path) -> None:
    where = {"home": tmp_path, "GPODDER_HOME": str(tmp_path / "gpo"), "GPODDER_DOWNLOAD_DIR": str(tmp_path / "gpo-downloads")}
    config, urls, cache = (tmp_path / name for name in ("config", "urls", "cache.db"))
    config.write_text("use-proxy no\n")
    urls.write_text(f"{told.feed.url}\n")
    reload = ("newsboat", "-C", str(config), "-u", str(urls), "-c", str(cache), "-x", "reload")
    client("gpo", "subscribe", told.feed.url, **where)
    client(*reload, home=tmp_path)
    assert in_newsboat(cache) == {"Morning", "Noon"}
    first = podget(told.feed, tmp_path / "first")
    assert first == set(told.feed.enclosures().values())

    told.decide(told_anew, "Morning")
    client("gpo", "update", **where)
    client(*reload, home=tmp_path)
    assert "Morning, told anew" in client("gpo", "episodes", **where)
    assert in_newsboat(cache) == {"Morning, told anew", "Noon"}
    edited = podget(told.feed, tmp_path / "second")
    assert edited == set(told.feed.enclosures().values())
    assert edited != first

    told.decide(taken_back, "Morning, told anew")
    client("gpo", "update", **where)
    client(*reload, home=tmp_path)
    listed = client("gpo", "episodes", **where)
    assert "Morning" not in listed
    assert "Taken back by the person who told it" in listed
    assert any(title.startswith("Taken back") for title in in_newsboat(cache))
    clip = hashlib.sha256(tombstones.clip(tombstones.Why.TAKEN_BACK, "standard").content).hexdigest()
    client("gpo", "download", **where)
    assert clip in hashes(tmp_path / "gpo-downloads")
    assert clip in podget(told.feed, tmp_path / "third")
