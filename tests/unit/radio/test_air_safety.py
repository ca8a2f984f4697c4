"""What protects listeners: support messages, hours, voices, heavy and light, and what slots may ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.core.time import unix_ms
from radio.errors import UnprovenError
from radio.schedule.airings import Airable, Airing, Part
from radio.schedule.policy import HourRule, Hours, StationRules, Weight
from radio.schedule.proof import law, prove, prove_support
from radio.schedule.rules import Compiled, Slot, compile  # noqa: A004
from radio.schedule.standing import OverrideKind, Standing
from radio.schedule.wallclock import hours
from tests.unit.radio.test_rundown_rules import LONDON, NOON, SEED, airable, slot, small_pool

EVENING = first_tick_from(unix_ms(datetime(2026, 11, 25, 21, tzinfo=UTC)))
PLAIN = StationRules()


def support(name: str, told: str = "helpline", n_ticks: int = 25, **more: object) -> Airable:
    return airable(name, n_ticks, kind="message", show="house-support", tags=frozenset({("support", told)}), **more)


def station(*more: Airable) -> list[Airable]:
    return [*small_pool(), support("line1"), support("line2"), support("wake", "overdose", 31), *more]


def compiled(
    pool: list[Airable], ticks: int, *slots: Slot, start: int = NOON, rules: StationRules = PLAIN, zone: ZoneInfo = LONDON
) -> Compiled:
    found = compile(slots, pool, zone=zone, seed=SEED, from_tick=start, to_tick=start + ticks, rules=rules)
    bounds = hours(rules, zone, start, found.to_tick)
    known = {a.episode_id: a for a in pool}
    prove(found.airings, start, found.to_tick, law(known, bounds))
    prove_support(found.airings, known, bounds, rules)
    return found


def heard(found: Compiled, name: str) -> list[Airing]:
    return [a for a in found.airings if (a.episode_id or "").startswith(name)]


def test_somebody_says_where_help_is_every_twenty_minutes_of_the_night() -> None:
    long = [airable(f"long{n}", 900 + 40 * n, show=f"long{n}") for n in range(12)]
    found = compiled(station(*long), 14 * HOUR_TICKS, start=EVENING)
    dark = (EVENING + HOUR_TICKS, EVENING + 10 * HOUR_TICKS)
    told = [a for a in found.airings if a.why["code"] == "support" and dark[0] <= a.start_tick < dark[1]]
    assert told[0].start_tick - dark[0] <= HOUR_TICKS // 3
    assert all(b.start_tick - a.end_tick <= HOUR_TICKS // 3 for a, b in pairwise(told))
    assert len(told) < 60, "and not all the time"
    assert any(dark[0] < a.start_tick < dark[1] for a in heard(found, "long")), "what is nearly as long is heard at night too"


def test_a_warning_that_comes_round_at_night_makes_no_support_message_late() -> None:
    pool = [
        *station(*(airable(f"long{n}", 900 + 40 * n, show=f"long{n}") for n in range(12))),
        airable("warning", 90, kind="alert"),
    ]
    warning = Standing("a" * 16, OverrideKind.ALERT, EVENING, EVENING + DAY_TICKS, "warning", every_ticks=HOUR_TICKS // 3)
    found = compile((), pool, zone=LONDON, seed=SEED, from_tick=EVENING, to_tick=EVENING + 11 * HOUR_TICKS, standing=[warning])
    assert len(heard(found, "warning")) > 20
    prove_support(found.airings, {a.episode_id: a for a in pool}, hours(PLAIN, LONDON, EVENING, found.to_tick), PLAIN)


def test_what_is_longer_than_that_waits_for_the_morning_and_a_slot_hears_why() -> None:
    opera = airable("opera", 2000, show="opera")
    asked = slot("2026-11-25T23:00:00", 60, {"rung": "episode", "episode_id": "opera"})
    found = compiled(station(opera), 8 * HOUR_TICKS, asked, start=EVENING)
    assert all(a.start_tick < EVENING + HOUR_TICKS for a in heard(found, "opera"))
    assert ("too-long-at-night", "slot-a") in {(f.code, f.slot_id) for f in found.faults}


@pytest.mark.parametrize(
    ("note", "told"), [("suicide", {"line1", "line2"}), ("self-harm", {"line1", "line2"}), ("overdose", {"wake"})]
)
def test_support_stands_before_and_after_what_needs_it(note: str, told: set[str]) -> None:
    story = airable("story", 400, show="story", calm=False, notes=frozenset({note}))
    found = compiled(station(story), DAY_TICKS)
    assert heard(found, "story")
    for before, airing, after in zip(found.airings, found.airings[1:], found.airings[2:], strict=False):
        if airing.episode_id == "story":
            assert {before.episode_id, after.episode_id} <= told
            assert (before.why["code"], after.why["code"]) == ("support-before", "support-after")


def test_a_slot_that_asks_for_it_begins_on_time_behind_its_support() -> None:
    story = airable("story", 400, show="story", calm=False, notes=frozenset({"suicide"}))
    found = compiled(station(story), 4 * HOUR_TICKS, slot("2026-11-25T14:00:00", 30, {"rung": "episode", "episode_id": "story"}))
    assert NOON + 2 * HOUR_TICKS in {a.start_tick for a in heard(found, "story") if a.slot_id == "slot-a"}


def test_without_support_it_is_not_heard_and_somebody_is_told() -> None:
    story = airable("story", 400, show="story", notes=frozenset({"suicide"}))
    pool = [*small_pool(), story]
    found = compiled(pool, DAY_TICKS, slot("2026-11-25T14:00:00", 30, {"rung": "episode", "episode_id": "story"}))
    assert not heard(found, "story")
    assert {"no-support", "no-support-at-night"} <= {fault.code for fault in found.faults}
    assert Part.EMERGENCY not in {a.part for a in found.airings}, "and there is no gap"


def test_the_proof_sees_a_support_message_that_is_missing() -> None:
    pool = {a.episode_id: a for a in station(airable("story", 400, notes=frozenset({"suicide"})))}
    bounds = hours(PLAIN, LONDON, NOON, NOON + DAY_TICKS)
    line, story = Airing(NOON, 25, Part.FILLER, "line1"), Airing(NOON + 25, 400, Part.PROGRAMME, "story")
    other = Airing(NOON + 425, 211, Part.PROGRAMME, "talk0")
    with pytest.raises(UnprovenError, match="no support around episode story"):
        prove_support([line, story, other], pool, bounds, PLAIN)
    night = [Airing(EVENING + HOUR_TICKS + 211 * n, 211, Part.PROGRAMME, "talk0") for n in range(20)]
    with pytest.raises(UnprovenError, match="no support message for"):
        prove_support([Airing(EVENING, 25, Part.FILLER, "line1"), *night], pool, bounds, PLAIN)


def test_the_stewards_say_what_may_not_be_heard_when() -> None:
    bad_words = [airable(f"rough{n}", 300 + n, show="rough", notes=frozenset({"strong-language"})) for n in range(6)]
    rules = StationRules(
        hour_rules=(HourRule(Hours("15:00", "19:00", ("MO", "TU", "WE", "TH", "FR")), notes=("strong-language",)),),
        quiet_times=(Hours("13:00", "14:00"),),
    )
    loud = [airable(f"loud{n}", 310 + n, show="loud", calm=False) for n in range(6)]
    found = compiled(station(*bad_words, *loud), 9 * HOUR_TICKS, rules=rules)
    assert heard(found, "rough")
    assert not any(a.end_tick > NOON + 3 * HOUR_TICKS and a.start_tick < NOON + 7 * HOUR_TICKS for a in heard(found, "rough"))
    assert heard(found, "loud")
    assert not any(a.end_tick > NOON + HOUR_TICKS and a.start_tick < NOON + 2 * HOUR_TICKS for a in heard(found, "loud"))


def large_pool(n: int, voices: int = 500) -> list[Airable]:
    return [
        *[
            airable(
                f"e{i:04}", 300 + 37 * i % 1100, show=f"show{i % 70}", kind=("story", "interview", "programme")[i % 3],
                voices=frozenset({f"voice{i % voices}"}),
            )
            for i in range(n)
        ],
        *[a for a in station() if a.part in {Part.IDENT, Part.FILLER, Part.BED}],
    ]  # fmt: skip


def test_a_large_station_keeps_every_rest() -> None:
    """A day for an episode, six hours for a voice, two for a show: by turns, so no hour has to know of another."""
    pool = large_pool(2500)
    known = {a.episode_id: a for a in pool}
    found = compiled(pool, 5 * DAY_TICKS)
    programmes = [a for a in found.airings if a.part is Part.PROGRAMME]
    broken = {"episode": 0, "voice": 0, "show": 0}
    last: dict[tuple[str, str], int] = {}
    for airing in programmes:
        one = known[airing.episode_id or ""]
        names = {"episode": (one.episode_id, 24), "voice": (*one.voices, 6), "show": (one.show_id, 2)}
        for rule, (name, rest) in names.items():
            broken[rule] += airing.start_tick - last.get((rule, name), -DAY_TICKS) < rest * HOUR_TICKS
            last[rule, name] = airing.end_tick
    assert (broken["episode"], broken["voice"]) == (0, 0)
    assert broken["show"] <= 0.06 * len(programmes)
    assert broken["show"] == sum("show" in (a.why.get("relaxed") or {}) for a in programmes), (
        "and every reason says what gave way"
    )


def test_weights_make_likelier() -> None:
    plain_pool = large_pool(900)
    tagged = {a.episode_id for a in plain_pool[::4]}
    pool = [replace(a, tags=frozenset({("topic", "sleep")})) if a.episode_id in tagged else a for a in plain_pool]
    heard = [
        sum(a.n_ticks for a in found.airings if a.part is Part.PROGRAMME and a.episode_id in tagged)
        for found in (
            compiled(pool, 2 * DAY_TICKS, rules=StationRules(weights=weights))
            for weights in ((), (Weight("topic", "sleep", 5.0),))
        )
    ]
    assert heard[1] > 1.6 * heard[0], "whose turn it is decides first, weights among those"


def test_what_is_longer_may_make_what_follows_late_if_the_slot_says_so() -> None:
    saga = airable("saga", 4500, show="saga")
    fill: dict[str, object] = {"rung": "episode", "episode_id": "saga"}
    found = compiled(station(saga), 5 * HOUR_TICKS, slot("2026-11-25T14:00:00", 60, fill, over_run="run-on"))
    assert (NOON + 2 * HOUR_TICKS, "slot-a") in {(a.start_tick, a.slot_id) for a in heard(found, "saga")}


@pytest.mark.parametrize(("choice", "wanted"), [("bed", {"bed"}), ("show", {"news"})])
def test_what_follows_an_early_end_is_chosen(choice: str, wanted: set[str]) -> None:
    news = [airable(f"news{n}", 500 + n, show="news", order=n) for n in range(6)]
    asked = slot("2026-11-25T14:00:00", 60, {"rung": "episode", "episode_id": "news0"}, under_run=choice)
    found = compiled(station(*news), 4 * HOUR_TICKS, asked)
    inside = [a for a in found.airings if a.slot_id == "slot-a" and a.part in {Part.PROGRAMME, Part.BED} and a.n_ticks > 30]
    assert {(a.episode_id or "").rstrip("0123456789") for a in inside[1:]} <= {*wanted, "news", "bed"}
    assert len(inside) > 2


def test_calm_music_is_music_alone_and_only_behind_what_was_heard() -> None:
    news = airable("news0", 500, show="news")
    asked = slot("2026-11-25T14:00:00", 60, {"rung": "episode", "episode_id": "news0"}, under_run="bed")
    inside = [a.part for a in compiled(station(news), 4 * HOUR_TICKS, asked).airings if a.slot_id == "slot-a"]
    assert inside[0] is Part.PROGRAMME
    assert set(inside[1:]) <= {Part.BED, Part.IDENT}
    assert inside.count(Part.IDENT) <= 6, "the station says its name every ten minutes, and no more"

    too_long = replace(asked, length=timedelta(minutes=5))
    inside = [a.part for a in compiled(station(news), 4 * HOUR_TICKS, too_long).airings if a.slot_id == "slot-a"]
    assert Part.PROGRAMME in inside, "what could not begin leaves the slot to the station"


def test_what_a_slot_will_ask_for_is_left_to_it() -> None:
    news = [airable(f"news{n}", 500 + n, show="news", published_tick=n) for n in range(3)]
    asked = slot("2026-11-25T18:00:00", 15, {"rung": "latest", "show_id": "news"})
    found = compiled(station(*news), 8 * HOUR_TICKS, asked)
    assert next(a.start_tick for a in heard(found, "news2")) == NOON + 6 * HOUR_TICKS


def test_what_was_heard_just_now_is_not_begun_again_by_its_slot() -> None:
    """The frozen hour has played it before anybody asked for it."""
    pool = station(airable("guest", 500, show="guest"))
    recent = [Airing(NOON - 500, 500, Part.PROGRAMME, "guest", "r-guest")]
    asked = slot("2026-11-25T12:00:00", 60, {"rung": "episode", "episode_id": "guest"})
    found = compile([asked], pool, zone=LONDON, seed=SEED, from_tick=NOON, to_tick=NOON + HOUR_TICKS, recent=recent)
    again = next(a for a in found.airings if a.episode_id == "guest")
    assert again.start_tick - NOON >= HOUR_TICKS // 6
    assert ("heard-just-before", "slot-a") in {(f.code, f.slot_id) for f in found.faults}


def test_a_slot_that_has_begun_with_what_it_asks_for_is_no_fault_when_the_one_after_was_heard_just_now() -> None:
    pool = station(*(airable(f"news{n}", 190, show="news", order=n) for n in range(2)))
    recent = [Airing(NOON - 190, 190, Part.PROGRAMME, "news1", "r-news1")]
    asked = slot("2026-11-25T12:00:00", 5, {"rung": "next", "show_id": "news"})
    found = compile([asked], pool, zone=LONDON, seed=SEED, from_tick=NOON, to_tick=NOON + HOUR_TICKS, recent=recent)
    assert (found.airings[0].episode_id, found.airings[0].why["code"]) == ("news0", "next")
    assert not found.faults


def test_the_other_week_the_month_and_one_day_are_slots_too() -> None:
    pool = station(*[airable(f"news{n}", 500 + n, show="news", order=n) for n in range(9)])
    fill: dict[str, object] = {"rung": "next", "show_id": "news"}
    fortnight = slot("2026-11-11T14:00:00", 15, fill, "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE")
    month = Slot("month", "Europe/London", datetime(2026, 1, 1, 16), timedelta(minutes=15), "FREQ=MONTHLY;BYDAY=-1WE", fill)
    changed = {datetime(2026, 11, 26, 18): {"start": "2026-11-26T19:00:00", "fill": {"rung": "episode", "episode_id": "talk0"}}}
    daily = Slot("daily", "Europe/London", datetime(2026, 11, 1, 18), timedelta(minutes=15), "FREQ=DAILY", fill,
                 frozenset({datetime(2026, 11, 25, 18)}), changed)  # fmt: skip
    found = compiled(pool, 36 * HOUR_TICKS, fortnight, month, daily)
    begun = {a.slot_id: a for a in reversed(found.airings) if a.why["code"] in {"next", "episode"}}
    assert {name: (a.start_tick - NOON) / HOUR_TICKS for name, a in begun.items()} == {"slot-a": 2, "month": 4, "daily": 31}
    assert begun["daily"].episode_id == "talk0"


@pytest.mark.parametrize("rung", ["latest", "next", "rotation", "episode"])
def test_a_warning_that_nobody_relays_is_never_heard_whatever_a_slot_asks_for(rung: str) -> None:
    warning = airable("warning", 40, kind="alert", show="news", order=0, tags=frozenset({("topic", "sleep")}))
    news = [airable(f"news{n}", 300 + n, show="news", order=n + 1) for n in range(3)]
    fill: dict[str, object] = {
        "rung": rung, "show_id": "news", "show_ids": ["news"], "tags": [["topic", "sleep"]], "episode_id": "warning",
    }  # fmt: skip
    found = compiled(
        station(warning, *news), DAY_TICKS, slot("2026-11-25T12:00:00", 30, fill), slot("2026-11-25T15:00:00", 30, fill)
    )
    assert heard(found, "warning") == []
