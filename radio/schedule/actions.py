"""Writing the rundown: extending it, changing its future, and the slots it is made from. Proved before it is kept."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import change_number
from radio.core.text import plain
from radio.core.time import unix_ms
from radio.errors import InvalidError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import models, queries, rules
from radio.schedule.airings import Airable, Airing, Part, differing
from radio.schedule.proof import FIRST_HASH, chained, digest, law, prove, zones_version
from radio.schedule.wallclock import night, slot_faults
from radio.station import Station

log = logging.getLogger(__name__)

GUARD = timedelta(seconds=24)
"""Longer than the segments that players already have in their lists."""
EXTENDED_BY_TICKS = 6 * HOUR_TICKS
URGENT_TICKS = 2 * HOUR_TICKS
"""How much of the future a take-down compiles at once; a job does the rest."""


def extend(session: Session, station: Station) -> list[models.Revision]:
    """Compile as far as the horizon; empty: it already reaches there."""
    desk = _hold(session)
    now_tick = first_tick_from(station.clock.unix_ms())
    wanted = now_tick + station.settings.horizon_days * DAY_TICKS
    planned = queries.planned_until(session)
    if planned >= wanted:
        return []
    if planned == 0:
        desk.catalogue_number = change_number(session)
    from_tick = max(planned, _soonest(station))
    to_tick = (wanted // EXTENDED_BY_TICKS + 1) * EXTENDED_BY_TICKS
    compiled, made_of = _compiled(session, station, desk, from_tick, to_tick)
    return [_keep(session, station, compiled.airings, "extended", made_of)]


def revise(session: Session, station: Station, *, why: str, effective_tick: int | None = None) -> list[models.Revision]:
    """Compile the future anew from `effective_tick` (None: when the frozen hour ends), and keep what differs.

    What is on air at that tick plays to its end, unless it may no longer be heard: then it is cut there. A take-down
    compiles two hours at once; the job it enqueues does the rest.
    """
    desk = _hold(session)
    planned = queries.planned_until(session)
    soonest = _soonest(station)
    urgent = why == "withdrawn"
    if planned <= soonest:
        return [] if urgent else extend(session, station)
    start, cut = _effective(session, station, effective_tick, soonest, planned)
    until = min(planned, start + URGENT_TICKS) if urgent else planned
    if urgent and until < planned:
        enqueue(session, "revise", "", now=station.now(), payload={"why": "catalogue-changed"})
    if not urgent:
        desk.catalogue_number = change_number(session)
    compiled, made_of = _compiled(session, station, desk, start, until)
    old = queries.rundown(session, start, max(compiled.to_tick, planned)).airings
    if compiled.to_tick < planned and compiled.to_tick not in {airing.start_tick for airing in old}:
        compiled, made_of = _compiled(session, station, desk, start, planned)  # the old does not join the new there
    pieces = differing(old, compiled.airings)
    log.info("rundown: %s from tick %d%s, %d pieces", why, start, " (cut)" if cut else "", len(pieces))
    return [_keep(session, station, _within(compiled.airings, piece), why, made_of) for piece in pieces]


def ask_revision(session: Session, *, why: str, now: datetime) -> Job:
    """Let a worker compile the future anew, after this transaction: never in a request."""
    return enqueue(session, "revise", "", now=now, payload={"why": why})


def follow_catalogue(session: Session, station: Station) -> list[models.Revision]:
    """Revise when the catalogue has changed since the future was last compiled as a whole."""
    if _hold(session).catalogue_number == change_number(session):
        return []
    return revise(session, station, why="catalogue-changed")


def _hold(session: Session) -> models.Desk:
    """Take the row that serialises writers of the rundown; made at the first time."""
    session.flush()
    query = select(models.Desk).where(models.Desk.id == 1).with_for_update().execution_options(populate_existing=True)
    desk = session.scalar(query)
    if desk is None:
        session.add(models.Desk(id=1, seed=secrets.token_hex(32)))
        session.flush()
        desk = session.scalars(query).one()
    return desk


def _soonest(station: Station) -> int:
    """The first tick that no player can have in its list yet."""
    return first_tick_from(unix_ms(station.now() + GUARD))


def _effective(session: Session, station: Station, asked: int | None, soonest: int, planned: int) -> tuple[int, bool]:
    """Where a change begins, and whether it cuts what is on air there."""
    tick = min(max(asked, soonest), planned) if asked is not None else _thawed(session, station, soonest, planned)
    crossing = rules.on_air(queries.rundown(session, tick - DAY_TICKS, tick + DAY_TICKS), tick)
    if crossing is None or crossing.start_tick == tick or crossing.part is Part.EMERGENCY:
        return tick, False
    barred = queries.withdrawn_from(session, crossing.recording_id) is not None
    return (tick, True) if barred else (min(crossing.end_tick, planned), False)


def _thawed(session: Session, station: Station, soonest: int, planned: int) -> int:
    """When the frozen hour ends; the emergency loop is no promise, so it thaws at once."""
    frozen = min(first_tick_from(unix_ms(station.now() + timedelta(minutes=station.settings.freeze_minutes))), planned)
    ahead = queries.rundown(session, soonest, max(frozen, soonest + 1)).airings
    loop = next((airing for airing in ahead if airing.part is Part.EMERGENCY), None)
    return min(frozen, loop.start_tick) if loop else frozen


@dataclass(frozen=True, slots=True)
class _MadeOf:
    """What a compilation was made of: its hash, and what the proof needs."""

    inputs_hash: str
    pool: dict[str, Airable]


def _compiled(
    session: Session, station: Station, desk: models.Desk, from_tick: int, to_tick: int
) -> tuple[rules.Compiled, _MadeOf]:
    slots = [queries.slot_value(row) for row in queries.slots(session)]
    pool = queries.pool(session, now=station.now())
    recent = queries.rundown(session, from_tick - queries.LOOK_BACK_TICKS, from_tick).airings
    heard = [airing for airing in recent if airing.part is not Part.EMERGENCY]
    compiled = rules.compile(
        slots, pool, zone=station.settings.tz, seed=bytes.fromhex(desk.seed), from_tick=from_tick, to_tick=to_tick, recent=heard
    )
    for fault in compiled.faults[:20]:
        log.warning("rundown: %s at tick %d, slot %s", fault.code, fault.tick, fault.slot_id)
    inputs = _inputs(slots, pool, heard) | {
        "seed": digest(desk.seed), "span": [from_tick, to_tick], "zone": station.settings.zone, "zones": zones_version(),
    }  # fmt: skip
    return compiled, _MadeOf(digest(inputs), {airable.episode_id: airable for airable in pool})


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


def _within(airings: Sequence[Airing], span: tuple[int, int]) -> list[Airing]:
    return [airing for airing in airings if span[0] <= airing.start_tick < span[1]]


def _keep(session: Session, station: Station, airings: Sequence[Airing], why: str, made_of: _MadeOf) -> models.Revision:
    """Prove a piece and append it to the chain.

    Raises:
        UnprovenError: it has a gap, an overlap or an unlawful airing; nothing is kept.
    """
    span = (airings[0].start_tick, airings[-1].end_tick)
    prove(airings, *span, law(made_of.pool, night(station.settings.tz, *span)))
    last = queries.head(session)
    previous_hash = last.hash if last else FIRST_HASH
    revision = models.Revision(
        effective_tick=span[0], end_tick=span[1], made_at=station.now(), why=why, inputs_hash=made_of.inputs_hash,
        previous_hash=previous_hash,
        hash=chained(airings, span=span, why=why, inputs_hash=made_of.inputs_hash, previous_hash=previous_hash),
    )  # fmt: skip
    session.add(revision)
    session.flush()
    rows = [
        {"revision_id": revision.id, "start_tick": a.start_tick, "n_ticks": a.n_ticks, "recording_id": a.recording_id,
         "episode_id": a.episode_id, "first_tick": a.first_tick, "part": a.part.value, "slot_id": a.slot_id, "reason": a.reason}
        for a in airings
    ]  # fmt: skip
    session.execute(insert(models.Airing), rows)
    return revision


class SlotFields(TypedDict, total=False):
    """What may be said of a slot; what is left out stays as it is."""

    title: str
    first_start: datetime
    length_minutes: int
    rrule: str
    start_rule: str
    tolerance_minutes: int
    priority: int
    fill: dict[str, object]
    exceptions: list[datetime]
    overrides: dict[datetime, dict[str, object]]


def set_slot(
    session: Session, slot: models.Slot | None, *, zone: str, now: datetime, **fields: Unpack[SlotFields]
) -> models.Slot:
    """Make a slot (None) or change one; a job then compiles the future anew.

    Raises:
        InvalidError: a field cannot be taken; nothing is changed.
    """
    faults = _fill_faults(session, fields.get("fill")) | slot_faults(fields, whole=slot is None)
    if faults:
        raise InvalidError(faults)
    if slot is None:
        slot = models.Slot(zone=zone, made_at=now, rrule="", exceptions=[], overrides={})
        session.add(slot)
    for name, value in fields.items():
        setattr(slot, name, _stored(name, value))
    slot.changed_at = now
    session.flush()
    ask_revision(session, why="slot-changed", now=now)
    return slot


def retire_slot(session: Session, slot: models.Slot, *, now: datetime) -> None:
    """End a slot; what was aired in it stays in the log."""
    slot.retired_at = slot.changed_at = now
    session.flush()
    ask_revision(session, why="slot-changed", now=now)


def _stored(name: str, value: Any) -> object:
    if name == "title":
        return plain(value)
    if name == "first_start":
        return value.isoformat()
    if name == "exceptions":
        return sorted(start.isoformat() for start in value)
    if name == "overrides":
        return {start.isoformat(): changed for start, changed in sorted(value.items())}
    return value


def _fill_faults(session: Session, fill: Mapping[str, object] | None) -> dict[str, str]:
    """Whether what a slot names is there."""
    if fill is None:
        return {}
    if fill.get("rung") == "episode" and session.get(Episode, str(fill.get("episode_id"))) is None:
        return {"episode_id": "unknown"}
    wanted = [str(fill["show_id"])] if "show_id" in fill else [str(show) for show in fill.get("show_ids") or ()]  # type: ignore[attr-defined]
    return {} if all(session.get(Show, show) for show in wanted) else {"show_id": "unknown"}
