"""The proof that a rundown tiles its time and is lawful, and the chain of hashes that shows nothing was changed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version

from media.grid import tick_start_ms
from radio.core.time import from_unix_ms
from radio.errors import UnprovenError
from radio.schedule.airings import CUTTABLE, Airable, Airing, Night, Part, canonical

Lawful = Callable[[Airing], str | None]
"""What is wrong with an airing, as a code; None: nothing."""

GOES_ON = "goes-on"
"""The rest of what an alert had interrupted, to its own end."""
FIRST_HASH = "0" * 64
"""What stands before the first revision."""


def prove(airings: Iterable[Airing], from_tick: int, to_tick: int, lawful: Lawful) -> None:
    """Show that the airings tile `[from_tick, to_tick)` in whole ticks and that each is lawful.

    Raises:
        UnprovenError: names the first gap, overlap or unlawful airing.
    """
    cursor = from_tick
    for airing in airings:
        if airing.n_ticks < 1:
            raise UnprovenError(f"an airing without length at tick {airing.start_tick}")
        if airing.start_tick > cursor:
            raise UnprovenError(f"a gap of {airing.start_tick - cursor} ticks at {_when(cursor)}")
        if airing.start_tick < cursor:
            raise UnprovenError(f"an overlap of {cursor - airing.start_tick} ticks at {_when(airing.start_tick)}")
        fault = lawful(airing)
        if fault:
            raise UnprovenError(f"{fault}: episode {airing.episode_id} at {_when(airing.start_tick)}")
        cursor = airing.end_tick
    if cursor < to_tick:
        raise UnprovenError(f"a gap of {to_tick - cursor} ticks at {_when(cursor)}")
    if cursor > to_tick:
        raise UnprovenError(f"{cursor - to_tick} ticks beyond the end at {_when(to_tick)}")


def _when(tick: int) -> str:
    return f"tick {tick} ({from_unix_ms(tick_start_ms(tick)).isoformat(timespec='milliseconds')})"


def law(pool: Mapping[str, Airable], night: Night, *, cut_at: int | None = None) -> Lawful:
    """The rules that are never relaxed, over the episodes (by id) that may be aired.

    `cut_at` is the tick of an override: what was on air may end there before its own end.
    """

    def lawful(airing: Airing) -> str | None:
        if airing.part is Part.EMERGENCY:
            return None
        airable = pool.get(airing.episode_id or "")
        if airable is None or airable.recording_id != airing.recording_id:
            return "not-in-the-catalogue"
        whole = airing.first_tick == 0 and airing.n_ticks == airable.n_ticks
        broken = {
            "not-yet-public": airing.start_tick < airable.published_tick,
            "expires-while-it-plays": airable.expires_tick is not None and airing.end_tick > airable.expires_tick,
            "not-at-night": not airable.night_ok and night.touches(airing.start_tick, airing.end_tick),
            "cut": not (whole or _is_the_rest(airing, airable)) and airing.part not in CUTTABLE and airing.end_tick != cut_at,
            "too-long": airing.first_tick + airing.n_ticks > airable.n_ticks,
        }
        return next((code for code, holds in broken.items() if holds), None)

    return lawful


def _is_the_rest(airing: Airing, airable: Airable) -> bool:
    """Whether it is what an alert has interrupted, heard to its own end."""
    return airing.first_tick + airing.n_ticks == airable.n_ticks and airing.why.get("code") == GOES_ON


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def chained(airings: Iterable[Airing], *, span: tuple[int, int], why: str, inputs_hash: str, previous_hash: str) -> str:
    """The hash of a revision: over all it says, what it was made of, and the revision before it."""
    rows = [[a.start_tick, a.n_ticks, a.part, a.episode_id, a.recording_id, a.first_tick, a.slot_id, a.reason] for a in airings]
    return digest({"airings": rows, "inputs": inputs_hash, "previous": previous_hash, "span": list(span), "why": why})


def zones_version() -> str:
    """The release of the zone rules that compiling used: governments change them with weeks' notice."""
    return version("tzdata")
