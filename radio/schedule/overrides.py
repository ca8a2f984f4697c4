"""What a person puts over the rundown: a stop, an alert, a swap. Each is a row that compiling reads, and revisions from now + guard.

Rows outlive compilations; the revisions that are written here make the next hours follow at once, a job does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from, tick_at
from radio.catalogue.models import Episode
from radio.core.people import Person
from radio.core.time import unix_ms
from radio.errors import InvalidError, RefusedError
from radio.schedule import actions, models, overriding, queries
from radio.schedule.airings import CUTTABLE, LOOP_TELLS_TICKS, Airable, Airing, Part, emergency, on_air, reason
from radio.schedule.compiling import MadeOf, compiled, recent
from radio.schedule.interrupted import going_on, rest_after, without_the_alert
from radio.schedule.ladder import Pool
from radio.schedule.memory import code_of
from radio.schedule.models import Override
from radio.schedule.promised import make_good, promised, pushed_out
from radio.schedule.proof import GOES_ON, Lawful, digest, law
from radio.schedule.rules import Compiled
from radio.schedule.standing import OverrideKind
from radio.schedule.turns import minutes
from radio.schedule.wallclock import hours
from radio.station import Station

PATIENCE_TICKS = HOUR_TICKS // 120
"""An alert waits so long (30 s) for what is on to end by itself, rather than interrupt it."""
_STANDS_BEFORE = frozenset({"support", "support-before", "support-after", "alert"})
"""What may be heard first where something is swapped in."""
GRADES = ("act-now", "take-care", "know")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said of an alert: who warns, where they say it, for whom, how grave, until when, and how often it is heard."""

    issuer: str
    link: str
    area: str
    grade: str
    until: datetime
    every_minutes: int


def soonest(station: Station) -> int:
    """The first tick that an override made now can change."""
    return first_tick_from(unix_ms(station.now() + actions.GUARD))


def stop(session: Session, station: Station, *, by: Person) -> Override:
    """Straight to the emergency loop, until somebody resumes: no job compiles anything else meanwhile.

    Raises:
        RefusedError: it is stopped already.
    """
    actions.hold(session)
    if overriding.the_stop(session):
        raise RefusedError("already-stopped")
    tick = soonest(station)
    until = max(queries.planned_until(session), tick + HOUR_TICKS)  # always a revision: who compiles meanwhile has to look again
    row = _kept(session, Override(kind=OverrideKind.STOP, from_tick=tick, made_at=station.now(), made_by=by.id))
    _put(session, station, [emergency(tick, until, "stopped")], why="stopped", override=row)
    return row


def resume(session: Session, station: Station, *, by: Person) -> Override:
    """End the stop: what is lawful is compiled anew from now + guard; at night once the loop has said where help is.

    Raises:
        RefusedError: it is not stopped.
    """
    actions.hold(session)
    row = overriding.the_stop(session)
    if row is None:
        raise RefusedError("not-stopped")
    _end(session, station, row, by=by, least_ticks=LOOP_TELLS_TICKS if _is_quiet(session, station, row.from_tick) else 0)
    actions.revise(session, station, why="resumed", effective_tick=row.until_tick)
    actions.ask_revision(session, why="catalogue-changed", now=station.now())
    return row


def swap(session: Session, station: Station, airing: Airing, *, episode_id: str | None, by: Person) -> Override:
    """Let another episode, or what the station chooses (None), be heard instead of an airing that is on or comes.

    What is on is cut at now + guard. What was swapped away does not come back for two hours.

    Raises:
        RefusedError: the station is stopped, it is over or changed meanwhile, or what was chosen does not fit there.
        InvalidError: what was chosen may not be heard then.
    """
    actions.hold(session)
    _refuse_when_stopped(session)
    tick = max(airing.start_tick, soonest(station))
    there = on_air(queries.rundown(session, airing.start_tick - DAY_TICKS, airing.end_tick + DAY_TICKS), airing.start_tick)
    if airing.end_tick <= tick:
        raise RefusedError("too-late")
    if there is None or (there.start_tick, there.episode_id) != (airing.start_tick, airing.episode_id):
        raise RefusedError("changed-meanwhile")
    if episode_id is not None and episode_id not in {one.episode_id for one in choices(session, station, tick)}:
        raise InvalidError({"episode_id": "not-lawful-then"})
    row = _kept(session, Override(
        kind=OverrideKind.SWAP, from_tick=tick, until_tick=there.end_tick, episode_id=episode_id, instead_of=there.episode_id,
        made_at=station.now(), made_by=by.id,
    ))  # fmt: skip
    actions.revise(session, station, why="swapped", effective_tick=tick, cut=True)
    heard = (one for one in queries.rundown(session, tick, tick + HOUR_TICKS).airings if code_of(one) not in _STANDS_BEFORE)
    if episode_id not in {None, next((one.episode_id for one in heard), None)}:
        raise RefusedError("does-not-fit")
    return row


def choices(session: Session, station: Station, tick: int, pool: Sequence[Airable] | None = None) -> list[Airable]:
    """What may lawfully begin at a tick, apart from idents, beds and alerts, in order of length. `pool`: who has read it already.

    What keeps help away at night for too long is not among them. `swapping.place` tells which of them fit.
    """
    pool = queries.pool(session, now=station.now()) if pool is None else pool
    lawful = _law(session, station, pool, tick)
    found = [
        a
        for a in pool
        if a.part in {Part.PROGRAMME, Part.FILLER} and not a.is_relayed and lawful(_whole(a, tick, "swapped")) is None
    ]
    if any(a.supports for a in pool):
        latest = _night_hears_help_until(session, station, tick)
        found = [a for a in found if tick + a.n_ticks <= latest]
    return sorted(found, key=lambda a: (a.n_ticks, a.episode_id))


def alert(session: Session, station: Station, episode: Episode, notice: Notice, *, by: Person) -> Override:
    """Let a published episode of kind alert be heard at once, and again until its end. What it interrupts goes on after it.

    Where it may not be heard now (at night, and not calm) it waits for the first join at which it may. What fills the slot
    that follows to the tick may not fit there any more: it is heard as soon as there is room. `promised` tells.

    Raises:
        RefusedError: the station is stopped, or has no support message for what is warned of.
        InvalidError: the episode may not be aired at all.
    """
    actions.hold(session)
    _refuse_when_stopped(session)
    _refuse_what_nothing_supports(session, station, episode)
    before = promised(session, soonest(station))
    row = _kept(session, Override(
        kind=OverrideKind.ALERT, from_tick=soonest(station), until_tick=tick_at(unix_ms(notice.until)), episode_id=episode.id,
        every_minutes=notice.every_minutes, issuer=notice.issuer, link=notice.link, area=notice.area, grade=notice.grade,
        made_at=station.now(), made_by=by.id,
    ))  # fmt: skip
    tick, cut = _say_now(session, station, row)
    actions.revise(session, station, why="alert", effective_tick=tick, cut=cut)
    if lost := pushed_out(session, before):
        make_good(session, station, lost, by=by)
        actions.revise(session, station, why="alert", effective_tick=tick, cut=cut)
    actions.ask_revision(session, why="catalogue-changed", now=station.now())
    return row


def cancel(session: Session, station: Station, row: Override, *, by: Person) -> None:
    """End an alert before its time; where it is on, what it interrupted goes on at once.

    Raises:
        RefusedError: it is over already.
    """
    actions.hold(session)
    tick = soonest(station)
    if row.ended_at is not None or row.until_tick is None or row.until_tick <= tick:
        raise RefusedError("already-over")
    _end(session, station, row, by=by)
    around = queries.rundown(session, tick - DAY_TICKS, tick + DAY_TICKS).within(tick, tick + HOUR_TICKS)
    left = without_the_alert(around, tick, str(row.episode_id))
    lawful = _law(session, station, queries.pool(session, now=station.now()), tick)
    if left and all(lawful(airing) is None for airing in left):
        _put(session, station, left, why="alert-over", override=row)
        actions.revise(session, station, why="alert-over", effective_tick=left[-1].end_tick, cut=True)
    else:
        on_now = around[0].episode_id == row.episode_id
        actions.revise(session, station, why="alert-over", effective_tick=tick, cut=on_now)
    actions.ask_revision(session, why="catalogue-changed", now=station.now())


def _say_now(session: Session, station: Station, row: Override) -> tuple[int, bool]:
    """Where compiling goes on after the first hearing of an alert, and whether what is on there is cut."""
    tick = row.from_tick
    around = queries.rundown(session, tick - DAY_TICKS, tick + DAY_TICKS).within(tick, tick + HOUR_TICKS)
    if not around:
        return tick, True
    crossing = around[0]
    waiting = rest_after(around if code_of(crossing) == GOES_ON else around[1:])
    if waiting:  # for another alert: behind that one
        crossing, tick = waiting, max(tick, waiting.start_tick)
    elif crossing.start_tick == tick or crossing.part in CUTTABLE:
        return tick, True
    found, made_of = _first_hearing(session, station, tick)
    if row.episode_id not in {one.episode_id for one in found.airings} or crossing.end_tick - tick <= PATIENCE_TICKS:
        return crossing.end_tick, False
    rest = Airing(
        found.to_tick, crossing.end_tick - tick, crossing.part, crossing.episode_id, crossing.recording_id,
        crossing.first_tick + tick - crossing.start_tick, crossing.slot_id, reason(GOES_ON),
    )  # fmt: skip
    airings = [*found.airings, *_goes_on(session, station, rest, found.airings, made_of)]
    actions.keep(session, station, airings, "alert", replace(made_of, inputs_hash=digest({"override": row.id})))
    return airings[-1].end_tick, True


def _first_hearing(session: Session, station: Station, tick: int) -> tuple[Compiled, MadeOf]:
    """What is heard from an alert's first tick on until it has been; at night a message may have to stand before it."""
    seed = session.get_one(models.Desk, 1).seed
    found, made_of = compiled(session, station, seed, tick, tick + 1)
    if code_of(found.airings[-1]) == "support":
        found, made_of = compiled(session, station, seed, tick, found.to_tick + 1)
    return found, made_of


def _goes_on(session: Session, station: Station, rest: Airing, heard: Sequence[Airing], made_of: MadeOf) -> list[Airing]:
    """What is heard of an interrupted airing behind its alert; empty: that were unlawful by now."""
    seed, tick = bytes.fromhex(session.get_one(models.Desk, 1).seed), rest.start_tick
    pool = made_of.pool.values()
    bounds = hours(made_of.rules, station.settings.tz, tick, tick + 2 * DAY_TICKS)
    before = [*recent(session, heard[0].start_tick, queries.head_id(session)), *heard]
    found = going_on(rest, before, Pool(pool, seed, made_of.rules), bounds)
    lawful = law(made_of.pool, bounds)
    return found if all(lawful(airing) is None for airing in found) else []


def _whole(airable: Airable, tick: int, code: str) -> Airing:
    return Airing(tick, airable.n_ticks, airable.part, airable.episode_id, airable.recording_id, 0, None, reason(code))


def _law(session: Session, station: Station, pool: Sequence[Airable], tick: int) -> Lawful:
    _number, policy = queries.station_rules(session)
    bounds = hours(policy, station.settings.tz, tick, tick + 2 * DAY_TICKS)
    return law({airable.episode_id: airable for airable in pool}, bounds)


def _night_hears_help_until(session: Session, station: Station, tick: int) -> int:
    """Where what begins at a tick behind a support message has to end, so that the next one of the night is not late."""
    _number, policy = queries.station_rules(session)
    quiet = hours(policy, station.settings.tz, tick, tick + DAY_TICKS).quiet
    begins = quiet.next_from(tick)
    _begun, ends = quiet.around(begins) or (tick, tick)
    latest = begins + minutes(policy.support_at_night_minutes)
    return latest if latest < ends else tick + DAY_TICKS


def _refuse_what_nothing_supports(session: Session, station: Station, episode: Episode) -> None:
    """An alert that needs a support message which nobody has recorded would never be heard."""
    pool = queries.pool(session, now=station.now())
    own = next((one for one in pool if one.episode_id == episode.id), None)
    if own is None:
        raise InvalidError({"episode_id": "not-for-the-air"})
    told = frozenset(support for one in pool for support in one.supports)
    if missing := own.needs(queries.station_rules(session)[1]) - told:
        raise RefusedError("no-support", ", ".join(sorted(missing)))


def _is_quiet(session: Session, station: Station, tick: int) -> bool:
    _number, policy = queries.station_rules(session)
    return hours(policy, station.settings.tz, tick, tick + DAY_TICKS).quiet.around(tick) is not None


def _refuse_when_stopped(session: Session) -> None:
    if overriding.the_stop(session):
        raise RefusedError("stopped")


def _kept(session: Session, row: Override) -> Override:
    session.add(row)
    session.flush()
    return row


def _end(session: Session, station: Station, row: Override, *, by: Person, least_ticks: int = 0) -> None:
    row.ended_at, row.ended_by = station.now(), by.id
    row.until_tick = max(row.from_tick + least_ticks, soonest(station))
    session.flush()


def _put(session: Session, station: Station, airings: Sequence[Airing], *, why: str, override: Override) -> models.Revision:
    """Write airings as they are, without compiling: proved, and chained like all others.

    Raises:
        UnprovenError: one of them is unlawful; nothing is kept.
    """
    is_loop = all(
        airing.part is Part.EMERGENCY for airing in airings
    )  # a stop asks nothing of the catalogue and waits for nothing
    pool = {} if is_loop else {airable.episode_id: airable for airable in queries.pool(session, now=station.now())}
    _number, policy = queries.station_rules(session)
    return actions.keep(session, station, airings, why, MadeOf(digest({"override": override.id, "why": why}), pool, policy))
