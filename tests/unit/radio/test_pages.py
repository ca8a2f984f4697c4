"""What pages say about time, size and the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from media.grid import DAY_TICKS, HOUR_TICKS, tick_start_ms
from radio.pages.rules import Told, blocks, chosen_day, day_ticks, megabytes, moments, n_pages, pattern
from radio.web.locale import is_night, said_length, said_time, spoken_when, to_the_second

LONDON = ZoneInfo("Europe/London")
TOLD = {"a": Told("a", "Bread", "Kitchen Table", "kitchen-table"), "b": Told("b", "Rain", "Night Desk", "night-desk")}


@dataclass(frozen=True)
class Aired:
    start_tick: int
    end_tick: int
    part: str = "programme"
    episode_id: str | None = None
    slot_id: str | None = None


def test_a_day_is_told_as_slots_filled_it() -> None:
    day = blocks(
        [Aired(0, 10, "ident", None, "s"), Aired(10, 900, "programme", "a", "s"), Aired(900, 1000, "bed")],
        slots={"s": "Morning"}, told=TOLD,
    )  # fmt: skip

    assert [(block.title, [heard.told.title for heard in block.heard]) for block in day] == [("Morning", ["Bread"]), ("", [])]
    assert day[0].end_ms == day[1].start_ms == tick_start_ms(900)


def test_an_episode_that_may_not_be_told_of_leaves_its_slot() -> None:
    (block,) = blocks([Aired(0, 900, "programme", "taken-back", "s")], slots={"s": "Morning"}, told=TOLD)

    assert block.title == "Morning"
    assert block.heard == ()


def test_now_is_the_programme_and_what_is_over_is_not_next() -> None:
    day = blocks(
        [Aired(0, 900, "programme", "a", "s"), Aired(900, 2000, "programme", "b", "s"), Aired(2000, 4000, "bed", None, "t")],
        slots={"s": "Morning", "t": "Music"}, told=TOLD,
    )  # fmt: skip

    assert [moment.title for moment in moments(day, tick_start_ms(900) - 1)] == ["Bread", "Rain", "Music"]
    assert [moment.title for moment in moments(day, tick_start_ms(900))] == ["Rain", "Music"]


def test_moments_follow_each_other_without_a_hole_where_something_is_worth_saying() -> None:
    day = blocks(
        [Aired(0, 900, "bed", None, "s"), Aired(900, 2000, "programme", "b", "s"), Aired(2000, 2100, "ident", None, "s")],
        slots={"s": "Morning"}, told=TOLD,
    )  # fmt: skip

    assert [moment.title for moment in moments(day, 0)] == ["Morning", "Rain"]


def test_during_a_short_ident_the_next_moment_is_already_said() -> None:
    day = blocks(
        [Aired(0, 900, "programme", "a", "s"), Aired(900, 910, "ident", None, "s"), Aired(910, 2000, "programme", "b", "s")],
        slots={"s": "Morning"}, told=TOLD,
    )  # fmt: skip

    assert moments(day, tick_start_ms(905))[0].title == "Rain"


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 25), 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(day: date, hours: int) -> None:
    start, end = day_ticks(day, LONDON)

    assert end - start == hours * HOUR_TICKS


def test_days_touch() -> None:
    assert day_ticks(date(2026, 11, 25), LONDON)[1] == day_ticks(date(2026, 11, 26), LONDON)[0]
    assert day_ticks(date(2026, 11, 25), LONDON)[0] % DAY_TICKS == 0


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("", date(2026, 11, 25)),
        ("2026-11-26", date(2026, 11, 26)),
        ("2027-11-26", None),
        ("tomorrow", None),
        ("2026-02-30", None),
    ],
)
def test_a_day_is_chosen_by_its_date(asked: str, chosen: date | None) -> None:
    assert chosen_day(asked, date(2026, 11, 25)) == chosen


@pytest.mark.parametrize(
    ("size_bytes", "said"), [(1, "0.1"), (400_000, "0.4"), (7_000_000, "7"), (7_240_000, "7.2"), (28_800_000, "29")]
)
def test_sizes_are_said_as_people_say_them(size_bytes: int, said: str) -> None:
    assert megabytes(size_bytes) == said


@pytest.mark.parametrize("size_bytes", [1_000_000, 1_049_999, 9_949_000, 9_960_000, 10_499_999, 57_654_321])
def test_the_price_is_true_to_five_per_cent(size_bytes: int) -> None:
    assert abs(float(megabytes(size_bytes)) * 1_000_000 - size_bytes) <= size_bytes * 0.05


def test_a_length_is_said_in_one_way_and_the_record_tells_it_to_the_second() -> None:
    lengths = (0, 59_999, 60_000, 90_000, 3_569_999, 3_570_000, 3_900_000)
    assert [said_length(ms) for ms in lengths] == [
        "under a minute",
        "under a minute",
        "1 min",
        "2 min",
        "59 min",
        "1 h",
        "1 h 05 min",
    ]
    assert [to_the_second(ms) for ms in (0, 130_960, 3_730_000)] == ["0:00", "2:10", "1:02:10"]
    assert spoken_when(datetime(2026, 11, 25, 21, 29, 59, 960_000), "second") == "21:29:59"


def test_an_empty_list_has_a_page() -> None:
    assert [n_pages(n) for n in (0, 20, 21)] == [1, 1, 2]


def test_a_show_keeps_its_pattern() -> None:
    assert pattern("0123456789abcdef") == pattern("0123456789abcdef")
    assert len(pattern("0123456789abcdef")) == 16


@pytest.mark.parametrize(("hour", "night"), [(21, False), (22, True), (3, True), (6, False), (12, False)])
def test_night_is_from_ten_to_six_by_the_stations_clock(hour: int, night: bool) -> None:
    assert is_night(datetime(2026, 11, 25, hour, 0, tzinfo=LONDON)) is night


def test_times_are_said_to_the_nearest_minute() -> None:
    assert said_time(datetime(2026, 11, 25, 21, 29, 59, 520_000, tzinfo=UTC)) == "21:30"
    assert said_time(datetime(2026, 11, 25, 21, 30, 0, 480_000, tzinfo=UTC)) == "21:30"
