"""The feed of a thousand episodes: rendered from nothing, and asked again by clients that have it.

Run: .venv/bin/python scripts/bench/feeds.py [--episodes 1000]
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from media.objects import StoreSettings
from media.store import ObjectStore
from radio import keyring, schema
from radio.app import create_app
from radio.catalogue.actions import touched
from radio.clock import SystemClock
from radio.db import db, writing
from radio.feeds import names
from radio.feeds.names import PER_PAGE
from radio.settings import Settings
from tests.makers import make_episode, make_show

NOTES = (
    "In this part we talk about **sleep**, what helps and what does not.\n\n* a lamp\n* a walk\n\n[More](https://radio.example/)\n\n"
    * 8
)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = "/shows/night-desk/feed.xml"


@contextmanager
def station(folder: Path, episodes: int) -> Iterator[Flask]:
    """A station with this many public episodes, no sound behind them."""
    settings = Settings.from_env({"RADIO_DATA": str(folder)})
    keyring.make(settings)
    schema.upgrade(settings)
    store = ObjectStore(StoreSettings("http://127.0.0.1:9", "none", "none", "none"))
    app = create_app(settings, clock=SystemClock(), store=store)
    with app.app_context(), writing():
        show = make_show(db.session(), now=NOW)
        for n in range(episodes):
            episode = make_episode(db.session(), show=show, title=f"Night {n}", now=NOW - timedelta(hours=n))
            episode.notes = f"Night {n}. " + NOTES
        touched(db.session())
        db.session().commit()
    yield app


def ask(app: Flask, *, page: int = 1, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request through the whole application, without a network."""
    address = FEED if page == 1 else f"{FEED}?page={page}"
    body, status, found = run_wsgi_app(app, create_environ(address, headers=headers), buffered=True)
    return int(status[:3]), dict(found), b"".join(body)


def cold(app: Flask, pages: int = 1) -> tuple[float, bytes]:
    """Processor seconds of these pages, each asked for the first time after something public has changed; and their bytes."""
    with app.app_context(), writing():
        touched(db.session())
        db.session().commit()
    start_s = time.process_time()
    answers = [ask(app, page=page + 1) for page in range(pages)]
    taken_s = time.process_time() - start_s
    assert {status for status, _headers, _body in answers} == {200}
    return taken_s, b"".join(body for _status, _headers, body in answers)


def conditional(app: Flask, requests: int) -> list[float]:
    """Processor seconds of each of these conditional requests of clients that have the feed."""
    etag = ask(app)[1]["ETag"]
    taken = []
    for _ in range(requests):
        start_s = time.process_time()
        status, _headers, _body = ask(app, **{"If-None-Match": etag})
        taken.append(time.process_time() - start_s)
        assert status == 304
    return taken


def in_one_page(app: Flask, episodes: int) -> float:
    """Processor seconds of the whole feed without pages, as it would be for a show that wants none."""
    names.PER_PAGE = episodes
    cold(app)
    taken_s = statistics.median(cold(app)[0] for _ in range(3))
    names.PER_PAGE = PER_PAGE
    return taken_s


def sized(body: bytes) -> str:
    """A size in words."""
    return f"{len(body) / 1e6:.2f} MB, {len(gzip.compress(body, 5)) / 1e3:.0f} kB gzipped"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=1000)
    episodes = parser.parse_args().episodes
    pages = -(-episodes // PER_PAGE)
    with tempfile.TemporaryDirectory() as folder, station(Path(folder), episodes) as app:
        first_s, body = cold(app)
        again = [cold(app)[0] for _ in range(5)]
        all_first_s, whole = cold(app, pages)
        all_again = [cold(app, pages)[0] for _ in range(3)]
        one_page_s = in_one_page(app, episodes)
        asked = sorted(conditional(app, 4000))
    print(
        f"{episodes} episodes, newest {min(PER_PAGE, episodes)} on the first of {pages} pages: {sized(body)}; all pages: {sized(whole)}"
    )
    print(
        f"first page, cold: first in the process {first_s * 1e3:.0f} ms, then median {statistics.median(again) * 1e3:.0f} ms of processor time"
    )
    print(
        f"all pages, cold: {all_first_s * 1e3:.0f} ms, then median {statistics.median(all_again) * 1e3:.0f} ms; in one page {one_page_s * 1e3:.0f} ms"
    )
    print(
        f"conditional GET in the app: median {asked[2000] * 1e3:.2f} ms, p95 {asked[3800] * 1e3:.2f} ms, {1 / statistics.mean(asked):.0f}/s"
    )


if __name__ == "__main__":
    main()
