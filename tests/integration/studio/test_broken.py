"""Uploads while servers die and people press twice."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.seaweed import Seaweed
from media.store import ObjectStore
from radio.accounts.models import Person
from radio.catalogue.models import Episode, Recording
from radio.catalogue.rules import State
from radio.jobs.models import Job
from radio.station import Station
from tests.integration.studio.test_upload import WHOLE, begun, complete, send
from tests.makers import make_episode, make_show
from tests.ports import embedded_store
from tests.visitor import Visitor
from tests.waiting import PATIENCE_S


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Seaweed]:
    """A store of this test's own, that keeps its promises on disk."""
    server = embedded_store(tmp_path / "s3", secret_key=secrets.token_hex(16), durable=True)
    server.start()
    server.wait_ready(PATIENCE_S)
    yield server
    server.stop()


@pytest.mark.slow
def test_every_acknowledged_part_survives_the_death_of_the_store(
    app: Flask, station: Station, mortal: Seaweed, browser_of: Callable[[Person | None], Visitor], alice: Person, session: Session
) -> None:
    store = ObjectStore(mortal.settings("radio"))
    store.ensure_bucket()
    app.extensions["station"] = Station(station.settings, station.clock, store)
    episode = make_episode(session, state=State.DRAFT, ticks=None)
    episode.made_by = alice.id
    browser = browser_of(alice)
    upload = begun(browser, episode)
    assert send(browser, upload["id"], 1) == 204

    os.kill(mortal.pid or 0, signal.SIGKILL)
    assert send(browser, upload["id"], 2) == 503
    assert complete(browser, upload["id"]).status_code == 503
    assert session.scalars(select(Recording)).all() == []
    mortal.start()
    mortal.wait_ready(PATIENCE_S)

    assert begun(browser, episode)["have"] == [1]
    for number in (2, 3):
        assert send(browser, upload["id"], number) == 204
    assert complete(browser, upload["id"]).status_code == 200
    [recording] = session.scalars(select(Recording)).all()
    assert store.read(recording.original_key) == WHOLE


def test_pressing_many_times_at_once_makes_one_recording(
    app: Flask, browser_of: Callable[[Person | None], Visitor], alice: Person, session: Session, store: ObjectStore
) -> None:
    episode = make_episode(session, state=State.DRAFT, ticks=None)
    episode.made_by = alice.id
    first = browser_of(alice)
    upload = begun(first, episode)
    for number in (1, 2, 3):
        send(first, upload["id"], number)
    browsers = [browser_of(alice) for _ in range(4)]
    for browser in browsers:
        browser.test_session = None
    together, statuses = threading.Barrier(len(browsers)), []

    def press(browser: Visitor) -> None:
        together.wait()
        answer = complete(browser, upload["id"])
        while answer.status_code == 503:  # the store was busy making it whole; browsers try again
            answer = complete(browser, upload["id"])
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.expire_all()
    assert statuses == [200] * len(browsers)
    [recording] = session.scalars(select(Recording)).all()
    assert len(session.scalars(select(Job).where(Job.kind == "ingest")).all()) == 1
    assert store.read(recording.original_key) == WHOLE


def test_beginning_many_times_at_once_is_one_upload(
    app: Flask, browser_of: Callable[[Person | None], Visitor], alice: Person, session: Session
) -> None:
    episode = make_episode(session, state=State.DRAFT, ticks=None)
    episode.made_by = alice.id
    browsers = [browser_of(alice) for _ in range(4)]
    for browser in browsers:
        browser.test_session = None
    together, found = threading.Barrier(len(browsers)), []
    episode_id = episode.id

    def press(browser: Visitor) -> None:
        together.wait()
        asked = {"fingerprint": "a" * 64, "size_bytes": len(WHOLE)}
        found.append(browser.post(f"/studio/episodes/{episode_id}/uploads", json=asked).get_json()["id"])

    threads = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len(browsers)
    assert len(set(found)) == 1


def test_while_the_store_is_away_trying_again_makes_no_drafts(
    app: Flask,
    station: Station,
    s3: StoreSettings,
    browser_of: Callable[[Person | None], Visitor],
    alice: Person,
    session: Session,
) -> None:
    show = make_show(session)
    away = ObjectStore(replace(s3, endpoint_url="http://127.0.0.1:9", attempts=1, connect_timeout_s=0.2))
    app.extensions["station"] = Station(station.settings, station.clock, away)
    browser = browser_of(alice)
    facts = {"show": show.slug, "fingerprint": "0" * 64, "size_bytes": 10}

    assert [browser.post("/studio/uploads", json=facts).status_code for _ in range(3)] == [503] * 3
    plain = {"show": show.slug, "recording": (BytesIO(b"RIFF"), "talk.wav")}
    assert browser.post("/studio/recordings", data=plain).status_code == 503
    session.expire_all()
    assert session.scalars(select(Episode)).all() == []

    app.extensions["station"] = station
    begun_again = [browser.post("/studio/uploads", json=facts).get_json() for _ in range(3)]
    assert len({each["id"] for each in begun_again}) == 1
    session.expire_all()
    assert len(session.scalars(select(Episode)).all()) == 1
