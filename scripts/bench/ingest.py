#!/usr/bin/env python3
"""What it costs to take in a recording, beside one ffmpeg that decodes once and makes the same two encodes.

    python scripts/bench/ingest.py                     an hour of synthetic speech as WAV, MP3 and M4A
    python scripts/bench/ingest.py --minutes 720       twelve hours: watch the memory
    python scripts/bench/ingest.py RECORDING …         your own recordings

Processor time is user and system of all processes; memory is that of the biggest. Needs ffmpeg with libmp3lame, libopus and,
for the synthetic speech, flite.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HOUSE = Path(__file__).resolve().parents[2]
WORDS = (
    "When I first came to the meeting I sat at the back and said nothing for three weeks. Somebody gave me a cup of tea, "
    "and the next week they remembered my name. If you are listening to this in the night, put the kettle on."
)
WRITTEN_AS = {
    "wav": ["-ac", "2", "-ar", "44100"],
    "mp3": ["-b:a", "128k", "-ac", "2", "-ar", "44100"],
    "m4a": ["-c:a", "aac", "-b:a", "96k"],
}
TWO_ENCODES = shlex.split(
    "-map 0:a -ac 1 -ar 48000 -c:a libmp3lame -b:a 64k -reservoir 0 -compression_level 3 one.mp3 "
    "-map 0:a -ac 1 -ar 48000 -c:a libopus -b:a 24k -vbr off -compression_level 5 -application audio -frame_duration 20 two.ogg"
)
INGEST = "import sys; from pathlib import Path; from media.pipeline import ingest; ingest(*map(Path, sys.argv[1:]))"


class Cost(NamedTuple):
    """What a command used."""

    cpu_s: float
    peak_mb: float


def cost(command: list[str], folder: Path) -> Cost:
    child = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(HOUSE)}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"failed: {command[0]} {command[1]}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def speech(folder: Path, minutes: int) -> list[Path]:
    once, made = folder / "once.wav", []
    quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    subprocess.run([*quiet, "-f", "lavfi", "-i", f"flite=text='{WORDS}':voice=slt", once], check=True)
    for name, options in WRITTEN_AS.items():
        path = folder / f"{minutes} min.{name}"
        subprocess.run([*quiet, "-stream_loop", "-1", "-i", once, "-t", str(minutes * 60), *options, path], check=True)
        made.append(path)
        if minutes > 180:
            break  # one is enough
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", nargs="*", type=Path)
    parser.add_argument("--minutes", type=int, default=60, help="length of the synthetic speech")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work_dir = folder / "work"
        work_dir.mkdir()
        print(f"{'recording':24} {'ffmpeg':>9} {'ingest':>9} {'ratio':>6} {'memory':>8}")
        for source in [path.resolve() for path in asked.recordings] or speech(folder, asked.minutes):
            plain = cost(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), *TWO_ENCODES], folder)
            ours = cost([sys.executable, "-c", INGEST, str(source), str(work_dir)], folder)
            ratio = ours.cpu_s / plain.cpu_s
            print(
                f"{source.name[:24]:24} {plain.cpu_s:7.1f} s {ours.cpu_s:7.1f} s {ratio:6.2f} {ours.peak_mb:5.0f} MB", flush=True
            )


if __name__ == "__main__":
    main()
