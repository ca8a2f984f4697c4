"""Why no programme could be heard at a join, or not the one that a slot asks for. Pure. It tells people; it chooses nothing."""

from __future__ import annotations

import numpy as np

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable, Hours, Part
from radio.schedule.fit import Facts
from radio.schedule.gaps import Here
from radio.schedule.ladder import Pool
from radio.schedule.memory import Memory
from radio.schedule.support import Support, codes
from radio.schedule.turns import FLOOR_MINUTES, minutes


def lacking(pool: Pool, memory: Memory, hours: Hours, here: Here, *, known: int) -> dict[str, object]:
    """How many programmes there are, how many are lawful, which rule keeps how many out, and how much music there is.

    `known`: the support messages that somebody has recorded.
    """
    programmes = pool.plays(Part.PROGRAMME)
    return {
        "programmes": int(programmes.sum()), "lawful": int((programmes & here.lawful).sum()),
        "quiet": hours.quiet.around(here.tick) is not None,
        "kept_out": _counted(programmes, _rules(pool, memory, hours, here, known)), "music": int(pool.plays(Part.BED).sum()),
    }  # fmt: skip


def _rules(pool: Pool, memory: Memory, hours: Hours, here: Here, known: int) -> dict[str, Facts]:
    """Which each rule keeps out, the gravest rule first."""
    ends = here.tick + pool.n_ticks
    return {
        "not-yet": pool.published > here.tick,
        "runs-out": ends > pool.expires,
        "quiet": ~pool.night_ok & (ends > hours.quiet.next_from(here.tick)),
        "hours": ~pool.lawful(here.tick, hours),
        "swapped": ~here.lawful,
        "no-support": pool.needs & ~known != 0,
        "rests": here.tick - memory.episode_end < minutes(FLOOR_MINUTES),
        "too-long": np.ones(len(ends), dtype=np.bool_),
    }


def _counted(programmes: Facts, rules: dict[str, Facts]) -> dict[str, int]:
    """Each programme with the first rule that keeps it out; a rule that keeps none out is not told."""
    left, counted = programmes.copy(), {}
    for rule, keeps_out in rules.items():
        counted[rule] = int((left & keeps_out).sum())
        left &= ~keeps_out
    return {rule: n for rule, n in counted.items() if n}


def asked_in_vain(pool: Pool, support: Support, here: Here, asked: Airable) -> tuple[str, dict[str, object]]:
    """Why a slot does not begin with what it asks for: the code of a fault, and its facts."""
    needs = int(pool.needs[pool.index[asked.episode_id]])
    facts: dict[str, object] = {"episode": asked.episode_id, "minutes": -(-asked.n_ticks * 60 // HOUR_TICKS)}
    if not here.lawful[pool.index[asked.episode_id]]:
        return "not-lawful-then", facts
    if needs & ~support.known:
        return "no-support", facts | {"supports": codes(needs & ~support.known)}
    if here.limit < here.tick + asked.n_ticks and not support.makes_room_for(asked.n_ticks):
        return "too-long-at-night", facts
    after = support.ticks_for(needs)
    more = {"with_messages": -(-(asked.n_ticks + after) * 60 // HOUR_TICKS)} if after else {}
    return "too-long", facts | {"room": here.room * 60 // HOUR_TICKS} | more
