"""Waiting for what another process does: for as long as a busy machine may need, and not a moment longer than it takes."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable

PATIENCE_S = 240.0
"""Far more than anything here takes: a machine may be ten times as slow as ours, and stand still now and then."""


def until(
    holds: Callable[[], object], told: Callable[[], str] = str, *, every_s: float = 0.1, within_s: float = PATIENCE_S
) -> None:
    """Look again and again until it holds.

    Raises:
        AssertionError: it never came to that; says what is `told` then.
    """
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s, told()
        time.sleep(every_s)


def answered(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process that has just been started answers this address well."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                answer.read()
        except OSError:
            assert process.poll() is None, f"the process that should answer {url} has ended"
            return False
        return True

    until(answers, lambda: f"{url} was never answered")


def ended(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and see that it does."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
