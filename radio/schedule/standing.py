"""Overrides that hold while the future is compiled: a stop, an alert that comes round, a swap. Pure.

Compiling asks here first, so what a person has decided outlives every later compilation until it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable
from radio.schedule.fit import Facts
from radio.schedule.gaps import Here
from radio.schedule.ladder import ALWAYS, Pool
from radio.schedule.memory import Memory
from radio.schedule.promises import Promises, asks_by_name, rung_of
from radio.schedule.support import FAR, Support

KEPT_AWAY_TICKS = 2 * HOUR_TICKS
"""What was swapped away does not come back this long before or after; what was swapped in comes no later than this."""
_PATIENCE = 2
"""An alert that would push out what a slot asks for waits for a better place, not twice its interval."""


class OverrideKind(StrEnum):
    """What a person has put over the rundown. Codes are stored."""

    STOP = "stop"
    ALERT = "alert"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class Standing:
    """One override over `[from_tick, until_tick)`; `until_tick` None: until somebody ends it."""

    override_id: str
    kind: OverrideKind
    from_tick: int
    until_tick: int | None = None
    episode_id: str | None = None
    """What is to be heard: the alert, or what was swapped in; None: whatever the station chooses."""
    instead_of: str | None = None
    """The episode that was swapped away; None of a swap: it takes nobody's place, an alert has pushed it out of its own."""
    every_ticks: int = 0
    """How long an alert waits before it is heard again."""

    def holds(self, tick: int) -> bool:
        """Whether a tick is under it."""
        return self.from_tick <= tick and (self.until_tick is None or tick < self.until_tick)

    @property
    def facts(self) -> list[object]:
        """What compiling depends on."""
        return [self.kind, self.from_tick, self.until_tick, self.episode_id, self.instead_of, self.every_ticks]


def stopped_until(standing: Sequence[Standing], tick: int) -> int:
    """When a stop over this tick ends; far away when nobody has resumed; the tick itself where there is none."""
    ends = (
        FAR if one.until_tick is None else one.until_tick for one in standing if one.kind is OverrideKind.STOP and one.holds(tick)
    )
    return max(ends, default=tick)


class Overrides:
    """What overrides ask of one compilation."""

    def __init__(self, standing: Sequence[Standing], pool: Pool) -> None:
        self._pool = pool
        self._alerts = [one for one in standing if one.kind is OverrideKind.ALERT]
        self._swaps = [one for one in standing if one.kind is OverrideKind.SWAP]

    def without_swapped(self, lawful: Facts, tick: int) -> Facts:
        """The lawful ones without what was swapped away around this tick."""
        for swap in self._swaps:
            index = self._pool.index.get(swap.instead_of or "")
            near = swap.from_tick - KEPT_AWAY_TICKS <= tick < (swap.until_tick or tick) + KEPT_AWAY_TICKS
            if index is not None and near:
                lawful = lawful.copy()
                lawful[index] = False
        return lawful

    def asked(self, here: Here, memory: Memory, promises: Promises, support: Support) -> tuple[Airable, str] | None:
        """What an override asks for at a join, and why: an alert that is due, else what was swapped in; None: nothing."""
        for alert in self._alerts:
            index = self._index(alert, here, support)
            if index is None:
                continue
            ended = int(memory.episode_end[index])
            since = ended if ended > alert.from_tick else -ALWAYS  # what was heard before it was relayed is none of it
            rested = here.tick - since
            if rested < alert.every_ticks:
                continue
            if rested >= _PATIENCE * alert.every_ticks or not self._pushes_out(index, here, memory, promises, support):
                return self._pool.airables[index], "alert"
        for swap in self._swaps:
            index = self._index(swap, here, support)
            if index is None or int(memory.episode_end[index]) > swap.from_tick:  # at the first join from then on
                continue
            if swap.instead_of is not None or not self._pushes_out(index, here, memory, promises, support):
                return self._pool.airables[index], "swapped"
        return None

    def _pushes_out(self, index: int, here: Here, memory: Memory, promises: Promises, support: Support) -> bool:
        """Whether what the slot asks for by name fits now, and no more after this."""
        place = here.place
        heard = {e for e, tick in memory.slot_heard.get(place.slot_id or "", {}).items() if tick >= place.start_tick}
        if not asks_by_name(place) or (heard and rung_of(place) != "next"):
            return False
        lengths = support.with_support()[0]
        waiting = (self._pool.index[one.episode_id] for _, one in promises.wanted(place, heard))
        first = next((int(lengths[i]) for i in waiting if here.lawful[i] and lengths[i] <= here.room), None)
        return first is not None and int(lengths[index]) + first > here.room

    def _index(self, override: Standing, here: Here, support: Support) -> int | None:
        index = self._pool.index.get(override.episode_id or "")
        if index is None or not here.lawful[index] or here.tick < override.from_tick:
            return None
        n_ticks, last = self._pool.airables[index].n_ticks, override.until_tick or 0
        if n_ticks > here.room or (here.tick + n_ticks > here.limit and not support.makes_room_for(n_ticks)):
            return None
        if override.kind is OverrideKind.ALERT:
            return index if here.tick + n_ticks <= last else None
        return index if here.tick < last + KEPT_AWAY_TICKS else None
