"""The step from one airing to the next: what a slot asks for, what is owed, names and shorts, a programme, or what fills the gap.

Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from media.grid import HOUR_TICKS
from radio.schedule.airings import Airable, Airing, Hours, Part, canonical, reason
from radio.schedule.fit import Facts, Scores, number
from radio.schedule.gaps import Fault, Gaps, Here, airing_here
from radio.schedule.lacking import asked_in_vain, lacking
from radio.schedule.ladder import Choice, Moment, Pool, in_turn, ladder, pick, telling
from radio.schedule.memory import Memory
from radio.schedule.policy import Weight
from radio.schedule.promises import Promises, asks_by_name, is_music_next, rung_of
from radio.schedule.standing import Overrides, Standing
from radio.schedule.support import Support, codes
from radio.schedule.turns import ANCHOR_TICKS, FLOOR_MINUTES, OWN_LEAST_MINUTES, minutes
from radio.schedule.wallclock import Place

_CROSSES_ANCHORS_TICKS = ANCHOR_TICKS - HOUR_TICKS // 30
"""A programme this long fits between no two anchors; it may begin just after one and run across."""


class Compiler:
    """One compilation: the places, the pool, and what has been heard so far."""

    def __init__(
        self,
        places: Sequence[Place],
        pool: Pool,
        hours: Hours,
        seed: bytes,
        from_tick: int,
        *,
        standing: Sequence[Standing] = (),
    ) -> None:
        self.pool, self.seed, self.hours, self.places = pool, seed, hours, places
        self.memory = Memory(pool)
        self.support = Support(pool, self.memory, hours, seed)
        self.overrides = Overrides(standing, pool)
        self.gaps = Gaps(pool, self.memory, hours, seed)
        self.promises = Promises(pool, self.memory, places, hours)
        self.rests = ladder(pool.rules, pool.cycle)
        self.own_rests = tuple(rest for rest in self.rests if rest.episode_minutes >= OWN_LEAST_MINUTES)
        self.from_tick = from_tick
        self._faults: dict[Fault, None] = {}
        self._starts = [place.start_tick for place in self.places]
        self._fills: dict[str, tuple[Facts, Scores | None]] = {}

    def owes(self) -> bool:
        """Whether a support message has to follow, so that it is no place to stop."""
        return bool(self.memory.owed & self.support.known) or self.memory.led_to is not None

    def faults(self, to_tick: int) -> tuple[Fault, ...]:
        """What could not be done as it is asked, in order of time."""
        found = [fault for fault in self._faults if fault.tick < to_tick]
        if self.support.missing:
            lacking = int(np.count_nonzero(self.pool.needs & self.support.missing))
            facts = {"supports": codes(self.support.missing), "episodes": lacking}
            found.append(Fault(self.from_tick, "no-support", None, canonical(facts)))
        if not self.support.known:
            nights = (
                max(start, self.from_tick) for start, end in self.hours.quiet.spans if end > self.from_tick and start < to_tick
            )
            found += [Fault(tick, "no-support-at-night") for tick in nights]
        return tuple(sorted(found, key=lambda fault: (fault.tick, fault.code, fault.slot_id or "")))

    def next_airing(self, tick: int) -> Airing:
        """What airs at `tick`."""
        here = self.stands(tick)
        return (
            self._owed(here) or self._overriding(here) or self._led(here) or self._lead(here) or self._special(here) or self._due(here) or self._between(here)
            or self._programme(here) or self._gap(here)
        )  # fmt: skip

    def stands(self, tick: int) -> Here:
        """Where it stands at a tick: whose time it is, how much room there is, and what is lawful."""
        self.memory.see(tick)
        self.promises.look(tick)
        index = bisect_right(self._starts, tick) - 1
        place = self.places[index]
        following = self.places[index + 1] if index + 1 < len(self.places) else None
        late = following.tolerance_ticks if following and following.whole else 0
        end = place.end_tick + late
        if place.runs_on and asks_by_name(place):
            end = self._run_on_end(index)
        lawful = self.overrides.without_swapped(self.pool.lawful(tick, self.hours), tick)
        lead = self._leading(place, following, tick) if following and not late else None
        own_end = place.end_tick - lead.n_ticks if lead else place.end_tick
        return Here(tick, place, end - tick, own_end, self.support.limit(tick, lawful), lawful, lead)

    def _run_on_end(self, index: int) -> int:
        """How far what a slot asks for may run when it may make others late: up to a slot of higher priority."""
        end, own = self.places[index].end_tick, self.places[index].priority
        for place in self.places[index + 1 :]:
            if (place.slot_id is not None and place.priority > own) or place.start_tick > self.places[
                index
            ].end_tick + ANCHOR_TICKS:
                break
            end = place.end_tick
        return end

    def _leading(self, place: Place, following: Place, tick: int) -> Airable | None:
        """The message that ends where the next slot begins with an episode by name: it needs one, or it is night."""
        if not asks_by_name(following):
            return None
        index = self.promises.expected(following)
        needs = int(self.pool.needs[index]) if index is not None else 0
        if index is None or not (needs or self.hours.quiet.around(following.start_tick)):
            return None
        found = self.support.before(following.start_tick, needs, following.slot_id, following.occurrence)
        return found if found and following.start_tick - found.n_ticks >= max(tick, place.start_tick) else None

    def _lead(self, here: Here) -> Airing | None:
        if here.lead is None or here.tick != here.end or here.tick >= here.place.end_tick:
            return None
        return airing_here(
            here, Choice(here.lead), here.lead.part, "support-before" if self._is_needed_at(here.place.end_tick) else "support"
        )

    def _is_needed_at(self, tick: int) -> bool:
        index = self.promises.expected(self.places[bisect_right(self._starts, tick) - 1])
        return index is not None and bool(self.pool.needs[index])

    def _owed(self, here: Here) -> Airing | None:
        """The message after what needs it."""
        owed = self.memory.owed & self.support.known
        if owed:
            found = self.support.one(here.lawful, 1 << 30, owed, here.tick)
            if found:
                return airing_here(here, Choice(found), found.part, "support-after")
        return None

    def _overriding(self, here: Here) -> Airing | None:
        """What a person has put here."""
        asked = self.overrides.asked(here, self.memory, self.promises, self.support)
        if asked is None:
            return None
        airable, code = asked
        if here.tick + airable.n_ticks > here.limit:
            return self._support_in_time(here)
        if self.pool.needs[self.pool.index[airable.episode_id]]:
            return self._begin(here, Choice(airable), code, here.room)
        return airing_here(here, telling(Choice(airable), self.pool, self.memory), airable.part, code)

    def _led(self, here: Here) -> Airing | None:
        """What the message before was for."""
        led = self.memory.led_to
        index = self.pool.index.get(str(led["for"])) if led else None
        if led is None or index is None or not here.lawful[index]:
            return None
        relaxed = led.get("relaxed")
        choice = Choice(self.pool.airables[index], relaxed if isinstance(relaxed, dict) else None)
        return self._begin(here, choice, str(led.get("chosen")), here.room)

    def _begin(self, here: Here, choice: Choice, code: str, room: int) -> Airing | None:
        """The programme, or the message that has to stand before it; None: with its messages it does not fit."""
        index = self.pool.index[choice.airable.episode_id]
        needs, choice = int(self.pool.needs[index]), telling(choice, self.pool, self.memory)
        missing = needs & ~self.memory.supported
        length = self.support.ticks_for(missing) + choice.airable.n_ticks + self.support.ticks_for(needs)
        if length > room or needs & ~self.support.known:
            return None
        if missing:
            found = self.support.one(here.lawful, 1 << 30, missing, here.tick)
            if found is None:
                return None
            told = {"for": choice.airable.episode_id, "chosen": code, "relaxed": choice.facts["relaxed"]}
            return replace(
                airing_here(here, Choice(found), found.part, "support-before"), reason=reason("support-before", **told)
            )
        airing = airing_here(here, choice, Part.PROGRAMME, code)
        return replace(airing, reason=reason(code, **choice.facts, needs=codes(needs))) if needs else airing

    def _special(self, here: Here) -> Airing | None:
        """The episode that a slot names, its show's latest unaired, or the next in order."""
        place = here.place
        if not asks_by_name(place):
            return None
        heard = {e for e, tick in self.memory.slot_heard.get(place.slot_id or "", {}).items() if tick >= place.start_tick}
        if heard and rung_of(place) != "next":
            return None
        wanted = self.promises.wanted(place, heard)
        found = next((airing for code, airable in wanted if (airing := self._asked(here, code, airable))), None)
        if not heard and wanted and self._was_heard_just_now(here, wanted[0][1]):
            self._fault(here, "heard-just-before", {"episode": wanted[0][1].episode_id})
        elif not heard and found is None:
            self._unfilled(here, [airable for _, airable in wanted])
        return found

    def _was_heard_just_now(self, here: Here, airable: Airable) -> bool:
        index = self.pool.index[airable.episode_id]
        return bool(here.lawful[index]) and here.tick - int(self.memory.episode_end[index]) < minutes(FLOOR_MINUTES)

    def _asked(self, here: Here, code: str, airable: Airable) -> Airing | None:
        if not here.lawful[self.pool.index[airable.episode_id]] or self._was_heard_just_now(here, airable):
            return None
        if here.tick + airable.n_ticks > here.limit:
            return self._support(here, here.room - airable.n_ticks) if self.support.makes_room_for(airable.n_ticks) else None
        return self._begin(here, Choice(airable), code, here.room)

    def _support(self, here: Here, room: int) -> Airing | None:
        found = self.support.one(here.lawful, room, 0, here.anchor, self.memory.n_supports)
        return airing_here(here, Choice(found), found.part, "support") if found else None

    def _due(self, here: Here) -> Airing | None:
        if not self.support.is_due(here.tick) or here.support_may_wait:
            return None
        return self._support_in_time(here)

    def _support_in_time(self, here: Here) -> Airing | None:
        """A message that ends with the block or the slot; if none does and the one behind that were late, one that runs across."""
        found = self._support(here, here.until)
        return found or (self._support(here, 1 << 30) if here.tick + here.until > here.limit else None)

    def _in_time(self, here: Here) -> Facts:
        """Which end so that the next message of the night is not late."""
        ends = here.tick + self.pool.n_ticks
        found: Facts = ends <= here.limit
        return found & (ends + self.support.longest <= here.end) if here.end > here.limit else found

    def _between(self, here: Here) -> Airing | None:
        """The station's name every ten minutes, something short every quarter of an hour; never two of a kind in a row."""
        last, rules = self.memory.last.part if self.memory.last else None, self.pool.rules
        fits = here.lawful & (self.pool.n_ticks <= here.until) & self._in_time(here)
        every = ((Part.IDENT, minutes(rules.ident_every_minutes)), (Part.FILLER, minutes(rules.short_every_minutes)))
        for part, every_ticks in every:
            if last is part or not self._is_time_for(part, here, every_ticks):
                continue
            if part is Part.FILLER and is_music_next(here.place, self.memory.slot_heard):
                continue
            chance = number(self.seed, part, here.anchor, self.memory.place_of(part, here.tick))
            plain = fits & self.pool.plays(part) & (self.pool.supports == 0)
            turn = in_turn(self.pool, self.memory, plain, here.tick, part=part, chance=chance)
            if turn:
                return airing_here(here, Choice(turn), part, "ident" if part is Part.IDENT else "short")
        return None

    def _is_time_for(self, part: Part, here: Here, every_ticks: int) -> bool:
        """Counted anew from each anchor, so that what went before it does not move what comes."""
        if self.memory.place_of(part, here.tick) == 0:
            return part is Part.IDENT or here.tick - (here.anchor - ANCHOR_TICKS) >= every_ticks
        return self.memory.since(part, here.tick) >= every_ticks

    def _programme(self, here: Here) -> Airing | None:
        """From the slot's own rotation, else from everything that stays good; at night a message may have to make room first."""
        if is_music_next(here.place, self.memory.slot_heard):
            return None
        found = self._chosen(here, self._in_time(here))
        may = self.support.may_come_early(here.tick) and not here.support_may_wait
        if found is None and here.limit < here.end and may:
            found = self._support(here, here.until)
        return found

    def _chosen(self, here: Here, in_time: Facts) -> Airing | None:
        total, supported = self.support.with_support()
        crosses = here.place.end_tick > here.anchor and here.end >= here.anchor
        room = here.anchor - here.tick if crosses else here.end - here.tick
        late = here.room - (here.place.end_tick - here.tick) if here.lead is None and not here.place.runs_on else 0
        room += 0 if crosses else min(late, here.anchor - here.place.end_tick) if late else 0
        fits = total <= room
        if here.tick - (here.anchor - ANCHOR_TICKS) < HOUR_TICKS // 30 or here.tick - here.place.start_tick < HOUR_TICKS // 30:
            fits |= (self.pool.n_ticks > _CROSSES_ANCHORS_TICKS) & (total <= here.end - here.tick)
        candidates = here.lawful & fits & supported & in_time
        own, weight = self._own(here.place)
        position = self.memory.place_of(Part.PROGRAMME, here.tick)
        moment = Moment(
            here.tick, number(self.seed, here.place.slot_id, here.place.occurrence, here.anchor, position), room,
            self.promises.episodes, self.promises.shows, weight, self.promises.heavy_at(here.tick),
        )  # fmt: skip
        choice, code = None, "open"
        if own is not None:
            choice, code = pick(self.pool, self.memory, candidates & own, moment, self.own_rests), "rotation"
        if choice is None:
            code = "open" if own is None else "evergreen"
            choice = pick(self.pool, self.memory, candidates & self.pool.plays(Part.PROGRAMME), moment, self.rests)
        return self._begin(here, choice, code, 1 << 30) if choice else None

    def _own(self, place: Place) -> tuple[Facts | None, Scores | None]:
        """Which the slot's rotation names, and how likely each is; None: the time is open, or the slot asks for nothing special."""
        fill: Mapping[str, object] = place.fill
        if asks_by_name(place) and place.under_run == "show":
            fill = {"rung": "rotation", "show_ids": [self._show_of(place)]}
        if place.slot_id is None or fill.get("rung") != "rotation":
            return None, self.pool.weight
        key = repr(sorted(fill.items(), key=str))
        if key not in self._fills:
            said = fill.get("weights")
            given = [Weight(str(w[0]), str(w[1]), float(w[2])) for w in said] if isinstance(said, list) else []
            weight = self.pool.weights([*self.pool.rules.weights, *given])
            self._fills[key] = (self.pool.matching(fill), weight)
        return self._fills[key]

    def _show_of(self, place: Place) -> str:
        index = self.pool.index.get(str(place.fill.get("episode_id")))
        return str(place.fill.get("show_id") or (self.pool.airables[index].show_id if index is not None else ""))

    def _gap(self, here: Here) -> Airing:
        """What fits no programme; where even that is not there, somebody is told."""
        found = self.gaps.fill(here, music=is_music_next(here.place, self.memory.slot_heard))
        if found.part is Part.EMERGENCY:
            self._fault(here, "nothing-lawful", lacking(self.pool, self.memory, self.hours, here, known=self.support.known))
        return found

    def _unfilled(self, here: Here, wanted: Sequence[Airable]) -> None:
        """Say why a slot does not begin with what it asks for."""
        self._fault(here, *(asked_in_vain(self.pool, self.support, here, wanted[0]) if wanted else ("nothing-to-air", {})))

    def _fault(self, here: Here, code: str, facts: Mapping[str, object]) -> None:
        """Say it once for a place; open time is told by the anchor before it."""
        tick = here.place.start_tick if here.place.slot_id else here.anchor - ANCHOR_TICKS
        tick = max(tick, self.from_tick)
        if not any((f.tick, f.code, f.slot_id) == (tick, code, here.place.slot_id) for f in self._faults):
            self._faults[Fault(tick, code, here.place.slot_id, canonical(facts))] = None
