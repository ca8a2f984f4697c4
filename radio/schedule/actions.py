"""Writing the rundown: extending it, changing its future, and the slots it is made from. Proved before it is kept."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import change_number
from radio.core.text import plain
from radio.core.time import unix_ms
from radio.errors import InvalidError, RadioError, UnprovenError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import models, queries, rules
from radio.schedule.airings import Airing, Part, differing, emergency
from radio.schedule.compiling import MadeOf, compiled
from radio.schedule.proof import FIRST_HASH, GOES_ON, chained, law, prove
from radio.schedule.wallclock import night, slot_faults
from radio.station import Station

log = logging.getLogger(__name__)

GUARD = timedelta(seconds=24)
"""Longer than the segments that players already have in their lists."""
EXTENDED_BY_TICKS = 6 * HOUR_TICKS
URGENT_TICKS = 2 * HOUR_TICKS
"""How much of the future an override compiles at once; a job does the rest."""
URGENT = frozenset({"withdrawn", "stopped", "resumed", "swapped", "alert", "alert-over"})
"""Why a revision does not wait for the frozen hour to end."""
ALLOWANCES = (timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=4))
"""How long compiling aside may take, try by try: what it writes begins that much later."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A future that is compiled and not written yet: `pieces` of airings that differ from what is written."""

    why: str
    pieces: tuple[tuple[Airing, ...], ...]
    made_of: MadeOf
    head_id: int
    """The newest revision when it was drawn."""
    drawn_from: int
    """The catalogue's change number when it was drawn."""
    whole: bool
    """Whether the whole future follows the catalogue from now on; otherwise only a part of it was compiled."""


class StaleError(RadioError):
    """Somebody else has written meanwhile, or the draft begins where players already are."""


Draw = Callable[[Session, timedelta], Draft | None]
Transaction = Callable[[], AbstractContextManager[Session]]


def extend(session: Session, station: Station) -> list[models.Revision]:
    """Compile as far as the horizon; empty: it already reaches there."""
    hold(session)
    return _write(session, station, draw_extension(session, station))


def revise(
    session: Session, station: Station, *, why: str, effective_tick: int | None = None, cut: bool = False
) -> list[models.Revision]:
    """Compile the future anew from `effective_tick` (None: when the frozen hour ends), and keep what differs.

    What is on air at that tick plays to its end, unless it may no longer be heard or is to be `cut`: then it ends there. An
    override compiles two hours at once; the job it enqueues does the rest. Anything else is for `write_aside`, where there is
    a choice.
    """
    hold(session)
    draft = draw_revision(session, station, why=why, effective_tick=effective_tick, cut=cut)
    if why in URGENT and draft and not draft.whole:
        enqueue(session, "revise", "", now=station.now(), payload={"why": "catalogue-changed"})
    return _write(session, station, draft)


def write_aside(session: Session, station: Station, draw: Draw, transaction: Transaction) -> list[models.Revision]:
    """Compile while everybody else goes on writing, then write in a moment; once more when it was overtaken.

    `session` only reads. `transaction` gives one that writes and commits.
    """
    for allowance in ALLOWANCES:
        draft = draw(session, allowance)
        session.rollback()
        try:
            with transaction() as own:
                hold(own)
                _refuse_stale(own, station, draft)
                return _write(own, station, draft)
        except StaleError:
            continue
    with transaction() as own:
        hold(own)
        return _write(own, station, draw(own, timedelta()))


def draw_extension(session: Session, station: Station, allowance: timedelta = timedelta()) -> Draft | None:
    """The future as far as the horizon, of which nothing is written yet; None: it already reaches there."""
    desk, head_id, number = _desk(session), queries.head_id(session), change_number(session)  # before all else: it may grow old
    wanted = first_tick_from(station.clock.unix_ms()) + station.settings.horizon_days * DAY_TICKS
    planned = queries.planned_until(session)
    if planned >= wanted:
        return None
    from_tick = max(planned, _soonest(station, allowance))
    to_tick = (wanted // EXTENDED_BY_TICKS + 1) * EXTENDED_BY_TICKS
    found, made_of = compiled(session, station, desk.seed, from_tick, to_tick)
    return Draft("extended", (tuple(found.airings),), made_of, head_id, number, whole=planned == 0)


def draw_revision(
    session: Session, station: Station, allowance: timedelta = timedelta(), *, why: str, effective_tick: int | None = None,
    cut: bool = False,
) -> Draft | None:  # fmt: skip
    """The future as `revise` wants it; None: there is none to change."""
    desk, head_id, number = _desk(session), queries.head_id(session), change_number(session)
    planned, soonest = queries.planned_until(session), _soonest(station, allowance)
    urgent = why in URGENT
    if planned <= soonest:
        return None if urgent else draw_extension(session, station, allowance)
    start, cut = _effective(session, station, effective_tick, soonest, planned, cut=cut)
    until = min(planned, start + URGENT_TICKS) if urgent else planned
    found, made_of = compiled(session, station, desk.seed, start, until)
    old = queries.rundown(session, start, max(found.to_tick, planned)).airings
    airings = [*found.airings, *_joint(found.to_tick, old)] if found.to_tick < planned else found.airings
    pieces = tuple(tuple(_within(airings, piece)) for piece in differing(old, airings))
    log.info("rundown: %s from tick %d%s, %d pieces", why, start, " (cut)" if cut else "", len(pieces))
    return Draft(why, pieces, made_of, head_id, number, whole=found.to_tick >= planned)


def _joint(tick: int, old: Sequence[Airing]) -> list[Airing]:
    """The loop between a new future that ends at `tick` and the next airing of the old one: the rest is planned before then."""
    following = min((airing.start_tick for airing in old if airing.start_tick >= tick), default=old[-1].end_tick)
    return [emergency(tick, following)] if following > tick else []


def _refuse_stale(session: Session, station: Station, draft: Draft | None) -> None:
    """What was published meanwhile has asked for a turn of its own; what was taken back may not be written any more."""
    if draft is None:
        return
    begins = min((piece[0].start_tick for piece in draft.pieces), default=None)
    if queries.head_id(session) != draft.head_id or (begins is not None and begins < _soonest(station)):
        raise StaleError(draft.why)
    if change_number(session) != draft.drawn_from:
        _refuse_unlawful(session, station, draft)


def _refuse_unlawful(session: Session, station: Station, draft: Draft) -> None:
    pool = {airable.episode_id: airable for airable in queries.pool(session, now=station.now())}
    try:
        for piece in draft.pieces:
            span = (piece[0].start_tick, piece[-1].end_tick)
            prove(piece, *span, law(pool, night(station.settings.tz, *span)))
    except UnprovenError as error:
        raise StaleError(draft.why) from error


def _write(session: Session, station: Station, draft: Draft | None) -> list[models.Revision]:
    if draft is None:
        return []
    if draft.whole:
        _desk(session).catalogue_number = draft.drawn_from
    return [keep(session, station, piece, draft.why, draft.made_of) for piece in draft.pieces]


def ask_revision(session: Session, *, why: str, now: datetime, wait: timedelta = timedelta()) -> Job:
    """Let a worker compile the future anew, `wait` after this transaction: once for all that asks meanwhile."""
    return enqueue(session, "revise", "", now=now, payload={"why": why}, due_at=now + wait)


def follow_catalogue(session: Session, station: Station) -> list[models.Revision]:
    """Revise when the catalogue has changed since the future was last compiled as a whole."""
    return revise(session, station, why="catalogue-changed") if is_behind(session) else []


def is_behind(session: Session) -> bool:
    """Whether the catalogue has changed since the future was last compiled as a whole."""
    desk = session.get(models.Desk, 1)
    return desk is None or desk.catalogue_number != change_number(session)


def hold(session: Session) -> models.Desk:
    """Take the row that serialises writers of the rundown; made at the first time."""
    session.flush()
    query = select(models.Desk).where(models.Desk.id == 1).with_for_update().execution_options(populate_existing=True)
    desk = session.scalar(query)
    if desk is None:
        session.add(models.Desk(id=1, seed=secrets.token_hex(32)))
        session.flush()
        desk = session.scalars(query).one()
    return desk


def _desk(session: Session) -> models.Desk:
    return session.get_one(models.Desk, 1)


def _soonest(station: Station, allowance: timedelta = timedelta()) -> int:
    """The first tick that no player can have in its list yet, `allowance` from now."""
    return first_tick_from(unix_ms(station.now() + GUARD + allowance))


def _effective(
    session: Session, station: Station, asked: int | None, soonest: int, planned: int, *, cut: bool = False
) -> tuple[int, bool]:
    """Where a change begins, and whether it cuts what is on air there."""
    tick = min(max(asked, soonest), planned) if asked is not None else _thawed(session, station, soonest, planned)
    crossing = rules.on_air(queries.rundown(session, tick - DAY_TICKS, tick + DAY_TICKS), tick)
    if crossing is None or crossing.start_tick == tick or crossing.part is Part.EMERGENCY:
        return tick, False
    barred = cut or queries.withdrawn_from(session, crossing.recording_id) is not None
    return (tick, True) if barred else (min(_with_its_rest(session, crossing), planned), False)


def _with_its_rest(session: Session, airing: Airing) -> int:
    """Where an airing ends, and what it has interrupted too."""
    following = rules.on_air(queries.rundown(session, airing.end_tick, airing.end_tick + DAY_TICKS), airing.end_tick)
    if (
        following is None
        or following.why.get("code") != GOES_ON
        or queries.withdrawn_from(session, following.recording_id) is not None
    ):
        return airing.end_tick
    return following.end_tick


def _thawed(session: Session, station: Station, soonest: int, planned: int) -> int:
    """When the frozen hour ends; the emergency loop is no promise, so it thaws at once."""
    frozen = min(first_tick_from(unix_ms(station.now() + timedelta(minutes=station.settings.freeze_minutes))), planned)
    ahead = queries.rundown(session, soonest, max(frozen, soonest + 1)).airings
    loop = next((airing for airing in ahead if airing.part is Part.EMERGENCY), None)
    return min(frozen, loop.start_tick) if loop else frozen


def _within(airings: Sequence[Airing], span: tuple[int, int]) -> list[Airing]:
    return [airing for airing in airings if span[0] <= airing.start_tick < span[1]]


def keep(session: Session, station: Station, airings: Sequence[Airing], why: str, made_of: MadeOf) -> models.Revision:
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
