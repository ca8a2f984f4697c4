"""From rows to a compiled future: reads what compiling depends on, and says what it was made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from radio.schedule import overriding, queries, rules
from radio.schedule.airings import Airable, Airing, Part
from radio.schedule.gaps import Fault
from radio.schedule.policy import DEFAULTS, StationRules
from radio.schedule.proof import digest, zones_version
from radio.schedule.recipe import Pieces, Recipe, kept
from radio.station import Station

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What a compilation was made of: its hash, what the proof needs, and what has to be kept to compile it again."""

    inputs_hash: str
    pool: dict[str, Airable]
    rules: StationRules = DEFAULTS
    pieces: Pieces = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def compiled(session: Session, station: Station, seed: str, from_tick: int, to_tick: int) -> tuple[rules.Compiled, MadeOf]:
    """The future over a span. Only reads, and takes seconds for two weeks: hold no lock meanwhile unless the span is short."""
    head_id = queries.head_id(session)
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    pool = queries.pool(session, now=station.now())
    number, policy = queries.station_rules(session)
    standing = overriding.standing(session, from_tick, to_tick)
    heard = recent(session, from_tick, head_id)
    found = rules.compile(
        slots, pool, zone=station.settings.tz, seed=bytes.fromhex(seed), from_tick=from_tick, to_tick=to_tick, recent=heard,
        rules=policy, standing=standing,
    )  # fmt: skip
    for code, times in sorted(Counter(fault.code for fault in found.faults).items()):
        first = next(fault for fault in found.faults if fault.code == code)
        log.info("rundown: %s %d times, first at tick %d, slot %s", code, times, first.tick, first.slot_id)
    recipe = Recipe(
        slots=tuple(slots), pool=tuple(pool), rules=policy, rules_number=number, zone=station.settings.zone,
        zones=zones_version(), seed=digest(seed), span=(from_tick, to_tick), head_id=head_id, algorithm=rules.ALGORITHM,
        standing=tuple(standing),
    )  # fmt: skip
    inputs_hash, pieces = kept(recipe)
    return found, MadeOf(inputs_hash, {airable.episode_id: airable for airable in pool}, policy, pieces, found.faults)


def recent(session: Session, from_tick: int, head_id: int) -> Sequence[Airing]:
    """What compiling takes as heard before a tick, as it stood after a revision."""
    airings = queries.rundown(session, from_tick - queries.LOOK_BACK_TICKS, from_tick, upto=head_id).airings
    return [airing for airing in airings if airing.part is not Part.EMERGENCY]
