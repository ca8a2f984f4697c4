"""From rows to a compiled future: reads what compiling depends on, and says what it was made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from radio.schedule import overriding, queries, rules
from radio.schedule.airings import Airable, Airing, Part
from radio.schedule.proof import digest, zones_version
from radio.station import Station

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What a compilation was made of: its hash, and what the proof needs."""

    inputs_hash: str
    pool: dict[str, Airable]


def compiled(session: Session, station: Station, seed: str, from_tick: int, to_tick: int) -> tuple[rules.Compiled, MadeOf]:
    """The future over a span. Only reads, and takes seconds for two weeks: hold no lock meanwhile unless the span is short."""
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    pool = queries.pool(session, now=station.now())
    recent = queries.rundown(session, from_tick - queries.LOOK_BACK_TICKS, from_tick).airings
    heard = [airing for airing in recent if airing.part is not Part.EMERGENCY]
    standing = overriding.standing(session, from_tick, to_tick)
    found = rules.compile(
        slots, pool, zone=station.settings.tz, seed=bytes.fromhex(seed), from_tick=from_tick, to_tick=to_tick, recent=heard,
        standing=standing,
    )  # fmt: skip
    for code, times in sorted(Counter(fault.code for fault in found.faults).items()):
        first = next(fault for fault in found.faults if fault.code == code)
        log.info("rundown: %s %d times, first at tick %d, slot %s", code, times, first.tick, first.slot_id)
    inputs = _inputs(slots, pool, heard) | {
        "overrides": [one.facts for one in standing],
        "seed": digest(seed), "span": [from_tick, to_tick], "zone": station.settings.zone, "zones": zones_version(),
    }  # fmt: skip
    return found, MadeOf(digest(inputs), {airable.episode_id: airable for airable in pool})


def _inputs(slots: Sequence[rules.Slot], pool: Sequence[Airable], recent: Sequence[Airing]) -> dict[str, object]:
    """All that compiling depends on, so that anybody who has it can compile the same again."""
    return {
        "slots": [[s.slot_id, s.zone, s.first_start.isoformat(), s.length.total_seconds(), s.rrule, s.fill, s.priority,
                   s.tolerance.total_seconds(), sorted(e.isoformat() for e in s.exceptions),
                   {k.isoformat(): v for k, v in s.overrides.items()}] for s in slots],
        "pool": [[*_values(airable)] for airable in sorted(pool, key=lambda a: a.episode_id)],
        "recent": [[a.start_tick, a.n_ticks, a.episode_id, a.part, a.slot_id] for a in recent],
    }  # fmt: skip


def _values(airable: Airable) -> list[object]:
    return [sorted(v) if isinstance(v, frozenset) else v for v in asdict(airable).values()]
