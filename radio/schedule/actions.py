"""Writing the rundown: extending it, changing its future, and the slots it is made from. Proved before it is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.catalogue.queries import change_number
from radio.core.time import unix_ms
from radio.errors import RadioError, UnprovenError
from radio.jobs.actions import enqueue
from radio.schedule import models, queries, rules
from radio.schedule.airings import Airing, Part, differing, emergency
from radio.schedule.compiling import MadeOf, compiled
from radio.schedule.deciding import SlotFields, retire_slot, set_slot, set_station_rules
from radio.schedule.desk import ask_revision, hold, tell, the_desk
from radio.schedule.ingredients import keep_pieces
from radio.schedule.interrupted import rest_after
from radio.schedule.memory import needs_of
from radio.schedule.proof import FIRST_HASH, chained, law, prove, prove_support
from radio.schedule.wallclock import hours
from radio.station import Station

log = logging.getLogger(__name__)

__all__ = [
    "ALLOWANCES", "GUARD", "URGENT_TICKS", "Draft", "SlotFields", "StaleError", "ask_revision", "draw_extension", "draw_revision",
    "extend", "follow_catalogue", "hold", "is_behind", "keep", "retire_slot", "revise", "set_slot", "set_station_rules", "write_aside",
]  # fmt: skip

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
    span: tuple[int, int]
    """What was compiled."""


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
    """Compile while everybody else goes on writing, then write in a moment; again when it was overtaken, three times at most.

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
        return _write_little(own, station)


def _write_little(session: Session, station: Station) -> list[models.Revision]:
    """What is left when others were always faster: a job tries again; two hours are compiled at once if nothing else is planned.

    Nobody waits for more than that: whoever takes something back needs the row that is held here.
    """
    ask_revision(session, why="catalogue-changed", now=station.now(), wait=timedelta(minutes=1))
    if queries.planned_until(session) > _soonest(station) + DAY_TICKS:
        return []
    return _write(session, station, draw_extension(session, station, most=URGENT_TICKS))


def draw_extension(
    session: Session, station: Station, allowance: timedelta = timedelta(), *, most: int | None = None
) -> Draft | None:
    """The future as far as the horizon, of which nothing is written yet; None: it already reaches there.

    `most`: of that no more than so many ticks.
    """
    desk, head_id, number = (
        the_desk(session),
        queries.head_id(session),
        change_number(session),
    )  # before all else: it may grow old
    wanted = first_tick_from(station.clock.unix_ms()) + station.settings.horizon_days * DAY_TICKS
    planned = queries.planned_until(session)
    if planned >= wanted:
        return None
    from_tick = max(planned, _soonest(station, allowance))
    to_tick = (wanted // EXTENDED_BY_TICKS + 1) * EXTENDED_BY_TICKS if most is None else from_tick + most
    found, made_of = compiled(session, station, desk.seed, from_tick, to_tick)
    return Draft(
        "extended", (tuple(found.airings),), made_of, head_id, number, planned == 0 and most is None, (from_tick, to_tick)
    )


def draw_revision(
    session: Session, station: Station, allowance: timedelta = timedelta(), *, why: str, effective_tick: int | None = None,
    cut: bool = False,
) -> Draft | None:  # fmt: skip
    """The future as `revise` wants it; None: there is none to change."""
    desk, head_id, number = the_desk(session), queries.head_id(session), change_number(session)
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
    return Draft(why, pieces, made_of, head_id, number, found.to_tick >= planned, (start, found.to_tick))


def _joint(tick: int, old: Sequence[Airing]) -> list[Airing]:
    """The loop between a new future that ends at `tick` and the next airing of the old one: the rest is planned before then.

    What needs a support message before it is not gone on with: its message may be gone.
    """
    starts = (airing.start_tick for airing in old if airing.start_tick >= tick and not needs_of(airing))
    following = min(starts, default=old[-1].end_tick)
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
            prove(piece, *span, law(pool, hours(draft.made_of.rules, station.settings.tz, *span)))
    except UnprovenError as error:
        raise StaleError(draft.why) from error


def _write(session: Session, station: Station, draft: Draft | None) -> list[models.Revision]:
    if draft is None:
        return []
    if draft.whole:
        the_desk(session).catalogue_number = draft.drawn_from
    tell(session, draft.span, draft.made_of.faults, now_tick=first_tick_from(unix_ms(station.now())))
    if draft.pieces:
        keep_pieces(session, draft.made_of.pieces, now=station.now())
    return [keep(session, station, piece, draft.why, draft.made_of) for piece in draft.pieces]


def follow_catalogue(session: Session, station: Station) -> list[models.Revision]:
    """Revise when the catalogue has changed since the future was last compiled as a whole."""
    return revise(session, station, why="catalogue-changed") if is_behind(session) else []


def is_behind(session: Session) -> bool:
    """Whether the catalogue has changed since the future was last compiled as a whole."""
    desk = session.get(models.Desk, 1)
    return desk is None or desk.catalogue_number != change_number(session)


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
    barred = cut or queries.is_barred(session, crossing)
    return (tick, True) if barred else (min(_with_its_rest(session, crossing), planned), False)


def _with_its_rest(session: Session, airing: Airing) -> int:
    """Where an airing ends, and what it has interrupted too."""
    rest = rest_after(queries.rundown(session, airing.end_tick, airing.end_tick + DAY_TICKS).airings)
    if rest is None:
        return airing.end_tick
    return rest.start_tick if queries.is_barred(session, rest) else rest.end_tick


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
    bounds = hours(made_of.rules, station.settings.tz, *span)
    prove(airings, *span, law(made_of.pool, bounds))
    prove_support(airings, made_of.pool, bounds, made_of.rules, nights=False)
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
