#!/usr/bin/env python3
"""One day of the channel as one cache fetches it, beside Liquidsoap and Icecast playing the same programmes.

    python scripts/bench/channel.py [--segments 15000] [--seconds 120]

Ours: every playlist and every segment of the standard rendition, once, over HTTP from the real web process (gunicorn, gevent) with a
clock that the bench moves, out of the real store; what compiling a day costs is added. Theirs: the same renditions as files, one
64 kbit/s mono MP3 stream, one listener, for `--seconds`, scaled to a day. Processor time is user and system of every process but the
bench's own. Needs liquidsoap and icecast2.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from sqlalchemy import select  # noqa: E402
from watched import Cost, cost  # noqa: E402

from media.grid import SEGMENT_MS  # noqa: E402
from media.objects import StoreSettings  # noqa: E402
from media.seaweed import Seaweed  # noqa: E402
from media.store import ObjectStore  # noqa: E402
from radio.catalogue.models import Episode, Recording  # noqa: E402
from radio.clock import SetClock  # noqa: E402
from radio.core.time import from_unix_ms, unix_ms  # noqa: E402
from radio.schedule import actions  # noqa: E402
from radio.station import Station  # noqa: E402
from tests.live import Live, chirp, make_live  # noqa: E402
from tests.makers import make_episode  # noqa: E402
from tests.ports import free_port  # noqa: E402

DAY_SEGMENTS = 15_000
TIMES, COPIES = 8, 3
PROGRAMMES = {
    "rise": (131, 200, 3000),
    "fall": (157, 3400, 300),
    "high": (142, 900, 5200),
    "low": (128, 150, 900),
    "wide": (166, 100, 6000),
}


@contextmanager
def store(folder: Path) -> Iterator[tuple[StoreSettings, Seaweed]]:
    """The embedded store, as the station runs it."""
    folder.mkdir()
    server = Seaweed(folder, access_key="bench", secret_key="a-secret-of-the-bench")
    server.start()
    try:
        server.wait_ready()
        settings = server.settings("bench")
        ObjectStore(settings).ensure_bucket()
        yield settings, server
    finally:
        server.stop()


def lengthen(live: Live, s3: StoreSettings, folder: Path) -> list[Path]:
    """Make each programme `TIMES` as long by repeating its frames (they borrow nothing from one another), and copy it `COPIES` times.

    So a day reads as much from the store as a day of different programmes does. Gives the standard renditions as files.
    """
    objects, files = ObjectStore(s3), []
    with live.session() as session:
        for recording in session.scalars(select(Recording)).all():
            made = live.made[recording.id].renditions[0]
            row = recording.rendition("standard")
            assert row is not None
            assert recording.n_ticks is not None
            content = made.path.read_bytes() * TIMES
            path = folder / f"{recording.id}.mp3"
            path.write_bytes(content)
            files.append(path)
            recording.n_ticks, row.size_bytes = recording.n_ticks * TIMES, len(content)
            recording.n_samples = (recording.n_samples or 0) * TIMES
            row.key = f"long/{recording.id}"
            objects.put_bytes(row.key, content, "audio/mpeg")
            show = session.get_one(Episode, recording.episode_id).show
            for copy in range(COPIES):
                episode = make_episode(session, show=show, ticks=recording.n_ticks, now=recording.received_at)
                own = episode.recording.rendition("standard") if episode.recording else None
                assert own is not None
                own.key, own.size_bytes = f"long/{recording.id}-{copy}", len(content)
                objects.put_bytes(own.key, content, "audio/mpeg")
        session.commit()
    return files


def compile_days(live: Live, s3: StoreSettings, at_ms: int) -> float:
    """Compile two days; gives the processor seconds that one of them took."""
    station = Station(replace(live.settings, horizon_days=2), SetClock(from_unix_ms(at_ms)), ObjectStore(s3))
    begun = time.process_time()
    with live.session() as session:
        revision = actions.extend(session, station)[0]
        session.commit()
        ticks = revision.end_tick - revision.effective_tick
    return (time.process_time() - begun) * 90_000 / ticks


@contextmanager
def web(live: Live, clock: Path) -> Iterator[tuple[int, int]]:
    """A web process with the bench's clock; gives port and process id."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("RADIO_")} | dict(live.env)
    script = Path(__file__).resolve().parent / "web_at.py"
    process = subprocess.Popen([sys.executable, str(script), str(port), str(live.emergency), str(clock)], env=env)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def asked(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return content


def fetch_day(port: int, clock: Path, start_ms: int, n_segments: int) -> int:
    """Each playlist when it is new, and the one segment that is new in it; gives the bytes."""
    connection, total = http.client.HTTPConnection("127.0.0.1", port, timeout=30), 0
    with clock.open("r+b", buffering=0) as file:
        for n in range(n_segments):
            file.seek(0)
            file.write((start_ms + n * SEGMENT_MS).to_bytes(8, "big"))
            text = asked(connection, "/live/standard.m3u8")
            total += len(text) + len(asked(connection, "/live/" + text.decode().splitlines()[-1]))
    return total


def ours(folder: Path, n_segments: int) -> tuple[Cost, float, list[Path]]:
    """What `n_segments` cost, what compiling a day costs, and the renditions for the others."""
    with store(folder / "store") as (s3, server):
        start_ms = unix_ms(datetime(2026, 6, 1, 3, tzinfo=UTC))
        sounds = {name: chirp(*sweep) for name, sweep in PROGRAMMES.items()}
        live = make_live(folder, s3, sounds, now=from_unix_ms(start_ms) - timedelta(days=1))
        kept = folder / "programmes"
        kept.mkdir()
        programmes = lengthen(live, s3, kept)
        compiling_s = compile_days(live, s3, start_ms)
        clock = folder / "clock"
        clock.write_bytes((start_ms + 60_000).to_bytes(8, "big"))
        with web(live, clock) as (port, pid):
            for _ in range(200):
                try:
                    asked(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/live.m3u8")
                    break
                except OSError:
                    time.sleep(0.1)
            assert server.pid is not None
            before, begun = cost(pid, server.pid), time.monotonic()
            web_before = cost(pid)
            n_bytes = fetch_day(port, clock, start_ms + 60_000, n_segments)
            spent, web_spent = cost(pid, server.pid).since(before), cost(pid).since(web_before)
            took_s = time.monotonic() - begun
        print(f"ours: {n_segments} playlists and segments, {n_bytes / 1e6:.0f} MB, in {took_s:.0f} s: "
              f"{web_spent.cpu_s:.1f} s in the web process, {spent.cpu_s - web_spent.cpu_s:.1f} s in the store")  # fmt: skip
        return spent, compiling_s, programmes


ICECAST = """<icecast><limits><clients>20</clients><sources>2</sources><queue-size>524288</queue-size><burst-size>65535</burst-size></limits>
<authentication><source-password>hackme</source-password><admin-user>a</admin-user><admin-password>hackme</admin-password></authentication>
<hostname>127.0.0.1</hostname><listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>a.log</accesslog><errorlog>e.log</errorlog><loglevel>2</loglevel></logging></icecast>"""

LIQUIDSOAP = """s = playlist(mode="normal", "{folder}/list.m3u")
output.icecast(%mp3(bitrate=64, samplerate=48000, mono), host="127.0.0.1", port={port}, password="hackme", mount="live.mp3", mksafe(s))
"""


def theirs(folder: Path, programmes: Sequence[Path], seconds: int) -> tuple[Cost, float]:
    """What Liquidsoap and Icecast cost in `seconds`, after they have settled; and the seconds that a listener really heard."""
    place, port = folder / "theirs", free_port()
    place.mkdir()
    (place / "icecast.xml").write_text(ICECAST.format(port=port, folder=place))
    (place / "radio.liq").write_text(LIQUIDSOAP.format(port=port, folder=place))
    (place / "list.m3u").write_text("\n".join(map(str, programmes)) + "\n")
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # both refuse to run as root
    if nobody:
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    uid = {
        "user": nobody and nobody.pw_uid,
        "group": nobody and nobody.pw_gid,
        "env": {**os.environ, "HOME": str(place)},
        "cwd": place,
    }
    quiet = {"stdout": (folder / "theirs.log").open("wb"), "stderr": subprocess.STDOUT}
    icecast = subprocess.Popen(["icecast2", "-c", str(place / "icecast.xml")], **uid, **quiet)  # type: ignore[call-overload]
    time.sleep(2)
    liquidsoap = subprocess.Popen(["liquidsoap", str(place / "radio.liq")], **uid, **quiet)  # type: ignore[call-overload]
    try:
        time.sleep(15)
        listener = subprocess.Popen(["curl", "-s", "-o", str(folder / "heard.mp3"), f"http://127.0.0.1:{port}/live.mp3"])
        before = cost(icecast.pid, liquidsoap.pid)
        time.sleep(seconds)
        spent = cost(icecast.pid, liquidsoap.pid).since(before)
        listener.terminate()
        listener.wait()
    finally:
        for process in (liquidsoap, icecast):
            process.terminate()
            process.wait(20)
    heard = folder / "heard.mp3"
    return spent, heard.stat().st_size / 8000 if heard.exists() else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=DAY_SEGMENTS, help="how many of a day's 15,000 to fetch")
    parser.add_argument("--seconds", type=int, default=120, help="how long to watch the others")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        spent, compiling_s, programmes = ours(folder, wanted.segments)
        for path in (folder / "programmes", *programmes):
            path.chmod(0o755)
        day_s = spent.cpu_s * DAY_SEGMENTS / wanted.segments + compiling_s
        found: dict[str, object] = {
            "ours_cpu_s_a_day": round(day_s, 1), "of_which_compiling": round(compiling_s, 2), "ours_memory_mb": round(spent.memory_mb),
        }  # fmt: skip
        if shutil.which("liquidsoap") and shutil.which("icecast2"):
            others, heard_s = theirs(folder, programmes, wanted.seconds)
            their_day_s = others.cpu_s * 86_400 / wanted.seconds
            found |= {
                "theirs_cpu_s_a_day": round(their_day_s), "theirs_memory_mb": round(others.memory_mb), "theirs_heard_s": round(heard_s),
                "ratio": f"1/{their_day_s / day_s:.0f}",
            }  # fmt: skip
        print(json.dumps(found))


if __name__ == "__main__":
    main()
