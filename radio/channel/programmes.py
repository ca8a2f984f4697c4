"""Programmes as the public may know them, over a span of the rundown: what every printed schedule is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, first_tick_from, tick_at, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import agreed, out
from radio.catalogue.rules import Scope
from radio.core.time import instant_of, unix_ms
from radio.schedule.airings import Airing, Part
from radio.schedule.queries import planned_since, rundown


@dataclass(frozen=True, slots=True)
class Told:
    """What may be said of an episode that is on the air. `has_page`: it can also be heard when the listener wants."""

    episode_id: str
    title: str
    summary: str
    language: str
    kind: str
    show_title: str
    show_slug: str
    synthetic: bool
    has_page: bool


@dataclass(frozen=True, slots=True)
class Programme:
    """One episode over `[start_tick, end_tick)`."""

    start_tick: int
    end_tick: int
    told: Told

    @property
    def start_ms(self) -> int:
        """When it starts."""
        return tick_start_ms(self.start_tick)

    @property
    def end_ms(self) -> int:
        """When what follows starts."""
        return tick_start_ms(self.end_tick)


def day_ticks(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The ticks `[from, to)` that start on this day of the station's calendar."""
    midnights = (instant_of(datetime.combine(each, time()), zone) for each in (day, day + timedelta(days=1)))
    start, end = (first_tick_from(unix_ms(midnight)) for midnight in midnights)
    return start, end


def programmes(session: Session, from_tick: int, to_tick: int, *, now: datetime) -> tuple[Programme, ...]:
    """The programmes that start in `[from_tick, to_tick)`, whole and in order; none from before the station was on the air."""
    from_tick = max(from_tick, min(planned_since(session), tick_at(unix_ms(now))))
    if from_tick >= to_tick:
        return ()
    airings = [
        airing
        for airing in rundown(session, from_tick - DAY_TICKS, to_tick + DAY_TICKS).airings
        if airing.part is Part.PROGRAMME and airing.episode_id
    ]
    told = _told(session, {airing.episode_id for airing in airings if airing.episode_id}, now=now)
    return tuple(one for one in _joined(airings, told) if from_tick <= one.start_tick < to_tick)


def _joined(airings: Iterable[Airing], told: Mapping[str, Told]) -> list[Programme]:
    """One programme for an episode that is aired in pieces one after the other."""
    found: list[Programme] = []
    for airing in airings:
        what = told.get(airing.episode_id or "")
        if what is None:
            continue
        if found and found[-1].told is what and found[-1].end_tick == airing.start_tick and airing.first_tick:
            found[-1] = replace(found[-1], end_tick=airing.end_tick)
        else:
            found.append(Programme(airing.start_tick, airing.end_tick, what))
    return found


def _told(session: Session, ids: set[str], *, now: datetime) -> dict[str, Told]:
    query = (
        select(
            Episode.id, Episode.title, Episode.summary, Episode.language, Episode.kind, Episode.synthetic,
            Show.title.label("show_title"), Show.slug, agreed(Scope.SITE).label("on_site"),
        )
        .join(Show, Episode.show_id == Show.id)
        .where(Episode.id.in_(ids), out(now), Show.in_feeds)
    )  # fmt: skip
    return {
        row.id: Told(
            row.id, row.title, row.summary, row.language, row.kind, row.show_title, row.slug, row.synthetic, bool(row.on_site)
        )
        for row in session.execute(query)
    }
