"""Slots by the wall clock: when they happen, and who has the time when two want it. Pure.

Every occurrence is expanded in local time from the original start, then read in the zone, so a clock change moves one
occurrence and never those after it. Source: RFC 5545 §3.3.10, and the vectors in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from media.grid import DAY_TICKS, first_tick_from, tick_at, tick_start_ms, ticks_in
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.schedule.airings import Barred, Hours, Night
from radio.schedule.policy import DAYS, StationRules
from radio.schedule.policy import Hours as Stretch

_NIGHT = Stretch("22:00", "07:00")
"""Source: domain S22."""
_MARGIN = timedelta(days=8)
"""Longer than any slot, than any zone is from UTC, and than one day's change moves an occurrence: a week."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A recurring place in the week. Local times are naive, read in `zone`."""

    slot_id: str
    zone: str
    first_start: datetime
    length: timedelta
    rrule: str
    fill: Mapping[str, object]
    """The rung it begins with; `radio.schedule.models.Slot.fill` gives the forms."""
    exceptions: frozenset[datetime] = frozenset()
    overrides: Mapping[datetime, Mapping[str, object]] = field(default_factory=dict)
    priority: int = 0
    tolerance: timedelta = timedelta(0)
    """How late it may start so that what runs before it can end; zero: hard."""
    under_run: str = "open"
    over_run: str = "refuse"
    """`CHOICES` has what both may be."""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of time on the grid and whose it is. `slot_id` None: nobody's, so the rotation has it."""

    start_tick: int
    end_tick: int
    slot_id: str | None
    occurrence: str
    """The local start of the occurrence as the rule gives it; names it for ever."""
    fill: Mapping[str, object]
    priority: int = 0
    tolerance_ticks: int = 0
    whole: bool = True
    """False for what is left after a higher slot cut into it: nothing that must be heard first is begun there."""
    under_run: str = "open"
    runs_on: bool = False
    """Whether what it asks for may run into what follows."""


def occurrences(slot: Slot, start: datetime, end: datetime) -> Iterator[Place]:
    """The places of one slot that touch the instants `[start, end)`, in order of the rule."""
    zone = ZoneInfo(slot.zone)
    first, last = _naive(start, zone) - _MARGIN, _naive(end, zone) + _MARGIN
    for local in _local_starts(slot, first, last):
        place = _place(slot, zone, local)
        if place and place.end_tick > first_tick_from(unix_ms(start)) and place.start_tick < first_tick_from(unix_ms(end)):
            yield place


def _local_starts(slot: Slot, first: datetime, last: datetime) -> list[datetime]:
    if not slot.rrule:
        found = [slot.first_start] if first <= slot.first_start <= last else []
    else:
        found = rrulestr(slot.rrule, dtstart=slot.first_start).between(first, last, inc=True)
    return [local for local in found if local not in slot.exceptions]


def _place(slot: Slot, zone: ZoneInfo, local: datetime) -> Place | None:
    changed = slot.overrides.get(local, {})
    starts = datetime.fromisoformat(str(changed["start"])) if "start" in changed else local
    length = timedelta(minutes=float(str(changed["length_minutes"]))) if "length_minutes" in changed else slot.length
    fill = changed.get("fill", slot.fill)
    start, end = span_of(starts, length, zone)
    start_tick, end_tick = first_tick_from(unix_ms(start)), first_tick_from(unix_ms(end))
    if start_tick >= end_tick or not isinstance(fill, Mapping):
        return None
    tolerance = ticks_in(slot.tolerance // timedelta(milliseconds=1))
    return Place(
        start_tick, end_tick, slot.slot_id, local.isoformat(), fill, slot.priority, tolerance,
        under_run=slot.under_run, runs_on=slot.over_run == "run-on"
    )  # fmt: skip


def span_of(local: datetime, length: timedelta, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants of an occurrence.

    It ends when the wall clock says so, also after a spring change has cut it short. What begins inside a repeated hour, or
    lies wholly in a skipped one, has its length in elapsed time: the second pass belongs to the rotation.
    """
    start, end = instant_of(local, zone), instant_of(local + length, zone)
    if end <= start or _repeated(local, zone):
        end = start + length
    return start, end


def _repeated(local: datetime, zone: ZoneInfo) -> bool:
    first, second = local.replace(tzinfo=zone, fold=0).utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    return first is not None and second is not None and first > second


def _naive(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def resolved(places: Iterable[Place], from_tick: int, to_tick: int) -> list[Place]:
    """Tile `[from_tick, to_tick)`: each tick has the place of highest rank that wants it, or nobody's.

    Where ranks are equal the shorter place wins: what somebody put into a long slot is meant.
    """
    wanted = sorted(
        (place for place in places if place.end_tick > from_tick and place.start_tick < to_tick),
        key=lambda place: (place.start_tick, place.end_tick, place.occurrence, place.slot_id or ""),
    )
    ends = {tick for place in wanted for tick in (max(from_tick, place.start_tick), min(to_tick, place.end_tick))}
    edges = sorted({from_tick, to_tick} | ends)
    tiles: list[tuple[int, int, Place | None]] = []
    open_places: list[Place] = []
    upcoming = iter([*wanted, None])
    following = next(upcoming)
    for start, end in pairwise(edges):
        while following is not None and following.start_tick <= start:
            open_places.append(following)
            following = next(upcoming)
        open_places = [place for place in open_places if place.end_tick > start]
        holder = min(open_places, key=_rank, default=None)
        if tiles and tiles[-1][2] is holder:
            tiles[-1] = (tiles[-1][0], end, holder)
        else:
            tiles.append((start, end, holder))
    return [_tile(start, end, place) for start, end, place in tiles]


def _rank(place: Place) -> tuple[int, int, str, str]:
    return (-place.priority, place.end_tick - place.start_tick, place.slot_id or "", place.occurrence)


def _tile(start: int, end: int, place: Place | None) -> Place:
    if place is None:
        return Place(start, end, None, "", {})
    return replace(place, start_tick=start, end_tick=end, whole=start == place.start_tick)


def night(zone: ZoneInfo, from_tick: int, to_tick: int) -> Night:
    """Every night that touches the span, by the station's wall clock."""
    return Night(_merged(_spans(_NIGHT, zone, from_tick, to_tick)))


def hours(rules: StationRules, zone: ZoneInfo, from_tick: int, to_tick: int) -> Hours:
    """What the night and the stewards' rules forbid around a span."""
    quiet = [*night(zone, from_tick, to_tick).spans]
    quiet += [span for stretch in rules.quiet_times for span in _spans(stretch, zone, from_tick, to_tick)]
    barred = (
        Barred(Night(_merged(_spans(rule.hours, zone, from_tick, to_tick))), frozenset(rule.kinds), frozenset(rule.notes))
        for rule in rules.hour_rules
    )
    return Hours(Night(_merged(quiet)), tuple(barred))


def _spans(stretch: Stretch, zone: ZoneInfo, from_tick: int, to_tick: int) -> list[tuple[int, int]]:
    """Every time that a stretch of the wall clock happens around a span of ticks."""
    first = _naive(from_unix_ms(tick_start_ms(from_tick)), zone).date() - timedelta(days=2)
    begins, ends = time.fromisoformat(stretch.begins), time.fromisoformat(stretch.ends)
    spans = []
    for day in (first + timedelta(days=n) for n in range((to_tick - from_tick) // DAY_TICKS + 5)):
        if stretch.days and DAYS[day.weekday()] not in stretch.days:
            continue
        start = instant_of(datetime.combine(day, begins), zone)
        end = instant_of(datetime.combine(day + timedelta(days=ends <= begins), ends), zone)
        if start < end:
            spans.append((tick_at(unix_ms(start)), first_tick_from(unix_ms(end))))
    return spans


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


RUNGS: Mapping[str, str] = {"episode": "episode_id", "latest": "show_id", "next": "show_id", "rotation": ""}
"""What fills a slot first, and what it must name."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "start_rule": ("hard", "soft"), "under_run": ("open", "show", "bed"), "over_run": ("refuse", "run-on"),
}  # fmt: skip
"""What may be chosen for a slot; the first is what it is unless somebody says otherwise."""
LONGEST_MINUTES = 24 * 60
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})


def slot_faults(fields: Mapping[str, Any], *, whole: bool) -> dict[str, str]:
    """What is wrong with what is said of a slot: field → code. `whole`: nothing that is needed may be left out."""
    faults = {name: "required" for name in ("title", "first_start", "length_minutes", "fill") if whole and name not in fields}
    if "title" in fields and not 0 < len(str(fields["title"]).strip()) <= 150:
        faults["title"] = "required" if not str(fields["title"]).strip() else "too-long"
    if "length_minutes" in fields and not 1 <= fields["length_minutes"] <= LONGEST_MINUTES:
        faults["length_minutes"] = "not-a-length"
    if not 0 <= fields.get("tolerance_minutes", 0) <= 60:
        faults["tolerance_minutes"] = "not-a-length"
    for name, known in CHOICES.items():
        if name in fields and fields[name] not in known:
            faults[name] = "unknown"
    if fields.get("rrule") and not _repeats_well(str(fields["rrule"])):
        faults["rrule"] = "not-a-rule"
    if any(_day_fault(start, changed) for start, changed in fields.get("overrides", {}).items()):
        faults["overrides"] = "not-a-day"
    fill = fields.get("fill")
    if fill is not None and (fill.get("rung") not in RUNGS or (RUNGS[fill["rung"]] and not fill.get(RUNGS[fill["rung"]]))):
        faults[RUNGS.get(fill.get("rung"), "") or "fill"] = "required"
    return faults


def _day_fault(start: datetime, changed: Mapping[str, Any]) -> bool:
    """Whether what is said of one day cannot be: it stays near its day, and has a length and a fill that a slot may have."""
    try:
        moved = datetime.fromisoformat(str(changed.get("start", start.isoformat()))) - start
    except (ValueError, TypeError):
        return True
    fill = changed.get("fill", {"rung": "rotation"})
    whole = 1 <= float(changed.get("length_minutes", 1)) <= LONGEST_MINUTES
    return abs(moved) > _MARGIN - timedelta(days=1) or not whole or not isinstance(fill, Mapping) or fill.get("rung") not in RUNGS


def _repeats_well(rrule: str) -> bool:
    """Whether it is a rule by days: hours and minutes come from the start, and `UNTIL` is by the wall clock too."""
    parts = dict(part.split("=", 1) for part in rrule.split(";") if "=" in part)
    if parts.get("FREQ") not in _FREQUENCIES or not set(parts) <= _PARTS or parts.get("UNTIL", "").endswith("Z"):
        return False
    try:
        rrulestr(rrule, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - a wall-clock time has no zone
    except (ValueError, TypeError, KeyError):
        return False
    return True
