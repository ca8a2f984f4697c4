"""A worker that is killed in the middle of a move: another goes on, and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.store import ObjectStore
from radio.catalogue.models import Episode, EpisodeVoice, Recording
from radio.catalogue.queries import picture_keys
from radio.clock import SystemClock
from radio.db import reading
from radio.editorial.rules import AT_THE_CONSOLE
from radio.moving import actions
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.rules import ArrivalState, ItemState
from radio.settings import Settings
from tests.elsewhere import Asked, Elsewhere, Item, rss
from tests.integration.moving.conftest import painted
from tests.sounds import tone

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
SOUND = tone(1.5, rate_hz=16_000)


@contextmanager
def worker(settings: Settings, s3: StoreSettings) -> Iterator[subprocess.Popen[bytes]]:
    """A real one, in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RADIO_")} | {
        "RADIO_DATA": str(settings.data), "RADIO_DATABASE_URL": settings.database_url, "RADIO_PUBLIC_URL": "http://localhost",
        "RADIO_S3_ENDPOINT": s3.endpoint_url, "RADIO_S3_BUCKET": s3.bucket, "RADIO_S3_ACCESS_KEY": s3.access_key,
        "RADIO_S3_SECRET_KEY": s3.secret_key, "RADIO_IMPORT_ALLOW": settings.import_allow, "RADIO_IMPORT_PATIENCE_S": "5",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "radio", "worker"], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(session: Session, holds: Callable[[], bool], *, seconds: int = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with reading():  # whoever only looks holds up no worker
            done = holds()
            session.rollback()
            session.expire_all()
        if done:
            return
        time.sleep(0.2)
    pytest.fail("it did not come to that")


def test_whatever_is_killed_in_the_middle_goes_on_where_it_was(
    session: Session, settings: Settings, s3: StoreSettings, elsewhere: Elsewhere, store: ObjectStore
) -> None:
    def slowly(asked: Asked) -> None:
        time.sleep(0.15)
        asked.part(SOUND)

    picture = elsewhere.give("/own.png", painted("navy"), "image/png")
    more = f'<itunes:image href="{picture}"/><podcast:person>Robin</podcast:person>'
    items = [Item(elsewhere.do(f"/{n}", slowly), f"walk-{n}", f"Walk {n}", more=more * (n % 3 == 0)) for n in range(8)]
    feed = elsewhere.give("/feed.xml", rss(items), "application/rss+xml")
    arrival, _ = actions.begin(session, address=feed, by=AT_THE_CONSOLE, now=SystemClock().now())
    session.commit()

    def standing(state: ItemState) -> int:
        return session.scalar(select(func.count()).select_from(ArrivalItem).where(ArrivalItem.state == state)) or 0

    for path in ("/own.png", "/2", "/5"):  # once while a picture comes, twice while sound comes or is made ready
        before = elsewhere.asked[path]
        with worker(settings, s3) as one:
            until(session, lambda path=path, before=before: elsewhere.asked[path] > before)  # type: ignore[misc]
            one.send_signal(signal.SIGKILL)
            one.wait()
        assert standing(ItemState.WAITING) > 0
        session.rollback()
    with worker(settings, s3):
        until(session, lambda: session.get_one(Arrival, arrival.id).state is ArrivalState.OVER)

    assert standing(ItemState.WHOLE) == len(items)
    assert session.scalar(select(func.count()).select_from(Episode)) == len(items)
    assert session.scalar(select(func.count()).select_from(Recording)) == len(items)
    assert elsewhere.asked["/feed.xml"] == 1
    assert all(store.exists(key) for key in session.scalars(select(Recording.original_key)) if key)
    pictures = [each.artwork_sha256 for each in session.scalars(select(Episode)) if each.artwork_sha256]
    assert len(set(pictures)) == 3, "each has a picture of its own, so that one may be erased without the others"
    assert all(store.exists(key) for each in pictures for key in picture_keys(each))
    assert session.scalar(select(func.count()).select_from(EpisodeVoice)) == 3
    assert not [path for path in (settings.data / "work").iterdir() if path.name.startswith("parcel-")]
