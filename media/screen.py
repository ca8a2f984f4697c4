"""May we take this file? Asked of its facts, before any of it is decoded."""

from __future__ import annotations

from media.errors import Refusal
from media.types import Facts

MOST_CHANNELS = 8
SHORTEST_MS = 1_000
LONGEST_MS = 12 * 3_600_000
BIGGEST_BYTES = 8 << 30

_STATE_THEIR_LENGTH = {"flac", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "ogg"}
"""Containers whose length is written or counted. In the others it is guessed from the size, or a claim costs nothing:
there the count of samples while decoding is the judge."""


def refusal(facts: Facts, size_bytes: int, *, max_length_ms: int = LONGEST_MS) -> Refusal | None:
    """Why a file with these facts is not taken; None when it may be decoded."""
    if facts.encrypted:
        return Refusal.PROTECTED
    if size_bytes > BIGGEST_BYTES:
        return Refusal.TOO_BIG
    if facts.channels > MOST_CHANNELS:
        return Refusal.TOO_MANY_CHANNELS
    if facts.length_ms is not None and facts.container in _STATE_THEIR_LENGTH and facts.length_ms > max_length_ms:
        return Refusal.TOO_LONG
    return None
