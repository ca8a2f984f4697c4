"""Going back: what a listener hears who begins at a point of the last week, and where it stops."""

from __future__ import annotations

from dataclasses import dataclass

from media.grid import SEGMENT_TICKS, TICK_MS, tick_at
from radio.channel import rules
from radio.channel.held import Held, Holding
from radio.errors import NotFoundError, WithdrawnError


@dataclass(frozen=True, slots=True)
class Again:
    """The segments of a stretch of the past as (number, digest), and how far into the first of them it begins."""

    segments: tuple[tuple[int, str], ...]
    skipped_ms: int
    is_over: bool
    """False while it is still on the air: the list grows."""


def again(holding: Holding, profile: str, from_tick: int, to_tick: int | None, now_ms: int) -> Again:
    """What was on from `from_tick` until `to_tick`; None: until the end of what was on then.

    Raises:
        NotFoundError: more than a week ago, not yet, or nobody may go back to what was on then.
        WithdrawnError: what was on then has been taken back.
    """
    now_tick = tick_at(now_ms)
    if not now_tick - rules.KEPT_SEGMENTS * SEGMENT_TICKS <= from_tick <= now_tick:
        raise NotFoundError(f"tick {from_tick}")
    if to_tick is not None and not from_tick < to_tick <= from_tick + rules.LONGEST_AGAIN_TICKS:
        raise NotFoundError(f"tick {to_tick}")
    held = holding.around(from_tick, from_tick + rules.LONGEST_AGAIN_TICKS)
    on = next(iter(rules.between(held.aired, from_tick, from_tick + 1)), None)
    if on is None or not on.may_be_heard_again(now_tick):
        raise (
            WithdrawnError(f"tick {from_tick}")
            if on and on.withdrawn_from_tick is not None
            else NotFoundError(f"tick {from_tick}")
        )
    segments, is_over = rules.segments_of(from_tick, to_tick or on.airing.end_tick, now_ms)
    named = tuple((n, _digest(holding, profile, n, now_tick, held)) for n in segments)
    return Again(named, from_tick % SEGMENT_TICKS * TICK_MS, is_over)


def _digest(holding: Holding, profile: str, segment: int, now_tick: int, held: Held) -> str:
    within = held if held.covers(segment * SEGMENT_TICKS, (segment + 1) * SEGMENT_TICKS) else None
    return holding.segment_again(profile, segment, now_tick, within)[0]
