"""What a person has put over the rundown, as compiling reads it: it is heard, with its support, and takes nobody's place."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable, Airing
from radio.schedule.proof import law, prove, prove_support
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
