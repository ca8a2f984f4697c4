"""Two machines, one database, one bucket: either may die, and nobody hears the difference."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from radio.catalogue.models import Episode, Recording
from radio.catalogue.rules import RecordingState
from tests.databases import postgres_cluster
from tests.integration.test_up import Up, make_show_in_database, radio, tone
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow


class Machine(Up):
    """One `radio up` with a folder of its own and everything else shared."""

    def fetch(self, path: str) -> bytes:
        """What it answers; whoever is told to come back comes back."""
        found: list[bytes] = []

        def came() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S) as answer:
                    found.append(answer.read())
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 503:
                    raise
            return bool(found)

        until(came)
        return found[0]


@pytest.fixture(scope="module")
def shared(s3: StoreSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings that both machines have."""
    with postgres_cluster() as cluster:
        yield {
            "RADIO_DATABASE_URL": f"{cluster}/postgres", "RADIO_S3_ENDPOINT": s3.endpoint_url, "RADIO_S3_BUCKET": "replicas",
            "RADIO_S3_ACCESS_KEY": s3.access_key, "RADIO_S3_SECRET_KEY": s3.secret_key,
            "RADIO_SECRETS": str(tmp_path_factory.mktemp("shared") / "secrets"),
        }  # fmt: skip


@pytest.fixture(scope="module")
def machines(shared: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Machine]]:
    """Two machines that were started for the first time in the same moment."""
    both = Machine(tmp_path_factory.mktemp("a") / "var", **shared), Machine(tmp_path_factory.mktemp("b") / "var", **shared)
    try:
        for machine in both:
            machine.wait_for("On air:", "/welcome/")
        yield both
    finally:
        for machine in both:
            if machine.process.poll() is None:
                machine.end(signal.SIGTERM)


def test_both_go_on_air_when_they_start_at_once(machines: tuple[Machine, Machine]) -> None:
    until(lambda: [machine.health() for machine in machines] == [200, 200])
    assert "weed" not in subprocess.run(["ps", "-o", "args=", "--ppid", str(machines[0].process.pid)], check=True, capture_output=True,
                                        text=True).stdout  # fmt: skip


def test_both_give_the_same_bytes_for_the_same_second(machines: tuple[Machine, Machine]) -> None:
    def playlists() -> list[bytes]:
        return [machine.fetch("/live/standard.m3u8") for machine in machines]

    until(lambda: len(set(playlists())) == 1)
    listed = [line for line in playlists()[0].decode().splitlines() if line.endswith(".mp3")]
    for address in listed[-3:]:
        path = address if address.startswith("/") else f"/live/{address}"
        first, second = (machine.fetch(path) for machine in machines)
        assert first == second


def test_a_job_of_a_machine_that_died_is_done_by_the_other(
    machines: tuple[Machine, Machine], shared: dict[str, str], tmp_path: Path
) -> None:
    engine = create_engine(shared["RADIO_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        make_show_in_database(session)
    first, second = machines
    os.kill(first.children["worker"], signal.SIGSTOP)  # silent, not dead: only the lease can tell
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RADIO_")} | shared
    adding = subprocess.run(
        [*radio("add", str(tone(tmp_path, seconds=4)), "--show", "night-desk", "--title", "Handed over"), "--data", str(second.folder)],
        check=False, capture_output=True, text=True, timeout=3 * PATIENCE_S, env=environment,
    )  # fmt: skip
    os.kill(first.children["worker"], signal.SIGCONT)

    assert adding.returncode == 0, adding.stderr
    with Session(engine) as session:
        taken = select(func.count()).select_from(Recording).join(Episode, Recording.episode_id == Episode.id)
        assert session.scalar(taken.where(Episode.title == "Handed over", Recording.state == RecordingState.TAKEN)) == 1
    engine.dispose()


def test_listeners_of_one_machine_go_on_while_the_other_restarts(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    os.kill(first.children["web server"], signal.SIGKILL)
    for _ in range(20):
        assert second.fetch("/live/standard.m3u8").startswith(b"#EXTM3U")
        time.sleep(0.1)
    until(lambda: first.health() == 200)
    until(lambda: len(first.children) == 2, lambda: str(first.children))
