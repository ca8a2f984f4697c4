"""The station for tests: real database, real S3, a clock that stands still.

Edges commit, so does a test: rows that makers flushed are committed before each request of `client`, and what the request
changed is seen after it. Elsewhere call `session.commit()` before other code opens its own transaction.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from media.store import S3Store
from radio import keyring
from radio.clock import SetClock
from radio.core import ids
from radio.db import db
from radio.schedule import desk
from radio.settings import Settings
from tests.databases import Blank, PostgresBlank, SqliteBlank, postgres_cluster
from tests.makers import NOON
from tests.ports import embedded_store
from tests.visitor import Visitor
from tests.waiting import PATIENCE_S

pytest_plugins = ["tests.people", "tests.air", "tests.downloads", "tests.audio.fixtures"]

if TYPE_CHECKING:
    from flask import Flask

    from media.objects import StoreSettings
    from radio.station import Station

_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=_SLOW)
hypothesis.settings.register_profile("wide", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=_SLOW)
hypothesis.settings.load_profile("same")  # `--hypothesis-profile wide` looks for what nobody has thought of


_LONGEST_FIRST = (
    "conformance/test_players.py", "conformance/test_outage.py", "conformance/test_replicas.py", "browser/test_listening.py",
    "conformance/test_withdrawal_behind_a_cache.py", "integration/test_kill.py", "browser/test_everybody.py", "browser/test_studio.py",
    "integration/test_up.py", "browser/test_week.py", "moving/test_two_hundred.py", "integration/test_replicas.py", "integration/test_full_disk.py",
    "integration/test_a_life.py", "browser/test_passkey.py", "moving/test_parcels.py", "moving/test_arrivals.py", "integration/test_jobs.py",
    "moving/test_killed.py", "integration/test_embedded_store.py", "conformance/test_podcast_clients.py", "browser/test_desk_on_air.py",
)  # fmt: skip
"""Files that take more than ten seconds: begun last, one of them would keep the other worker of `scripts/test` waiting."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Behind the shuffling: what takes long comes first, all else as it was shuffled."""
    place = {name: number for number, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: place.get("/".join(item.path.parts[-2:]), len(place)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database postgres` runs everything on a PostgreSQL cluster of its own; `--chance 7` with other ids and other rundowns."""
    parser.addoption("--database", choices=("sqlite", "postgres"), default="sqlite", help="what the station's rows live in")
    parser.addoption("--chance", default="", help="what ids and rundowns come from, beside the name of the test")


class Chance(random.Random):
    """What stands in for the chance of the system."""

    def token_hex(self, n_bytes: int) -> str:
        """So many bytes, written as `secrets` does."""
        return self.randbytes(n_bytes).hex()


@pytest.fixture(autouse=True)
def chance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Chance:
    """Ids, and what the rundown is drawn from, follow from the name of the test: it does the same each time it is run."""
    found = Chance(f"{request.config.getoption('--chance')} {request.node.nodeid}")
    for module in (ids, desk):
        monkeypatch.setattr(module, "secrets", found)
    return found


@event.listens_for(Engine, "connect")
def _settle_for_tests(dbapi_connection: Any, _record: Any) -> None:
    """Whoever waits for another's transaction waits as long as a slow machine makes them; no row of a test has to outlive a power cut."""
    if isinstance(dbapi_connection, sqlite3.Connection):
        for pragma in ("busy_timeout=60000", "synchronous=off"):
            dbapi_connection.execute(f"pragma {pragma}")


@pytest.fixture(scope="session")
def blank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blank]:
    """A database with every table and no row, to be copied for each test."""
    if request.config.getoption("--database") == "postgres":
        with postgres_cluster() as cluster:
            yield PostgresBlank(cluster)
    else:
        yield SqliteBlank(tmp_path_factory.mktemp("blank") / "blank.db")


@pytest.fixture
def settings(tmp_path: Path, blank: Blank) -> Settings:
    """A station in an empty folder with its secrets made and its tables laid out."""
    data = tmp_path / "var"
    data.mkdir()
    found = Settings.from_env({
        "RADIO_DATA": str(data), "RADIO_DATABASE_URL": blank.copy(data), "RADIO_PUBLIC_URL": "http://localhost",
    })  # fmt: skip
    keyring.make(found)
    return found


@pytest.fixture
def clock() -> SetClock:
    """Stands at noon on a Wednesday in winter until it is moved."""
    return SetClock(NOON)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreSettings]:
    """A running S3 with an empty bucket that browsers could reach: the embedded server, one for the whole run."""
    server = embedded_store(tmp_path_factory.mktemp("s3"), secret_key="a-secret-of-the-tests")
    server.start()
    try:
        server.wait_ready(PATIENCE_S)
        settings = server.settings("radio-test")
        S3Store(settings).ensure_bucket()
        yield replace(settings, public_endpoint_url=settings.endpoint_url)
    finally:
        server.stop()


@pytest.fixture
def store(s3: StoreSettings) -> S3Store:
    """The same S3 as the station sees it by default: only we reach it. Keys are made of content, so tests do not collide."""
    return S3Store(replace(s3, public_endpoint_url=None))


@pytest.fixture
def app(settings: Settings, clock: SetClock, store: S3Store) -> Iterator[Flask]:
    """The whole application on its own database."""
    from radio.app import create_app

    app = create_app(settings, clock=clock, store=store)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    app.test_client_class = Visitor
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=64, argon2__parallelism=1
    )  # nobody is attacked here
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def station(app: Flask) -> Station:
    """Settings, clock and store of the application under test."""
    found: Station = app.extensions["station"]
    return found


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own; rows stay readable after a commit."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def client(app: Flask, session: Session) -> Visitor:
    """Somebody with a browser, not signed in; every page is looked at."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    visitor.test_session = session
    return visitor


@pytest.fixture
def work_off(app: Flask, session: Session) -> Iterator[Callable[[], int]]:
    """Calls the station's own worker: commits what the test has made, does all that is due, lets the test see it."""
    from radio.jobs.carrier import Carrier
    from radio.worker import import_tasks

    import_tasks()
    carrier = Carrier(app)

    def _work_off() -> int:
        session.commit()
        done = carrier.work_off()
        session.expire_all()
        return done

    yield _work_off
    carrier.close()
