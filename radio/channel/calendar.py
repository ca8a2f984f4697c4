"""The slots as an iCalendar that a person's calendar subscribes to. Pure.

What a rule cannot say is said one by one for half a year ahead: an occurrence that a clock change moves, shortens or doubles, one
that was changed for a day, one that another slot cuts into or takes. Source: RFC 5545, RFC 7986.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event, vRecur

from media.grid import first_tick_from, tick_start_ms
from radio.channel.zones import timezone
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.schedule.wallclock import Place, Slot, occurrences, resolved

DAYS_BACK = 31
DAYS_AHEAD = 200
"""Behind the next change of the clock; who subscribes asks again long before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A slot and what a calendar says of it."""

    slot: Slot
    title: str
    changed_at: datetime


Spans = Mapping[tuple[str | None, str], Sequence[tuple[datetime, datetime]]]
"""(slot id, occurrence) → when it really has the time, to the second."""


def calendar(shown: Sequence[Shown], *, name: str, url: str, host: str, now: datetime) -> bytes:
    """All slots as one calendar: the same slots on the same day give the same bytes."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    places = _places(shown, day)
    spans = _spans(places, day)
    made = Calendar()
    made.add("prodid", "-//Peer Radio//Schedule//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("url", url)
    made.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    made.add("x-published-ttl", "PT6H")
    for key in sorted({each.slot.zone for each in shown}):
        years = [each.slot.first_start.year for each in shown if each.slot.zone == key]
        made.add_component(timezone(key, min(*years, day.year) - 1, day.year))
    for each in shown:
        for event in _Events(each, host, url).made([p for p in places if p.slot_id == each.slot.slot_id], spans):
            made.add_component(event)
    return bytes(made.to_ical())


def _places(shown: Iterable[Shown], day: datetime) -> list[Place]:
    start, end = day - timedelta(days=DAYS_BACK), day + timedelta(days=DAYS_AHEAD)
    return [place for each in shown for place in occurrences(each.slot, start, end)]


def _spans(places: Sequence[Place], day: datetime) -> Spans:
    """Who really has the time. Longer than what is asked about, so that nothing is cut at its ends."""
    margin = timedelta(days=3)
    first = first_tick_from(unix_ms(day - timedelta(days=DAYS_BACK) - margin))
    last = first_tick_from(unix_ms(day + timedelta(days=DAYS_AHEAD) + margin))
    found: dict[tuple[str | None, str], list[tuple[datetime, datetime]]] = {}
    for tile in resolved(places, first, last):
        if tile.slot_id is not None:
            span = (_to_second(tile.start_tick), _to_second(tile.end_tick))
            found.setdefault((tile.slot_id, tile.occurrence), []).append(span)
    return found


def _to_second(tick: int) -> datetime:
    """The whole second that the tick was made from: it starts less than a second after it."""
    return from_unix_ms(tick_start_ms(tick)).replace(microsecond=0)


class _Events:
    """The events of one slot: its rule, and one for each day on which the rule is not the whole truth."""

    def __init__(self, shown: Shown, host: str, url: str) -> None:
        self.slot, self.shown, self.host, self.url = shown.slot, shown, host, url
        self.zone = ZoneInfo(shown.slot.zone)
        self.left_out: list[datetime] = sorted(shown.slot.exceptions)
        self.moved: list[datetime] = []
        self.days: list[Event] = []

    def made(self, places: Sequence[Place], spans: Spans) -> list[Event]:
        """The events, in order of time behind the rule."""
        if not self.slot.rrule:
            return self._once(spans)
        first = next(iter(rrulestr(self.slot.rrule, dtstart=self.slot.first_start)), None)
        if first is None:
            return []
        for place in places:
            self._look(place, spans.get((place.slot_id, place.occurrence), ()))
        rule = self._event(self.slot.slot_id)
        rule.add("dtstart", first.replace(tzinfo=self.zone))
        rule.add("duration", self.slot.length)
        rule.add("rrule", vRecur.from_ical(self._rrule()))
        if self.left_out:
            rule.add("exdate", [local.replace(tzinfo=self.zone) for local in sorted(set(self.left_out))])
        if self.moved:
            rule.add("rdate", [local.replace(tzinfo=self.zone) for local in self.moved])
        return [rule, *self.days]

    def _look(self, place: Place, true: Sequence[tuple[datetime, datetime]]) -> None:
        """Say what the rule does not know of one occurrence."""
        local = datetime.fromisoformat(place.occurrence)
        known = local
        if not true:
            self.left_out.append(local)
            return
        if _is_skipped(local, self.zone):
            self.left_out.append(local)
            known = instant_of(local, self.zone).astimezone(self.zone).replace(tzinfo=None)
            self.moved.append(known)
        # Over a clock change some readers add the length to the wall clock, others to the time: said, both are right.
        begins = known.replace(tzinfo=self.zone)
        start = begins.astimezone(UTC)
        ends = {start + self.slot.length, (begins + self.slot.length).astimezone(UTC)}
        if true[0][0] != start or ends != {true[0][1]}:
            self.days.append(self._day(self.slot.slot_id, true[0], known))
        self.days += [self._day(f"{self.slot.slot_id}-{start:%Y%m%dT%H%M%SZ}", (start, end)) for start, end in true[1:]]

    def _once(self, spans: Spans) -> list[Event]:
        occurrence = self.slot.first_start.isoformat()
        own = spans.get((self.slot.slot_id, occurrence), ())
        return [
            self._day(self.slot.slot_id if n == 0 else f"{self.slot.slot_id}-{start:%Y%m%dT%H%M%SZ}", (start, end))
            for n, (start, end) in enumerate(own)
        ]

    def _day(self, uid: str, span: tuple[datetime, datetime], instead_of: datetime | None = None) -> Event:
        event = self._event(uid)
        if instead_of is not None:
            event.add("recurrence-id", instead_of.replace(tzinfo=self.zone))
        event.add("dtstart", span[0])
        event.add("dtend", span[1])
        return event

    def _event(self, uid: str) -> Event:
        event = Event()
        event.add("uid", f"{uid}@{self.host}")
        event.add("dtstamp", self.shown.changed_at.replace(microsecond=0))
        event.add("summary", self.shown.title)
        event.add("url", self.url)
        event.add("transp", "TRANSPARENT")  # to listen is no appointment
        return event

    def _rrule(self) -> str:
        """The rule with its end in UTC. Source: RFC 5545 §3.3.10, UNTIL."""
        parts = []
        for part in self.slot.rrule.split(";"):
            name, _, value = part.partition("=")
            if name == "UNTIL":
                until = instant_of(datetime.fromisoformat(value), self.zone)
                value = f"{until:%Y%m%dT%H%M%SZ}"
            parts.append(f"{name}={value}")
        return ";".join(parts)


def _is_skipped(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a clock change leaves this time out."""
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return there != local
