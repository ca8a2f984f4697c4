"""What may be put in the place of an airing, and what would not fit there: told before somebody chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from media.grid import DAY_TICKS
from radio.schedule import models, overrides, overriding, queries, rules
from radio.schedule.airings import Airable
from radio.schedule.compiler import Compiler
from radio.schedule.gaps import Here
from radio.schedule.ladder import Pool
from radio.schedule.wallclock import hours
from radio.station import Station


@dataclass(frozen=True, slots=True)
class Offer:
    """One that may lawfully begin there."""

    airable: Airable
    with_messages_ticks: int
    """How long it is with the support messages that have to stand around it."""
    fault: str
    """Why it would be refused all the same: too-long or swapped-away; empty: it would not."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an airing: until when what is put there may run, and what may be."""

    until_tick: int
    offers: Sequence[Offer]


def place(session: Session, station: Station, tick: int) -> Place:
    """What may be heard from a tick on instead of what is planned, as compiling will see it then."""
    pool = queries.pool(session, now=station.now())
    compiler = _compiler(session, station, pool, tick)
    here = compiler.stands(tick)
    lawful = overrides.choices(session, station, tick, pool)
    return Place(tick + here.room, [_offer(compiler, here, airable) for airable in lawful])


def _compiler(session: Session, station: Station, pool: Sequence[Airable], tick: int) -> Compiler:
    """A compilation that begins there: it has heard the day before, which is enough to know what is owed."""
    seed = bytes.fromhex(session.get_one(models.Desk, 1).seed)
    _number, policy = queries.station_rules(session)
    until = tick + 2 * DAY_TICKS
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    compiler = Compiler(
        rules.places(slots, tick, until), Pool(pool, seed, policy), hours(policy, station.settings.tz, tick, until), seed, tick,
        standing=overriding.standing(session, tick, until),
    )  # fmt: skip
    for airing in queries.rundown(session, tick - DAY_TICKS, tick).airings:
        compiler.memory.fold(airing)
    return compiler


def _offer(compiler: Compiler, here: Here, airable: Airable) -> Offer:
    pool, support = compiler.pool, compiler.support
    index = pool.index[airable.episode_id]
    n_ticks = int(support.with_support()[0][index])
    before = support.ticks_for(compiler.memory.owed & support.known)
    if here.tick + before + airable.n_ticks > here.limit:  # help is said first, because it would be late after it
        before += support.longest
        if not support.makes_room_for(airable.n_ticks):
            return Offer(airable, n_ticks, "too-long")
    if not here.lawful[index]:
        return Offer(airable, n_ticks, "swapped-away")
    return Offer(airable, n_ticks, "" if before + n_ticks <= here.room else "too-long")
