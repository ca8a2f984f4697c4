"""Episodes with real sound behind their addresses, and a station that its own gate can ask."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from media.grid import TICK_SAMPLES
from media.store import S3Store
from radio.catalogue.models import Episode
from radio.clock import SetClock
from radio.editorial.models import FeedItem
from radio.jobs.actions import enqueue
from radio.station import Station
from tests.makers import make_episode

_LOOP = Path(__file__).resolve().parents[1] / "radio/channel/emergency"
SOUNDS = {"standard": (_LOOP / "mp3-64.mp3").read_bytes(), "low": (_LOOP / "opus-24.m4a").read_bytes()}
TICKS = 30

Look = Callable[[], None]


def give_sound(episode: Episode, store: S3Store) -> None:
    """Half a minute in both renditions; the same for every episode, and under keys of its own."""
    assert episode.recording is not None
    episode.recording.n_samples = TICKS * TICK_SAMPLES
    for rendition in episode.recording.renditions:
        content = SOUNDS[rendition.profile]
        assert rendition.size_bytes == len(content)
        rendition.sha256 = hashlib.sha256(content).hexdigest()
        store.put_bytes(rendition.key, content, rendition.media_type)


def make_unseen(session: Session, store: S3Store, title: str = "Bread", **more: object) -> Episode:
    """Published with sound, and never looked at by the gate."""
    episode = make_episode(session, title=title, ticks=TICKS, **more)  # type: ignore[arg-type]
    give_sound(episode, store)
    session.execute(delete(FeedItem).where(FeedItem.episode_id == episode.id))
    session.flush()
    return episode


@pytest.fixture
def served(app: Flask) -> Iterator[None]:
    """The station answers on a port of its own, where its gate looks."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    here: Station = app.extensions["station"]
    app.extensions["station"] = replace(here, settings=replace(here.settings, gate_url=f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def look(served: None, session: Session, work_off: Callable[[], int], clock: SetClock) -> Look:
    """Make the heads that are wanted, wait until caches have forgotten, let the gate look."""

    def _look() -> None:
        enqueue(session, "enclosures", "", now=clock.now())
        work_off()
        clock.move(timedelta(minutes=5))
        enqueue(session, "gate", "", now=clock.now())
        work_off()

    return _look
