"""Support messages: at least so often at night, and before and after what needs them. Pure. Source: domain S18, S19, S22."""

from __future__ import annotations

import numpy as np

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable, Hours
from radio.schedule.fit import Facts, Numbers, chances, number
from radio.schedule.ladder import Pool
from radio.schedule.memory import Memory
from radio.schedule.policy import SUPPORTS
from radio.schedule.turns import minutes

FAR = 1 << 60
_RESTED_TICKS = 15 * HOUR_TICKS // 60


class Support:
    """The support messages of a pool, and when one is due."""

    def __init__(self, pool: Pool, memory: Memory, hours: Hours, seed: bytes) -> None:
        self._pool, self._memory, self._hours, self._seed = pool, memory, hours, seed
        self._members: Numbers = np.flatnonzero(pool.supports).astype(np.int64)
        self._every = minutes(pool.rules.support_at_night_minutes)
        lengths = pool.n_ticks[self._members]
        self.longest = int(lengths.max(initial=0))
        self._longest_of = [
            int(lengths[pool.supports[self._members] & (1 << bit) > 0].max(initial=0)) for bit in range(len(SUPPORTS))
        ]
        self.known = sum(1 << bit for bit, length in enumerate(self._longest_of) if length)
        self.missing = int(np.bitwise_or.reduce(pool.needs, initial=0)) & ~self.known
        """What episodes need and nothing tells."""
        self._around = np.array([self.ticks_for(needs) for needs in range(1 << len(SUPPORTS))], dtype=np.int64)
        self._after: Numbers = self._around[pool.needs]

    def ticks_for(self, needs: int) -> int:
        """How long the messages that are needed take at most."""
        return sum(length for bit, length in enumerate(self._longest_of) if needs >> bit & 1)

    def with_support(self) -> tuple[Numbers, Facts]:
        """How long each episode is with the messages that still have to stand around it; and which can have them at all."""
        before = self._around[self._pool.needs & ~self._memory.supported]
        return self._pool.n_ticks + before + self._after, self._pool.needs & ~self.known == 0

    def one(self, lawful: Facts, room: int, needs: int, *words: object) -> Airable | None:
        """A message that tells what is needed (0: any), of those not heard lately; all of it at once if there is one."""
        members = self._members
        fit = members[lawful[members] & (self._pool.n_ticks[members] <= room)]
        told = self._pool.supports[fit]
        for wanted in (needs, needs & -needs):
            found = fit[told & wanted == wanted]
            if len(found):
                return self._rested(found, number(self._seed, "support", *words))
        return None

    def _rested(self, found: Numbers, moment: int) -> Airable:
        """One that was not heard in this block, else the one that was heard longest ago."""
        ends = self._memory.block_end[found]
        found = found[ends == ends.min()]
        return self._pool.airables[int(found[np.argmin(chances(moment, self._pool.chance[found]))])]

    def before(self, tick: int, needs: int, *words: object) -> Airable | None:
        """The message that ends at `tick`, the same whenever it is asked."""
        members, pool = self._members, self._pool
        starts = tick - pool.n_ticks[members]
        lawful = (pool.published[members] <= starts) & (tick <= pool.expires[members])
        if self._hours.quiet.touches(tick - self.longest, tick):
            lawful &= pool.night_ok[members]
        for barred in self._hours.barred:
            if barred.hours.touches(tick - self.longest, tick):
                lawful &= np.array([not barred.bars(pool.airables[int(i)]) for i in members], dtype=np.bool_)
        found = members[lawful & (pool.supports[members] & needs == needs)]
        if not len(found):
            return None
        return pool.airables[int(found[np.argmin(chances(number(self._seed, "lead", *words), pool.chance[found]))])]

    def limit(self, tick: int, lawful: Facts) -> int:
        """The tick at which a message has to begin at the latest; far away when none is due or none may be heard."""
        if not lawful[self._members].any():
            return FAR
        span = self._hours.quiet.around(tick)
        if span is None:
            start = self._hours.quiet.next_from(tick)
            span = self._hours.quiet.around(start) or (FAR, FAR)
        latest = max(self._memory.support_end, span[0]) + self._every
        return FAR if latest >= span[1] else max(latest, tick)

    def is_due(self, tick: int) -> bool:
        """Whether it is quiet and one should be heard at this join: at the first of a block, and when it has been a while."""
        span = self._hours.quiet.around(tick)
        if span is None or not len(self._members) or self._memory.supported:
            return False
        since = tick - max(self._memory.support_end, span[0])
        return since * 5 >= self._every * 3 or self._memory.n_supports == 0

    def makes_room_for(self, n_ticks: int) -> bool:
        """Whether what is so long can be heard at night once there was a message; where one was heard just now, none helps."""
        return n_ticks <= self._every and not self._memory.supported

    def may_come_early(self, tick: int) -> bool:
        """Whether one may be heard at night although it is not due, to make room for what follows."""
        return self._hours.quiet.around(tick) is not None and tick - self._memory.support_end >= minutes(2)


def codes(needs: int) -> list[str]:
    """The messages that a number stands for."""
    return [support for bit, support in enumerate(SUPPORTS) if needs >> bit & 1]
