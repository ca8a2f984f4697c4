"""The calendar of slots, as two readers that we did not write understand it, over both changes of the clock."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from media.grid import first_tick_from, tick_start_ms
from radio.channel.calendar import Shown, calendar
from radio.channel.zones import changes, timezone
from radio.core.time import from_unix_ms, unix_ms
from radio.schedule.wallclock import Slot, occurrences, resolved

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vobject

CHANGED = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
Spans = set[tuple[str, datetime, datetime]]


def slot(slot_id: str, zone: str, first: str, minutes: int, rrule: str = "FREQ=DAILY", **more: object) -> Slot:
    return Slot(slot_id, zone, datetime.fromisoformat(first), timedelta(minutes=minutes), rrule, {"rung": "rotation"}, **more)  # type: ignore[arg-type]


def written(slots: Iterable[Slot], now: datetime) -> bytes:
    shown = [Shown(each, f"Slot {each.slot_id}", CHANGED) for each in slots]
    return calendar(shown, name="Radio", url="https://radio.example/schedule", host="radio.example", now=now)


def true_spans(slots: list[Slot], start: datetime, end: datetime) -> Spans:
    """What the rundown is compiled from: who has the time, to the second."""
    first, last = start - timedelta(days=4), end + timedelta(days=4)
    ticks = [first_tick_from(unix_ms(edge)) for edge in (first, last)]
    tiles = resolved((place for each in slots for place in occurrences(each, first, last)), *ticks)
    found = set()
    for tile in tiles:
        span = [from_unix_ms(tick_start_ms(tick)).replace(microsecond=0) for tick in (tile.start_tick, tile.end_tick)]
        if tile.slot_id and start <= span[0] < end:
            found.add((tile.slot_id, *span))
    return found


def name_of(uid: str) -> str:
    return uid.split("@", maxsplit=1)[0].split("-", maxsplit=1)[0]


def read_by_icalendar(content: bytes, start: datetime, end: datetime) -> Spans:
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(content)).between(start, end)
    spans = {(name_of(e["UID"]), e.start.astimezone(UTC), e.end.astimezone(UTC)) for e in found}
    return {span for span in spans if start <= span[1] < end}


def at(local: datetime, zone: Any) -> datetime:
    """vobject takes its zones from pytz where that is there, whose zones must be asked; of a repeated hour the first."""
    return (zone.localize(local, is_dst=True) if hasattr(zone, "localize") else local.replace(tzinfo=zone)).astimezone(UTC)


def read_by_vobject(content: bytes, start: datetime, end: datetime) -> Spans:
    """vobject expands rules in the zones that the calendar itself describes; what replaces one day is put in here."""
    read = next(vobject.readComponents(content.decode()))
    replaced = {(e.uid.value, e.recurrence_id.value.astimezone(UTC)) for e in read.vevent_list if hasattr(e, "recurrence_id")}
    found = set()
    for event in read.vevent_list:
        uid, zone = event.uid.value, event.dtstart.value.tzinfo
        if "rrule" in event.contents:
            for local in event.getrruleset(addRDate=False):
                begins = at(local.replace(tzinfo=None), zone)
                if (uid, begins) not in replaced:
                    found.add((name_of(uid), begins, begins + event.duration.value))
                if begins > end:
                    break
        else:
            found.add((name_of(uid), event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)))
    return {span for span in found if start <= span[1] < end}


PARIS = [
    slot("gap", "Europe/Paris", "2027-01-03T02:30:00", 90, "FREQ=WEEKLY;BYDAY=SU"),
    slot("night", "Europe/Paris", "2026-12-01T23:00:00", 480),
    slot("noon", "Europe/Paris", "2026-12-01T12:00:00", 120, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"),
    slot("month", "Europe/Paris", "2026-12-01T20:00:00", 60, "FREQ=MONTHLY;BYDAY=-1FR"),
    slot("ends", "Europe/Paris", "2026-12-01T09:00:00", 30, "FREQ=DAILY;UNTIL=20270401T090000"),
    slot("count", "Europe/Paris", "2027-03-20T07:00:00", 30, "FREQ=DAILY;COUNT=12"),
    slot("special", "Europe/Paris", "2027-03-29T12:30:00", 30, "", priority=5),
    slot("taker", "Europe/Paris", "2027-03-26T20:00:00", 60, "", priority=5),
    slot(
        "days", "Europe/Paris", "2026-12-02T15:00:00", 45, "FREQ=WEEKLY;BYDAY=WE,SA",
        exceptions=frozenset({datetime(2027, 3, 27, 15)}),
        overrides={datetime(2027, 3, 31, 15): {"start": "2027-03-31T16:10:00", "length_minutes": 20}},
    ),
]  # fmt: skip
LONDON = [
    slot("gap", "Europe/London", "2027-01-03T01:15:00", 60, "FREQ=WEEKLY;BYDAY=SU"),
    slot("night", "Europe/London", "2026-12-01T22:00:00", 540),
]
LORD_HOWE = [slot("half", "Australia/Lord_Howe", "2027-01-03T02:10:00", 60, "FREQ=WEEKLY;BYDAY=SU"), slot("six", "Australia/Lord_Howe", "2027-01-03T00:00:00", 360)]  # fmt: skip
WEEKS = [
    (PARIS, datetime(2027, 3, 18, tzinfo=UTC)), (PARIS, datetime(2027, 10, 21, tzinfo=UTC)), (LONDON, datetime(2027, 3, 18, tzinfo=UTC)),
    (LONDON, datetime(2027, 10, 21, tzinfo=UTC)), (LORD_HOWE, datetime(2027, 3, 25, tzinfo=UTC)), (LORD_HOWE, datetime(2027, 9, 23, tzinfo=UTC)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("slots", "start"), WEEKS, ids=lambda value: f"{value:%Y-%m}" if isinstance(value, datetime) else value[0].zone
)
@pytest.mark.parametrize("reader", [read_by_icalendar, read_by_vobject])
def test_a_calendar_shows_what_the_rundown_is_compiled_from_over_a_change_of_the_clock(reader, slots, start) -> None:  # type: ignore[no-untyped-def]
    end = start + timedelta(days=18)

    assert reader(written(slots, start - timedelta(days=100)), start, end) == true_spans(slots, start, end)


def test_a_start_that_a_gap_moves_is_left_out_of_the_rule_and_said_as_a_date() -> None:
    content = written(PARIS[:1], datetime(2027, 3, 1, tzinfo=UTC)).decode()

    assert "EXDATE;TZID=Europe/Paris:20270328T023000" in content
    assert "RDATE;TZID=Europe/Paris:20270328T030000" in content
    assert "RRULE:FREQ=WEEKLY;BYDAY=SU" in content


def test_the_zone_comes_with_its_rules() -> None:
    content = timezone("Europe/London", 2025, 2026).to_ical().decode()

    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in content
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in content
    assert content.count("BEGIN:STANDARD") == 2, "how it stood before the first change, and the rule"


@pytest.mark.parametrize("key", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "America/Sao_Paulo"])  # fmt: skip
def test_a_reader_that_knows_no_zones_tells_the_true_time_by_ours(key: str) -> None:
    zone = ZoneInfo(key)
    read = icalendar.Timezone.from_ical(timezone(key, 2024, 2026).to_ical()).to_tz(lookup_tzid=False)
    for change in changes(zone, 2024, 2034):
        for minutes in (-90, 90):  # clear of the hour that is left out or comes twice
            local = change.local + timedelta(minutes=minutes, hours=3 * (minutes > 0))
            assert local.replace(tzinfo=read).utcoffset() == local.replace(tzinfo=zone).utcoffset(), local


def test_the_same_slots_give_the_same_bytes_all_day() -> None:
    morning = datetime(2027, 3, 1, 6, tzinfo=UTC)

    assert written(PARIS, morning) == written(PARIS, morning + timedelta(hours=17))


def test_no_slots_are_a_calendar_too() -> None:
    read = icalendar.Calendar.from_ical(written([], datetime(2027, 3, 1, tzinfo=UTC)))

    assert read["VERSION"] == "2.0"
    assert not read.walk("VEVENT")
