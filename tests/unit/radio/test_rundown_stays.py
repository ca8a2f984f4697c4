"""A change leaves what is not concerned as it was: over random weeks of small stations, and of one with some hundred hours."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from media.grid import DAY_TICKS
from radio.schedule.airings import Airable
from radio.schedule.policy import DAYS
from radio.schedule.rules import ANCHOR_TICKS, Compiled, Slot, places
from tests.unit.radio.test_air_safety import support
from tests.unit.radio.test_rundown_rules import airable, compiled, small_pool

N_DAYS = 7


def station(chance: random.Random, n: int) -> list[Airable]:
    found = [
        airable(
            f"e{i:04}", chance.choice((chance.randint(130, 500), chance.randint(500, 1500), chance.randint(1500, 3500))),
            show=f"show{chance.randrange(max(3, n // 25))}", kind=chance.choice(("story", "interview", "programme", "guidance")),
            calm=chance.random() < 0.65, heavy=chance.random() < 0.15, order=i, published_tick=i,
            voices=frozenset({f"voice{chance.randrange(1 + n * 2 // 3)}"}),
        )
        for i in range(n)
    ]  # fmt: skip
    found += [airable(f"between{i}", chance.randint(20, 100), kind="message", show="between") for i in range(20)]
    found += [support(f"line{i}", ("helpline", "overdose")[i % 2], 20 + i) for i in range(6)]
    return [*found, *[a for a in small_pool() if a.show_id == "house"]]


def week(chance: random.Random, n: int, n_shows: int) -> list[Slot]:
    """Slots that leave each other's hours and shows alone: what one gives up, none of the others takes."""
    found = []
    for i, show in enumerate(f"show{k}" for k in chance.sample(range(n_shows), n)):
        fill = chance.choice((
            {"rung": "latest", "show_id": show}, {"rung": "next", "show_id": show}, {"rung": "rotation", "kinds": ["story"]},
            {"rung": "rotation", "show_ids": [f"show{chance.randrange(n_shows)}" for _ in range(8)]},
        ))  # fmt: skip
        days = ",".join(chance.sample(DAYS, chance.choice((1, 1, 2, 3))))
        start = datetime(2026, 11, 9 + chance.randrange(7), 2 * i % 24, chance.choice((0, 15)))
        length = timedelta(minutes=chance.choice((30, 45, 60)))
        found.append(Slot(f"slot{i:02}", "Europe/London", start, length, f"FREQ=WEEKLY;BYDAY={days}", fill))
    return found


def moved(before: Compiled, after: Compiled, concerned: set[int]) -> float:
    """The share of airings that are not where they were, of those in blocks that are not concerned."""
    stood = {(a.start_tick, a.episode_id, a.n_ticks) for a in before.airings}
    others = [a for a in after.airings if a.start_tick // ANCHOR_TICKS not in concerned]
    return sum((a.start_tick, a.episode_id, a.n_ticks) not in stood for a in others) / len(after.airings)


def blocks(found: Compiled, *slots: Slot) -> set[int]:
    """The two-hour blocks in which slots have time."""
    held = [place for place in places(slots, found.from_tick, found.to_tick) if place.slot_id]
    return {block for p in held for block in range(p.start_tick // ANCHOR_TICKS, (p.end_tick - 1) // ANCHOR_TICKS + 1)}


@pytest.mark.parametrize("seed", range(3))
def test_a_change_moves_less_than_a_twentieth_of_what_it_does_not_concern(seed: int) -> None:
    chance = random.Random(seed)
    n = chance.choice((800, 1200))
    pool, slots = station(chance, n), week(chance, 12, n // 25)
    before = compiled(pool, N_DAYS * DAY_TICKS, tuple(slots))
    one = chance.randrange(len(slots))
    rest = [slot for i, slot in enumerate(slots) if i != one]
    edited = replace(slots[one], first_start=slots[one].first_start + timedelta(minutes=30), length=timedelta(minutes=45))
    new = airable("new", chance.randint(300, 2500), show="show1", published_tick=n, order=n)
    changes = {
        "taken away": (pool, rest, blocks(before, slots[one])),
        "edited": (pool, [*rest, edited], blocks(before, slots[one], edited)),
        "an episode": ([*pool, new], slots, set()),
        "an episode less": ([a for a in pool if a.episode_id != "e0077"], slots, set()),
    }
    shares = {
        name: moved(before, compiled(list(changed), N_DAYS * DAY_TICKS, tuple(week_)), concerned)
        for name, (changed, week_, concerned) in changes.items()
    }
    assert all(share < 0.05 for share in shares.values()), shares


def hearing(episode: str, *found: Compiled) -> set[int]:
    """The two-hour blocks in which an episode is heard."""
    heard = [a for one in found for a in one.airings if a.episode_id == episode]
    return {block for a in heard for block in range(a.start_tick // ANCHOR_TICKS, (a.end_tick - 1) // ANCHOR_TICKS + 1)}


@pytest.mark.parametrize("n", [13, 25, 50, 100, 300])
def test_at_a_small_station_what_is_new_moves_only_the_hours_in_which_it_is_heard(n: int) -> None:
    shares: dict[str, list[float]] = {"an episode": [], "edited": []}
    for seed in range(10):
        chance = random.Random(seed)
        pool = station(chance, n)
        slots = [
            Slot(f"slot{i}", "Europe/London", datetime(2026, 11, 9, 8 + 5 * i), timedelta(minutes=45), "FREQ=WEEKLY;BYDAY=TH",
                 {"rung": "next", "show_id": f"show{i}"}) for i in range(2)
        ]  # fmt: skip
        before = compiled(pool, 2 * DAY_TICKS, tuple(slots))
        new = airable("new", chance.randint(200, 2000), show="show2", published_tick=n, order=n)
        after = compiled([*pool, new], 2 * DAY_TICKS, tuple(slots))
        shares["an episode"].append(moved(before, after, hearing("new", after)))
        edited = replace(slots[1], first_start=slots[1].first_start + timedelta(minutes=30))
        after = compiled(pool, 2 * DAY_TICKS, (slots[0], edited))
        shares["edited"].append(moved(before, after, blocks(before, slots[1], edited)))
    means = {name: sum(found) / len(found) for name, found in shares.items()}
    assert all(mean < 0.03 for mean in means.values()), shares
