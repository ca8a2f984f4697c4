"""What is amiss in the days ahead: hours that cannot be filled lawfully, slots that are not filled as they ask, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, tick_at, tick_start_ms
from radio.catalogue.queries import kept_off_the_air
from radio.core.time import from_unix_ms, unix_ms
from radio.jobs.queries import anybody_works, unfinished_job
from radio.schedule import queries
from radio.schedule.airings import Airing, canonical
from radio.schedule.gaps import is_of_the_pool
from radio.schedule.models import Desk
from radio.station import Station

GRAVE = frozenset({"nothing-lawful", "nothing-planned", "no-support", "no-support-at-night"})
"""Codes that make a day red; the others say that a slot gets something else than it asks for."""
_NEAR_TICKS = HOUR_TICKS // 60
"""What begins within a minute of the same fault is told by it."""


@dataclass(frozen=True, slots=True)
class Amiss:
    """One thing that is amiss. `amiss_words.compile_fault` and `amiss_words.missing` put it into words."""

    tick: int
    code: str
    slot_id: str | None
    facts: Mapping[str, object]
    n_ticks: int = 0
    """How long the emergency loop plays for it; 0: it does not."""

    @property
    def start_ms(self) -> int:
        """When it begins, in Unix milliseconds."""
        return tick_start_ms(self.tick)

    @property
    def is_grave(self) -> bool:
        """Whether the hour is red."""
        return self.code in GRAVE


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One day of the station's calendar and what is amiss in it, in order of time."""

    day: date
    amiss: Sequence[Amiss]

    @property
    def is_red(self) -> bool:
        """Whether something in it cannot be done lawfully."""
        return any(one.is_grave for one in self.amiss)


def is_worked_out_anew(session: Session, now: datetime) -> bool:
    """Whether somebody is about to compile the days ahead anew, so that nothing is red yet for good.

    False: nobody will soon, because nothing has changed, or it went wrong the last time, or no worker lives.
    """
    job = unfinished_job(session, "revise", "")
    return job is not None and job.failure is None and anybody_works(session, now)


def amiss(session: Session, now: datetime) -> list[Amiss]:
    """All that is amiss in what is planned from now on, in order of time."""
    from_tick = tick_at(unix_ms(now))
    planned = queries.planned_until(session)
    desk = session.get(Desk, 1)
    told = [_told(fault) for fault in desk.faults] if desk else []
    lasting = [one for one in told if is_of_the_pool(one.code, one.slot_id)]
    found = [one for one in told if one.tick >= from_tick - (HOUR_TICKS if one.slot_id else 0) and one not in lasting]
    found += [replace(one, tick=from_tick) for one in lasting]
    if planned > from_tick:
        facts = {one.tick: one.facts for one in told if one.code == "nothing-lawful"}  # also of a loop that plays already
        if facts:
            outside = {why: n for why, n in kept_off_the_air(session, now=now).items() if n}
            facts = {tick: {**one, **outside} for tick, one in facts.items()}
        loops = _loops(queries.loops(session, from_tick, planned), facts)
        found = [one for one in found if one.code != "nothing-lawful"] + loops
    return _once(sorted(found, key=lambda one: (one.tick, one.code, one.slot_id or "")))


def _once(found: Iterable[Amiss]) -> list[Amiss]:
    """What several compilations have told of the same hour, said once."""
    said: dict[tuple[str, str | None, str], Amiss] = {}
    kept = []
    for one in found:
        name = (one.code, one.slot_id, canonical(one.facts))
        before = said.get(name)
        if before is None or one.tick - before.tick - before.n_ticks >= _NEAR_TICKS:
            said[name] = one
            kept.append(one)
    return kept


def days_ahead(session: Session, station: Station) -> list[DayAhead]:
    """The days from now on in which anything is amiss."""
    days: dict[date, list[Amiss]] = {}
    for one in amiss(session, station.now()):
        local = from_unix_ms(one.start_ms).astimezone(station.settings.tz).date()
        days.setdefault(local, []).append(one)
    return [DayAhead(day, found) for day, found in sorted(days.items())]


def _told(fault: Sequence[object]) -> Amiss:
    tick, code, slot_id, facts = fault
    return Amiss(int(str(tick)), str(code), str(slot_id) if slot_id else None, facts if isinstance(facts, dict) else {})


def _loops(airings: Iterable[Airing], told: Mapping[int, Mapping[str, object]]) -> list[Amiss]:
    """The spans of the emergency loop that nobody has asked for; what follows at once is one."""
    found: list[Amiss] = []
    for airing in airings:
        code = str(airing.why.get("code", "nothing-planned"))
        if code == "stopped":
            continue
        near = max((tick for tick in told if tick <= airing.start_tick), default=None)
        facts = told[near] if near is not None and code == "nothing-lawful" else {}
        one = Amiss(airing.start_tick, code, airing.slot_id, facts, airing.n_ticks)
        last = found[-1] if found else None
        if last and last.tick + last.n_ticks == one.tick and last.slot_id == one.slot_id:
            knows = one if last.code == "nothing-planned" else last  # the seconds before a plan begins say nothing of why
            found[-1] = replace(knows, tick=last.tick, n_ticks=last.n_ticks + one.n_ticks)
        else:
            found.append(one)
    return found
