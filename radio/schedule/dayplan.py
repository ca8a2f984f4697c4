"""What really goes out in a span, told beside the slots it comes from; and what a draft of a slot is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import first_tick_from, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.schedule import queries
from radio.schedule.airings import Airable, Airing, Part
from radio.schedule.asked import support_lengths
from radio.schedule.drafts import LOOKED_AHEAD as DRAFTS_LOOK_AHEAD
from radio.schedule.drafts import Around
from radio.schedule.models import Slot
from radio.schedule.wallclock import Slot as SlotValue
from radio.schedule.wallclock import hours
from radio.station import Station


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
    def end_ms(self) -> int:
        """When it ends."""
        return tick_start_ms(self.airing.end_tick)

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

    def loops_after(self, now_ms: int) -> bool:
        """Whether the emergency loop plays now or is still to come."""
        return any(one.airing.part is Part.EMERGENCY and one.end_ms > now_ms for one in self.heard)


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
    """Of what was taken back nothing but the time is told. Source: domain S24."""
    query = select(Episode.id, Episode.title, Show.title).join(Show, Episode.show_id == Show.id)
    rows = session.execute(query.where(Episode.id.in_(ids), Episode.state != State.WITHDRAWN))
    return {row[0]: (row[1], row[2]) for row in rows}


def look_around(session: Session, station: Station, draft: SlotValue, there: Sequence[Airable]) -> Around:
    """What a draft of a slot is held against: every other slot, and what is `there` of what it asks for."""
    now, (_number, rules_) = station.now(), queries.station_rules(session)
    slots = [queries.slot_value(row) for row in queries.slots(session) if row.id != draft.slot_id]
    span = first_tick_from(unix_ms(now)), first_tick_from(unix_ms(now + DRAFTS_LOOK_AHEAD))
    messages = support_lengths(session, now=now) if any(one.needs(rules_) for one in there) else {}
    return Around(slots, there, hours(rules_, station.settings.tz, *span), station.settings.tz, now, rules_, messages)
