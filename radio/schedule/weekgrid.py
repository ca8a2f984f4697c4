"""The week as a grid: which slot stands where, and who has the time where two want it. Pure.

A column is a day of the station's wall clock with 96 quarters of an hour, whatever the clocks do that night.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from media.grid import tick_start_ms
from radio.core.time import from_unix_ms
from radio.schedule.wallclock import Place, Slot, occurrences, resolved

QUARTERS = 96
MOST_LANES = 3
_QUARTER_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in one column: an occurrence, or the part of it that lies in that day."""

    day: date
    """In whose column it stands."""
    slot_id: str
    occurrence: str
    start: datetime
    """By the wall clock, also where it began the day before."""
    end: datetime
    from_quarter: int
    n_quarters: int
    """At least one: what is shorter is still to be seen."""
    lane: int
    n_lanes: int
    goes_on: bool
    """It began the day before."""
    beaten_by: tuple[str, ...]
    """Slots that have some of its time."""
    fill: object = None


@dataclass(frozen=True, slots=True)
class Column:
    """One day."""

    day: date
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change of the clocks: what the wall clock would have shown at its instant, and what it shows instead."""

    before: datetime
    after: datetime

    @property
    def goes_forward(self) -> bool:
        """Whether time is left out; otherwise time comes twice."""
        return self.after > self.before


def clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> ClockChange | None:
    """The first change of the clocks in `[start, end)`; None: there is none."""
    hour = _changed(start.astimezone(UTC), end, timedelta(hours=1), zone)
    instant = hour and _changed(hour - timedelta(hours=1), hour + timedelta(minutes=1), timedelta(minutes=1), zone)
    if instant is None:
        return None
    before = (instant - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) + timedelta(minutes=1)
    return ClockChange(before, instant.astimezone(zone).replace(tzinfo=None))


def _changed(start: datetime, end: datetime, step: timedelta, zone: ZoneInfo) -> datetime | None:
    """The first instant, looked for step by step, whose offset is not that of the step before."""
    while start + step < end:
        if start.astimezone(zone).utcoffset() != (start + step).astimezone(zone).utcoffset():
            return start + step
        start += step
    return None


def week(slots: Sequence[Slot], monday: date, zone: ZoneInfo) -> list[Column]:
    """The seven days from `monday` with what stands in them."""
    first, last = datetime.combine(monday, datetime.min.time()), datetime.combine(monday + timedelta(days=7), datetime.min.time())
    start, end = first.replace(tzinfo=zone), last.replace(tzinfo=zone)
    wanted = [place for slot in slots for place in occurrences(slot, start - timedelta(days=1), end + timedelta(days=1))]
    blocks = [piece for place in wanted for piece in _pieces(place, _beaten_by(place, wanted), zone)]
    return [_column(monday + timedelta(days=n), blocks) for n in range(7)]


def _beaten_by(place: Place, wanted: Iterable[Place]) -> tuple[str, ...]:
    """The slots that take some of its time."""
    found = []
    for other in wanted:
        if other is place or other.end_tick <= place.start_tick or other.start_tick >= place.end_tick:
            continue
        if holder(place, other) is other and other.slot_id:
            found.append(other.slot_id)
    return tuple(dict.fromkeys(found))


def holder(one: Place, other: Place) -> Place:
    """Which of two that meet has the time."""
    first, last = max(one.start_tick, other.start_tick), min(one.end_tick, other.end_tick)
    [tile] = resolved((one, other), first, last)
    return one if (tile.slot_id, tile.occurrence) == (one.slot_id, one.occurrence) else other


def _pieces(place: Place, beaten_by: tuple[str, ...], zone: ZoneInfo) -> list[Block]:
    """A place as a block of each day that it touches."""
    start, end = _local(place.start_tick, zone), _local(place.end_tick, zone)
    end = max(end, start + timedelta(minutes=1))  # inside an hour that is repeated the wall clock goes back
    found, day = [], start.date()
    while datetime.combine(day, datetime.min.time()) < end:
        midnight = datetime.combine(day, datetime.min.time())
        upper = max(start, midnight)
        lower = min(end, midnight + timedelta(days=1))
        first = int((upper - midnight).total_seconds() // 60) // _QUARTER_MINUTES
        last = -(-int((lower - midnight).total_seconds() // 60) // _QUARTER_MINUTES)
        found.append(
            Block(day, place.slot_id or "", place.occurrence, start, end, first, max(1, last - first), 0, 1, day != start.date(),
                  beaten_by, place.fill)
        )  # fmt: skip
        day += timedelta(days=1)
    return found


def _local(tick: int, zone: ZoneInfo) -> datetime:
    """To the nearest minute: ticks rarely fall on one."""
    instant = from_unix_ms(tick_start_ms(tick)).astimezone(zone).replace(tzinfo=None)
    return (instant + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _column(day: date, blocks: Iterable[Block]) -> Column:
    """The blocks of one day, side by side where they meet."""
    own = sorted((b for b in blocks if b.day == day), key=lambda b: (b.from_quarter, -b.n_quarters, b.slot_id))
    laid: list[Block] = []
    cluster: list[Block] = []
    until = 0
    for block in own:
        if cluster and block.from_quarter >= until:
            laid += _laned(cluster)
            cluster = []
        cluster.append(block)
        until = max(until, block.from_quarter + block.n_quarters)
    return Column(day, tuple(laid + _laned(cluster)))


def _laned(cluster: Sequence[Block]) -> list[Block]:
    """Blocks that meet, each in the first lane that is free."""
    ends: list[int] = []
    lanes = []
    for block in cluster:
        lane = next((n for n, end in enumerate(ends) if end <= block.from_quarter), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = block.from_quarter + block.n_quarters
        lanes.append(min(lane, MOST_LANES - 1))
    return [replace(block, lane=lane, n_lanes=min(len(ends), MOST_LANES)) for block, lane in zip(cluster, lanes, strict=True)]
