"""What the rundown would become: read, compiled and proved in transactions that only read. `actions` keeps it.

Compiling two weeks takes seconds, and nobody who writes should wait for it. So a plan knows its basis: all that it was read
from, as it was before anything else was read. While that is still so, the plan may be kept.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.catalogue.queries import change_number
from radio.core.time import unix_ms
from radio.schedule import models, queries, rules
from radio.schedule.airings import Airable, Airing, Part, differing, emergency
from radio.schedule.proof import digest, law, prove, zones_version
from radio.schedule.wallclock import night
from radio.station import Station

log = logging.getLogger(__name__)

GUARD = timedelta(seconds=24)
"""Longer than the segments that players already have in their lists."""
EXTENDED_BY_TICKS = 6 * HOUR_TICKS
URGENT_TICKS = 2 * HOUR_TICKS
"""How much of the future a take-down compiles at once; a job does the rest."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was read from. The seed of a station that has none yet is drawn here and written with the first plan."""

    head_id: int
    catalogue_number: int
    slots_hash: str
    seed: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces of a rundown, each proved, that replace what is written. `whole`: to the end of the compiled future."""

    why: str
    basis: Basis
    inputs_hash: str
    pieces: Sequence[Sequence[Airing]]
    whole: bool
    follows_catalogue: bool
    """Whether all of the future is now made of the catalogue as it was read."""

    @property
    def from_tick(self) -> int | None:
        """The first tick that it changes; None: none."""
        return self.pieces[0][0].start_tick if self.pieces else None


def basis(session: Session, *, seed: str = "") -> Basis:
    """What a plan would be read from now. `seed` stands in for that of a station that has none."""
    there = session.scalar(select(models.Desk.seed).where(models.Desk.id == 1))
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    return Basis(queries.head_id(session), change_number(session), digest(_slots(slots)), there or seed or secrets.token_hex(32))


def soonest(station: Station, lead: timedelta = timedelta()) -> int:
    """The first tick that no player can have in its list once `lead` has passed."""
    return first_tick_from(unix_ms(station.now() + GUARD + lead))


def extension(session: Session, station: Station, *, lead: timedelta = timedelta()) -> Plan | None:
    """The rundown as far as the horizon; None: it already reaches there. `lead`: how long until it will be kept.

    Raises:
        UnprovenError: what was compiled has a gap, an overlap or an unlawful airing.
    """
    found = basis(session)
    wanted = first_tick_from(station.clock.unix_ms()) + station.settings.horizon_days * DAY_TICKS
    planned = queries.planned_until(session)
    if planned >= wanted:
        return None
    span = max(planned, soonest(station, lead)), (wanted // EXTENDED_BY_TICKS + 1) * EXTENDED_BY_TICKS
    compiled, made_of = _compiled(session, station, found, *span)
    pieces = _proved(station, [compiled.airings], made_of)
    return Plan("extended", found, made_of.inputs_hash, pieces, whole=True, follows_catalogue=planned == 0)


def revision(
    session: Session, station: Station, *, why: str, effective_tick: int | None = None, lead: timedelta = timedelta()
) -> Plan | None:
    """The future compiled anew from `effective_tick` (None: when the frozen hour ends), as pieces that differ from what is written.

    What is on air at that tick plays to its end, unless it may no longer be heard: then it is cut there. A take-down is
    planned two hours ahead; where the written future does not join there stands the loop, until the rest is planned too.
    None: there is no future to be changed.

    Raises:
        UnprovenError: what was compiled has a gap, an overlap or an unlawful airing.
    """
    found = basis(session)
    planned = queries.planned_until(session)
    first, urgent = soonest(station, lead), why == "withdrawn"
    if planned <= first:
        return None if urgent else extension(session, station, lead=lead)
    start, cut = _effective(session, station, effective_tick, first, planned)
    until = min(planned, start + URGENT_TICKS) if urgent else planned
    compiled, made_of = _compiled(session, station, found, start, until)
    old = queries.rundown(session, start, max(compiled.to_tick, planned)).airings
    airings = [*compiled.airings, *_joint(compiled.to_tick, old)] if compiled.to_tick < planned else compiled.airings
    spans = differing(old, airings)
    log.info("rundown: %s from tick %d%s, %d pieces", why, start, " (cut)" if cut else "", len(spans))
    whole = compiled.to_tick >= planned
    pieces = _proved(station, [_within(airings, span) for span in spans], made_of)
    return Plan(why, found, made_of.inputs_hash, pieces, whole=whole, follows_catalogue=whole)


def _joint(tick: int, old: Sequence[Airing]) -> list[Airing]:
    """What stands between a new future that ends at `tick` and the next airing of the old one."""
    following = min((airing.start_tick for airing in old if airing.start_tick >= tick), default=old[-1].end_tick)
    return [emergency(tick, following)] if following > tick else []


def _effective(session: Session, station: Station, asked: int | None, first: int, planned: int) -> tuple[int, bool]:
    """Where a change begins, and whether it cuts what is on air there."""
    tick = min(max(asked, first), planned) if asked is not None else _thawed(session, station, first, planned)
    crossing = rules.on_air(queries.rundown(session, tick - DAY_TICKS, tick + DAY_TICKS), tick)
    if crossing is None or crossing.start_tick == tick or crossing.part is Part.EMERGENCY:
        return tick, False
    barred = queries.withdrawn_from(session, crossing.recording_id) is not None
    return (tick, True) if barred else (min(crossing.end_tick, planned), False)


def _thawed(session: Session, station: Station, first: int, planned: int) -> int:
    """When the frozen hour ends; the emergency loop is no promise, so it thaws at once."""
    frozen = min(first_tick_from(unix_ms(station.now() + timedelta(minutes=station.settings.freeze_minutes))), planned)
    ahead = queries.rundown(session, first, max(frozen, first + 1)).airings
    loop = next((airing for airing in ahead if airing.part is Part.EMERGENCY), None)
    return min(frozen, loop.start_tick) if loop else frozen


@dataclass(frozen=True, slots=True)
class _MadeOf:
    """What a compilation was made of: its hash, and what the proof needs."""

    inputs_hash: str
    pool: dict[str, Airable]


def _compiled(session: Session, station: Station, found: Basis, from_tick: int, to_tick: int) -> tuple[rules.Compiled, _MadeOf]:
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    pool = queries.pool(session, now=station.now())
    recent = queries.rundown(session, from_tick - queries.LOOK_BACK_TICKS, from_tick).airings
    heard = [airing for airing in recent if airing.part is not Part.EMERGENCY]
    compiled = rules.compile(
        slots, pool, zone=station.settings.tz, seed=bytes.fromhex(found.seed), from_tick=from_tick, to_tick=to_tick, recent=heard
    )
    _tell(compiled.faults)
    inputs = _inputs(slots, pool, heard) | {
        "seed": digest(found.seed), "span": [from_tick, to_tick], "zone": station.settings.zone, "zones": zones_version(),
    }  # fmt: skip
    return compiled, _MadeOf(digest(inputs), {airable.episode_id: airable for airable in pool})


def _tell(faults: Sequence[rules.Fault]) -> None:
    """One line, however many there are: an editor sees each of them on the schedule."""
    if faults:
        counts = ", ".join(f"{count} × {code}" for code, count in sorted(Counter(fault.code for fault in faults).items()))
        log.warning("rundown: %s, the first at tick %d", counts, min(fault.tick for fault in faults))


def _inputs(slots: Sequence[rules.Slot], pool: Sequence[Airable], recent: Sequence[Airing]) -> dict[str, object]:
    """All that compiling depends on, so that anybody who has it can compile the same again."""
    return {
        "slots": _slots(slots),
        "pool": [[*_values(airable)] for airable in sorted(pool, key=lambda a: a.episode_id)],
        "recent": [[a.start_tick, a.n_ticks, a.episode_id, a.part, a.slot_id] for a in recent],
    }


def _slots(slots: Sequence[rules.Slot]) -> list[list[object]]:
    return [[s.slot_id, s.zone, s.first_start.isoformat(), s.length.total_seconds(), s.rrule, s.fill, s.priority,
             s.tolerance.total_seconds(), sorted(e.isoformat() for e in s.exceptions),
             {k.isoformat(): v for k, v in s.overrides.items()}] for s in slots]  # fmt: skip


def _values(airable: Airable) -> list[object]:
    return [sorted(v) if isinstance(v, frozenset) else v for v in asdict(airable).values()]


def _within(airings: Sequence[Airing], span: tuple[int, int]) -> list[Airing]:
    return [airing for airing in airings if span[0] <= airing.start_tick < span[1]]


def _proved(station: Station, pieces: Sequence[Sequence[Airing]], made_of: _MadeOf) -> Sequence[Sequence[Airing]]:
    """The pieces, each shown to tile its span and to be lawful."""
    for airings in pieces:
        span = (airings[0].start_tick, airings[-1].end_tick)
        prove(airings, *span, law(made_of.pool, night(station.settings.tz, *span)))
    return pieces
