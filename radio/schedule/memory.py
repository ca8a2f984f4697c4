"""What has been heard, folded from the airings in order: the only thing that carries over from one choice to the next. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from radio.schedule.airings import Airing, Part
from radio.schedule.fit import Facts, Numbers
from radio.schedule.policy import SUPPORTS
from radio.schedule.turns import ANCHOR_TICKS

NEVER = -(1 << 60)
SLOT_RUNGS = frozenset({"episode", "latest", "next"})
"""Rungs of a slot that ask for one certain episode; also the codes of the reasons of what airs by them."""


class Columns(Protocol):
    """What is asked of the pool."""

    @property
    def index(self) -> Mapping[str, int]: ...  # noqa: D102

    show: Numbers
    kind: Numbers
    heavy: Facts
    voices: Numbers
    supports: Numbers
    needs: Numbers


class Memory:
    """When each episode, show and voice was last heard, and how the rundown stands now."""

    def __init__(self, pool: Columns) -> None:
        self._pool = pool
        n, n_shows = len(pool.show), int(pool.show.max(initial=-1)) + 1
        n_voices = int(pool.voices.max(initial=-1)) + 1
        self.episode_end = _never(n)
        self.show_end = _never(n_shows)
        self.voice_end = _never(n_voices + 1)
        """The last stays for ever without a voice: it answers for −1."""
        self.block_end, self.block_show_end, self.block_voice_end = _never(n), _never(n_shows), _never(n_voices + 1)
        """Of what began in this block."""
        self.slot_end, self.slot_show_end, self.slot_voice_end = _never(n), _never(n_shows), _never(n_voices + 1)
        """Of what a slot asked for by itself."""
        self.n_by_name = 0
        """How many a slot has asked for by name."""
        self.last: Airing | None = None
        self.last_show = -1
        self.last_kind = -1
        self.after_heavy = False
        self.part_end: dict[Part, int] = {}
        self.block = NEVER
        self.position: dict[Part, int] = {}
        """How many of each part began since the last anchor."""
        self.slot_heard: dict[str, dict[str, int]] = {}
        """Slot → programme → the tick at which the slot last began it. What only stands before or between is none."""
        self.support_end = NEVER
        self.supported = 0
        """Which support messages were heard just now, one after the other, up to this tick."""
        self.owed = 0
        """Which support messages have to follow."""
        self.n_supports = 0
        """How many began since the last anchor."""

    def fold(self, airing: Airing) -> None:
        """Hear one more airing."""
        self.last = airing
        self._count(airing)
        self.part_end[airing.part] = airing.end_tick
        code = code_of(airing) if airing.slot_id else ""
        if airing.slot_id and airing.episode_id and (code in SLOT_RUNGS or (airing.part is Part.PROGRAMME and code != "alert")):
            self.slot_heard.setdefault(airing.slot_id, {})[airing.episode_id] = airing.start_tick
        index = self._pool.index.get(airing.episode_id or "")
        self._support(airing, index)
        if index is None:
            return
        heard = self._pool.voices[index]
        heard = heard[heard >= 0]
        self.episode_end[index] = self.block_end[index] = airing.end_tick
        if airing.part is Part.PROGRAMME:
            show = int(self._pool.show[index])
            self.last_show, self.last_kind = show, int(self._pool.kind[index])
            self.show_end[show] = self.block_show_end[show] = airing.end_tick
            self.after_heavy = bool(self._pool.heavy[index])
            self.voice_end[heard] = self.block_voice_end[heard] = airing.end_tick
        if code in SLOT_RUNGS:
            self.n_by_name += 1
            self.slot_end[index] = self.slot_show_end[self._pool.show[index]] = airing.end_tick
            self.slot_voice_end[heard] = airing.end_tick

    def _support(self, airing: Airing, index: int | None) -> None:
        """Count support messages: what was told just now, and what is owed after what was heard."""
        told = int(self._pool.supports[index]) if index is not None else 0
        if told:
            self.support_end = airing.end_tick
            self.supported |= told
            self.owed &= ~told
            self.n_supports += 1
            return
        self.supported = 0
        needs = int(self._pool.needs[index]) if index is not None else 0
        self.owed = needs | needs_of(airing)

    def _count(self, airing: Airing) -> None:
        self.see(airing.start_tick)
        self.position[airing.part] = self.position.get(airing.part, 0) + 1

    @property
    def led_to(self) -> Mapping[str, object] | None:
        """What the last airing was the message before of, as its reason says."""
        return self.last.why if self.last is not None and '"for"' in self.last.reason else None

    def see(self, tick: int) -> None:
        """Come to a tick: when it opens a block, what the block before it heard no longer counts."""
        if tick // ANCHOR_TICKS != self.block:
            self.block, self.position, self.n_supports = tick // ANCHOR_TICKS, {}, 0
            for ends in (self.block_end, self.block_show_end, self.block_voice_end):
                ends.fill(NEVER)

    def opens_block(self, tick: int) -> bool:
        """Whether no programme has begun since the last anchor."""
        return self.place_of(Part.PROGRAMME, tick) == 0

    def place_of(self, part: Part, tick: int) -> int:
        """How many of this part have begun between the last anchor and `tick`: with the anchor it names a choice for ever."""
        return self.position.get(part, 0) if tick // ANCHOR_TICKS == self.block else 0

    def since(self, part: Part, tick: int) -> int:
        """How many ticks ago this part was last heard."""
        return tick - self.part_end.get(part, NEVER)


def code_of(airing: Airing) -> str:
    """The code of its reason, without reading all of it where there is no need."""
    return str(json.loads(airing.reason).get("code", ""))


def needs_of(airing: Airing) -> int:
    """The support that its reason says must follow: it holds also after the episode was taken back."""
    if '"needs"' not in airing.reason:
        return 0
    needs = json.loads(airing.reason).get("needs", ())
    return sum(1 << SUPPORTS.index(one) for one in needs if one in SUPPORTS)


def _never(n: int) -> Numbers:
    return np.full(max(1, n), NEVER, dtype=np.int64)
