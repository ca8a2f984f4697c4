#!/usr/bin/env python3
"""How long two weeks take to compile, with 50 slots; and that the same comes of it twice and in another process.

Also how long an editor waits for what a draft of a slot meets.

    python scripts/bench/compile.py [--episodes 2000 20000] [--slots 50] [--days 14]

The catalogue is invented by arithmetic. Beside the compiling itself it tells what packing the recipe costs and how large it is.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from media.grid import DAY_TICKS  # noqa: E402
from radio.schedule.airings import Airable, part_of  # noqa: E402
from radio.schedule.policy import DAYS, DEFAULTS  # noqa: E402
from radio.schedule.proof import chained, law, prove, prove_support  # noqa: E402
from radio.schedule.recipe import Recipe, kept  # noqa: E402
from radio.schedule.rules import ALGORITHM, Compiled, Slot, compile  # noqa: E402, A004
from radio.schedule.wallclock import hours  # noqa: E402

ZONE, SEED = ZoneInfo("Europe/London"), b"bench"
FIRST_TICK = 1_795_608_000_000 // 960


def catalogue(n: int) -> list[Airable]:
    """Programmes of two minutes to an hour, a fifth heavy, two thirds calm; and what stands between them."""
    chance, found = random.Random(n), []

    def add(kind: str, ticks: int, show: str, **more: object) -> None:
        name = f"e{len(found):06}"
        fields = {"published_tick": 0, "expires_tick": None, "night_ok": True, "heavy": False, "order": len(found), **more}
        part = part_of(kind=kind, n_ticks=ticks, in_feeds=show != "house")
        found.append(Airable(name, f"r{name}", show, kind, part, ticks, **fields))  # type: ignore[arg-type]

    for _ in range(n):
        add(
            chance.choice(("story", "interview", "programme", "guidance")), chance.choice((130, 400, 900, 1600, 3700)) + chance.randrange(90),
            f"show{chance.randrange(max(4, n // 25))}", night_ok=chance.random() < 0.66, heavy=chance.random() < 0.2,
            voices=frozenset({f"voice{chance.randrange(max(4, n // 3))}"}),
            notes=frozenset({chance.choice(("suicide", "overdose", "use-mentioned", "violence", "sex"))} if chance.random() < 0.2 else ()),
            tags=frozenset({("topic", f"topic{chance.randrange(28)}")}),
            expires_tick=FIRST_TICK + chance.randrange(60) * DAY_TICKS if chance.random() < 0.2 else None,
        )  # fmt: skip
    for i in range(40):
        add("message", 20 + 2 * i, "between")
    for i in range(8):
        add("message", 20 + i, "support", tags=frozenset({("support", ("helpline", "overdose")[i % 2])}))
    for i in range(8):
        add("ident", 4 + i % 3, "house")
    add("company", 160, "house")
    return found


def week(n: int, n_episodes: int) -> list[Slot]:
    """Slots of every kind, some daily."""
    chance, shows = random.Random(7), max(4, n_episodes // 25)
    found = []
    for i in range(n):
        show = f"show{chance.randrange(shows)}"
        fill = chance.choice((
            {"rung": "latest", "show_id": show}, {"rung": "next", "show_id": show}, {"rung": "rotation", "kinds": ["story", "interview"]},
            {"rung": "rotation", "tags": [["topic", f"topic{chance.randrange(28)}"]]},
        ))  # fmt: skip
        days = ",".join(chance.sample(DAYS, chance.choice((1, 1, 2, 5, 7))))
        start = datetime(2026, 11, 2 + chance.randrange(7), chance.randrange(24), chance.choice((0, 30)))  # noqa: DTZ001
        length = timedelta(minutes=chance.choice((30, 60, 90)))
        soft = timedelta(minutes=chance.choice((0, 0, 5)))
        found.append(Slot(f"slot{i:02}", "Europe/London", start, length, f"FREQ=WEEKLY;BYDAY={days}", fill, tolerance=soft))
    return found


def made(n_episodes: int, n_slots: int, days: int) -> tuple[Compiled, list[Airable], list[Slot], float, float]:
    """Compile once; with the seconds it took, and those of the processor."""
    pool, slots = catalogue(n_episodes), week(n_slots, n_episodes)
    began, worked = time.perf_counter(), time.process_time()
    found = compile(slots, pool, zone=ZONE, seed=SEED, from_tick=FIRST_TICK, to_tick=FIRST_TICK + days * DAY_TICKS)
    return found, pool, slots, time.perf_counter() - began, time.process_time() - worked


def name_of(found: Compiled) -> str:
    return chained(found.airings, span=(found.from_tick, found.to_tick), why="bench", inputs_hash="", previous_hash="")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--episodes", type=int, nargs="+", default=[2000, 20_000])
    asked.add_argument("--slots", type=int, default=50)
    asked.add_argument("--days", type=int, default=14)
    asked.add_argument("--only-drafts", action="store_true", help="compile nothing")
    asked.add_argument("--only-hash", action="store_true", help="compile once and print the hash")
    chosen = asked.parse_args()
    for n in chosen.episodes:
        if chosen.only_drafts:
            tell_drafts(n, catalogue(n), week(chosen.slots, n))
            continue
        found, pool, slots, took, cpu = made(n, chosen.slots, chosen.days)
        if chosen.only_hash:
            print(name_of(found))
            continue
        again, *_, took_again, cpu_again = made(n, chosen.slots, chosen.days)
        command = [
            sys.executable,
            __file__,
            "--only-hash",
            "--episodes",
            str(n),
            "--slots",
            str(chosen.slots),
            "--days",
            str(chosen.days),
        ]
        other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        bounds, known = hours(DEFAULTS, ZONE, found.from_tick, found.to_tick), {a.episode_id: a for a in pool}
        prove(found.airings, found.from_tick, found.to_tick, law(known, bounds))
        prove_support(found.airings, known, bounds, DEFAULTS)
        began = time.perf_counter()
        _, pieces = kept(Recipe(slots, pool, DEFAULTS, 0, "Europe/London", "", "", (0, 0), 0, ALGORITHM))
        packed = sum(len(content) for _, content in pieces.values())
        print(
            f"{n} episodes, {chosen.slots} slots, {chosen.days} days: {min(took, took_again):.2f} s (processor {min(cpu, cpu_again):.2f} s), {len(found.airings)} airings, "
            f"{len(found.faults)} faults; same hash twice: {name_of(found) == name_of(again)}, in another process: {name_of(found) == other}; "
            f"recipe {packed / 1000:.0f} kB in {time.perf_counter() - began:.2f} s"
        )
        tell_drafts(n, pool, slots)


def tell_drafts(n: int, pool: list[Airable], slots: list[Slot]) -> None:
    from drafts import measured

    for what, (first, median) in measured(pool, slots).items():
        print(f"{n} episodes, {len(slots)} slots: {what}: {median} ms (first {first} ms)", flush=True)


if __name__ == "__main__":
    main()
