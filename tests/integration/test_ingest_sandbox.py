"""The child that decodes strangers' files: what it may not do, and what happens when it is stopped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from media import sandbox
from media.confine import Limits
from media.errors import Refusal, RefusedAudioError
from media.pipeline import ingest
from media.profiles import low, standard
from media.screen import LONGEST_MS
from tests.audio import recipes
from tests.waiting import until


def children_of(pid: int) -> list[int]:
    """The encoders that this process has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"media.child" in stat.with_name("cmdline").read_bytes():
                found.append(int(stat.parent.name))
        except OSError:
            continue  # it has just ended
    return found


def test_progress_goes_from_nothing_to_everything_and_never_back(speech: Path, work_dir: Path) -> None:
    told: list[float] = []

    ingest(speech, work_dir, on_progress=told.append)

    assert told == sorted(told)
    assert 0 <= told[0] < 0.3
    assert told[-1] == 1.0


def test_who_listens_to_the_progress_can_stop_the_work(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(speech, tmp_path / "long.wav", 120)

    def enough(part: float) -> None:
        raise InterruptedError(part)

    with pytest.raises(InterruptedError):
        ingest(source, work_dir, on_progress=enough)
    assert not children_of(os.getpid())
    assert not list(work_dir.glob("scratch-*"))


@pytest.fixture(scope="module")
def costly(speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty minutes of speech behind a picture of 120 MB: more than the quickest machine makes in a second."""
    folder = tmp_path_factory.mktemp("costly")
    plain = recipes.again(speech, folder / "plain.mp3", 60, "-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0")
    plain.write_bytes(plain.read_bytes() * 20)
    return recipes.with_big_cover(plain, folder / "cover.mp3", 120)


@pytest.mark.parametrize(
    "limits",
    [replace(Limits(), cpu_s=1), replace(Limits(), file_bytes=100_000), replace(Limits(), memory_bytes=350 << 20)],
    ids=["processor", "disk", "memory"],
)
def test_a_recording_that_costs_too_much_is_refused(limits: Limits, costly: Path, work_dir: Path) -> None:
    with pytest.raises(RefusedAudioError) as refused:
        sandbox.run(
            costly, work_dir, profiles=(standard(), low()), max_length_ms=LONGEST_MS, on_progress=lambda _: None, limits=limits
        )
    assert refused.value.code is Refusal.TOO_COSTLY
    assert not list(work_dir.glob("scratch-*"))


CONFINED = """
import json, os, socket, sys
from pathlib import Path
from media.confine import Limits, keep_only, leave_network, limit
limit(Limits(), os.getppid())
alone, kept = leave_network(), keep_only(Path.cwd())
def tried(deed):
    try:
        deed()
    except OSError as error:
        return type(error).__name__
    return "done"
print(json.dumps({
    "alone": alone,
    "kept": kept,
    "own": tried(lambda: Path("own.txt").write_text("x")),
    "neighbour": tried(lambda: Path("../secret.txt").read_text()),
    "password": tried(lambda: Path("/etc/passwd").read_text()),
    "elsewhere": tried(lambda: Path("/tmp/x").write_text("x")),
    "program": tried(lambda: os.execv("/bin/true", ["true"])),
    "network": tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)),
}))
"""


def test_the_child_can_open_and_reach_nothing_but_its_folder(tmp_path: Path, work_dir: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = subprocess.run(
            [sys.executable, "-c", CONFINED, str(server.getsockname()[1])],
            cwd=work_dir,
            env={"PYTHONPATH": str(Path(sandbox.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    result = json.loads(said)
    if not result["kept"]:
        pytest.skip("this kernel has no Landlock")
    assert result["own"] == "done"
    assert {result[name] for name in ("neighbour", "password", "elsewhere", "program")} == {"PermissionError"}
    assert result["network"] != "done"


def test_the_child_dies_with_its_parent(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(speech, tmp_path / "long.wav", 1_200, "-ar", "8000")
    program = (
        "import sys; from pathlib import Path; from media.pipeline import ingest\n"
        "ingest(Path(sys.argv[1]), Path(sys.argv[2]), on_progress=lambda _: print(flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program, source, work_dir], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        (child,) = children_of(parent.pid)
        parent.kill()
    until(lambda: not _command(child), lambda: "the child goes on alone", every_s=0.05)


def test_nothing_of_the_station_s_environment_is_seen_by_the_child(
    speech: Path, tmp_path: Path, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADIO_SECRET", "s3cret")
    source = recipes.again(speech, tmp_path / "long.wav", 1_200, "-ar", "8000")
    seen: list[bytes] = []

    def look(_: float) -> None:
        seen.extend(_environment(child) for child in children_of(os.getpid()))
        if any(seen):
            raise InterruptedError  # enough

    with pytest.raises(InterruptedError):
        ingest(source, work_dir, on_progress=look)
    assert not any(b"RADIO_SECRET" in environment for environment in seen)


def _environment(pid: int) -> bytes:
    return _of_process(pid, "environ")


def _command(pid: int) -> bytes:
    return _of_process(pid, "cmdline")


def _of_process(pid: int, name: str) -> bytes:
    """Empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
