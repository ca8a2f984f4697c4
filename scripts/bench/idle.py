#!/usr/bin/env python3
"""What the station costs when nobody listens: parent, web, worker and embedded store, with the sample station on air.

    python scripts/bench/idle.py [--seconds 120] [--data DIR]

Starts `radio up` in a folder of its own (or in DIR, if a station lies there), waits until it is on air and has calmed down, then counts processor time and memory (shared memory once).
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
sys.path.insert(0, str(Path(__file__).resolve().parent))

from watched import cost  # noqa: E402

CALM_S = 30


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
            before = cost(up.pid)
            time.sleep(wanted.seconds)
            used = cost(up.pid).since(before)
            print(f"web, worker, store and their parent: {used.cpu_s / wanted.seconds:.2%} of a core, {used.memory_mb:.0f} MB")
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(20)


if __name__ == "__main__":
    main()
