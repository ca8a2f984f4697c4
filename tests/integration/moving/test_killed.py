"""A worker that is killed in the middle of a move: another goes on, and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
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
from tests import waiting
from tests.elsewhere import Asked, Elsewhere, Habit, Item, gives, rss
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
        "RADIO_S3_SECRET_KEY": s3.secret_key, "RADIO_IMPORT_ALLOW": settings.import_allow, "RADIO_IMPORT_PATIENCE_S": "240",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "radio", "worker"], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(session: Session, holds: Callable[[], bool]) -> None:
    def looked() -> bool:
        with reading():  # whoever only looks holds up no worker
            done = holds()
            session.rollback()
            session.expire_all()
        return done

    waiting.until(looked, lambda: "it did not come to that")


def test_whatever_is_killed_in_the_middle_goes_on_where_it_was(
    session: Session, settings: Settings, s3: StoreSettings, elsewhere: Elsewhere, store: ObjectStore
) -> None:
    dead = {path: threading.Event() for path in ("/own.png", "/2", "/6")}

    def until_somebody_died(path: str, habit: Habit) -> str:
        """Answers well once whoever works is dead: they are killed before they have it, however late we look."""

        def waits(asked: Asked) -> None:
            dead[path].wait()
            habit(asked)

        return elsewhere.do(path, waits if path in dead else habit)

    picture = until_somebody_died("/own.png", gives(painted("navy"), Content_Type="image/png"))
    more = f'<itunes:image href="{picture}"/><podcast:person>Robin</podcast:person>'
    sounds = [until_somebody_died(f"/{n}", lambda asked: asked.part(SOUND)) for n in range(8)]
    items = [Item(sound, f"walk-{n}", f"Walk {n}", more=more * (n % 3 == 0)) for n, sound in enumerate(sounds)]
    feed = elsewhere.give("/feed.xml", rss(items), "application/rss+xml")
    arrival, _ = actions.begin(session, address=feed, by=AT_THE_CONSOLE, now=SystemClock().now())
    session.commit()

    def standing(state: ItemState) -> int:
        return session.scalar(select(func.count()).select_from(ArrivalItem).where(ArrivalItem.state == state)) or 0

    for path, last in (
        ("/own.png", "/own.png"),
        ("/2", "/2"),
        ("/5", "/6"),
    ):  # while a picture comes, while sound comes, and after that
        before = elsewhere.asked[path]
        with worker(settings, s3) as one:
            until(session, lambda path=path, before=before: elsewhere.asked[path] > before)  # type: ignore[misc]
            one.send_signal(signal.SIGKILL)
            one.wait()
        dead[last].set()
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
