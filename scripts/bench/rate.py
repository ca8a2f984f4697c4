#!/usr/bin/env python3
"""Playlists and segments a second and core, and what share of nginx serving the same bytes as files, in the same run.

    python scripts/bench/rate.py [--seconds 8]

One web process, one nginx worker, the same crowd (wrk, 16 kept connections). A core's worth is what was answered by each second of
processor time that the server took, so it does not matter who else works on the machine. Needs nginx and wrk.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from channel import store  # noqa: E402
from watched import cost  # noqa: E402

from media.grid import tick_at  # noqa: E402
from radio.clock import SystemClock  # noqa: E402
from tests.live import air, chirp, make_live, web  # noqa: E402
from tests.ports import free_port  # noqa: E402

NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; default_type application/octet-stream;
client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{port}; root {folder}/files; }} }}"""


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """One worker that serves the folder's files; gives port and process id."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        time.sleep(1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def rate(address: str, pid: int, seconds: float) -> float:
    """Answers for each second of processor time of the process."""
    before = cost(pid)
    said = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds:.0f}s", address], capture_output=True, text=True, check=True).stdout
    spent = cost(pid).since(before)
    if "Non-2xx" in said:
        raise SystemExit(said)
    found = re.search(r"(\d+) requests in", said)
    assert found, said
    return int(found[1]) / max(spent.cpu_s, 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, store(Path(name) / "store") as (s3, _):
        folder, now = Path(name), SystemClock().now()
        folder.chmod(0o755)
        live = make_live(folder, s3, {"one": chirp(40, 300, 3000), "two": chirp(30, 3000, 300)}, now=now)
        tick = tick_at(time.time_ns() // 1_000_000)
        air(live, list(live.made), tick - 400, tick + 4000, now=now)
        files = folder / "files"
        files.mkdir()
        with web(live) as (address, pid), nginx(folder) as (port, nginx_pid):
            playlist = fetched(f"{address}/live/standard.m3u8")
            segment = "/live/" + playlist.decode().splitlines()[-3]
            (files / "list.m3u8").write_bytes(playlist)
            (files / "segment.mp3").write_bytes(fetched(address + segment))
            for what, ours, theirs in (("playlist", "/live/standard.m3u8", "/list.m3u8"), ("segment", segment, "/segment.mp3")):
                own = rate(address + ours, pid, wanted.seconds)
                files_rate = rate(f"http://127.0.0.1:{port}{theirs}", nginx_pid, wanted.seconds)
                print(json.dumps({"what": what, "ours_per_core_s": round(own), "nginx_per_core_s": round(files_rate),
                                  "share_percent": round(100 * own / files_rate, 1)}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
