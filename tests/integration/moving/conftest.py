"""A station that may ask one server on this machine, and what it takes to bring a show from there."""

from __future__ import annotations

import hashlib
import io
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from media import sandbox
from media.errors import RefusedAudioError
from media.types import Ingested
from radio.catalogue.actions import touched
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.editorial.models import FeedItem
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.queries import latest_job
from radio.moving import actions
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.rules import OPEN
from radio.settings import Settings
from tests.elsewhere import Elsewhere, served

Bring = Callable[..., Arrival]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with served() as server:
        yield server


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Ingested | RefusedAudioError]]:
    """What the encoder has made so far: a folder, and what it said of each."""
    return tmp_path_factory.mktemp("encoded"), {}


@pytest.fixture
def one_ingest_a_sound(monkeypatch: pytest.MonkeyPatch, encoded: tuple[Path, dict[str, Ingested | RefusedAudioError]]) -> None:
    """The same bytes are encoded once by the real encoder, and what it made of them is copied after that."""
    folder, made = encoded
    really = sandbox.run

    def run(source: Path, work_dir: Path, **options: Any) -> Ingested:
        name = hashlib.sha256(source.read_bytes()).hexdigest()
        if name not in made:
            try:
                made[name] = really(source, work_dir, **options)
            except RefusedAudioError as error:
                made[name] = error
            shutil.copytree(work_dir, folder / name, ignore=shutil.ignore_patterns("original", "scratch-*"))
        found = made[name]
        if isinstance(found, RefusedAudioError):
            raise found
        shutil.copytree(folder / name, work_dir, dirs_exist_ok=True)
        renditions = tuple(replace(each, path=work_dir / each.path.name) for each in found.renditions)
        return replace(found, renditions=renditions, peaks=work_dir / found.peaks.name)

    monkeypatch.setattr(sandbox, "run", run)


@pytest.fixture
def nobody() -> Iterator[str]:
    """A place on this machine where nobody listens, and nobody else can begin to."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{kept.getsockname()[1]}"


@pytest.fixture
def patience_s() -> float:
    """For how long the station waits for a server that says nothing: longer than any machine stands still."""
    return 120


@pytest.fixture
def settings(settings: Settings, elsewhere: Elsewhere, nobody: str, patience_s: float) -> Settings:
    return replace(settings, import_allow=f"{elsewhere.place},{nobody}", import_patience_s=patience_s)  # type: ignore[arg-type]


@pytest.fixture
def go_on(session: Session, work_off: Callable[[], int], clock: SetClock) -> Callable[[Arrival], Arrival]:
    """Works and waits until the arrival is decided."""

    def wait(arrival: Arrival) -> Arrival:
        for _ in range(60):
            work_off()
            if session.get_one(Arrival, arrival.id).state not in OPEN:
                work_off()
                return session.get_one(Arrival, arrival.id)
            job = latest_job(session, "bring", arrival.id)
            clock.move(max(timedelta(seconds=1), job.due_at - clock.now() if job else timedelta(minutes=1)))
        pytest.fail("it never ends")

    return wait


@pytest.fixture
def bring(session: Session, clock: SetClock, go_on: Callable[[Arrival], Arrival]) -> Bring:
    """Brings a show from an address, as far as it comes."""

    def begin(address: str, **more: object) -> Arrival:
        arrival, _job = actions.begin(session, address=address, by=AT_THE_CONSOLE, now=clock.now(), **more)  # type: ignore[arg-type]
        session.commit()
        return go_on(arrival)

    return begin


def painted(colour: str) -> bytes:
    """A picture of one colour, as large as podcast apps want it."""
    out = io.BytesIO()
    Image.new("RGB", (1400, 1400), colour).save(out, "PNG")
    return out.getvalue()


def let_in(session: Session, *, now: datetime) -> None:
    """As if the gate had looked at everything that is out, and found it good."""
    for episode in session.scalars(select(Episode).where(Episode.state == State.PUBLISHED)):
        if session.get(FeedItem, episode.id) is None:
            session.add(FeedItem(episode_id=episode.id, entered_at=now, checked_at=now, faults=[]))
    touched(session)
    session.commit()


def items_of(session: Session, arrival: Arrival) -> list[ArrivalItem]:
    query = select(ArrivalItem).where(ArrivalItem.arrival_id == arrival.id).order_by(ArrivalItem.position)
    return list(session.scalars(query))
