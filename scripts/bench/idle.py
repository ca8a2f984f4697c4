#!/usr/bin/env python3
"""What the station costs when nobody listens: parent, web, worker and embedded store, with the sample station on air.

    python scripts/bench/idle.py [--seconds 120] [--data DIR]

Starts `radio up` in a folder of its own (or in DIR, if a station lies there), waits until it is on air and has calmed down, then counts processor time and memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CALM_S = 30


def family(pid: int) -> dict[int, str]:
    """The process and all below it: id → what it is."""
    found = {pid: "parent"}
    grown = True
    while grown:
        grown = False
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) not in found:
                try:
                    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except (OSError, IndexError):
                    continue
                if parent in found:
                    found[int(folder.name)] = next(
                        (part for part in ("weed", "radio web", "radio worker") if part in words), words[:40]
                    )
                    grown = True
    return found


def used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Proportional set size: what two processes share is counted once."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--data", type=Path)
    wanted = parser.parse_args()
    with socket.socket() as probe, tempfile.TemporaryDirectory() as own:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data = wanted.data or Path(own) / "var"
        command = [sys.executable, "-P", "-m", "radio", "up", "--port", str(port), "--data", str(data)]
        up = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
        try:
            assert up.stdout is not None
            for line in up.stdout:
                if line.startswith("On air"):
                    break
            time.sleep(CALM_S)
            parts = family(up.pid)
            before = {pid: used_s(pid) for pid in parts}
            time.sleep(wanted.seconds)
            total_share, total_mb = 0.0, 0.0
            for pid, part in parts.items():
                share, mb = (used_s(pid) - before[pid]) / wanted.seconds * 100, resident_mb(pid)
                total_share, total_mb = total_share + share, total_mb + mb
                print(f"{part:<14} {share:5.2f} % of a core  {mb:6.1f} MB")
            print(f"{'together':<14} {total_share:5.2f} % of a core  {total_mb:6.1f} MB")
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(20)


if __name__ == "__main__":
    main()
