#!/usr/bin/env python3
"""Players for ten minutes: over joins, a revision of what is to come, a replica that dies, and the wrap of the timestamps.

    python scripts/bench/players.py [--minutes 10] [--players ffmpeg-standard,mpv-standard,…]

Two replicas behind one address play programmes made of chirps. A third of the way in the rundown is revised (the other way round), at
half time the timestamps begin anew, at two thirds one replica is killed and comes back. Then every programme is looked for in what
each player wrote down: how many samples late, how alike; and how far behind the true second the first sample was (for Chromium when it
came out of the page; for the others when the program was started). Names are those of `tests/conformance/test_players.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from channel import store  # noqa: E402

from media.grid import tick_at  # noqa: E402
from radio.clock import SystemClock  # noqa: E402
from tests.conformance import test_players as players  # noqa: E402
from tests.conformance.in_chromium import listen  # noqa: E402
from tests.conformance.test_replicas import Replica, front  # noqa: E402
from tests.live import Live, air, chirp, make_live, read_wav  # noqa: E402


def begin(live: Live, seconds: int) -> tuple[Live, int, int]:
    """The station with its clock set so that the wrap falls at half time; gives the offset and the first tick."""
    now_ms = time.time_ns() // 1_000_000
    offset_ms = players.to_wrap_ms(now_ms) - 1000 * seconds // 2 - 15_000
    tick = tick_at(now_ms + offset_ms)
    return replace(live, env={**live.env, "RADIO_CLOCK_OFFSET_MS": str(offset_ms)}), offset_ms, tick


def revise(live: Live, airings: list[tuple[int, str]], from_tick: int, to_tick: int, now: datetime) -> list[tuple[int, str]]:
    """From the first join after `from_tick` on, the programmes the other way round."""
    join = next(start for start, _ in airings if start >= from_tick)
    turned = air(live, list(reversed(live.made)), join, to_tick, now=now)
    return [each for each in airings if each[0] < join] + turned


def listeners(names: list[str], address: str, out: Path, seconds: int) -> list[threading.Thread]:
    players.SECONDS = seconds
    found = []
    for name in names:
        target = out / f"{name}.wav"
        if name in players.IN_CHROMIUM:
            more = {"low": players.IN_CHROMIUM[name], "seconds": seconds}
            found.append(threading.Thread(target=listen, args=(address, target), kwargs=more))
        else:
            make, path = players.RUNS[name]
            found.append(threading.Thread(target=players._play, args=(make(address + path, target), target)))
    return found


def heard_of(captured: players.Captured, name: str, begun_ms: int, offset_ms: int) -> dict[str, object]:
    heard = read_wav(captured.folder / f"{name}.wav")
    profile = "low" if name.endswith("low") else "standard"
    begun = captured.folder / f"{name}.begun"
    about_ms = float(begun.read_text()) + offset_ms if begun.exists() else begun_ms
    behind_s = about_ms / 1000 - players.beginning(players.excerpts(captured, profile), heard, round(about_ms)) / 48_000
    found = players.places(captured, heard, profile, round(about_ms))
    late = [abs(samples) for _, samples, _ in found]
    alike = [each for _, _, each in found]
    near = players.SLIP if name in players.IN_CHROMIUM else players.NEAR
    lost = [each for each in found if abs(each[1]) > near or each[2] < 0.95]
    return {"player": name, "heard_s": round(len(heard) / 48_000, 1), "behind_s": round(behind_s, 2), "looked_at": len(found), "most_samples_late": max(late, default=None),
            "least_alike": min(alike, default=None), "not_found": lost[:5]}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--players", default="ffmpeg-standard,mpv-standard")
    wanted = parser.parse_args()
    seconds, names = round(60 * wanted.minutes), wanted.players.split(",")
    with tempfile.TemporaryDirectory(prefix="players-") as name, store(Path(name) / "store") as (s3, _):
        folder, now = Path(name), SystemClock().now()
        folder.chmod(0o755)
        out = folder / "out"
        out.mkdir()
        out.chmod(0o777)
        live = make_live(folder, s3, {n: chirp(*sweep) for n, sweep in players.SWEEPS.items()}, now=now)
        live, offset_ms, tick = begin(live, seconds)
        last = tick + 4000 + seconds
        airings = air(live, list(live.made), tick - 400, last, now=now)
        replicas = [Replica(live), Replica(live)]
        try:
            for replica in replicas:
                replica.wait_ready()
            with front(replicas) as address:
                threads = listeners(names, address, out, seconds)
                begun, begun_ms = time.monotonic(), time.time_ns() // 1_000_000 + offset_ms
                for thread in threads:
                    thread.start()
                time.sleep(seconds / 3)
                airings = revise(live, airings, tick_at(time.time_ns() // 1_000_000 + offset_ms) + 25, last, now)
                time.sleep(max(0.0, begun + seconds * 2 / 3 - time.monotonic()))
                replicas[0].kill()
                time.sleep(5)
                replicas[0].start()
                for thread in threads:
                    thread.join()
        finally:
            for replica in replicas:
                replica.kill()
        captured = players.Captured(live, airings, out)
        for each in names:
            print(json.dumps(heard_of(captured, each, begun_ms, offset_ms)), flush=True)


if __name__ == "__main__":
    main()
