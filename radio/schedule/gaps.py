"""Where compiling stands, and what fills the time that no programme fits: shorts, a bed, the emergency loop. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from radio.schedule.airings import Airable, Airing, Hours, Part, emergency, reason
from radio.schedule.fit import LEAST_BED_TICKS, Facts, chances, number, subset
from radio.schedule.ladder import TURN_RESTS, Choice, Pool, beside_anchors
from radio.schedule.memory import Memory
from radio.schedule.turns import ANCHOR_TICKS, minutes
from radio.schedule.wallclock import Place

_MOST_SHORTS = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a person should know days ahead: a slot that is not filled as it asked, or an hour without a programme."""

    tick: int
    code: str
    slot_id: str | None = None
    facts: str = "{}"
    """Canonical JSON: what is missing."""


def is_of_the_pool(code: str, slot_id: str | None) -> bool:
    """Whether a fault speaks of the whole pool and of no hour: whatever is compiled next says it anew, or it is over."""
    return code == "no-support" and slot_id is None


@dataclass(frozen=True, slots=True)
class Here:
    """A tick, whose time it is, and how far what begins there may run."""

    tick: int
    place: Place
    room: int
    """For what the place asks for."""
    end: int
    """Where everything else has to have ended: the place's end, or the message that leads into what follows."""
    limit: int
    """Where a support message has to begin at the latest."""
    lawful: Facts
    lead: Airable | None = None
    """The message that leads into the next place; it ends with this one."""

    @property
    def anchor(self) -> int:
        """The next anchor behind the tick."""
        return (self.tick // ANCHOR_TICKS + 1) * ANCHOR_TICKS

    @property
    def support_may_wait(self) -> bool:
        """Whether the next message may be the one that opens the next block; so that block need not know of it."""
        return self.limit >= self.anchor and self.anchor - self.tick < minutes(3)

    @property
    def until(self) -> int:
        """How long what fits between may be."""
        return min(self.end, self.anchor) - self.tick


def airing_here(here: Here, choice: Choice, part: Part, code: str) -> Airing:
    """The whole of a choice."""
    airable = choice.airable
    return Airing(
        here.tick, airable.n_ticks, part, airable.episode_id, airable.recording_id, 0, here.place.slot_id,
        reason(code, **choice.facts),
    )  # fmt: skip


class Gaps:
    """What may fill a gap."""

    def __init__(self, pool: Pool, memory: Memory, hours: Hours, seed: bytes) -> None:
        self._pool, self._memory, self._hours, self._seed = pool, memory, hours, seed

    def fill(self, here: Here, *, music: bool = False) -> Airing:
        """Shorts that add up, then a bed that ends with its own fade, then the emergency loop; where `music` is asked for, that alone."""
        end = min(here.end, here.anchor, max(here.limit, here.tick + 1))
        if here.end <= here.tick:  # past the message that leads: what is left goes to the end of the place
            end = min(here.place.end_tick, here.anchor)
        room = end - here.tick
        beds = np.flatnonzero(self._pool.plays(Part.BED) & self._pool.lawful(here.tick, self._hours, here.tick + room))
        short = None if music and len(beds) and room >= LEAST_BED_TICKS else self._short(here, room)
        if short:
            return airing_here(here, Choice(short), short.part, "fits-the-gap")
        if not len(beds):
            return replace(emergency(here.tick, end, "nothing-lawful"), slot_id=here.place.slot_id)
        lowest = np.argmin(chances(number(self._seed, "bed", here.anchor), self._pool.chance[beds]))
        bed = self._pool.airables[int(beds[lowest])]
        length = room % bed.n_ticks or bed.n_ticks
        whole = airing_here(here, Choice(bed), Part.BED, "fills-the-gap")
        return replace(whole, n_ticks=length, first_tick=bed.n_ticks - length)

    def _short(self, here: Here, room: int) -> Airable | None:
        """The first of the shorts that fill the room best; None: none of them fits or all were heard lately."""
        last_ident = self._memory.last is not None and self._memory.last.part is Part.IDENT
        rested = here.tick - self._memory.episode_end
        fits = here.lawful & (self._pool.n_ticks <= room) & (self._pool.supports == 0)
        shorts = fits & self._pool.plays(Part.FILLER) & (rested >= TURN_RESTS[Part.FILLER])
        idents = fits & self._pool.plays(Part.IDENT) & (rested >= TURN_RESTS[Part.IDENT]) & (not last_ident)
        moment = number(self._seed, here.place.slot_id, here.place.occurrence, "gap", here.anchor)
        candidates: list[Airable] = []
        if here.tick + room == here.anchor:
            idents &= False  # the block behind the anchor opens with one
        for mask, most, part in ((shorts, _MOST_SHORTS, Part.FILLER), (idents, 1, Part.IDENT)):
            indices = np.flatnonzero(mask)
            indices = indices[beside_anchors(self._pool, indices, here.tick, TURN_RESTS[part])]
            order = np.argsort(chances(moment, self._pool.chance[indices]), kind="stable")[:most]
            candidates += [self._pool.airables[int(indices[i])] for i in order]
        chosen = subset([a.n_ticks for a in candidates], room)
        return candidates[chosen[0]] if chosen else None
