"""Slots by the wall clock, over every kind of clock change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.core.time import instant_of, unix_ms
from radio.schedule.wallclock import Place, Slot, night, occurrences, resolved, slot_faults, span_of

PARIS = "Europe/Paris"


def slot(start: str, minutes: int, rrule: str = "FREQ=WEEKLY", zone: str = PARIS, **more: object) -> Slot:
    fields: dict[str, object] = {"fill": {"rung": "rotation"}, **more}
    return Slot("s" * 16, zone, datetime.fromisoformat(start), timedelta(minutes=minutes), rrule, **fields)  # type: ignore[arg-type]


def starts(of: Slot, first: str, last: str) -> list[str]:
    begin, end = (datetime.fromisoformat(d).replace(tzinfo=UTC) for d in (first, last))
    return [datetime.fromtimestamp(p.start_tick * 0.96, UTC).strftime("%m-%dT%H:%MZ") for p in occurrences(of, begin, end)]


def test_a_skipped_hour_shifts_one_sunday_and_never_the_next() -> None:
    sunday = slot("2027-03-21T02:00:00", 120)
    assert starts(sunday, "2027-03-20", "2027-04-06") == ["03-21T01:00Z", "03-28T01:00Z", "04-04T00:00Z"]
    shifted = next(iter(occurrences(sunday, datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 3, 29, tzinfo=UTC))))
    assert shifted.end_tick - shifted.start_tick == HOUR_TICKS, "it ends when the wall clock says so"


def test_a_repeated_hour_airs_once_at_its_first_pass() -> None:
    assert starts(slot("2027-10-31T02:30:00", 30, ""), "2027-10-30", "2027-11-01") == ["10-31T00:30Z"]


@pytest.mark.parametrize(
    ("zone", "day", "seconds"),
    [
        ("America/New_York", date(2027, 3, 14), 82_800),
        ("America/New_York", date(2027, 11, 7), 90_000),
        ("Australia/Lord_Howe", date(2027, 4, 4), 88_200),
        ("Australia/Lord_Howe", date(2027, 10, 3), 84_600),
        ("Europe/London", date(2026, 11, 25), 86_400),
    ],
)
def test_a_local_day_is_as_long_as_it_is(zone: str, day: date, seconds: int) -> None:
    midnight = datetime.combine(day, datetime.min.time())
    start, end = (instant_of(midnight + timedelta(days=n), ZoneInfo(zone)) for n in (0, 1))
    assert (end - start).total_seconds() == seconds


def test_a_night_slot_ends_at_seven_on_both_changes() -> None:
    zone = ZoneInfo("Europe/London")
    for evening, hours in (("2027-03-27T22:00:00", 8), ("2027-10-30T22:00:00", 10), ("2027-06-01T22:00:00", 9)):
        start, end = span_of(datetime.fromisoformat(evening), timedelta(hours=9), zone)
        assert (end - start, end.astimezone(zone).hour) == (timedelta(hours=hours), 7)


Change = tuple[int, timedelta, timedelta]
"""When the clock of a zone changes, in Unix seconds, and how far it is from UTC before and after."""
DAY_S = 86_400


def changes(name: str) -> list[Change]:
    """Every change of a zone's clock from 2020 to 2035, to the second. None lie closer than a day."""
    zone, found = ZoneInfo(name), []

    def offset(at: int) -> timedelta:
        away = datetime.fromtimestamp(at, zone).utcoffset()
        assert away is not None
        return away

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2020, 2036))
    before = offset(first)
    for day in range(first, last, DAY_S):
        after = offset(day + DAY_S)
        if after != before:
            unchanged, changed = day, day + DAY_S
            while changed - unchanged > 1:
                middle = (unchanged + changed) // 2
                unchanged, changed = (middle, changed) if offset(middle) == before else (unchanged, middle)
            found.append((changed, before, after))
        before = after
    return found


def holds_around(name: str, around: datetime) -> None:
    """Hour slots over two days tile the time, and each begins by its own wall clock or at the first instant after the gap."""
    zone = ZoneInfo(name)
    midnight = around.replace(hour=0)
    days = [slot((midnight + timedelta(minutes=60 * n)).isoformat(), 60, "", name) for n in range(48)]
    begin, until = instant_of(midnight, zone), instant_of(midnight + timedelta(days=2), zone)
    span = first_tick_from(unix_ms(begin)), first_tick_from(unix_ms(until))
    tiles = resolved((place for one in days for place in occurrences(one, begin, until)), *span)
    assert (tiles[0].start_tick, tiles[-1].end_tick) == span
    assert all(a.end_tick == b.start_tick for a, b in pairwise(tiles))
    for tile in tiles:
        if tile.slot_id and tile.whole:
            started = datetime.fromtimestamp(tile.start_tick * 0.96, UTC).astimezone(zone).replace(tzinfo=None)
            late = started - datetime.fromisoformat(tile.occurrence)
            assert timedelta(0) <= late <= timedelta(hours=2, seconds=1), (name, tile)
    daily = slot((midnight - timedelta(days=7)).replace(hour=2, minute=30).isoformat(), 30, "FREQ=DAILY", name)
    met = list(occurrences(daily, begin - timedelta(days=3), until + timedelta(days=3)))
    assert len({place.occurrence for place in met}) == len(met)
    for place in met:  # the day after a change it is at its hour again
        started = datetime.fromtimestamp(place.start_tick * 0.96, UTC).astimezone(zone).replace(tzinfo=None)
        wanted = datetime.fromisoformat(place.occurrence)
        if abs(started - wanted) > timedelta(seconds=1):
            assert instant_of(wanted, zone).astimezone(zone).replace(tzinfo=None) != wanted, (
                "only a time that does not exist shifts"
            )


EVERY_ZONE = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("posix/", "right/", "Etc/")))
AROUND_S = 20 * DAY_S
"""Farther than anything that is looked at around a change."""


def test_every_change_of_every_zone_until_2035() -> None:
    """Zones whose clocks do the same at the same instants around a change are one case: what is asked depends on nothing else."""
    cases: dict[tuple[Change, ...], tuple[str, int]] = {}
    n_changes = 0
    for name in EVERY_ZONE:
        found = changes(name)
        n_changes += len(found)
        for at, before, after in found:
            near = tuple(one for one in found if abs(one[0] - at) < AROUND_S)
            cases[((at, before, after), *near)] = (name, at)
    for name, at in cases.values():
        around = datetime.fromtimestamp(at - 1, ZoneInfo(name)).replace(tzinfo=None)
        holds_around(name, around.replace(minute=0, second=0))
    assert n_changes > 5_000
    assert len(cases) > 800


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 900), st.integers(0, 3)), max_size=25))
def test_places_always_tile_and_the_highest_has_the_tick(wanted: list[tuple[int, int, int]]) -> None:
    places = [Place(s, s + n, f"slot{i:02}", str(s), {}, priority) for i, (s, n, priority) in enumerate(wanted)]
    tiles = resolved(places, 500, 4500)
    assert sum(t.end_tick - t.start_tick for t in tiles) == 4000
    for tile in tiles:
        for tick in (tile.start_tick, tile.end_tick - 1):
            rivals = [p for p in places if p.start_tick <= tick < p.end_tick]
            assert tile.slot_id == (
                min(rivals, key=lambda p: (-p.priority, p.end_tick - p.start_tick, p.slot_id or "")).slot_id if rivals else None
            )


def test_one_day_can_be_left_out_or_be_different() -> None:
    other = {datetime(2026, 11, 10, 9): {"start": "2026-11-10T15:00:00", "length_minutes": 30}}
    daily = slot(
        "2026-11-08T09:00:00", 60, "FREQ=DAILY", "UTC", exceptions=frozenset({datetime(2026, 11, 9, 9)}), overrides=other
    )
    assert starts(daily, "2026-11-08", "2026-11-12") == ["11-08T09:00Z", "11-10T15:00Z", "11-11T09:00Z"]


def test_nights_are_local() -> None:
    first = first_tick_from(unix_ms(datetime(2027, 10, 30, tzinfo=UTC)))
    nights = night(ZoneInfo("Europe/London"), first, first + 2 * DAY_TICKS)
    for at, dark in (
        ("2027-10-30T20:59", False),
        ("2027-10-30T21:00", True),
        ("2027-10-31T06:59", True),
        ("2027-10-31T07:00", False),
    ):
        tick = first_tick_from(unix_ms(datetime.fromisoformat(at).replace(tzinfo=UTC)))
        assert nights.touches(tick, tick + 1) is dark, at


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"title": " "}, {"title": "required"}),
        ({"length_minutes": 0}, {"length_minutes": "not-a-length"}),
        ({"rrule": "FREQ=SECONDLY"}, {"rrule": "not-a-rule"}),
        ({"rrule": "FREQ=DAILY;BYHOUR=3"}, {"rrule": "not-a-rule"}),
        ({"rrule": "FREQ=WEEKLY;BYDAY=XX"}, {"rrule": "not-a-rule"}),
        ({"fill": {"rung": "latest"}}, {"show_id": "required"}),
        ({"fill": {"rung": "whatever"}}, {"fill": "required"}),
        ({"overrides": {datetime(2026, 11, 10, 9): {"start": "2026-11-10T15:00:00", "length_minutes": 30}}}, {}),
        ({"overrides": {datetime(2026, 11, 10, 9): {"start": "2026-11-20T15:00:00"}}}, {"overrides": "not-a-day"}),
        ({"overrides": {datetime(2026, 11, 10, 9): {"length_minutes": 0}}}, {"overrides": "not-a-day"}),
        ({"overrides": {datetime(2026, 11, 10, 9): {"fill": {"rung": "whatever"}}}}, {"overrides": "not-a-day"}),
        ({"over_run": "cut"}, {"over_run": "unknown"}),
        ({"title": "Talk", "rrule": "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270101T000000", "fill": {"rung": "rotation"}}, {}),
    ],
)
def test_what_cannot_be_a_slot_is_told(fields: dict[str, object], faults: dict[str, str]) -> None:
    assert slot_faults(fields, whole=False) == faults
