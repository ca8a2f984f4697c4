"""Chance that can be repeated, and gaps filled to the tick. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Facts = NDArray[np.bool_]
Scores = NDArray[np.float64]

LEAST_BED_TICKS = 6
"""A bed shorter than a segment is a hiccup, not music."""


def number(seed: bytes, *words: object) -> int:
    """A 64-bit number that follows from the seed and the words, and from nothing else."""
    text = "|".join(str(word) for word in words).encode()
    return int.from_bytes(hmac.digest(seed, text, hashlib.sha256)[:8], "big")


def chances(moment: int, ours: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Rendezvous hashing: one number for each candidate at a moment; the lowest wins.

    `moment` and `ours` come from `number`. A new candidate changes only the moments it wins. With equal weights the order
    of −ln(u) is the order of u turned round, so no logarithm is needed. Source: Thaler and Ravishankar, "Using name-based
    mappings to increase hit rates" (1998); the mixing is the finaliser of SplitMix64.
    """
    mixed: NDArray[np.uint64] = ours ^ np.uint64(moment)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return found


def scores(drawn: NDArray[np.uint64], weights: Scores | None) -> NDArray[np.uint64] | Scores:
    """What the lowest of wins: the numbers drawn, or −ln(1 − u) ÷ weight, which keeps their order where weights are equal."""
    if weights is None:
        return drawn
    found: Scores = -np.log1p(-(drawn.astype(np.float64) / 2.0**64)) / weights
    return found


def subset(lengths: Sequence[int], room: int) -> list[int]:
    """Which of `lengths` (by index, each once) fill `room` best: exactly, or so that a bed of some length is left.

    Of equally good choices the one with the earlier indices wins. Cost: `len(lengths)` shifts of a `room`-bit number.
    """
    reachable = [1]
    mask = (1 << (room + 1)) - 1
    for length in lengths:
        reachable.append((reachable[-1] | reachable[-1] << length) & mask)
    total = max(_best_totals(reachable[-1], room), default=0)
    chosen: list[int] = []
    for index in range(len(lengths) - 1, -1, -1):
        if not reachable[index] >> total & 1:
            chosen.append(index)
            total -= lengths[index]
    return chosen[::-1]


def _best_totals(sums: int, room: int) -> list[int]:
    """The largest sum that leaves nothing or at least a proper bed; failing that the largest of all."""
    if sums >> room & 1:
        return [room]
    for usable in (room - LEAST_BED_TICKS, room):
        if usable >= 0:
            kept = sums & ((1 << (usable + 1)) - 1)
            if kept:
                return [kept.bit_length() - 1]
    return []
