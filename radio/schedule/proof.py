"""The proof that a rundown tiles its time and is lawful, and the chain of hashes that shows nothing was changed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version

from media.grid import HOUR_TICKS, tick_start_ms
from radio.core.time import from_unix_ms
from radio.errors import UnprovenError
from radio.schedule.airings import CUTTABLE, LOOP_TELLS_TICKS, Airable, Airing, Hours, Night, Part, canonical
from radio.schedule.policy import StationRules

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


def law(pool: Mapping[str, Airable], hours: Night | Hours, *, cut_at: int | None = None) -> Lawful:
    """The rules that are never relaxed, over the episodes (by id) that may be aired.

    `cut_at` is the tick of an override: what was on air may end there before its own end.
    """
    bounds = Hours(hours) if isinstance(hours, Night) else hours

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
            "not-at-night": not airable.night_ok and bounds.quiet.touches(airing.start_tick, airing.end_tick),
            "not-at-this-hour": any(
                barred.bars(airable) and barred.hours.touches(airing.start_tick, airing.end_tick) for barred in bounds.barred
            ),
            "cut": not (whole or _is_the_rest(airing, airable)) and airing.part not in CUTTABLE and airing.end_tick != cut_at,
            "too-long": airing.first_tick + airing.n_ticks > airable.n_ticks,
        }
        return next((code for code, holds in broken.items() if holds), None)

    return lawful


def _is_the_rest(airing: Airing, airable: Airable) -> bool:
    """Whether it is what an alert has interrupted, heard to its own end."""
    return airing.first_tick + airing.n_ticks == airable.n_ticks and airing.why.get("code") == GOES_ON


def prove_support(
    airings: Sequence[Airing], pool: Mapping[str, Airable], hours: Hours, rules: StationRules, *, nights: bool = True
) -> None:
    """Show that support messages stand around what needs them, and (`nights`) that none is late at night.

    What stands before the first airing and after the last is not looked at, nor what an override has cut. Where a pool has no
    support message at all there is nothing to show: compiling has told of it.

    Raises:
        UnprovenError: names the first that is missing.
    """
    found = [pool.get(airing.episode_id or "") for airing in airings]
    told = [airable.supports if airable else frozenset() for airable in found]
    for place, airing in enumerate(airings):
        airable = found[place]
        needs = airable.needs(rules) if airable else frozenset()
        if airable is None or not needs:
            continue
        begun, ended = airing.first_tick == 0, airing.first_tick + airing.n_ticks == airable.n_ticks
        before, after = _run(told, place, -1) if begun else None, _run(told, place, 1) if ended else None
        if any(run is not None and not needs <= run for run in (before, after)):
            raise UnprovenError(f"no support around episode {airing.episode_id} at {_when(airing.start_tick)}")
    if nights and airings and any(told):
        tells = [bool(one) or _loop_tells(airing) for airing, one in zip(airings, told, strict=True)]
        _prove_nights(airings, tells, hours, rules.support_at_night_minutes * HOUR_TICKS // 60)


def _run(told: Sequence[frozenset[str]], place: int, step: int) -> frozenset[str] | None:
    """What the support messages tell that stand next to a place, one after the other; None: they go on where nobody looks."""
    found: frozenset[str] = frozenset()
    at = place + step
    while 0 <= at < len(told) and told[at]:
        found |= told[at]
        at += step
    return found if 0 <= at < len(told) else None


def _loop_tells(airing: Airing) -> bool:
    return airing.part is Part.EMERGENCY and airing.n_ticks >= LOOP_TELLS_TICKS


def _prove_nights(airings: Sequence[Airing], told: Sequence[bool], hours: Hours, every: int) -> None:
    first, last = airings[0].start_tick, airings[-1].end_tick
    for start, end in hours.quiet.spans:
        begins, ends = max(start, first), min(end, last)
        heard = begins
        for airing, tells in zip(airings, told, strict=True):
            if airing.end_tick <= begins or airing.start_tick >= ends or not tells:
                continue
            if airing.start_tick - heard > every:
                raise UnprovenError(f"no support message for {airing.start_tick - heard} ticks before {_when(airing.start_tick)}")
            heard = airing.end_tick
        if ends - heard > every:
            raise UnprovenError(f"no support message for {ends - heard} ticks before {_when(ends)}")


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
