"""Whose turn it is, by number and not by memory: so a change of one hour leaves the hours after it as they were. Pure.

Time is cut into blocks of two hours. Each episode has its turn in one block of a cycle that is longer than its rest; so nothing
is heard again too soon, although no block knows what the block before it played. When those whose turn it is do not fill a
block, others follow, farthest from their own turn first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from media.grid import HOUR_TICKS
from radio.schedule.fit import Facts, Numbers, chances, number
from radio.schedule.policy import StationRules

ANCHOR_TICKS = 2 * HOUR_TICKS
"""A block. No programme runs across its end unless it is too long to fit into one."""
_BLOCK_MINUTES = 120


def minutes(n: int) -> int:
    """In ticks."""
    return n * HOUR_TICKS // 60


@dataclass(frozen=True)
class Cycle:
    """How long the turns take, in blocks."""

    episodes: int
    """Between two turns of an episode; longer than its rest by one block."""
    shows: int
    voices: int

    @classmethod
    def of(cls, rules: StationRules) -> Cycle:
        """The shortest cycles that keep the rests. That of episodes shares no divisor with that of shows, so all meet."""
        shows, voices = _blocks(rules.show_rest_minutes), _blocks(rules.voice_rest_minutes)
        episodes = max(_blocks(rules.episode_rest_minutes), 2)
        while math.gcd(episodes, shows) > 1:
            episodes += 1
        return cls(episodes, shows, voices)

    @cached_property
    def turns(self) -> tuple[Facts, ...]:
        """By how far the turn has to give way: which ages (blocks since the own turn) may be heard. Each holds those before it."""
        third = max(1, self.episodes * 4 // 13)
        ages = ({0}, {0, 2 * third}, {0, third, 2 * third}, {0, third, 2 * third, *range(0, self.episodes - 1, 2)})
        found = []
        for chosen in ages:
            allowed = np.zeros(self.episodes, dtype=np.bool_)
            allowed[[age % self.episodes for age in chosen]] = True
            found.append(allowed)
        return tuple(found)

    def rest_minutes(self, turn: int) -> int:
        """How long lies at least between two hearings that `turns[turn]` allows."""
        ages = np.flatnonzero(self.turns[turn])
        nearest = int(np.diff([*ages, self.episodes]).min())
        return (nearest - 1) * _BLOCK_MINUTES

    def phases(self, seed: bytes, chance: NDArray[np.uint64], voices: Sequence[frozenset[str]]) -> Numbers:
        """In which block of the cycle each episode has its turn. Two of one voice are as far apart as voices rest."""
        steps = max(1, self.episodes // self.voices)
        first: dict[str, int] = {}
        found = []
        for ours, heard in zip(chance.tolist(), voices, strict=True):
            if not heard or self.voices == 1:
                found.append(ours % self.episodes)
                continue
            voice = min(heard)
            if voice not in first:
                first[voice] = number(seed, "voice", voice)
            found.append((first[voice] + self.voices * (ours % steps)) % self.episodes)
        return np.array(found, dtype=np.int64)


def _blocks(rest_minutes: int) -> int:
    """The blocks between two beginnings so that at least the rest lies between them."""
    return 1 + -(-rest_minutes // _BLOCK_MINUTES)


def halves(seed: bytes, block: int, chance: NDArray[np.uint64]) -> Facts:
    """Which of a pool may be heard soon after the anchor before `block`; the others may be heard shortly before it.

    Each is drawn by itself, so a new one moves no other to the other side.
    """
    found: Facts = chances(number(seed, "half", block), chance) >> np.uint64(63) == 0
    return found


def sides(seed: bytes, block: int, show_chance: NDArray[np.uint64]) -> Facts:
    """Which shows may open `block`; the others may close the one before it. As many of these as of those, or one less."""
    drawn = chances(number(seed, "side", block), show_chance)
    found = np.zeros(len(drawn), dtype=np.bool_)
    found[np.argsort(drawn, kind="stable")[1::2]] = True
    return found


@dataclass(frozen=True, slots=True)
class Rest:
    """What a candidate must meet. A ladder of these goes from what we want to what we bear."""

    episode_minutes: int
    show_minutes: int
    """0: another show than the last; −1: any."""
    voice_minutes: int = 0
    turn: int | None = None
    """Which of `Cycle.turns`; None: any block, and the rest is counted within it."""
    guard_minutes: int = 0
    """So long before and after an anchor only one half each is heard: nothing is repeated across it sooner."""


FLOOR_MINUTES = 10
"""Nothing is heard twice within it."""
CLOSING_MINUTES = 4
"""What ends so shortly before an anchor is of another show than what opens the block behind it."""


def ladder(rules: StationRules, cycle: Cycle) -> tuple[Rest, ...]:
    """First the show's rest gives way, then the voice's, then the episode's."""
    episode, show, voice = rules.episode_rest_minutes, rules.show_rest_minutes, rules.voice_rest_minutes
    found = [Rest(episode, show // part, voice, 0) for part in (1, 2, 4)]
    found += [Rest(episode, 0, voice, 0), Rest(episode, 0, voice // 2, 0), Rest(episode, 0, 0, 0)]
    rests = [min(episode, cycle.rest_minutes(turn)) for turn in range(len(cycle.turns))]
    found += [Rest(rests[1], 0, 0, 1), Rest(rests[2], 0, 0, 2), Rest(rests[3], 0, 0, 3)]
    found += [Rest(90, 0, guard_minutes=60), Rest(90, 0, guard_minutes=30), Rest(60, 0, guard_minutes=15)]
    found += [Rest(45, 0, guard_minutes=15), Rest(30, 0, guard_minutes=15)]
    found += [Rest(episode, -1, 0, 0), Rest(rests[2], -1, 0, 2), Rest(rests[3], -1, 0, 3), Rest(90, -1, guard_minutes=30)]
    found += [Rest(20, 0, guard_minutes=10), Rest(20, 0, guard_minutes=5), Rest(60, -1, guard_minutes=15)]
    found += [Rest(30, -1, guard_minutes=15), Rest(20, -1, guard_minutes=10), Rest(10, 0, guard_minutes=10)]
    return (*found, Rest(10, -1, guard_minutes=10), Rest(10, -1))


OWN_LEAST_MINUTES = 30
"""A slot's own rotation gives way to the open one before it repeats itself within this."""
