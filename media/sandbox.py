"""Encodes in a child with limits: a bad recording can only end its own process.

The child gets the recording as an open file, without its name, and talks in lines of JSON on its standard output:
`{"progress": …}`, and at the end one of `{"ingested": …}`, `{"refused": …}` and `{"failed": …}`.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import media
from media.confine import Limits
from media.errors import EncodingError, Refusal, RefusedAudioError
from media.grid import SAMPLE_RATE_HZ, ticks_for
from media.profiles import Profile
from media.renditions import rendition
from media.types import Db, Facts, Ingested, Loudness, Lufs, Progress

_MOST_LINE_BYTES = 1 << 16
_MOST_LOG_BYTES = 2_000
_COSTLY = (signal.SIGXCPU, signal.SIGKILL, signal.SIGXFSZ)
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
"""Signals of a decoder that broke on what it read: another attempt would end the same way."""
_SPARE_BYTES = 64 << 20


def run(
    source: Path,
    work_dir: Path,
    *,
    profiles: tuple[Profile, ...],
    max_length_ms: int,
    on_progress: Progress,
    limits: Limits | None = None,
) -> Ingested:
    """Run all steps in a child; it can write in `work_dir` only, and read nothing but `source`.

    `on_progress` may raise: the child is killed and the exception goes on.

    Raises:
        RefusedAudioError: the recording is the reason; TOO_COSTLY when the child went over its limits.
        EncodingError: we are the reason.
    """
    limits, work_dir = limits or _limits_for(max_length_ms), work_dir.resolve()
    order = {
        "profiles": [asdict(profile) for profile in profiles],
        "max_length_ms": max_length_ms,
        "limits": asdict(limits),
        "parent": os.getpid(),
    }
    with (
        source.open("rb", buffering=0) as file,
        TemporaryFile(dir=work_dir) as log,
        TemporaryDirectory(dir=work_dir, prefix="scratch-") as scratch,
    ):
        order["scratch"] = scratch
        child = _start(file.fileno(), log.fileno(), work_dir, order)
        outcome = None
        try:
            for line in _lines(child, limits.quiet_s):
                if "progress" in line:
                    on_progress(float(line["progress"]))
                else:
                    outcome = line
        finally:
            child.kill()
            code = child.wait()
            if child.stdout:
                child.stdout.close()
        log.seek(0)
        if outcome is None:
            raise _ended(code, log.read(_MOST_LOG_BYTES).decode(errors="replace"))
    return _ingested(outcome, work_dir, profiles)


def _limits_for(max_length_ms: int) -> Limits:
    """Room for the samples of the longest recording; 10 s of processor for every minute, and a minute for the rest."""
    samples_bytes = max_length_ms * SAMPLE_RATE_HZ // 1000 * 2
    return replace(Limits(), file_bytes=samples_bytes + _SPARE_BYTES, cpu_s=60 + max_length_ms // 6_000)


def _start(source: int, log: int, work_dir: Path, order: dict[str, Any]) -> subprocess.Popen[bytes]:
    house = str(Path(media.__file__).parent.parent)
    quiet = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-B", "-m", "media.child", str(source), json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        pass_fds=(source,),
        cwd=work_dir,
        env={"PYTHONPATH": house, "LC_ALL": "C.UTF-8", **quiet},
        start_new_session=True,
    )


def _lines(child: subprocess.Popen[bytes], quiet_s: float) -> Iterator[dict[str, Any]]:
    """What the child says, until it ends or has been quiet for too long."""
    pipe = child.stdout
    if pipe is None:
        raise EncodingError("no pipe")
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.select(quiet_s):
            received = os.read(pipe.fileno(), _MOST_LINE_BYTES)
            if not received:
                return
            *lines, rest = (rest + received).split(b"\n")
            yield from map(_line, lines)
            if len(rest) > _MOST_LINE_BYTES:
                raise EncodingError("the child spoke without end")
    raise EncodingError(f"the child was quiet for {quiet_s:.0f} s")


def _line(line: bytes) -> dict[str, Any]:
    try:
        spoken = json.loads(line)
    except ValueError as error:
        raise EncodingError("the child spoke no JSON") from error
    if not isinstance(spoken, dict):
        raise EncodingError("the child spoke something else")
    return spoken


def _ingested(outcome: dict[str, Any], work_dir: Path, profiles: tuple[Profile, ...]) -> Ingested:
    """The child's answer, believed only as far as the files on disk bear it out."""
    if "refused" in outcome:
        raise RefusedAudioError(Refusal(outcome["refused"]), str(outcome.get("detail", "")))
    if "failed" in outcome:
        raise EncodingError(str(outcome["failed"]))
    found = outcome["ingested"]
    n_samples = int(found["n_samples"])
    n_ticks = ticks_for(n_samples)
    loudness = found["loudness"]
    return Ingested(
        facts=Facts(**found["facts"]),
        loudness=Loudness(
            Lufs(float(loudness["integrated_lufs"])),
            Db(float(loudness["true_peak_dbtp"])),
            Db(float(loudness["gain_db"])),
        ),
        n_samples=n_samples,
        n_ticks=n_ticks,
        renditions=tuple(rendition(profile, work_dir, n_ticks) for profile in profiles),
        peaks=work_dir / "peaks.i8",
    )


def _ended(code: int, log: str) -> Exception:
    """Why a child that gave no answer ended."""
    if -code in _COSTLY:
        return RefusedAudioError(Refusal.TOO_COSTLY, signal.Signals(-code).name)
    if -code in _CRASHES:
        return RefusedAudioError(Refusal.DAMAGED, f"the decoder ended with {signal.Signals(-code).name}")
    return EncodingError(f"ended with {code}\n{log}")
