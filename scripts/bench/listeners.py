#!/usr/bin/env python3
"""A thousand listeners, or three, on one web process: the MP3 stream, then HLS; what it costs, whether anybody starves, whether pages answer.

    python scripts/bench/listeners.py [--listeners 1000] [--seconds 45] [--kinds mp3,hls]

The crowd runs in a process of its own on the same machine; its processor time is not counted, but it takes its share of the cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from channel import PROGRAMMES, store  # noqa: E402
from crowd import ramp_s  # noqa: E402
from watched import cost  # noqa: E402

from media.grid import tick_at  # noqa: E402
from radio.clock import SystemClock  # noqa: E402
from tests.live import air, chirp, make_live, web  # noqa: E402


class Pages:
    """Asks for a page twice a second, as a visitor would, and remembers how long it took."""

    def __init__(self, address: str) -> None:
        self._address, self._stop, self.waits_ms = address, threading.Event(), []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            begun = time.monotonic()
            with urllib.request.urlopen(self._address + "/shows", timeout=30) as answer:
                answer.read()
            self.waits_ms.append(1000 * (time.monotonic() - begun))

    def end(self) -> dict[str, float]:
        """Stop asking; gives how long it took."""
        self._stop.set()
        self._thread.join()
        waits = sorted(self.waits_ms)
        return {"page_p50_ms": round(waits[len(waits) // 2], 1), "page_p95_ms": round(waits[len(waits) * 95 // 100], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--kinds", default="mp3,hls")
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="bench-") as name, store(Path(name) / "store") as (s3, server):
        now = SystemClock().now()
        live = make_live(Path(name), s3, {n: chirp(*sweep) for n, sweep in PROGRAMMES.items()}, now=now)
        tick = tick_at(time.time_ns() // 1_000_000)
        air(live, list(live.made), tick - 400, tick + 4000, now=now)
        for kind in wanted.kinds.split(","):
            with web(live) as (address, pid):
                idle = cost(pid)
                port = address.rpartition(":")[2]
                crowd = subprocess.Popen([sys.executable, str(Path(__file__).resolve().parent / "crowd.py"), kind, port, str(wanted.listeners),
                                          str(wanted.seconds + ramp_s(wanted.listeners) + 5)], stdout=subprocess.PIPE, text=True)  # fmt: skip
                time.sleep(ramp_s(wanted.listeners) + 3)
                pages, before, begun = Pages(address), cost(pid, server.pid or 0), time.monotonic()
                time.sleep(wanted.seconds - 4)
                spent, took_s = cost(pid, server.pid or 0).since(before), time.monotonic() - begun
                memory_mb = cost(pid).memory_mb
                found = {"kind": kind, "core_percent": round(100 * spent.cpu_s / took_s, 1), "web_memory_mb": round(memory_mb),
                         "web_memory_idle_mb": round(idle.memory_mb), **pages.end()}  # fmt: skip
                said, _ = crowd.communicate(timeout=90)
                print(json.dumps(found | json.loads(said)))


if __name__ == "__main__":
    main()
