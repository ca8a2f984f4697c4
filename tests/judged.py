"""The laws of the air over a life, from what went out and what people did: neither is believed for the other's sake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from media.grid import HOUR_TICKS
from radio.schedule import queries
from radio.schedule.airings import Airing, Night, Part
from radio.schedule.memory import code_of
from radio.schedule.proof import GOES_ON, law, prove, prove_support
from radio.schedule.wallclock import hours
from tests.lived import Life

LOOP_SAYS_IT_IN_TICKS = 60
"""The emergency loop says where help is, once in each of its rounds of thirty ticks."""


@dataclass
class Judgement:
    """What was found lawful."""

    airings: int = 0
    revisions: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    alerts_heard: int = 0
    clock_changes: int = 0
    expired: int = 0
    unexplained_loop_ticks: int = 0
    """Of the emergency loop while the station was neither stopped nor without episodes."""
    interrupted: int = 0
    """How often a warning came into the middle of something."""
    warned_at_night: int = 0
    """How often a warning was heard at night."""
    longest_without_support_ticks: int = 0
    """At night, whatever came in between."""


def judged(life: Life) -> Judgement:
    """Show that all that went out was lawful when it did.

    Raises:
        UnprovenError: it was not.
        AssertionError: what people did was not done.
    """
    first, last = life.from_tick, life.until_tick
    aired = _whole(queries.rundown(life.session, first - HOUR_TICKS * 24, last + HOUR_TICKS * 24).airings, first, last)
    bounds = hours(life.rules, life.station.settings.tz, first, last)
    told = life.told

    def lawful(airing: Airing) -> str | None:
        span = (airing.start_tick, airing.end_tick)
        if airing.part is Part.EMERGENCY:
            return None
        taken = told.taken_back.get(airing.episode_id or "")
        broken = {
            "taken-back": taken is not None and airing.end_tick > taken,
            "stopped": any(_meets(span, stop) for stop in told.stops),
            "not-agreed": any(_meets(span, empty) for empty in told.empty),
            "swapped-away": any(_meets(span, swap[:2]) and airing.episode_id == swap[2] for swap in told.swaps),
        }
        fault = next((code for code, holds in broken.items() if holds), None)
        return fault or law(life.stock.ever, bounds, cut_at=airing.end_tick if airing.end_tick in told.cuts else None)(airing)

    prove(aired, aired[0].start_tick, aired[-1].end_tick, lawful)
    found = Judgement(airings=len(aired), parts=Counter({part: sum(a.n_ticks for a in aired if a.part is part) for part in Part}))
    for stretch in _split(aired, lambda airing: airing.part is Part.EMERGENCY):
        prove_support(stretch, life.stock.ever, bounds, life.rules, nights=False)
    told_by_loop = _split(aired, lambda airing: airing.part is Part.EMERGENCY and airing.n_ticks >= LOOP_SAYS_IT_IN_TICKS)
    found.longest_without_support_ticks = max(_without_support(stretch, life, bounds.quiet) for stretch in told_by_loop)
    assert found.longest_without_support_ticks <= life.rules.support_at_night_minutes * HOUR_TICKS // 60
    found.interrupted = sum(code_of(airing) == GOES_ON for airing in aired)
    found.warned_at_night = sum(a.episode_id in told.alerts and bounds.quiet.around(a.start_tick) is not None for a in aired)
    explained = [*told.stops, *told.empty]
    loops = [a for a in aired if a.part is Part.EMERGENCY]
    found.unexplained_loop_ticks = sum(
        a.n_ticks for a in loops if not any(_meets((a.start_tick, a.end_tick), s) for s in explained)
    )
    for start, end in told.stops:
        assert all(a.part is Part.EMERGENCY for a in aired if _meets((a.start_tick, a.end_tick), (start, end)))
    found.alerts_heard = len({a.episode_id for a in aired} & told.alerts.keys())
    found.expired = sum(1 for one in life.stock.ever.values() if one.expires_tick is not None and one.expires_tick <= last)
    days = [life.when(tick) for tick in range(first, last, HOUR_TICKS)]
    found.clock_changes = sum(a.utcoffset() != b.utcoffset() for a, b in pairwise(days))
    assert all(b - a == timedelta(hours=1) for a, b in pairwise(days) if a.utcoffset() == b.utcoffset())
    assert queries.unchained(life.session) is None
    found.revisions = queries.head_id(life.session)
    return found


def _whole(airings: Iterable[Airing], from_tick: int, to_tick: int) -> list[Airing]:
    return [a for a in airings if a.start_tick >= from_tick and a.end_tick <= to_tick]


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _split(aired: Sequence[Airing], ends: Callable[[Airing], bool]) -> list[list[Airing]]:
    """The tape in stretches: each airing at which one ends is in none."""
    stretches: list[list[Airing]] = [[]]
    for airing in aired:
        if ends(airing):
            stretches.append([])
        else:
            stretches[-1].append(airing)
    return [stretch for stretch in stretches if stretch]


def _without_support(stretch: Sequence[Airing], life: Life, quiet: Night) -> int:
    """The longest time of a stretch at night in which no support message began."""
    told = [a for a in stretch if a.episode_id and life.stock.ever[a.episode_id].supports]
    longest = 0
    for begins, ends in quiet.spans:
        heard = max(begins, stretch[0].start_tick)
        last = min(ends, stretch[-1].end_tick)
        for airing in told:
            if heard < airing.start_tick < last:
                longest = max(longest, airing.start_tick - heard)
            if airing.start_tick < last:
                heard = max(heard, airing.end_tick)
        longest = max(longest, last - heard)
    return longest
