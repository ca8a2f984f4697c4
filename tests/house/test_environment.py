"""Somebody whose tools are old is told so in one sentence, and not by failures that look like faults of the code."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (f"pytest=={version('pytest')}", ""),
        ("pytest==1.0", ""),
        ("nothing-like-this==1.0; sys_platform == 'plan9'", ""),
        ("pytest==1000.2", f"pytest is {version('pytest')}, not 1000.2"),
        ("nothing-like-this==1.0", "nothing-like-this 1.0 is missing"),
    ],
)
def test_an_environment_that_is_older_than_its_lock_is_said_in_one_sentence(tmp_path: Path, pin: str, said: str) -> None:
    lock = tmp_path / "requirements-dev.lock"
    lock.write_text(f"# pinned\n{pin}\n")
    command = [sys.executable, ROOT / "scripts" / "check-environment", lock]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == bool(said), done.stderr
    assert said in done.stdout
    assert done.stdout.count("\n") == bool(said)
