"""Compiling a rundown: from slots and a pool of episodes to airings that tile the time. Pure.

One step looks at a tick and at what has been heard, and says what airs next; compiling is that step repeated. So a rundown
can be compiled again from any of its joins and goes on the same, and every two hours (an anchor) no programme runs across
unless it is longer than that: what changes before an anchor changes little behind it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from media.grid import DAY_TICKS, HOUR_TICKS, tick_start_ms
from radio.core.time import from_unix_ms
from radio.schedule.airings import (
    Airable,
    Airing,
    Part,
    Rundown,
    differing,
    emergency,
    night_ok,
    on_air,
    part_of,
    reason,
    without_holes,
)
from radio.schedule.fit import Facts, chances, number, subset
from radio.schedule.ladder import (
    ANCHOR_TICKS,
    OWN_RESTS,
    PROGRAMME_RESTS,
    TURN_RESTS,
    Choice,
    Memory,
    Pool,
    Rest,
    in_turn,
    pick,
)
from radio.schedule.standing import Overrides, Standing, stopped
from radio.schedule.wallclock import Place, Slot, night, occurrences, resolved

__all__ = [
    "ANCHOR_TICKS", "Airable", "Airing", "Compiled", "Fault", "Part", "Rundown", "Slot", "compile", "differing", "emergency",
    "night_ok", "on_air", "part_of", "places", "without_holes",
]  # fmt: skip

IDENT_EVERY_TICKS = HOUR_TICKS // 6
SHORT_EVERY_TICKS = HOUR_TICKS // 4
_CROSSES_ANCHORS_TICKS = ANCHOR_TICKS - HOUR_TICKS // 30
"""A programme this long fits between no two anchors; it may begin just after one and run across."""
_SPECIAL_RUNGS = frozenset({"episode", "latest", "next"})
_MOST_SHORTS = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a person should know days ahead: a slot that is not filled as it asked, or an hour without a programme."""

    tick: int
    code: str
    slot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """Airings that tile `[from_tick, to_tick)`. The last one may run past the tick that was asked for."""

    from_tick: int
    to_tick: int
    airings: tuple[Airing, ...]
    faults: tuple[Fault, ...]


def compile(  # noqa: A001 - the trade's word
    slots: Iterable[Slot],
    pool: Iterable[Airable],
    *,
    zone: ZoneInfo,
    seed: bytes,
    from_tick: int,
    to_tick: int,
    recent: Sequence[Airing] = (),
    standing: Sequence[Standing] = (),
) -> Compiled:
    """The airings from `from_tick` until at least `to_tick`.

    `recent` is what was aired before, in order: what rests is read from it. `standing` are the overrides that hold. The result
    depends on nothing but the arguments.
    """
    if stopped(standing, from_tick):
        return Compiled(from_tick, to_tick, (emergency(from_tick, to_tick, "stopped"),), ())
    compiler = _Compiler(tuple(slots), Pool(pool, seed), zone, seed, (from_tick, to_tick), standing=standing)
    for airing in recent:
        compiler.memory.fold(airing)
    airings: list[Airing] = []
    tick = from_tick
    while tick < to_tick:
        airing = compiler.next_airing(tick)
        compiler.memory.fold(airing)
        airings.append(airing)
        tick = airing.end_tick
    return Compiled(from_tick, tick, tuple(airings), tuple(compiler.faults))


def places(slots: Iterable[Slot], from_tick: int, to_tick: int) -> list[Place]:
    """Whose time it is, from at least two days before `from_tick` so that the first place has its true start."""
    first, last = from_tick - 2 * DAY_TICKS, to_tick + 2 * DAY_TICKS
    start, end = from_unix_ms(tick_start_ms(first)) - timedelta(days=2), from_unix_ms(tick_start_ms(last))
    return resolved((place for slot in slots for place in occurrences(slot, start, end)), first, last)


class _Compiler:
    """One compilation: the places, the pool, and what has been heard so far."""

    def __init__(
        self,
        slots: tuple[Slot, ...],
        pool: Pool,
        zone: ZoneInfo,
        seed: bytes,
        span: tuple[int, int],
        *,
        standing: Sequence[Standing],
    ) -> None:
        self.pool, self.seed, self.overrides = pool, seed, Overrides(standing, pool)
        self.memory = Memory(pool)
        self.night = night(zone, span[0], span[1] + DAY_TICKS)
        self.places = places(slots, *span)
        self.from_tick = span[0]
        self.faults: dict[Fault, None] = {}
        self._starts = [place.start_tick for place in self.places]
        self._fills: dict[str, Facts] = {}

    def next_airing(self, tick: int) -> Airing:
        """What airs at `tick`: what a slot asks for, the station's name, a short, a programme, or what fills the gap."""
        index = bisect_right(self._starts, tick) - 1
        place = self.places[index]
        following = self.places[index + 1] if index + 1 < len(self.places) else None
        late = following.tolerance_ticks if following and following.whole else 0
        lawful = self.overrides.without_swapped(self.pool.lawful(tick, self.night), tick)
        here = _Here(tick, place, place.end_tick + late - tick, lawful)
        found = self._overriding(here) or self._special(here) or self._between(here) or self._programme(here)
        return found or self._filler(here)

    def _overriding(self, here: _Here) -> Airing | None:
        """What a person has put here."""
        asked = self.overrides.asked(self.memory, here.tick, here.lawful, here.room)
        return _airing(here, Choice(asked[0]), asked[0].part, asked[1]) if asked else None

    def _special(self, here: _Here) -> Airing | None:
        """The episode that a slot names, its show's latest unaired, or the next in order."""
        place, rung = here.place, str(here.place.fill.get("rung", ""))
        if place.slot_id is None or not place.whole or rung not in _SPECIAL_RUNGS:
            return None
        heard = {e for e, tick in self.memory.slot_heard.get(place.slot_id, {}).items() if tick >= place.start_tick}
        if heard and rung != "next":
            return None
        wanted = self._wanted(rung, place.fill, heard)
        for code, airable in wanted:
            if here.lawful[self.pool.index[airable.episode_id]] and airable.n_ticks <= here.room:
                return _airing(here, Choice(airable), Part.PROGRAMME, code)
        if not heard:
            too_long = wanted and all(a.n_ticks > here.room for _, a in wanted)
            self._fault(here, "too-long" if too_long else "not-lawful-then" if wanted else "nothing-to-air")
        return None

    def _wanted(self, rung: str, fill: Mapping[str, object], heard: set[str]) -> list[tuple[str, Airable]]:
        if rung == "episode":
            index = self.pool.index.get(str(fill.get("episode_id")))
            return [] if index is None else [("episode", self.pool.airables[index])]
        of_show = [a for a in self.pool.airables if a.show_id == fill.get("show_id") and a.episode_id not in heard]
        of_show.sort(key=lambda a: (a.order, a.published_tick, a.episode_id))
        ends = {a.episode_id: int(self.memory.episode_end[self.pool.index[a.episode_id]]) for a in of_show}
        wanted = []
        if rung == "latest":
            unaired = [a for a in of_show if ends[a.episode_id] < 0]
            unaired.sort(key=lambda a: (-a.published_tick, -a.order, a.episode_id))
            wanted = [("latest", a) for a in unaired]
        newest = max(of_show, key=lambda a: ends[a.episode_id], default=None)
        turn = of_show.index(newest) + 1 if newest and ends[newest.episode_id] > 0 else 0
        return wanted + [("next", a) for a in of_show[turn:] + of_show[:turn]]

    def _between(self, here: _Here) -> Airing | None:
        """The station's name every ten minutes, something short every quarter of an hour; never two of a kind in a row."""
        last = self.memory.last.part if self.memory.last else None
        room = min(here.room, here.anchor - here.tick)
        fits = here.lawful & (self.pool.n_ticks <= room)
        for part, every_ticks in ((Part.IDENT, IDENT_EVERY_TICKS), (Part.FILLER, SHORT_EVERY_TICKS)):
            if last is part or not self._due(part, here, every_ticks, at_anchor=part is Part.IDENT):
                continue
            moment = number(self.seed, part, here.anchor)
            turn = in_turn(self.pool, self.memory, fits & self.pool.plays(part), here.tick, part=part, moment=moment)
            if turn:
                return _airing(here, Choice(turn), part, "ident" if part is Part.IDENT else "short")
        return None

    def _due(self, part: Part, here: _Here, every_ticks: int, *, at_anchor: bool) -> bool:
        """Counted anew from each anchor, so that what went before it does not move what comes."""
        if self.memory.place_of(part, here.tick) == 0:
            return at_anchor or here.tick - (here.anchor - ANCHOR_TICKS) >= every_ticks
        return self.memory.since(part, here.tick) >= every_ticks

    def _programme(self, here: _Here) -> Airing | None:
        """From the slot's own rotation, else from everything that stays good."""
        to_anchor = here.anchor - here.tick
        room = min(here.room, to_anchor) if here.place.end_tick > here.anchor else here.room
        fits = self.pool.n_ticks <= room
        if here.tick - (here.anchor - ANCHOR_TICKS) < HOUR_TICKS // 30 or here.tick - here.place.start_tick < HOUR_TICKS // 30:
            fits |= (self.pool.n_ticks > _CROSSES_ANCHORS_TICKS) & (self.pool.n_ticks <= here.room)
        candidates = here.lawful & fits & self.pool.plays(Part.PROGRAMME)
        own = self._own(here.place)
        if own is not None:
            choice = self._pick(here, here.lawful & fits & own, OWN_RESTS, room)
            if choice:
                return _airing(here, choice, Part.PROGRAMME, "rotation")
        choice = self._pick(here, candidates, PROGRAMME_RESTS, room)
        return _airing(here, choice, Part.PROGRAMME, "evergreen" if own is not None else "open") if choice else None

    def _own(self, place: Place) -> Facts | None:
        """Which the slot's rotation names; None: the time is open, or the slot asks for nothing special."""
        if place.slot_id is None or place.fill.get("rung") != "rotation":
            return None
        key = repr(sorted(place.fill.items(), key=str))
        if key not in self._fills:
            self._fills[key] = self.pool.matching(place.fill)
        return self._fills[key]

    def _filler(self, here: _Here) -> Airing:
        """What fits no programme: shorts that add up, then a bed that ends with its own fade, then the emergency loop."""
        end = min(here.place.end_tick, here.anchor)
        room = end - here.tick
        short = self._short(here, room)
        if short:
            return _airing(here, Choice(short), short.part, "fits-the-gap")
        beds = np.flatnonzero(self.pool.plays(Part.BED) & self.pool.lawful(here.tick, self.night, here.tick + room))
        if not len(beds):
            self._fault(here, "nothing-lawful")
            return replace(emergency(here.tick, end, "nothing-lawful"), slot_id=here.place.slot_id)
        lowest = np.argmin(chances(number(self.seed, "bed", here.anchor), self.pool.chance[beds]))
        bed = self.pool.airables[int(beds[lowest])]
        length = room % bed.n_ticks or bed.n_ticks
        whole = _airing(here, Choice(bed), Part.BED, "fills-the-gap")
        return replace(whole, n_ticks=length, first_tick=bed.n_ticks - length)

    def _short(self, here: _Here, room: int) -> Airable | None:
        """The first of the shorts that fill the room best; None: none of them fits or all were heard lately."""
        last_ident = self.memory.last is not None and self.memory.last.part is Part.IDENT
        rested = here.tick - self.memory.episode_end
        fits = here.lawful & (self.pool.n_ticks <= room)
        shorts = fits & self.pool.plays(Part.FILLER) & (rested >= TURN_RESTS[Part.FILLER])
        idents = fits & self.pool.plays(Part.IDENT) & (rested >= TURN_RESTS[Part.IDENT]) & (not last_ident)
        moment = number(self.seed, here.place.slot_id, here.place.occurrence, "gap", here.anchor)
        candidates: list[Airable] = []
        for mask, most in ((shorts, _MOST_SHORTS), (idents, 1)):
            indices = np.flatnonzero(mask)
            order = np.argsort(chances(moment, self.pool.chance[indices]), kind="stable")[:most]
            candidates += [self.pool.airables[int(indices[i])] for i in order]
        chosen = subset([a.n_ticks for a in candidates], room)
        return candidates[chosen[0]] if chosen else None

    def _pick(self, here: _Here, candidates: Facts, rests: Sequence[Rest], room: int) -> Choice | None:
        position = self.memory.place_of(Part.PROGRAMME, here.tick)
        moment = number(self.seed, here.place.slot_id, here.place.occurrence, here.anchor, position)
        return pick(self.pool, self.memory, candidates, here.tick, moment=moment, rests=rests, room=room)

    def _fault(self, here: _Here, code: str) -> None:
        """Say it once for a place; open time is told by the anchor before it."""
        tick = here.place.start_tick if here.place.slot_id else here.anchor - ANCHOR_TICKS
        self.faults.setdefault(Fault(max(tick, self.from_tick), code, here.place.slot_id))


@dataclass(frozen=True, slots=True)
class _Here:
    """A tick, whose time it is, how far a programme may run, and what is lawful from there."""

    tick: int
    place: Place
    room: int
    lawful: Facts

    @property
    def anchor(self) -> int:
        """The next anchor behind the tick."""
        return (self.tick // ANCHOR_TICKS + 1) * ANCHOR_TICKS


def _airing(here: _Here, choice: Choice, part: Part, code: str) -> Airing:
    airable = choice.airable
    return Airing(
        here.tick, airable.n_ticks, part, airable.episode_id, airable.recording_id, 0, here.place.slot_id,
        reason(code, **choice.facts),
    )  # fmt: skip
