"""Ranges of an enclosure: 1,000 requests of 1 MB, our web process and the store behind it, then nginx with the same file on disk.

Run: .venv/bin/python scripts/bench/enclosures.py [--requests 1000]. Needs Debian's nginx-light.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from sqlalchemy import select  # noqa: E402
from watched import cost  # noqa: E402

from media.seaweed import Seaweed  # noqa: E402
from media.store import S3Store  # noqa: E402
from radio.app import create_app  # noqa: E402
from radio.catalogue.models import Enclosure, Episode, Rendition  # noqa: E402
from radio.clock import SystemClock  # noqa: E402
from radio.db import db, reading  # noqa: E402
from radio.feeds import heads  # noqa: E402
from radio.station import open_clock, open_store  # noqa: E402
from tests.live import chirp, make_live, web  # noqa: E402
from tests.ports import free_port  # noqa: E402

MEGABYTE = 1_000_000
LOOP = ROOT / "radio/channel/emergency/mp3-64.mp3"
ROUNDS = 130
"""Of the loop, one after the other: an hour of sound, 30 MB."""


def ranges(port: int, path: str, size_bytes: int, requests: int) -> float:
    """Ask for a megabyte somewhere, again and again on one line; seconds."""
    chance, line = random.Random(7), http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began_s = time.monotonic()
    for _ in range(requests):
        start = chance.randrange(size_bytes - MEGABYTE)
        line.request("GET", path, headers={"Range": f"bytes={start}-{start + MEGABYTE - 1}"})
        answer = line.getresponse()
        got = len(answer.read())
        if (answer.status, got) != (206, MEGABYTE):
            raise SystemExit(f"{path}: {answer.status} with {got} bytes")
    line.close()
    return time.monotonic() - began_s


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[int]:
    """Nginx with one worker that serves the folder; gives its process id."""
    config = folder / "nginx.conf"
    config.write_text(
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events {} http { access_log off; sendfile on; types { audio/mpeg mp3; }\n"
        + "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"server {{ listen 127.0.0.1:{port}; root {folder}/files; }} }}\n"
    )
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)])
    try:
        for _ in range(50):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        store = Seaweed(folder / "s3", access_key="radio", secret_key="a-secret-of-the-bench", durable=False)
        store.start()
        try:
            store.wait_ready()
            settings = store.settings("radio")
            S3Store(settings).ensure_bucket()
            live = make_live(folder, settings, {"Hour": chirp(3, 300, 900)}, now=SystemClock().now() - timedelta(hours=1))
            whole = _an_hour(live, S3Store(settings))
            with web(live) as (address, pid):
                compare(folder, address, (pid, store.pid or 0), whole, requests)
        finally:
            store.stop()


def _an_hour(live: object, store: S3Store) -> tuple[str, bytes]:
    """Make the episode an hour long, with the head of its download; its path and all its bytes."""
    sound = LOOP.read_bytes() * ROUNDS
    with live.session() as session:  # type: ignore[attr-defined]
        row = session.scalars(select(Rendition).where(Rendition.profile == "standard")).one()
        row.size_bytes, row.sha256 = len(sound), hashlib.sha256(sound).hexdigest()
        store.put_bytes(row.key, sound, row.media_type)
        session.commit()
        episode_id = session.scalars(select(Episode.id)).one()
    app = create_app(live.settings, clock=open_clock(live.settings), store=open_store(live.settings))  # type: ignore[attr-defined]
    with app.app_context():
        here = app.extensions["station"]
        with reading():
            wanted = heads.stale(db.session(), here)
            db.session().rollback()
        made = {each: heads.make(each, here) for each in wanted}
        heads.keep(db.session(), made, now=here.now())
        db.session().commit()
        head_key = db.session().get_one(Enclosure, (episode_id, "standard")).head_key
        head = store.read(head_key)
        db.session().rollback()
        db.engine.dispose()
    return f"/audio/{episode_id}.mp3", head + sound


def compare(folder: Path, address: str, pids: tuple[int, int], whole: tuple[str, bytes], requests: int) -> None:
    """The same requests to both, their processor time side by side."""
    (web_pid, store_pid), (path, content) = pids, whole
    (folder / "files/audio").mkdir(parents=True)
    (folder / "files" / path[1:]).write_bytes(content)
    port = int(address.rpartition(":")[2])
    ranges(port, path, len(content), 10)
    before_web, before_store = cost(web_pid), cost(store_pid)
    took_s = ranges(port, path, len(content), requests)
    web_s, store_s = cost(web_pid).since(before_web).cpu_s, cost(store_pid).since(before_store).cpu_s
    theirs = free_port()
    with nginx(folder, theirs) as pid:
        ranges(theirs, path, len(content), 10)
        before = cost(pid)
        theirs_took_s = ranges(theirs, path, len(content), requests)
        theirs_s = cost(pid).since(before).cpu_s
    print(f"{requests} ranges of 1 MB out of {io.BytesIO(content).getbuffer().nbytes / 1e6:.0f} MB:")
    print(f"ours   web {web_s:.2f} s, store {store_s:.2f} s of processor time, in {took_s:.1f} s")
    print(f"nginx  {theirs_s:.2f} s of processor time, in {theirs_took_s:.1f} s")


if __name__ == "__main__":
    main()
