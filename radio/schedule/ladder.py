"""Who airs next: what is lawful, what has rested, and chance among equals. Pure.

Consent, embargo, expiry and the night are never relaxed. Rest is, in the order of `PROGRAMME_RESTS`;
each airing says how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from media.grid import HOUR_TICKS
from radio.schedule.airings import ON_REQUEST_KINDS, Airable, Airing, Night, Part
from radio.schedule.fit import Facts, Numbers, chances, number

ANCHOR_TICKS = 2 * HOUR_TICKS
"""No programme runs across an anchor unless it is too long to fit between two: a change before it changes little behind it."""
NEVER = -(1 << 60)
ALWAYS = 1 << 60
_OTHER_SHOW = 1


def _minutes(n: int) -> int:
    return n * HOUR_TICKS // 60


@dataclass(frozen=True, slots=True)
class Rest:
    """How long an episode and its show have not been heard. `show_ticks` 1: not the show just heard; 0: any."""

    episode_ticks: int
    show_ticks: int = 0

    @property
    def facts(self) -> list[int]:
        """In minutes, for a reason: the episode's, the show's (0: only another show than the last; −1: any)."""
        show = {_OTHER_SHOW: 0, 0: -1}.get(self.show_ticks, self.show_ticks * 60 // HOUR_TICKS)
        return [self.episode_ticks * 60 // HOUR_TICKS, show]


def _rest(episode_minutes: int, show_minutes: int | None = None) -> Rest:
    """`show_minutes` 0: another show than the last; None: any."""
    show = 0 if show_minutes is None else _minutes(show_minutes) or _OTHER_SHOW
    return Rest(_minutes(episode_minutes), show)


PROGRAMME_RESTS: Sequence[Rest] = (
    _rest(1440, 120), _rest(1440, 60), _rest(1440, 30), _rest(1440, 0), _rest(720, 0), _rest(360, 0), _rest(1440), _rest(360),
    _rest(180, 0), _rest(90, 0), _rest(180), _rest(60, 0), _rest(45, 0), _rest(30, 0), _rest(20, 0), _rest(60), _rest(30),
    _rest(20), _rest(10, 0), _rest(10),
)  # fmt: skip
"""From what we want to what we bear. The last is the floor: nothing is heard twice within ten minutes."""
OWN_RESTS = PROGRAMME_RESTS[:-3]
"""A slot's own rotation gives way to the open one before it repeats itself within half an hour."""
TURN_RESTS: Mapping[Part, int] = {Part.IDENT: _minutes(5), Part.FILLER: _minutes(20)}
"""How long an ident and a short are not heard again, whatever their turn says."""


class Pool:
    """All that may be aired, in columns. The order is that of the ids, so no database's order can show."""

    def __init__(self, airables: Iterable[Airable], seed: bytes) -> None:
        self.airables = tuple(sorted(airables, key=lambda airable: airable.episode_id))
        self.index: Mapping[str, int] = {airable.episode_id: i for i, airable in enumerate(self.airables)}
        self.shows: Mapping[str, int] = {show: i for i, show in enumerate(sorted({a.show_id for a in self.airables}))}
        self.n_ticks = self._numbers([a.n_ticks for a in self.airables])
        self.published = self._numbers([a.published_tick for a in self.airables])
        self.expires = self._numbers([ALWAYS if a.expires_tick is None else a.expires_tick for a in self.airables])
        self.show = self._numbers([self.shows[a.show_id] for a in self.airables])
        kinds = {kind: i for i, kind in enumerate(sorted({a.kind for a in self.airables}))}
        self.kind = self._numbers([kinds[a.kind] for a in self.airables])
        self.night_ok: Facts = np.array([a.night_ok for a in self.airables], dtype=np.bool_)
        self.heavy: Facts = np.array([a.heavy for a in self.airables], dtype=np.bool_)
        self.chance = np.array([number(seed, a.episode_id) for a in self.airables], dtype=np.uint64)
        self._parts = {part: np.array([_plays(a, part) for a in self.airables], dtype=np.bool_) for part in Part}

    @staticmethod
    def _numbers(values: list[int]) -> Numbers:
        return np.array(values, dtype=np.int64)

    def plays(self, part: Part) -> Facts:
        """Which play this part of themselves, without a slot that asks for them."""
        return self._parts[part]

    def matching(self, fill: Mapping[str, object]) -> Facts:
        """Which match the filters of a slot's `fill`, and are neither ident nor bed nor short."""
        own = np.array([_matches(a, fill) for a in self.airables], dtype=np.bool_)
        return own & ~self._parts[Part.IDENT] & ~self._parts[Part.BED] & ~self._parts[Part.FILLER]

    def lawful(self, tick: int, night: Night, until: int | None = None) -> Facts:
        """Which may be heard from `tick` on, whole or cut at `until`: public, not expiring meanwhile, calm where it is night."""
        ends = tick + self.n_ticks if until is None else np.full_like(self.n_ticks, until)
        calm = self.night_ok | (ends <= night.next_from(tick))
        found: Facts = calm & (self.published <= tick) & (ends <= self.expires)
        return found


def _plays(airable: Airable, part: Part) -> bool:
    """An alert fills no gap: it is heard when it is relayed, with an issuer and an end."""
    return airable.kind != "alert" and airable.part is part and not (part is Part.PROGRAMME and airable.kind in ON_REQUEST_KINDS)


def _matches(airable: Airable, fill: Mapping[str, object]) -> bool:
    kinds, shows, tags = fill.get("kinds"), fill.get("show_ids"), fill.get("tags")
    if isinstance(kinds, list) and kinds and airable.kind not in kinds:
        return False
    if isinstance(shows, list) and shows and airable.show_id not in shows:
        return False
    if isinstance(tags, list) and tags:
        return any((str(list_), str(code)) in airable.tags for list_, code in tags)
    return True


class Memory:
    """What has been heard, folded from the airings in order. The only thing that carries over from one choice to the next."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.episode_end: Numbers = np.full(len(pool.airables), NEVER, dtype=np.int64)
        self.show_end: Numbers = np.full(max(1, len(pool.shows)), NEVER, dtype=np.int64)
        self.last: Airing | None = None
        self.last_show = -1
        self.last_kind = -1
        self.after_heavy = False
        self.part_end: dict[Part, int] = {}
        self.block = NEVER
        self.position: dict[Part, int] = {}
        """How many of each part began since the last anchor."""
        self.slot_heard: dict[str, dict[str, int]] = {}
        """Slot → episode → the tick at which the slot last began it."""

    def fold(self, airing: Airing) -> None:
        """Hear one more airing."""
        self.last = airing
        self._count(airing)
        self.part_end[airing.part] = airing.end_tick
        if airing.slot_id and airing.episode_id and airing.part not in {Part.BED, Part.IDENT}:
            self.slot_heard.setdefault(airing.slot_id, {})[airing.episode_id] = airing.start_tick
        index = self._pool.index.get(airing.episode_id or "")
        if index is None:
            return
        self.episode_end[index] = airing.end_tick
        if airing.part is Part.PROGRAMME:
            self.last_show, self.last_kind = int(self._pool.show[index]), int(self._pool.kind[index])
            self.show_end[self.last_show] = airing.end_tick
            self.after_heavy = bool(self._pool.heavy[index])

    def _count(self, airing: Airing) -> None:
        block = airing.start_tick // ANCHOR_TICKS
        if block != self.block:
            self.block, self.position = block, {}
        self.position[airing.part] = self.position.get(airing.part, 0) + 1

    def place_of(self, part: Part, tick: int) -> int:
        """How many of this part have begun between the last anchor and `tick`: with the anchor it names a choice for ever."""
        return self.position.get(part, 0) if tick // ANCHOR_TICKS == self.block else 0

    def since(self, part: Part, tick: int) -> int:
        """How many ticks ago this part was last heard."""
        return tick - self.part_end.get(part, NEVER)


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate and how far the wish for rest had to give way. `rest` None: not at all."""

    airable: Airable
    rest: Rest | None = None
    after_heavy: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """What a reason tells of it."""
        return {"rest": self.rest.facts if self.rest else None, "heavy": True if self.after_heavy else None}


def pick(
    pool: Pool, memory: Memory, candidates: Facts, tick: int, *, moment: int, rests: Sequence[Rest], room: int
) -> Choice | None:
    """The programme for `tick`; None when even the last of `rests` is met by none.

    Heavy never follows heavy while anything else can be had. Among equals a good fit into `room` and another kind than the
    last are preferred, then chance decides.
    """
    rested = _rested(pool, memory, candidates & ~pool.heavy, tick, rests) if memory.after_heavy else None
    rested = rested or _rested(pool, memory, candidates, tick, rests)
    if rested is None:
        return None
    rest, indices = rested
    indices = _preferred(indices, _fits_well(pool.n_ticks[indices], room))
    indices = _preferred(indices, pool.kind[indices] != memory.last_kind)
    airable = pool.airables[int(indices[np.argmin(chances(moment, pool.chance[indices]))])]
    return Choice(airable, None if rest is rests[0] else rest, memory.after_heavy and airable.heavy)


def in_turn(pool: Pool, memory: Memory, candidates: Facts, tick: int, *, part: Part, moment: int) -> Airable | None:
    """Who of the idents or shorts has its turn; None: all were heard just now.

    `moment` (an anchor's) orders them anew, and they follow one another in that order. So all are heard, and what came
    before the anchor changes nothing after it.
    """
    turn = memory.place_of(part, tick)
    members = np.flatnonzero(pool.plays(part))
    if not len(members):
        return None
    order = members[np.argsort(chances(moment, pool.chance[members]), kind="stable")]
    free = candidates & (tick - memory.episode_end >= TURN_RESTS[part])
    following = np.roll(order, -(turn % len(order)))
    found = following[free[following]]
    return pool.airables[int(found[0])] if len(found) else None


def _rested(pool: Pool, memory: Memory, candidates: Facts, tick: int, rests: Sequence[Rest]) -> tuple[Rest, Numbers] | None:
    """Those that meet the first of `rests` that anybody meets."""
    indices: Numbers = np.flatnonzero(candidates).astype(np.int64)
    if not len(indices):
        return None
    episode = tick - memory.episode_end[indices]
    shows = pool.show[indices]
    show = tick - memory.show_end[shows]
    other = shows != memory.last_show
    for rest in rests:
        meets = episode >= rest.episode_ticks
        if rest.show_ticks == _OTHER_SHOW:
            meets &= other
        elif rest.show_ticks:
            meets &= show >= rest.show_ticks
        if meets.any():
            return rest, indices[meets]
    return None


def _preferred(indices: Numbers, wanted: Facts) -> Numbers:
    return indices[wanted] if wanted.any() else indices


def _fits_well(lengths: Numbers, room: int) -> Facts:
    """Whether what is left after it is either small or enough for another programme."""
    left = room - lengths
    found: Facts = (left <= _minutes(4)) | (left >= lengths.min())
    return found
