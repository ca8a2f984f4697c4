"""What really goes out in a span, told beside the slots it comes from; and where something is amiss ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import first_tick_from, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.schedule import queries, rules
from radio.schedule.airings import Airing, Part
from radio.schedule.drafts import LOOKED_AHEAD as DRAFTS_LOOK_AHEAD
from radio.schedule.drafts import Around, Finding, filling
from radio.schedule.models import Slot
from radio.schedule.wallclock import Place, hours
from radio.station import Station

_AS_ASKED = frozenset({"episode", "latest", "next", "rotation"})
LOOKED_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Heard:
    """An airing with its titles."""

    airing: Airing
    title: str
    show_title: str

    @property
    def start_ms(self) -> int:
        """When it starts."""
        return tick_start_ms(self.airing.start_tick)

    @property
    def is_main(self) -> bool:
        """Whether people would say that this is what is on: a programme, or the loop that stands for one."""
        return self.airing.part in {Part.PROGRAMME, Part.EMERGENCY}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Airings that follow one another in the time of one slot (None: of nobody)."""

    slot: Slot | None
    heard: Sequence[Heard]

    @property
    def start_ms(self) -> int:
        """When the first starts."""
        return self.heard[0].start_ms

    @property
    def end_ms(self) -> int:
        """When the last ends."""
        return tick_start_ms(self.heard[-1].airing.end_tick)

    @property
    def programmes(self) -> int:
        """How many of them are programmes."""
        return sum(1 for one in self.heard if one.airing.part is Part.PROGRAMME)

    @property
    def faulty(self) -> bool:
        """Whether the emergency loop is among them."""
        return any(one.airing.part is Part.EMERGENCY for one in self.heard)


@dataclass(frozen=True, slots=True)
class Amiss:
    """A stretch of the future that is not as it should be: the loop plays, or a slot has nothing of what it asks for."""

    start_ms: int
    end_ms: int
    code: str
    slot_id: str | None
    missing: Finding | None = None
    """What stands in the way of what the slot asks for, when that can be said."""


def day_ticks(day: date, station: Station) -> tuple[int, int]:
    """The ticks of a day of the station's calendar."""
    midnights = (datetime.combine(day + timedelta(days=n), datetime.min.time()) for n in (0, 1))
    start, end = (instant_of(midnight, station.settings.tz) for midnight in midnights)
    return first_tick_from(unix_ms(start)), first_tick_from(unix_ms(end))


def stretches(session: Session, station: Station, from_tick: int, to_tick: int) -> list[Stretch]:
    """What goes out, by slot; nobody's time by pairs of hours of the wall clock."""
    airings = queries.rundown(session, from_tick, to_tick).airings
    named = {airing.slot_id for airing in airings if airing.slot_id}
    slots = {slot.id: slot for slot in session.scalars(select(Slot).where(Slot.id.in_(named)))}

    def whose(one: Heard) -> tuple[str | None, int]:
        local = from_unix_ms(one.start_ms).astimezone(station.settings.tz)
        return (one.airing.slot_id, 0) if one.airing.slot_id else (None, local.hour // 2)

    return [Stretch(slots.get(key[0] or ""), tuple(own)) for key, own in groupby(told(session, airings), whose)]


def told(session: Session, airings: Iterable[Airing]) -> list[Heard]:
    """Airings with their titles."""
    airings = list(airings)
    titles = _titles(session, {airing.episode_id for airing in airings if airing.episode_id})
    return [Heard(airing, *titles.get(airing.episode_id or "", ("", ""))) for airing in airings]


def _titles(session: Session, ids: set[str]) -> Mapping[str, tuple[str, str]]:
    query = select(Episode.id, Episode.title, Show.title).join(Show, Episode.show_id == Show.id).where(Episode.id.in_(ids))
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def amiss(session: Session, station: Station) -> list[Amiss]:
    """What is not as it should be in what is compiled ahead, in order of time."""
    from_tick = first_tick_from(station.clock.unix_ms())
    to_tick = min(queries.planned_until(session), first_tick_from(unix_ms(station.now() + LOOKED_AHEAD)))
    if to_tick <= from_tick:
        return []
    airings = queries.rundown(session, from_tick, to_tick).airings
    slots = {row.id: queries.slot_value(row) for row in queries.slots(session)}
    unfilled = _unfilled(list(slots.values()), airings, from_tick, to_tick)
    around = look_around(session, station) if unfilled else None
    found = list(_loops(airings))
    for place in unfilled:
        why = filling(slots[place.slot_id or ""], [place], around) if around else ()
        missing = next((finding for finding in why if finding.grave), None)
        span = tick_start_ms(place.start_tick), tick_start_ms(place.end_tick)
        found.append(Amiss(*span, "not-as-asked", place.slot_id, missing))
    return sorted(found, key=lambda one: (one.start_ms, one.slot_id or ""))


def _loops(airings: Sequence[Airing]) -> Iterable[Amiss]:
    """The stretches in which nothing may be heard but the emergency loop."""
    for is_loop, run in groupby(airings, lambda airing: airing.part is Part.EMERGENCY):
        own = list(run)
        if is_loop:
            yield Amiss(
                tick_start_ms(own[0].start_tick), tick_start_ms(own[-1].end_tick), str(own[0].why.get("code", "")), own[0].slot_id
            )


def _unfilled(slots: Sequence[rules.Slot], airings: Sequence[Airing], from_tick: int, to_tick: int) -> list[Place]:
    """The occurrences of slots in which nothing of what they ask for is heard."""
    heard: dict[str, list[int]] = {}
    for airing in airings:
        if airing.slot_id and airing.why.get("code") in _AS_ASKED:
            heard.setdefault(airing.slot_id, []).append(airing.start_tick)
    asking = {slot.slot_id for slot in slots if slot.fill.get("rung") != "rotation" or len(slot.fill) > 1}
    whole = (
        p for p in rules.places(slots, from_tick, to_tick) if p.whole and from_tick <= p.start_tick and p.end_tick <= to_tick
    )
    return [
        place for place in whole
        if place.slot_id in asking and not any(place.start_tick <= tick < place.end_tick for tick in heard.get(place.slot_id or "", ()))
    ]  # fmt: skip


def look_around(session: Session, station: Station, without: str = "") -> Around:
    """What a draft of the slot `without` is held against: everything else that there is."""
    now, (_number, rules_) = station.now(), queries.station_rules(session)
    slots = [queries.slot_value(row) for row in queries.slots(session) if row.id != without]
    span = first_tick_from(unix_ms(now)), first_tick_from(unix_ms(now + DRAFTS_LOOK_AHEAD))
    return Around(slots, queries.pool(session, now=now), hours(rules_, station.settings.tz, *span), station.settings.tz, now)
