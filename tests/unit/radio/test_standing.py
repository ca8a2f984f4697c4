"""What a person has put over the rundown, as compiling reads it: it is heard, with its support, and takes nobody's place."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable, Airing, Part, reason
from radio.schedule.interrupted import going_on
from radio.schedule.ladder import Pool
from radio.schedule.proof import GOES_ON, law, prove, prove_support
from radio.schedule.rules import Compiled, Slot, compile  # noqa: A004
from radio.schedule.standing import OverrideKind, Standing
from radio.schedule.wallclock import hours
from tests.unit.radio.test_air_safety import PLAIN, heard, station
from tests.unit.radio.test_rundown_rules import LONDON, NOON, SEED, airable, slot

EVERY = HOUR_TICKS // 2


def alert(name: str, *, from_tick: int = NOON, hours_long: int = 6) -> Standing:
    return Standing("o" * 16, OverrideKind.ALERT, from_tick, from_tick + hours_long * HOUR_TICKS, name, every_ticks=EVERY)


def compiled(pool: list[Airable], *slots: Slot, standing: Standing) -> Compiled:
    found = compile(slots, pool, zone=LONDON, seed=SEED, from_tick=NOON, to_tick=NOON + 6 * HOUR_TICKS, standing=[standing])
    bounds, known = hours(PLAIN, LONDON, NOON, found.to_tick), {a.episode_id: a for a in pool}
    prove(found.airings, NOON, found.to_tick, law(known, bounds))
    prove_support(found.airings, known, bounds, PLAIN)
    return found


def rests(airings: list[Airing]) -> list[int]:
    return [later.start_tick - one.end_tick for one, later in pairwise(airings)]


@pytest.mark.parametrize("notes", [frozenset(), frozenset({"overdose"})], ids=["plain", "overdose"])
@pytest.mark.parametrize("rung", ["episode", "latest"])
def test_an_alert_that_comes_round_does_not_push_out_what_fills_its_slot_to_the_tick(rung: str, notes: frozenset[str]) -> None:
    """Two slots that are full, one after the other: at the join between them the alert is due, and waits."""
    pool = station(airable("first", 2 * HOUR_TICKS // 3, show="first"), airable("second", HOUR_TICKS, show="second"),
                   airable("warning", 40, kind="alert", show="alerts", calm=False, notes=notes))  # fmt: skip

    def fill(name: str) -> dict[str, object]:
        return {"rung": rung, **({"episode_id": name} if rung == "episode" else {"show_id": name})}

    second = replace(slot("2026-11-25T14:00:00", 60, fill("second")), slot_id="slot-b")
    found = compiled(pool, slot("2026-11-25T13:20:00", 40, fill("first")), second, standing=alert("warning"))
    assert NOON + 4 * HOUR_TICKS // 3 in {a.start_tick for a in heard(found, "first")}
    assert NOON + 2 * HOUR_TICKS in {a.start_tick for a in heard(found, "second")}
    said = heard(found, "warning")
    assert len(said) >= 7
    assert min(rests(said)) >= EVERY
    assert max(rests(said)) < 2 * EVERY + HOUR_TICKS, "it waits for one that is full, and no longer"


def test_an_alert_about_an_overdose_is_told_with_its_support_every_time() -> None:
    """Source: domain S18, S19."""
    warning = airable("warning", 40, kind="alert", show="alerts", calm=False, notes=frozenset({"overdose"}))
    found = compiled(station(warning), standing=alert("warning"))
    around = {
        (before.episode_id, after.episode_id)
        for before, airing, after in zip(found.airings, found.airings[1:], found.airings[2:], strict=False)
        if airing.episode_id == "warning"
    }
    assert around == {("wake", "wake")}
    assert len(heard(found, "warning")) >= 8


TEN = NOON + 10 * HOUR_TICKS
"""When the night begins."""
TWENTY_MINUTES = HOUR_TICKS // 3


@pytest.mark.parametrize(
    ("begun", "later", "behind_a_message"),
    [
        (TEN + 100, 0, False),  # it ends in time also with the alert in it
        (TEN + 100, 30, True),  # as late as it may, without the alert
        (TEN - 700, -100, False),  # the night begins while it goes on
    ],
)
def test_what_an_alert_interrupts_at_night_goes_on_behind_a_support_message_where_the_next_were_late(
    begun: int, later: int, behind_a_message: bool
) -> None:
    told_until, alert_ticks = max(begun, TEN), 40
    ends = told_until + TWENTY_MINUTES - 40 + later
    pool = station(airable("story", ends - begun, show="story"), airable("warning", alert_ticks, kind="alert"))
    at = begun + 600
    heard_before = [
        Airing(begun - 25, 25, Part.FILLER, "line1", "r-line1"), Airing(begun, 600, Part.PROGRAMME, "story", "r-story"),
        Airing(at, alert_ticks, Part.FILLER, "warning", "r-warning"),
    ]  # fmt: skip
    rest = Airing(at + alert_ticks, ends - at, Part.PROGRAMME, "story", "r-story", 600, None, reason(GOES_ON))
    bounds = hours(PLAIN, LONDON, begun, ends + HOUR_TICKS)
    found = going_on(rest, heard_before, Pool(pool, SEED, PLAIN), bounds)
    assert [bool(known(pool)[a.episode_id or ""].supports) for a in found] == [True] * behind_a_message + [False]
    assert (found[-1].first_tick, found[-1].n_ticks) == (600, ends - at), "to its own end"
    assert all(one.end_tick == other.start_tick for one, other in pairwise([heard_before[-1], *found]))
    message = Airing(found[-1].end_tick, 25, Part.FILLER, "line2", "r-line2")
    prove_support([*heard_before, *found, message], known(pool), bounds, PLAIN)


def test_what_an_alert_made_too_long_for_the_night_does_not_go_on() -> None:
    """Begun by day, it was to end as late as the night allows; no message stands where one were due."""
    begun, ends = TEN - 900, TEN + TWENTY_MINUTES
    pool = station(airable("story", ends - begun, show="story"), airable("warning", 40, kind="alert"))
    rest = Airing(begun + 340, ends - begun - 300, Part.PROGRAMME, "story", "r-story", 300, None, reason(GOES_ON))
    assert going_on(rest, [], Pool(pool, SEED, PLAIN), hours(PLAIN, LONDON, begun, ends + HOUR_TICKS)) == []


def known(pool: list[Airable]) -> dict[str, Airable]:
    return {a.episode_id: a for a in pool}


def at_night(pool: list[Airable], *standing: Standing, from_tick: int, recent: list[Airing]) -> Compiled:
    until = from_tick + 3 * HOUR_TICKS
    found = compile((), pool, zone=LONDON, seed=SEED, from_tick=from_tick, to_tick=until, recent=recent, standing=standing)
    prove_support([*recent, *found.airings], known(pool), hours(PLAIN, LONDON, TEN, found.to_tick), PLAIN)
    return found


@pytest.mark.parametrize("before_anchor", [5, 10, 20])
def test_a_message_that_is_due_runs_across_the_end_of_a_block_where_a_cut_left_no_room_before_it(before_anchor: int) -> None:
    cut = TEN + 2 * HOUR_TICKS - before_anchor
    begun = cut + before_anchor // 2 - TWENTY_MINUTES
    recent = [
        Airing(begun - 25, 25, Part.FILLER, "line1", "r-line1"),
        Airing(begun, cut - begun, Part.PROGRAMME, "talk0", "r-talk0"),
    ]
    at_night(station(), from_tick=cut, recent=recent)


def test_after_a_stop_that_has_an_end_the_programme_comes_back_whoever_compiles_meanwhile() -> None:
    stop = Standing("o" * 16, OverrideKind.STOP, TEN, TEN + 62)
    found = at_night(station(), stop, from_tick=TEN + 5, recent=[])
    assert (found.airings[0].part, found.airings[0].end_tick) == (Part.EMERGENCY, TEN + 62)
    assert Part.EMERGENCY not in {a.part for a in found.airings[1:]}
    assert found.to_tick >= TEN + 5 + 3 * HOUR_TICKS


@pytest.mark.parametrize("first", ["alert", "support"])
def test_what_a_slot_asks_for_is_heard_behind_an_alert_or_a_message_that_has_to_stand_before_it(first: str) -> None:
    start = TEN + HOUR_TICKS + HOUR_TICKS // 6
    pool = station(airable("story", 900, show="story"), airable("warning", 40, kind="alert"))
    asked = slot("2026-11-25T23:10:00", 30, {"rung": "episode", "episode_id": "story"})
    told = start - (25 if first == "alert" else 625)
    recent = [Airing(told, 25, Part.FILLER, "line1", "r-line1")]
    recent += [Airing(told + 25, 600, Part.PROGRAMME, "talk0", "r-talk0")] * (first == "support")
    standing = [alert("warning", from_tick=start)] if first == "alert" else []
    found = compile(
        [asked], pool, zone=LONDON, seed=SEED, from_tick=start, to_tick=start + HOUR_TICKS, recent=recent, standing=standing
    )
    assert found.airings[0].why["code"] == first
    assert found.airings[1].episode_id == "story"


@pytest.mark.parametrize(("length", "is_heard"), [(TWENTY_MINUTES - 50, True), (TWENTY_MINUTES + 50, False)])
@pytest.mark.parametrize("kind", [OverrideKind.SWAP, OverrideKind.ALERT])
def test_what_is_longer_than_help_may_be_away_is_not_put_into_the_night(kind: OverrideKind, length: int, is_heard: bool) -> None:
    pool = station(airable("chosen", length, show="chosen"))
    asked = Standing("o" * 16, kind, TEN + 500, TEN + 2 * HOUR_TICKS, "chosen", every_ticks=TWENTY_MINUTES)
    recent = [Airing(TEN, 25, Part.FILLER, "line1", "r-line1"), Airing(TEN + 25, 475, Part.PROGRAMME, "talk0", "r-talk0")]
    found = at_night(pool, asked, from_tick=TEN + 500, recent=recent)
    assert ({a.why["code"] for a in heard(found, "chosen")} >= {"alert" if kind is OverrideKind.ALERT else "swapped"}) == is_heard
