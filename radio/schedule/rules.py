"""Compiling a rundown: from slots, a pool of episodes and the station's rules to airings that tile the time. Pure.

One step looks at a tick and at what has been heard, and says what airs next; compiling is that step repeated. So a rundown
can be compiled again from any of its joins and goes on the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from media.grid import DAY_TICKS, tick_start_ms
from radio.core.time import from_unix_ms
from radio.schedule.airings import (
    Airable,
    Airing,
    Part,
    Rundown,
    canonical,
    differing,
    emergency,
    night_ok,
    on_air,
    part_of,
    without_holes,
)
from radio.schedule.compiler import Compiler
from radio.schedule.gaps import Fault
from radio.schedule.ladder import Pool
from radio.schedule.policy import DEFAULTS, StationRules
from radio.schedule.standing import Standing, stopped_until
from radio.schedule.turns import ANCHOR_TICKS
from radio.schedule.wallclock import Place, Slot, hours, occurrences, resolved

__all__ = [
    "ANCHOR_TICKS", "Airable", "Airing", "Compiled", "Fault", "Part", "Rundown", "Slot", "canonical", "compile", "differing",
    "emergency", "night_ok", "on_air", "part_of", "places", "without_holes",
]  # fmt: skip

ALGORITHM = 7
"""Grows when the same inputs would compile to something else."""
_MOST_BEHIND_TICKS = DAY_TICKS


@dataclass(frozen=True, slots=True)
class Compiled:
    """Airings that tile `[from_tick, to_tick)`. The last one may run past the tick that was asked for."""

    from_tick: int
    to_tick: int
    airings: tuple[Airing, ...]
    faults: tuple[Fault, ...]


def compile(  # noqa: A001 - the trade's word
    slots: Iterable[Slot],
    pool: Iterable[Airable],
    *,
    zone: ZoneInfo,
    seed: bytes,
    from_tick: int,
    to_tick: int,
    recent: Sequence[Airing] = (),
    rules: StationRules = DEFAULTS,
    standing: Sequence[Standing] = (),
) -> Compiled:
    """The airings from `from_tick` until at least `to_tick`, and on until nothing is owed.

    `recent` is what was aired before, in order: what rests is read from it. `standing` are the overrides that hold. The result
    depends on nothing but the arguments.
    """
    resumed = stopped_until(standing, from_tick)
    if resumed > from_tick:
        loop = emergency(from_tick, min(resumed, to_tick), "stopped")
        if resumed >= to_tick:
            return Compiled(from_tick, to_tick, (loop,), ())
        rest = compile(
            slots, pool, zone=zone, seed=seed, from_tick=resumed, to_tick=to_tick, recent=recent, rules=rules, standing=standing
        )
        return Compiled(from_tick, rest.to_tick, (loop, *rest.airings), rest.faults)
    span = (from_tick, to_tick + _MOST_BEHIND_TICKS)
    compiler = Compiler(
        places(slots, *span),
        Pool(pool, seed, rules),
        hours(rules, zone, from_tick, span[1] + DAY_TICKS),
        seed,
        from_tick,
        standing=standing,
    )
    for airing in recent:
        compiler.memory.fold(airing)
    airings: list[Airing] = []
    tick = from_tick
    while tick < to_tick or (compiler.owes() and tick < to_tick + _MOST_BEHIND_TICKS):
        airing = compiler.next_airing(tick)
        compiler.memory.fold(airing)
        airings.append(airing)
        tick = airing.end_tick
    return Compiled(from_tick, tick, tuple(airings), compiler.faults(to_tick))


def places(slots: Iterable[Slot], from_tick: int, to_tick: int) -> list[Place]:
    """Whose time it is, from at least two days before `from_tick` so that the first place has its true start."""
    first, last = from_tick - 2 * DAY_TICKS, to_tick + 2 * DAY_TICKS
    start, end = from_unix_ms(tick_start_ms(first)) - timedelta(days=2), from_unix_ms(tick_start_ms(last))
    return resolved((place for slot in slots for place in occurrences(slot, start, end)), first, last)
