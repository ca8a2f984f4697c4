"""How often a slot happens, where it stands in the week, what a draft would meet, how a week is shared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from media.grid import HOUR_TICKS, first_tick_from
from radio.core.time import unix_ms
from radio.schedule.airings import Airable, Airing, Hours, Night, Part
from radio.schedule.balance import balance
from radio.schedule.drafts import Around, findings
from radio.schedule.policy import StationRules
from radio.schedule.repeats import DAYS, Repeat, days_of, first_day, moved, renamed, repeat_of, rule_of, until_of
from radio.schedule.wallclock import Slot, hours, slot_faults
from radio.schedule.weekgrid import QUARTERS, ClockChange, clock_change, week
from radio.web.locale import said_length

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
MADE = [repeat for repeat in Repeat if repeat not in {Repeat.OTHER, Repeat.ONCE}]
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(repeat=st.sampled_from(MADE), start=dates, days=st.sets(st.sampled_from(DAYS)), until=st.none() | dates)
def test_a_rule_is_read_as_it_was_chosen(repeat: Repeat, start: date, days: set[str], until: date | None) -> None:
    first = first_day(repeat, start, days)
    rule = rule_of(repeat, first, days, until)

    fifth = repeat is Repeat.MONTHLY_WEEKDAY and first.day > 28
    assert repeat_of(rule) is (Repeat.MONTHLY_LAST if fifth else repeat)
    assert until_of(rule) == until
    assert slot_faults({"rrule": rule}, whole=False) == {}
    if repeat in {Repeat.WEEKLY, Repeat.FORTNIGHTLY}:
        assert days_of(rule) == [day for day in DAYS if day in (days or {DAYS[first.weekday()]})]


@given(repeat=st.sampled_from(MADE), start=dates, days=st.sets(st.sampled_from(DAYS)))
def test_the_first_day_is_the_first_on_which_it_happens(repeat: Repeat, start: date, days: set[str]) -> None:
    first = first_day(repeat, start, days)
    begins = datetime.combine(first, datetime.min.time())
    assert first >= start
    if repeat is not Repeat.MONTHLY_WEEKDAY or first.day <= 28:
        assert rrulestr(rule_of(repeat, first, days), dtstart=begins)[0] == begins


@settings(max_examples=60)
@given(repeat=st.sampled_from(MADE), start=st.dates(date(2026, 1, 1), date(2026, 12, 31)), days=st.sets(st.sampled_from(DAYS)),
       at=st.integers(0, 12), away=st.integers(-6, 6))  # fmt: skip
def test_what_is_moved_happens_where_it_was_put(repeat: Repeat, start: date, days: set[str], at: int, away: int) -> None:
    first = first_day(repeat, start, days)
    begins = datetime.combine(first, datetime.min.time()).replace(hour=20)
    rule = rule_of(repeat, first, days)
    old = list(rrulestr(rule, dtstart=begins).xafter(begins, count=at + 1, inc=True))[at]
    new = (old + timedelta(days=away)).replace(hour=21, minute=15)

    moved_first, moved_rule = moved(rule, begins, old, new)

    assert new in rrulestr(moved_rule, dtstart=moved_first).between(new - timedelta(days=1), new + timedelta(days=1))


def test_every_other_week_keeps_its_weeks_when_it_is_moved_by_a_day() -> None:
    first, rule = moved(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", datetime(2026, 11, 4, 20), datetime(2026, 12, 2, 20), datetime(2026, 12, 3, 19)
    )

    assert rrulestr(rule, dtstart=first).between(datetime(2026, 11, 28), datetime(2026, 12, 31)) == [
        datetime(2026, 12, 3, 19), datetime(2026, 12, 17, 19), datetime(2026, 12, 31, 19),
    ][:2]  # fmt: skip


def test_an_exception_goes_with_its_occurrence() -> None:
    skipped = datetime(2026, 12, 23, 20)
    names = renamed([skipped], "FREQ=WEEKLY;BYDAY=MO,WE", datetime(2026, 11, 25, 20), datetime(2026, 11, 26, 21))

    assert names == {skipped: datetime(2026, 12, 24, 21)}


def test_a_rule_that_nobody_could_choose_is_left_as_it_is() -> None:
    for rule in ("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", "FREQ=DAILY;COUNT=4", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=2TU;BYMONTH=3"):
        assert repeat_of(rule) is Repeat.OTHER
        assert moved(rule, datetime(2026, 11, 25, 20), datetime(2026, 11, 25, 20), datetime(2026, 11, 26, 21)) == (
            datetime(2026, 11, 25, 21), rule,
        )  # fmt: skip


def slot(slot_id: str, start: datetime, minutes: int = 60, rrule: str = "FREQ=WEEKLY", **more: object) -> Slot:
    fill = more.pop("fill", {"rung": "rotation"})
    return Slot(slot_id, "Europe/London", start, timedelta(minutes=minutes), rrule, fill, **more)  # type: ignore[arg-type]


def test_a_slot_stands_in_its_day_at_its_quarter() -> None:
    columns = week([slot("talk", datetime(2026, 11, 4, 20, 30), 45)], MONDAY, LONDON)

    [block] = columns[2].blocks
    assert (block.from_quarter, block.n_quarters, block.occurrence) == (82, 3, "2026-11-25T20:30:00")
    assert [len(column.blocks) for column in columns] == [0, 0, 1, 0, 0, 0, 0]


def test_what_runs_past_midnight_stands_in_both_days() -> None:
    columns = week([slot("night", datetime(2026, 11, 25, 23), 180, "")], MONDAY, LONDON)

    [before], [after] = columns[2].blocks, columns[3].blocks
    assert (before.from_quarter, before.n_quarters, before.goes_on) == (92, 4, False)
    assert (after.from_quarter, after.n_quarters, after.goes_on) == (0, 8, True)


def test_two_that_meet_stand_side_by_side_and_the_longer_knows_who_has_its_time() -> None:
    columns = week(
        [slot("long", datetime(2026, 11, 25, 20), 90), slot("short", datetime(2026, 11, 25, 20, 30), 15)], MONDAY, LONDON
    )

    long, short = columns[2].blocks
    assert (long.lane, short.lane, long.n_lanes, short.n_lanes) == (0, 1, 2, 2)
    assert (long.beaten_by, short.beaten_by) == (("short",), ())


@settings(max_examples=40)
@given(
    starts=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 95), st.integers(1, 600)), max_size=12),
    monday=st.sampled_from([MONDAY, date(2026, 3, 23), date(2026, 10, 19)]),
)
def test_no_block_leaves_its_day_or_covers_another(starts: list[tuple[int, int, int]], monday: date) -> None:
    """Also in the weeks in which the clocks change."""
    slots = [
        slot(
            str(n),
            datetime.combine(monday + timedelta(days=day), datetime.min.time()) + timedelta(minutes=15 * quarter),
            minutes,
            "",
        )
        for n, (day, quarter, minutes) in enumerate(starts)
    ]
    for column in week(slots, monday, LONDON):
        for block in column.blocks:
            assert 0 <= block.from_quarter < block.from_quarter + block.n_quarters <= QUARTERS
            assert block.lane < block.n_lanes
        for one in column.blocks:
            for other in column.blocks:
                meets = (
                    one.from_quarter < other.from_quarter + other.n_quarters
                    and other.from_quarter < one.from_quarter + one.n_quarters
                )
                assert one is other or not meets or one.lane != other.lane or one.n_lanes == 3


def airable(episode_id: str, minutes: int, *, show: str = "talk", calm: bool = True, **more: object) -> Airable:
    values: dict[str, object] = {
        "recording_id": episode_id, "show_id": show, "kind": "story", "part": Part.PROGRAMME, "n_ticks": minutes * HOUR_TICKS // 60,
        "published_tick": 0, "expires_tick": None, "night_ok": calm, "heavy": not calm, "order": 0,
    }  # fmt: skip
    return Airable(episode_id=episode_id, **(values | more))  # type: ignore[arg-type]


def around(*pool: Airable, others: tuple[Slot, ...] = ()) -> Around:
    first = first_tick_from(unix_ms(NOW))
    return Around(others, pool, hours(StationRules(), LONDON, first, first + 24 * 60 * HOUR_TICKS), LONDON, NOW,
                  messages={"helpline": HOUR_TICKS // 60})  # fmt: skip


def codes(draft: Slot, held: Around) -> list[tuple[str, bool]]:
    return [(finding.code, finding.grave) for finding in findings(draft, held)]


LATEST = {"rung": "latest", "show_id": "talk"}


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ([airable("a", 58), airable("b", 60)], []),
        ([], [("nothing-there", True)]),
        ([airable("a", 75)], [("too-long", True)]),
        ([airable("a", 60), airable("b", 75)], [("some-too-long", False)]),
        ([airable("a", 20)], [("leaves-time", False)]),
        ([airable("a", 59, notes=frozenset({"suicide"}))], []),
        ([airable("a", 60, notes=frozenset({"suicide"}))], [("too-long", True)]),
        ([airable("a", 60), airable("b", 60, notes=frozenset({"suicide"}))], [("some-too-long", False)]),
        ([airable("a", 30, notes=frozenset({"overdose"}))], [("no-support", True)]),
        ([airable("a", 60, expires_tick=1)], [("runs-out", True)]),
        ([airable("a", 60, published_tick=1 << 50)], [("not-yet-public", True)]),
    ],
)
def test_what_fills_a_slot_is_held_against_its_length(pool: list[Airable], expected: list[tuple[str, bool]]) -> None:
    assert codes(slot("", datetime(2026, 11, 26, 14), fill=LATEST), around(*pool)) == expected


def test_what_may_not_be_heard_at_night_is_said_of_a_slot_at_night() -> None:
    draft = slot("", datetime(2026, 11, 26, 22, 30), fill=LATEST)

    assert codes(draft, around(airable("a", 60, calm=False))) == [("not-at-night", True)]
    assert codes(draft, around(airable("a", 60, calm=False), airable("b", 59))) == []


def test_what_runs_on_says_by_how_much() -> None:
    [finding] = findings(slot("", datetime(2026, 11, 26, 14), fill=LATEST, over_run="run-on"), around(airable("a", 75)))

    assert (finding.code, finding.grave) == ("runs-on", False)
    assert said_length(int(str(finding.facts["late_ms"]))) == "15 min"


def test_a_rotation_of_little_is_told_that_it_repeats_itself() -> None:
    assert codes(slot("", datetime(2026, 11, 26, 14)), around(airable("a", 30), airable("b", 40))) == [("few", False)]


def test_slots_that_meet_are_named_with_who_has_the_time() -> None:
    other = slot("other", datetime(2026, 11, 5, 14, 30), 15)
    [loses] = findings(slot("", datetime(2026, 11, 26, 14), fill=LATEST), around(airable("a", 60), others=(other,)))
    [wins] = findings(slot("", datetime(2026, 11, 26, 14), fill=LATEST, priority=1), around(airable("a", 60), others=(other,)))

    assert (loses.code, loses.grave, loses.facts["times"], loses.facts["wins"]) == ("meets", True, 8, False)
    assert (wins.code, wins.grave, wins.facts["by_priority"]) == ("meets", False, True)
    assert not loses.facts["alike"]
    alike = slot("alike", datetime(2026, 11, 5, 14))
    [neither] = findings(slot("", datetime(2026, 11, 26, 14), fill=LATEST), around(airable("a", 60), others=(alike,)))
    assert (neither.grave, neither.facts["alike"]) == (True, True), "a draft cannot know who has the time of two that are alike"


def test_the_change_of_the_clocks_is_told_a_year_ahead() -> None:
    draft = slot("", datetime(2026, 11, 26, 1, 30), 30, "FREQ=DAILY", fill=LATEST)
    [finding] = findings(draft, around(airable("a", 30)))

    assert (finding.code, finding.facts["occurrence"]) == ("clocks-change", "2027-03-28T01:30:00")


def test_both_changes_of_the_clocks_are_told_the_next_one_first() -> None:
    draft = slot("", datetime(2026, 11, 26, 22), 480, "FREQ=DAILY", fill=LATEST)
    told = [one.facts for one in findings(draft, around(airable("a", 30))) if one.code == "clocks-change"]

    assert [(one["occurrence"], int(str(one["length_ms"])) // 3_600_000) for one in told] == [
        ("2027-03-27T22:00:00", 7), ("2027-10-30T22:00:00", 9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "from_day", "to_day", "before", "after"),
    [
        ("Europe/London", datetime(2027, 3, 15), datetime(2027, 3, 29), datetime(2027, 3, 28, 1), datetime(2027, 3, 28, 2)),
        ("Europe/London", datetime(2026, 10, 19), datetime(2026, 11, 2), datetime(2026, 10, 25, 2), datetime(2026, 10, 25, 1)),
        ("Australia/Lord_Howe", datetime(2026, 10, 1), datetime(2026, 10, 8), datetime(2026, 10, 4, 2), datetime(2026, 10, 4, 2, 30)),
    ],
)  # fmt: skip
def test_the_next_change_of_the_clocks_is_found_whichever_it_is(
    zone: str, from_day: datetime, to_day: datetime, before: datetime, after: datetime
) -> None:
    there = ZoneInfo(zone)
    found = clock_change(from_day.replace(tzinfo=there), to_day.replace(tzinfo=there), there)
    assert found == ClockChange(before, after)
    assert found.goes_forward == (after > before)
    assert clock_change(from_day.replace(tzinfo=there), before.replace(tzinfo=there) - timedelta(days=1), there) is None


def test_a_slot_that_never_happens_says_so() -> None:
    assert codes(slot("", datetime(2026, 11, 24, 14), rrule=""), around()) == [("never", True)]


def test_a_week_is_shared_by_minutes() -> None:
    airings = [
        Airing(0, 300, Part.PROGRAMME, "a", "a"), Airing(300, 100, Part.PROGRAMME, "b", "b"), Airing(400, 10, Part.IDENT, "i", "i"),
        Airing(410, 300, Part.PROGRAMME, "a", "a"),
    ]  # fmt: skip
    found = balance(airings, {"topic": {"a": ["sleep", "family"]}}, {"topic": ["sleep", "money"]})

    assert found.n_ticks == 700
    assert found.parts == {Part.PROGRAMME: 700, Part.IDENT: 10}
    shares = [(one.code, one.n_ticks, one.n_airings, one.n_episodes, one.per_cent) for one in found.shares["topic"]]
    assert shares == [("sleep", 600, 2, 1, 86), ("family", 600, 2, 1, 86), ("money", 0, 0, 0, 0), (None, 100, 1, 1, 14)]


def test_nothing_that_is_heard_is_no_share_of_anything() -> None:
    assert balance([], {"kind": {}}, {"kind": ["story"]}).shares["kind"][0].per_cent == 0


def test_quiet_hours_that_the_stewards_set_are_as_the_night() -> None:
    draft = slot("", datetime(2026, 11, 26, 14), fill=LATEST)
    held = around(airable("a", 60, calm=False))
    quiet = Hours(Night(((0, 1 << 60),)))

    assert codes(draft, Around(held.others, held.pool, quiet, LONDON, NOW)) == [("not-at-night", True)]
