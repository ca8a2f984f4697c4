"""Who airs next: what is lawful, whose turn it is, what has rested, and chance among equals. Pure.

Consent, embargo, expiry and what the hours forbid are never relaxed. Rest is, down the ladder of `turns`; each airing says
which rules gave way and how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from media.grid import HOUR_TICKS
from radio.schedule.airings import ON_REQUEST_KINDS, Airable, Hours, Night, Part
from radio.schedule.fit import Facts, Numbers, Scores, chances, number, scores
from radio.schedule.memory import NEVER, Memory
from radio.schedule.policy import DEFAULTS, SUPPORTS, StationRules, Weight
from radio.schedule.turns import ANCHOR_TICKS, CLOSING_MINUTES, FLOOR_MINUTES, Cycle, Rest, halves, ladder, minutes, sides

ALWAYS = 1 << 60
TURN_RESTS: Mapping[Part, int] = {Part.IDENT: minutes(5), Part.FILLER: minutes(20)}
"""How long an ident and a short are not heard again, whatever their turn says."""
LEADS_UP_TICKS = minutes(20)
"""What ends so shortly before something heavy that a slot asks for is light."""


def bits(supports: Iterable[str]) -> int:
    """Support messages as a number with a bit for each."""
    return sum(1 << SUPPORTS.index(support) for support in supports)


class Pool:
    """All that may be aired, in columns. The order is that of the ids, so no database's order can show."""

    def __init__(self, airables: Iterable[Airable], seed: bytes, rules: StationRules = DEFAULTS) -> None:
        self.airables = tuple(sorted(airables, key=lambda airable: airable.episode_id))
        self.rules, self.seed = rules, seed
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
        self.supports = self._numbers([bits(a.supports) for a in self.airables])
        self.needs = self._numbers([bits(a.needs(rules)) for a in self.airables])
        self.chance = np.array([number(seed, a.episode_id) for a in self.airables], dtype=np.uint64)
        self.show_chance = np.array([number(seed, "show", show) for show in sorted(self.shows)], dtype=np.uint64)
        self.cycle = Cycle.of(rules)
        self.phase = self.cycle.phases(seed, self.chance, [a.voices for a in self.airables])
        self.voices = self._voices()
        self.weight = self.weights(rules.weights)
        self._parts = {part: np.array([_plays(a, part) for a in self.airables], dtype=np.bool_) for part in Part}
        self._barred: dict[int, Facts] = {}
        self._half: dict[int, Facts] = {}
        self._opens: dict[int, Facts] = {}

    @staticmethod
    def _numbers(values: list[int]) -> Numbers:
        return np.array(values, dtype=np.int64)

    def _voices(self) -> Numbers:
        """A row of numbers of voices for each episode, filled up with −1."""
        known = {voice: i for i, voice in enumerate(sorted({voice for a in self.airables for voice in a.voices}))}
        widest = max((len(a.voices) for a in self.airables), default=0)
        found = np.full((len(self.airables), max(1, widest)), -1, dtype=np.int64)
        for row, airable in enumerate(self.airables):
            for column, voice in enumerate(sorted(airable.voices)):
                found[row, column] = known[voice]
        return found

    def plays(self, part: Part) -> Facts:
        """Which play this part of themselves, without a slot that asks for them."""
        return self._parts[part]

    def half(self, block: int) -> Facts:
        """Which may be heard soon after the anchor before a block."""
        if block not in self._half:
            if len(self._half) > 2:
                self._half.clear()
            self._half[block] = halves(self.seed, block, self.chance)
        return self._half[block]

    def opens(self, block: int) -> Facts:
        """Which shows may open a block."""
        if block not in self._opens:
            if len(self._opens) > 2:
                self._opens.clear()
            self._opens[block] = sides(self.seed, block, self.show_chance)
        return self._opens[block]

    def matching(self, fill: Mapping[str, object]) -> Facts:
        """Which match the filters of a slot's `fill`, and are neither ident nor bed nor short."""
        own = np.array([_matches(a, fill) for a in self.airables], dtype=np.bool_)
        return own & ~self._parts[Part.IDENT] & ~self._parts[Part.BED] & ~self._parts[Part.FILLER]

    def weights(self, weights: Sequence[Weight]) -> Scores | None:
        """How much likelier each is; None: all are equal."""
        if not weights:
            return None
        found = np.ones(len(self.airables))
        by_term = {(one.list_, one.code): one.weight for one in weights}
        for row, airable in enumerate(self.airables):
            for term in (("kind", airable.kind), ("show", airable.show_id), *airable.tags):
                found[row] *= by_term.get(term, 1.0)
        return found

    def lawful(self, tick: int, hours: Hours | Night, until: int | None = None) -> Facts:
        """Which may be heard from `tick` on, whole or cut at `until`: public, not expiring meanwhile, fit for the hours."""
        hours = Hours(hours) if isinstance(hours, Night) else hours
        ends = tick + self.n_ticks if until is None else np.full_like(self.n_ticks, until)
        found: Facts = (self.published <= tick) & (ends <= self.expires) & (self.night_ok | (ends <= hours.quiet.next_from(tick)))
        for place, barred in enumerate(hours.barred):
            if place not in self._barred:
                self._barred[place] = np.array([barred.bars(a) for a in self.airables], dtype=np.bool_)
            found &= ~self._barred[place] | (ends <= barred.hours.next_from(tick))
        return found


def _plays(airable: Airable, part: Part) -> bool:
    on_request = part is Part.PROGRAMME and airable.kind in ON_REQUEST_KINDS
    return airable.part is part and not airable.is_relayed and not on_request


def _matches(airable: Airable, fill: Mapping[str, object]) -> bool:
    if airable.is_relayed:
        return False
    kinds, shows, tags = fill.get("kinds"), fill.get("show_ids"), fill.get("tags")
    if isinstance(kinds, list) and kinds and airable.kind not in kinds:
        return False
    if isinstance(shows, list) and shows and airable.show_id not in shows:
        return False
    if isinstance(tags, list) and tags:
        return any((str(list_), str(code)) in airable.tags for list_, code in tags)
    return True


@dataclass(frozen=True, slots=True)
class Moment:
    """A choice to make: where it is, and what is promised to slots soon."""

    tick: int
    chance: int
    """Names the choice for ever."""
    room: int
    promised: Numbers
    """When each episode is next asked for by a slot; far away when by none."""
    promised_shows: Numbers
    """When each show is next asked for by a slot."""
    weight: Scores | None = None
    heavy_at: int = ALWAYS
    """When the slot behind it begins with something heavy; far away when it does not."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate, and which rules gave way: name → minutes that were kept of it."""

    airable: Airable
    relaxed: Mapping[str, int] | None = None
    after_heavy: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """What a reason tells of it."""
        return {"relaxed": dict(self.relaxed) if self.relaxed else None, "heavy": True if self.after_heavy else None}


def pick(pool: Pool, memory: Memory, candidates: Facts, moment: Moment, rests: Sequence[Rest]) -> Choice | None:
    """The programme for a moment; None when even the last of `rests` is met by none.

    Heavy never follows heavy while anything else can be had, nor leads up to what a slot asks for that is heavy, and never opens
    a block: so no block need know how the one before it ended. Among equals a good fit into the room and another kind than the last are preferred, then chance decides.
    """
    light = ~pool.heavy
    if not (memory.after_heavy or memory.opens_block(moment.tick)):
        light |= moment.tick + pool.n_ticks < moment.heavy_at - LEADS_UP_TICKS
    gently = pool.rules.light_after_heavy and not light.all()
    indices = _rested(pool, memory, candidates & light, moment, rests) if gently else None
    if indices is None:
        indices = _rested(pool, memory, candidates, moment, rests)
    if indices is None:
        return None
    indices = _preferred(indices, _of_another_show(pool, memory, indices, moment.tick))
    indices = _preferred(indices, memory.block_voice_end[pool.voices[indices]].max(axis=1) == NEVER)
    indices = _preferred(indices, _fits_well(pool.n_ticks[indices], moment.room))
    if not memory.opens_block(moment.tick):
        indices = _preferred(indices, pool.kind[indices] != memory.last_kind)
    drawn = scores(chances(moment.chance, pool.chance[indices]), None if moment.weight is None else moment.weight[indices])
    chosen = int(indices[np.argmin(drawn)])
    airable = pool.airables[chosen]
    return Choice(airable, _relaxed(pool, memory, chosen, moment.tick))


def _of_another_show(pool: Pool, memory: Memory, indices: Numbers, tick: int) -> Facts:
    """Which are of another show than the last; across an anchor by sides, so that no block need know how the other ended."""
    found: Facts = pool.show[indices] != memory.last_show
    return pool.opens(tick // ANCHOR_TICKS)[pool.show[indices]] if memory.opens_block(tick) else found


def telling(choice: Choice, pool: Pool, memory: Memory) -> Choice:
    """The same; one that breaks the rule that something light follows something heavy says so."""
    return replace(choice, after_heavy=pool.rules.light_after_heavy and memory.after_heavy and choice.airable.heavy)


def in_turn(pool: Pool, memory: Memory, candidates: Facts, tick: int, *, part: Part, chance: int) -> Airable | None:
    """Who of the idents or shorts is next: one that this block has not heard; None: all were heard just now."""
    free = np.flatnonzero(candidates & (tick - memory.episode_end >= TURN_RESTS[part]))
    free = _preferred(free, beside_anchors(pool, free, tick, TURN_RESTS[part]))
    free = _preferred(free, memory.block_end[free] == NEVER)
    if not len(free):
        return None
    return pool.airables[int(free[np.argmin(chances(chance, pool.chance[free]))])]


def beside_anchors(pool: Pool, indices: Numbers, tick: int, guard: int) -> Facts:
    """Which may be heard at a tick, so that nothing is heard on both sides of an anchor within `guard`."""
    block = tick // ANCHOR_TICKS
    found = np.ones(len(indices), dtype=np.bool_)
    if tick - block * ANCHOR_TICKS < guard:
        found &= pool.half(block)[indices]
    return found & (((block + 1) * ANCHOR_TICKS - tick >= guard) | ~pool.half(block + 1)[indices])


def _rested(pool: Pool, memory: Memory, candidates: Facts, moment: Moment, rests: Sequence[Rest]) -> Numbers | None:
    """Those that meet the first of `rests` that anybody meets."""
    indices: Numbers = np.flatnonzero(candidates).astype(np.int64)
    indices = indices[moment.tick - memory.episode_end[indices] >= minutes(FLOOR_MINUTES)]
    if not len(indices):
        return None
    standing = _Standing(pool, memory, indices, moment)
    for rest in rests:
        meets = standing.meets(rest)
        if meets.any():
            return indices[meets]
    return None


class _Standing:
    """How the candidates stand at a moment, in columns."""

    def __init__(self, pool: Pool, memory: Memory, indices: Numbers, moment: Moment) -> None:
        self._pool, self._tick, self._indices = pool, moment.tick, indices
        ends, shows = moment.tick + pool.n_ticks[indices], pool.show[indices]
        self._block = moment.tick // ANCHOR_TICKS
        self._ends, self._shows = ends, shows
        self._ages = (self._block - pool.phase[indices]) % pool.cycle.episodes
        since_slot = moment.tick - memory.slot_end[indices]
        self._episode = np.minimum(
            moment.tick - memory.block_end[indices], np.minimum(since_slot, moment.promised[indices] - ends)
        )
        since_show = np.minimum(moment.tick - memory.block_show_end[shows], moment.tick - memory.slot_show_end[shows])
        self._show = np.minimum(since_show, moment.promised_shows[shows] - ends)
        self._opens = memory.opens_block(moment.tick) and moment.tick % ANCHOR_TICKS < ANCHOR_TICKS // 4
        self._other = shows != memory.last_show
        self._beside = self._beside_anchors()
        since_voice = np.maximum(memory.block_voice_end, memory.slot_voice_end)
        self._voice = moment.tick - since_voice[pool.voices[indices]].max(axis=1)
        self._halves: tuple[Facts, Facts] | None = None

    def meets(self, rest: Rest) -> Facts:
        """Which meet it."""
        found: Facts = self._episode >= minutes(rest.episode_minutes)
        if rest.turn is not None:
            found &= self._pool.cycle.turns[rest.turn][self._ages]
        if rest.guard_minutes:
            found &= self._guarded(minutes(rest.guard_minutes))
        if rest.voice_minutes:
            found &= self._voice >= minutes(rest.voice_minutes)
        if rest.show_minutes == self._pool.rules.show_rest_minutes > 0:
            turn = (self._block + self._pool.show_chance[self._shows]) % np.uint64(self._pool.cycle.shows)
            found &= (turn == 0) & (self._other | self._opens) & (self._show >= minutes(rest.show_minutes))
            return found
        if rest.show_minutes >= 0:
            found &= self._beside
        if rest.show_minutes > 0:
            found &= self._show >= minutes(rest.show_minutes)
        return found

    def _beside_anchors(self) -> Facts:
        """Which are of another show than the one before; across an anchor by sides, so that no block need know the other."""
        closes = (self._block + 1) * ANCHOR_TICKS - minutes(CLOSING_MINUTES)
        found = self._pool.opens(self._block)[self._shows] if self._opens else self._other
        return found & ((self._ends <= closes) | ~self._pool.opens(self._block + 1)[self._shows])

    def _guarded(self, guard: int) -> Facts:
        """Which may be heard so near an anchor: one half, and of these none whose turn is behind it, for that may begin at once."""
        if self._halves is None:
            turn, n_blocks = self._pool.cycle.turns[2], self._pool.cycle.episodes
            self._halves = (
                self._pool.half(self._block)[self._indices] & ~turn[(self._ages - 1) % n_blocks],
                ~self._pool.half(self._block + 1)[self._indices] & ~turn[(self._ages + 1) % n_blocks],
            )
        after, before = self._halves
        begins, ends = self._block * ANCHOR_TICKS, (self._block + 1) * ANCHOR_TICKS
        found = after if self._tick - begins < guard else np.ones(len(self._indices), dtype=np.bool_)
        return found & (before | (ends - self._ends >= guard))


_TOLD = (1440, 720, 480, 360, 240, 180, 120)
"""Minutes as a reason tells them from two hours on: at least so many. Below it tells the exact minute."""


def _relaxed(pool: Pool, memory: Memory, index: int, tick: int) -> Mapping[str, int] | None:
    """Which rests are really not kept by this choice, and how much of them was, in minutes; 0: less than one."""
    rules = pool.rules
    voices = pool.voices[index]
    kept = {
        "episode": (tick - int(memory.episode_end[index]), rules.episode_rest_minutes),
        "voice": (tick - int(memory.voice_end[voices].max()), rules.voice_rest_minutes),
        "show": (tick - int(memory.show_end[pool.show[index]]), rules.show_rest_minutes),
    }
    found = {name: _told(since * 60 // HOUR_TICKS) for name, (since, wanted) in kept.items() if since < minutes(wanted)}
    return found or None


def _told(since_minutes: int) -> int:
    return next((told for told in _TOLD if told <= since_minutes), since_minutes)


def _preferred(indices: Numbers, wanted: Facts) -> Numbers:
    return indices[wanted] if wanted.any() else indices


def _fits_well(lengths: Numbers, room: int) -> Facts:
    """Whether what is left after it is either small or enough for another programme."""
    left = room - lengths
    found: Facts = (left <= minutes(4)) | (left >= lengths.min())
    return found


__all__ = ["ALWAYS", "Choice", "Moment", "Pool", "beside_anchors", "bits", "in_turn", "ladder", "pick", "telling"]
