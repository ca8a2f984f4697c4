"""How long a cache may keep sound, and under which names it can be told to forget it.

A segment never changes under its address, but it may be taken back: a cache that was asked just before the guard ended has
forgotten it `KEPT_S` later, though nobody tells it anything. A second cache that has it from the first, and is not told its age
(nginx tells none), keeps it as long again. The guard of 24 s, the tick that it is rounded up to, two seconds by which a
server's clock may be late, and twice 15 s are 57: less than a minute after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from radio.channel.rules import Piece

KEPT_S = 15
SEGMENT_AGE = f"public, max-age={KEPT_S}, immutable"


def tag(recording_id: str) -> str:
    """The name under which caches hold the sound of a recording."""
    return f"recording-{recording_id}"


def segment_headers(pieces: Iterable[Piece]) -> Mapping[str, str]:
    """What a cache is told about a segment. `Surrogate-Key` is read by Fastly and Varnish, `Cache-Tag` by others."""
    tags = sorted({tag(piece.sound.recording_id) for piece in pieces if piece.sound})
    named = {"Surrogate-Key": " ".join(tags), "Cache-Tag": ",".join(tags)} if tags else {}
    return {"Cache-Control": SEGMENT_AGE, **named}
