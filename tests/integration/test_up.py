"""One command runs the station, says in one sentence what keeps it from doing so, and leaves nobody behind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from media.seaweed import STOP_SECONDS
from radio import supervisor
from radio.catalogue.models import Show
from tests.makers import make_show
from tests.ports import free_port, lay_out_store
from tests.waiting import PATIENCE_S, until


class Up:
    """A running `radio up`, its output line by line in a file."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        if not folder.exists():
            lay_out_ports(folder)
        self._said = folder.with_suffix(".said")
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                radio("up", "--port", str(self.port), "--data", str(folder), "--empty"),
                stdout=said, stderr=subprocess.STDOUT, env=surroundings(**environment),
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def children(self) -> dict[str, int]:
        """Name → process id of each child."""
        found = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], check=False, capture_output=True, text=True
        ).stdout
        names = {"weed": "store", "radio web": "web server", "radio worker": "worker"}
        return {part: int(line.split()[0]) for line in found.splitlines() for sign, part in names.items() if sign in line}

    def wait_for(self, *words: str) -> None:
        until(lambda: all(word in self.said for word in words) or self.process.poll() is not None, lambda: self.said)
        assert all(word in self.said for word in words), self.said

    def health(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_S)


def radio(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "radio", *arguments]


def surroundings(**more: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RADIO_")} | more


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        radio(*arguments), check=False, capture_output=True, text=True, env=surroundings(**environment), timeout=3 * PATIENCE_S
    )


def lay_out_ports(folder: Path) -> None:
    """Have the store of a station that was never started listen at ports of ours."""
    folder.mkdir(mode=0o700)
    lay_out_store(folder / "store")
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets" / "s3-port").touch(mode=0o600)
    (folder / "secrets" / "s3-port").write_text(f"{free_port()}\n")


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A station that has just gone on air for the first time."""
    station = Up(tmp_path_factory.mktemp("station") / "var")
    try:
        station.wait_for("On air:", "/welcome/")
        yield station
    finally:
        if station.process.poll() is None:
            station.end(signal.SIGTERM)


def test_the_first_start_ends_on_air_with_a_door_for_the_first_steward(up: Up) -> None:
    assert f"On air: http://127.0.0.1:{up.port}\n" in up.said
    link = re.search(r"http://localhost:\d+/welcome/\S+", up.said)
    assert link is not None
    with urllib.request.urlopen(link[0], timeout=PATIENCE_S) as page:
        assert page.status == 200
    until(lambda: up.health() == 200)


def test_what_the_station_keeps_is_for_its_own_account(up: Up) -> None:
    assert stat.S_IMODE(up.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (up.folder / "secrets").iterdir()} == {0o600}


@pytest.mark.parametrize("part", ["worker", "web server", "store"])
def test_a_part_that_dies_is_started_again_and_that_is_said(up: Up, part: str) -> None:
    until(lambda: len(up.children) == 3 and up.health() == 200)
    before = up.children[part]
    said = len(up.said)
    os.kill(before, signal.SIGKILL)

    until(lambda: f"The {part} is started again." in up.said[said:], lambda: up.said)
    until(lambda: up.health() == 200, lambda: up.said)
    assert f"The {part} has ended (" in up.said[said:]
    assert up.children[part] != before


def test_a_folder_belongs_to_one_station_at_a_time(up: Up) -> None:
    second = run("up", "--port", str(free_port()), "--data", str(up.folder))

    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == f"A station is already running in {up.folder} (process {up.process.pid}).\n"


def test_a_port_that_is_taken_is_said_in_one_sentence(up: Up, tmp_path: Path) -> None:
    second = run("up", "--port", str(up.port), "--data", str(tmp_path / "other"))

    assert second.returncode == 1
    assert (
        second.stderr
        == f"Port {up.port} on 127.0.0.1 cannot be taken: something else listens there. Choose another with --port.\n"
    )


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence() -> None:
    refused = run("up", "--port", str(free_port()), "--data", "/proc/station")

    assert refused.returncode == 1
    assert refused.stderr.startswith("The folder /proc/station cannot be written: ")
    assert refused.stderr.count("\n") == 1


def test_every_fault_of_the_settings_is_told_at_once() -> None:
    refused = run("worker", RADIO_ZONE="Mars/Olympus", RADIO_MP3_KBPS="1000", RADIO_COLOUR="red")

    assert refused.returncode == 2
    assert [line.split()[0] for line in refused.stderr.splitlines()] == ["RADIO_ZONE", "RADIO_MP3_KBPS", "RADIO_COLOUR"]


def test_the_doctor_finds_a_running_station_well(up: Up) -> None:
    until(lambda: len(up.children) == 3 and up.health() == 200)
    found = run("doctor", "--data", str(up.folder))

    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.endswith("The station is well.\n")


def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    found = run("doctor", "--data", str(tmp_path))

    assert found.returncode == 1
    assert "FAULT  secrets: " in found.stdout
    assert "Start “radio up”" in found.stdout


def test_the_store_of_the_station_can_carry_it(up: Up) -> None:
    until(lambda: len(up.children) == 3 and up.health() == 200)

    assert run("check", "storage", "--data", str(up.folder)).returncode == 0


def test_a_recording_is_taken_from_the_command_line(up: Up, tmp_path: Path) -> None:
    until(lambda: len(up.children) == 3 and up.health() == 200)
    make_show_in(up.folder)
    taken = run(
        "add", str(tone(tmp_path, seconds=4)), "--show", "night-desk", "--title", "A tone", "--publish", "--data", str(up.folder)
    )
    answer = json.loads(taken.stdout.splitlines()[-1])
    assert (taken.returncode, answer["state"]) == (0, "published"), taken.stderr
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/audio/{answer['episode']}.mp3", timeout=PATIENCE_S) as audio:
        assert audio.headers["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize(("content", "error"), [(b"", "empty"), (b"no sound at all\n" * 100, "not-audio")])
def test_a_file_that_is_no_recording_is_refused_with_a_reason(up: Up, tmp_path: Path, content: bytes, error: str) -> None:
    until(lambda: len(up.children) == 3 and up.health() == 200)
    make_show_in(up.folder)
    (tmp_path / "voice.mp3").write_bytes(content)
    refused = run("add", str(tmp_path / "voice.mp3"), "--show", "night-desk", "--title", "No", "--data", str(up.folder))

    answer = json.loads(refused.stdout.splitlines()[-1])
    assert (refused.returncode, answer["state"], answer["error"]) == (3, "refused", error)
    assert answer["message"].endswith(".")


def tone(folder: Path, *, seconds: int) -> Path:
    """A file with a tone in it."""
    path = folder / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        one = b"".join((8000 if at // 60 % 2 else -8000).to_bytes(2, "little", signed=True) for at in range(48_000))
        file.writeframes(one * seconds)
    return path


def make_show_in(folder: Path) -> None:
    """A show in a running station, once."""
    engine = create_engine(f"sqlite:///{folder / 'radio.db'}")
    with Session(engine) as session:
        make_show_in_database(session)
    engine.dispose()


def make_show_in_database(session: Session) -> None:
    if session.scalar(select(Show).where(Show.slug == "night-desk")) is None:
        make_show(session)
        session.commit()


def test_a_stop_ends_every_process_in_time_and_the_next_start_has_nothing_to_prepare(tmp_path: Path) -> None:
    first = Up(tmp_path / "var")
    try:
        first.wait_for("On air:", "/welcome/")
        children = list(first.children.values())
        assert first.end(signal.SIGTERM) == 0
        assert supervisor.STOP_WITHIN_S + STOP_SECONDS <= 10, "whoever runs it may kill it ten seconds later"
        assert not [pid for pid in children if lives(pid)]
    finally:
        first.process.kill()
    second = Up(tmp_path / "var")
    try:
        second.wait_for("On air:")
        assert "Preparing" not in second.said
        children = list(second.children.values())
    finally:
        second.process.kill()
    assert second.process.wait() == -signal.SIGKILL
    until(lambda: not [pid for pid in children if lives(pid)])
