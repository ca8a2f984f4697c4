"""What slots ask for by name: the episode itself, the latest of a show, the next in order; and what is promised to them ahead. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from media.grid import DAY_TICKS
from radio.schedule.airings import Airable, Hours
from radio.schedule.ladder import ALWAYS, Pool
from radio.schedule.memory import SLOT_RUNGS, Memory
from radio.schedule.wallclock import Place

PREMIERE_TICKS = 2 * DAY_TICKS
"""So long before its slot a new episode is kept for it, however short of others the rotation is."""
Wanted = list[tuple[str, Airable]]


def asks_by_name(place: Place | None) -> bool:
    """Whether a place begins with one certain episode."""
    return place is not None and place.slot_id is not None and place.whole and rung_of(place) in SLOT_RUNGS


def is_music_next(place: Place, slot_heard: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether what a slot asked for has ended early and music is to follow. What could not begin is no early end."""
    heard = slot_heard.get(place.slot_id or "", {})
    return place.under_run == "bed" and asks_by_name(place) and any(tick >= place.start_tick for tick in heard.values())


def rung_of(place: Place) -> str:
    """The rung that the place's slot begins with; empty: open time."""
    return str(place.fill.get("rung", ""))


class Promises:
    """The episodes that slots will ask for soon: the rotation leaves them alone meanwhile.

    What slots ask for follows from what slots have aired, never from what the rotation happened to choose.
    """

    def __init__(self, pool: Pool, memory: Memory, places: Sequence[Place], hours: Hours) -> None:
        self._pool, self._memory, self._hours = pool, memory, hours
        self._places = [place for place in places if asks_by_name(place)]
        self._ahead = max(pool.rules.episode_rest_minutes * DAY_TICKS // 1440 + DAY_TICKS, PREMIERE_TICKS)
        self._shows: dict[str, list[int]] = {}
        for i, airable in enumerate(pool.airables):
            if not airable.is_relayed:
                self._shows.setdefault(airable.show_id, []).append(i)
        for members in self._shows.values():
            members.sort(key=lambda i: (pool.airables[i].order, pool.airables[i].published_tick, pool.airables[i].episode_id))
        self._newest = {
            show: sorted(members, key=lambda i: (-pool.airables[i].published_tick, -pool.airables[i].order, i))
            for show, members in self._shows.items()
        }
        self._state = -1
        self._until = self._next = -ALWAYS
        self._expected: dict[tuple[str | None, str], int] = {}
        none = np.full(len(pool.airables), ALWAYS, dtype=np.int64)
        self.episodes, self.shows = none, np.full(max(1, len(pool.shows)), ALWAYS, dtype=np.int64)

    def look(self, tick: int) -> None:
        """See that `episodes` and `shows` tell when each is asked for next, as it looks at `tick`."""
        state = self._memory.n_by_name
        if state == self._state and tick <= self._next and tick + self._ahead <= self._until:
            return
        self._state, self._until = state, tick + self._ahead + DAY_TICKS
        self._foresee(tick)

    def _foresee(self, tick: int) -> None:
        self.episodes.fill(ALWAYS)
        self.shows.fill(ALWAYS)
        self._expected.clear()
        self._next = ALWAYS
        heard: dict[int, int] = {}
        for place in self._places:
            if not tick <= place.start_tick < self._until:
                continue
            self._next = min(self._next, place.start_tick)
            code, found = next(((code, i) for code, i in self._turn(place, heard) if self._fits(i, place)), ("", None))
            if found is None:
                continue
            premiere = code == "latest" and place.start_tick < tick + PREMIERE_TICKS
            heard[found] = place.start_tick
            self._expected[place.slot_id, place.occurrence] = found
            self.episodes[found] = min(self.episodes[found], -ALWAYS if premiere else place.start_tick)
            show = self._pool.show[found]
            self.shows[show] = min(self.shows[show], place.start_tick)

    def expected(self, place: Place) -> int | None:
        """Which of the pool a place will begin with, as far as can be seen; None: nothing."""
        return self._expected.get((place.slot_id, place.occurrence))

    def heavy_at(self, tick: int) -> int:
        """When a slot next asks for a certain episode, if that is heavy; far away when it is not."""
        found = bisect_right(self._places, tick, key=lambda place: place.start_tick)
        index = self.expected(self._places[found]) if found < len(self._places) else None
        return self._places[found].start_tick if index is not None and self._pool.heavy[index] else ALWAYS

    def wanted(self, place: Place, heard: set[str]) -> Wanted:
        """What a place asks for, best first, without what it has heard already."""
        skipped = {self._pool.index[episode] for episode in heard if episode in self._pool.index}
        return [(code, self._pool.airables[i]) for code, i in self._turn(place, {}) if i not in skipped]

    def _turn(self, place: Place, heard: Mapping[int, int]) -> Iterator[tuple[str, int]]:
        """What a place asks for, best first. `heard`: what slots will have aired by then, besides what they have."""
        rung, show = rung_of(place), str(place.fill.get("show_id"))
        if rung == "episode":
            index = self._pool.index.get(str(place.fill.get("episode_id")))
            if index is not None and not self._pool.airables[index].is_relayed:
                yield "episode", index
            return
        if rung == "latest":
            yield from (("latest", i) for i in self._newest.get(show, ()) if self._memory.slot_end[i] < 0 and i not in heard)
        members = self._shows.get(show, [])
        ends = [heard.get(i, int(self._memory.slot_end[i])) for i in members]
        newest = max(range(len(members)), key=ends.__getitem__, default=-1)
        turn = newest + 1 if newest >= 0 and ends[newest] > 0 else 0
        yield from (("next", i) for i in members[turn:] + members[:turn])

    def _fits(self, index: int, place: Place) -> bool:
        airable, start = self._pool.airables[index], place.start_tick
        end = start + airable.n_ticks
        runs_out = airable.expires_tick is not None and end > airable.expires_tick
        calm = airable.night_ok or not self._hours.quiet.touches(start, end)
        return end <= place.end_tick and airable.published_tick <= start and not runs_out and calm
