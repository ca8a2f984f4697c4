"""What counts as one fetch, told by a log that is played again; and what is remembered of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.counting.held import Tally
from radio.counting.robots import is_robot
from radio.counting.rules import Fetch, Sound, joined, shown, shown_sum, told

SOUNDS = {
    "ten": Sound("ten", "mp3", 4_900_000, 4_800_000, 7680),
    "ten-low": Sound("ten", "m4a", 1_840_000, 1_800_000, 2880),
    "half": Sound("half", "mp3", 250_000, 240_000, 7680),
    "other": Sound("other", "mp3", 4_900_000, 4_800_000, 7680),
}
TODAY = date(2026, 11, 25)


@dataclass(frozen=True)
class Line:
    fetch: Fetch
    at: datetime
    address: str
    agent: str


def line(text: str) -> Line:
    when, address, agent, method, status, piece, sound, *ahead = shlex.split(text)
    day, clock = when.split("/")
    at = datetime.fromisoformat(f"2026-11-{24 + int(day)}T{clock}:00+00:00")
    start, end = map(int, piece.split("-"))
    return Line(Fetch(SOUNDS[sound], method, int(status), (start, end), ahead=bool(ahead)), at, address, agent)


def cases() -> Iterator[tuple[str, int, list[Line]]]:
    text = (Path(__file__).parent / "replay.log").read_text()
    for case in text.split("\n== ")[1:]:
        head, *lines = case.splitlines()
        law, number = head.split(" => ")
        yield law, int(number), [line(each) for each in lines if each and not each.startswith("#")]


CASES = list(cases())


def played(lines: list[Line], held: Tally) -> int:
    for each in lines:
        held.take(each.fetch, address=each.address, agent=each.agent, now=each.at)
    return sum(held.drain().values())


def test_the_log_is_long_enough_to_say_something() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(("lines", "number"), [(case[2], case[1]) for case in CASES], ids=[case[0] for case in CASES])
def test_the_log_played_again_gives_the_number(lines: list[Line], number: int) -> None:
    assert played(lines, Tally()) == number


def test_each_day_has_its_own_number() -> None:
    held = Tally()
    for each in next(lines for law, _, lines in CASES if law == "midnight is that of UTC"):
        held.take(each.fetch, address=each.address, agent=each.agent, now=each.at)

    assert held.drain() == {("ten", TODAY): 1, ("ten", TODAY + timedelta(days=1)): 1}


def test_what_was_drained_is_not_given_twice_and_what_is_put_back_is_kept() -> None:
    held = Tally()
    lines = CASES[0][2]
    for each in lines:
        held.take(each.fetch, address=each.address, agent=each.agent, now=each.at)
    sums = held.drain()

    assert held.drain() == {}
    held.put_back(sums)
    assert played(lines, held) == 1


def held_in(thing: object, seen: set[int]) -> Iterator[object]:
    """Everything that can be reached from an object of ours."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    yield thing
    inside: list[object] = list(vars(thing).values()) if hasattr(thing, "__dict__") else []
    if isinstance(thing, dict):
        inside += [*thing, *thing.values()]
    elif isinstance(thing, (list, tuple, set, frozenset)):
        inside += list(thing)
    for each in inside:
        yield from held_in(each, seen)


def test_no_address_and_no_agent_can_be_found_in_memory() -> None:
    held = Tally()
    for _, _, lines in CASES:
        for each in lines:
            held.take(each.fetch, address=each.address, agent=each.agent, now=each.at)

    texts = {thing for thing in held_in(held, set()) if isinstance(thing, str)}
    assert texts <= {"ten", "half", "other", "mp3", "m4a"}
    assert not any(b"192.0" in thing or b"Pod" in thing for thing in held_in(held, set()) if isinstance(thing, bytes))


def test_the_key_is_another_one_each_day_and_in_each_process() -> None:
    first, second = Tally(), Tally()
    day_one, day_two = CASES[0][2][0].at, CASES[0][2][0].at + timedelta(days=1)
    keys = []
    for held, now in ((first, day_one), (first, day_two), (second, day_one)):
        held.take(CASES[0][2][0].fetch, address="192.0.2.1", agent="x", now=now)
        keys.append(held._key)

    assert len(set(keys)) == 3
    assert len(first._pieces) == 1, "yesterday's marks are still there"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (min(p), max(p) + 1)), max_size=12))
def test_pieces_cover_what_they_cover_in_any_order(pieces: list[tuple[int, int]]) -> None:
    one: tuple[tuple[int, int], ...] = ()
    for piece in pieces:
        one = joined(one, piece)
    other: tuple[tuple[int, int], ...] = ()
    for piece in reversed(pieces):
        other = joined(other, piece)

    assert one == other
    assert {byte for start, end in one for byte in range(start, end)} == {b for s, e in pieces for b in range(s, e)}
    assert all(before[1] < after[0] for before, after in pairwise(one))


def test_a_clip_in_the_place_of_what_was_taken_back_is_nobody_s_fetch() -> None:
    held = Tally()
    clip = Fetch(Sound("ten", "mp3", 60_000, 0, 0), "GET", 200, (0, 60_000))
    held.take(clip, address="192.0.2.1", agent="AntennaPod/3.4.0", now=CASES[0][2][0].at)

    assert held.drain() == {}


def test_small_numbers_are_not_told() -> None:
    assert [shown(n) for n in (0, 1, 4, 5, 6, 117)] == ["<5", "<5", "<5", "5", "6", "117"]


def test_a_sum_is_told_down_to_full_fives() -> None:
    assert [shown_sum(n) for n in (0, 4, 5, 9, 10, 119)] == ["<5", "<5", "5", "5", "10", "115"]


def test_only_whole_weeks_are_told() -> None:
    days = {date(2026, 11, 16): 3, date(2026, 11, 22): 4, date(2026, 11, 15): 9, date(2026, 11, 23): 50, date(2026, 8, 3): 100}

    found = told(days, TODAY)

    assert (found.last_week, found.week_before, found.in_all) == ("7", "9", "115")


def test_a_list_of_robots_is_there_and_people_are_not_on_it() -> None:
    assert is_robot("Mozilla/5.0 (compatible; Googlebot/2.1)")
    assert not is_robot("AntennaPod/3.4.0")
