"""A look-ahead limiter whose arithmetic is done once a millisecond.

Each millisecond (a *hop*) has one peak. How much it must be turned down, how the turn begins a little earlier and how it
is let go are worked out on these; the samples only see straight lines between the hops. A line between two nodes that
are both low enough is low enough, so no sample passes the ceiling. Nothing is touched where nothing is too loud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

HOP_SAMPLES = 48
LOOKAHEAD_HOPS = 6
_RELEASE_HOPS = 80
_MOST_HOPS = 10_000
"""More hops in one step would overflow the release's powers."""

_ATTACK = [1 - hop / LOOKAHEAD_HOPS for hop in range(LOOKAHEAD_HOPS)]
_BETWEEN_NODES = (np.arange(HOP_SAMPLES, dtype=np.float32) / HOP_SAMPLES).reshape(1, -1)

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Block = TypeVar("Block")
_NOTHING: Floats = np.zeros(0, np.float32)


def hop_peaks(sound: Floats) -> Floats:
    """The largest magnitude in each millisecond of `sound`, which is whole milliseconds long."""
    hops = np.ascontiguousarray(sound.reshape(-1, HOP_SAMPLES).T)  # reducing along columns is faster
    peaks: Floats = np.maximum(hops.max(axis=0), -hops.min(axis=0))
    return peaks


def limited(blocks: Iterable[Floats], ceiling: float) -> Iterator[Floats]:
    """The same blocks with no sample above `ceiling`; each must be whole milliseconds long."""
    envelope = Envelope(ceiling)
    with_peaks = ((block, _peaks_above(block, ceiling)) for block in blocks)
    for (block, peaks), ahead in _with_next(with_peaks):
        nodes = envelope.nodes(peaks, _NOTHING if ahead is None else ahead[1])
        if nodes is None:
            yield block
            continue
        lines = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * _BETWEEN_NODES
        yield (block * (1 - lines).reshape(-1)).astype(np.float32, copy=False)


def _peaks_above(block: Floats, ceiling: float) -> Floats:
    """The peaks of the milliseconds; zeros, found faster, when none of them is above `ceiling`."""
    if block.max() <= ceiling and block.min() >= -ceiling:
        return np.zeros(len(block) // HOP_SAMPLES, np.float32)
    return hop_peaks(block)


def hop_gains(peaks: Iterable[Floats], ceiling: float) -> Iterator[tuple[Floats, Floats | None]]:
    """What `limited` would do to sound with these peaks.

    Gives each block of peaks back with the mean gain of its hops; None where nothing is turned down.
    """
    envelope = Envelope(ceiling)
    for block, ahead in _with_next(peaks):
        nodes = envelope.nodes(block, _NOTHING if ahead is None else ahead)
        yield block, None if nodes is None else (1 - (nodes[:-1] + nodes[1:]) / 2).astype(np.float32, copy=False)


class Envelope:
    """How far the sound is turned down, hop by hop: 0 leaves it, 1 would silence it."""

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._held = 0.0

    def nodes(self, peaks: Floats, ahead: Floats) -> Floats | None:
        """The reduction at the start of each hop and at the end of the last; None where it is 0 all along.

        `ahead` holds the hops that follow; missing ones count as silence.
        """
        n = len(peaks)
        if n > _MOST_HOPS:
            raise ValueError("too many hops in one step")
        wanted = self._wanted(np.concatenate([peaks, ahead[:LOOKAHEAD_HOPS], np.zeros(LOOKAHEAD_HOPS, np.float32)]))
        if self._held < 1e-4 and not wanted[: n + LOOKAHEAD_HOPS].any():
            self._held = 0.0
            return None
        turning = wanted[: n + 1].copy()
        for hop, share in enumerate(_ATTACK[1:], start=1):
            np.maximum(turning, wanted[hop : hop + n + 1] * share, out=turning)
        held = self._released(turning[:n])
        nodes = np.empty(n + 1)
        nodes[0] = max(self._held, held[0])
        nodes[1:n] = np.maximum(held[:-1], held[1:])
        nodes[n] = max(held[-1], turning[n])
        self._held = float(held[-1])
        return nodes.astype(np.float32)

    def _wanted(self, peaks: Floats) -> Doubles:
        return 1 - self._ceiling / np.maximum(peaks.astype(np.float64), self._ceiling)

    def _released(self, turning: Doubles) -> Doubles:
        """`held[i] = max(turning[i], held[i-1] * decay)`, without a loop."""
        decay = np.exp(-np.arange(1, len(turning) + 1) / _RELEASE_HOPS)
        return decay * np.maximum(np.maximum.accumulate(turning / decay), self._held)


def _with_next(blocks: Iterable[Block]) -> Iterator[tuple[Block, Block | None]]:
    """Each block with the one that follows it; None after the last."""
    before: Block | None = None
    for block in blocks:
        if before is not None:
            yield before, block
        before = block
    if before is not None:
        yield before, None
