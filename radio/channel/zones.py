"""A zone of the wall clock as iCalendar tells it: by rule where the changes of many years follow one. Pure.

Source: RFC 5545 §3.6.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

YEARS_AHEAD = 10
"""How many years are written down where no rule is seen."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LEAST_OF_A_RULE = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the clock: `local` is the wall-clock time before it."""

    local: datetime
    offset_from: timedelta
    offset_to: timedelta
    name: str
    is_summer: bool


def changes(zone: ZoneInfo, from_year: int, to_year: int) -> Iterator[Change]:
    """Every change of the clock from the start of one year until the start of another."""
    day, before = datetime(from_year, 1, 1, tzinfo=UTC), _state(zone, datetime(from_year, 1, 1, tzinfo=UTC))
    while day.year < to_year:
        following = day + timedelta(days=1)
        after = _state(zone, following)
        if after != before:
            instant = _first(zone, day, following, before)
            after = _state(zone, instant)
            yield Change((instant + before[0]).replace(tzinfo=None), before[0], after[0], after[1], is_summer=after[2])
            before = after
            following = max(instant, day + timedelta(hours=1))
        day = following


def _state(zone: ZoneInfo, instant: datetime) -> tuple[timedelta, str, bool]:
    local = instant.astimezone(zone)
    return local.utcoffset() or timedelta(0), local.tzname() or "", bool(local.dst())


def _first(zone: ZoneInfo, low: datetime, high: datetime, before: tuple[timedelta, str, bool]) -> datetime:
    """The second at which the zone is no longer as it was."""
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        low, high = (middle, high) if _state(zone, middle) == before else (low, middle)
    return high


@cache
def timezone(key: str, from_year: int, until_year: int) -> Timezone:
    """The VTIMEZONE of an IANA zone, true from the start of `from_year` for at least ten years after `until_year`."""
    zone = ZoneInfo(key)
    found = Timezone()
    found.add("tzid", key)
    first = _state(zone, datetime(from_year, 1, 1, tzinfo=UTC))
    seen = list(changes(zone, from_year, until_year + YEARS_AHEAD))
    started = datetime(from_year, 1, 1)  # noqa: DTZ001 - a wall-clock time
    found.add_component(_part([Change(started, first[0], first[0], first[1], is_summer=first[2])]))

    def shape(change: Change) -> tuple[timedelta, timedelta, str, bool]:
        return change.offset_from, change.offset_to, change.name, change.is_summer

    for _, alike in groupby(sorted(seen, key=lambda each: (repr(shape(each)), each.local)), key=shape):
        for run in _runs(list(alike)):
            found.add_component(_part(run))
    return found


def _runs(alike: Sequence[Change]) -> list[list[Change]]:
    """What follows a rule until the end apart from what came before it."""
    for n in range(len(alike)):
        if _rule(alike[n:]):
            return [run for run in (list(alike[:n]), list(alike[n:])) if run]
    return [list(alike)]


def _rule(alike: Sequence[Change]) -> str:
    """The yearly rule that all of them follow; empty: there is none."""
    first = alike[0].local
    yearly = all(change.local.year == first.year + n for n, change in enumerate(alike))
    same = all((c.local.month, c.local.weekday(), c.local.time()) == (first.month, first.weekday(), first.time()) for c in alike)
    if len(alike) < _LEAST_OF_A_RULE or not yearly or not same:
        return ""
    last = all((change.local + timedelta(days=7)).month != first.month for change in alike)
    places = {(change.local.day - 1) // 7 + 1 for change in alike}
    if not last and len(places) > 1:
        return ""
    return f"FREQ=YEARLY;BYMONTH={first.month};BYDAY={-1 if last else places.pop()}{_DAYS[first.weekday()]}"


def _part(run: Sequence[Change]) -> TimezoneDaylight | TimezoneStandard:
    first = run[0]
    part = TimezoneDaylight() if first.is_summer else TimezoneStandard()
    part.add("dtstart", first.local)
    part.add("tzoffsetfrom", first.offset_from)
    part.add("tzoffsetto", first.offset_to)
    part.add("tzname", first.name)
    rule = _rule(run)
    if rule:
        part.add("rrule", vRecur.from_ical(rule))
    elif len(run) > 1:
        part.add("rdate", [change.local for change in run[1:]])
    return part
