"""What an alert came in between, and where it goes on: behind the alert stand its support messages, then the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from radio.schedule.airings import Airing, Hours, reason
from radio.schedule.ladder import Pool
from radio.schedule.memory import Memory, code_of
from radio.schedule.proof import GOES_ON
from radio.schedule.support import Support

_BETWEEN = frozenset({"alert", "support", "support-before", "support-after"})
_BEHIND = frozenset({"support", "support-after"})
_ANY_LENGTH = 1 << 30


def going_on(rest: Airing, heard: Sequence[Airing], pool: Pool, hours: Hours) -> list[Airing]:
    """The rest of what an alert has interrupted; behind a support message where the next one of the night were late without.

    `heard` is what was aired up to there, the alert too. Empty: the next were late even so, and the rest cannot be heard.
    """
    memory = Memory(pool)
    for airing in heard:
        memory.fold(airing)
    support, tick = Support(pool, memory, hours, pool.seed), rest.start_tick
    lawful = pool.lawful(tick, hours)
    if rest.end_tick <= support.limit(tick, lawful):
        return [rest]
    message = support.one(lawful, _ANY_LENGTH, 0, tick) if support.makes_room_for(1) else None
    if message is None:
        return []
    told = Airing(
        tick, message.n_ticks, message.part, message.episode_id, message.recording_id, 0, rest.slot_id, reason("support")
    )
    memory.fold(told)
    moved = replace(rest, start_tick=told.end_tick)
    return [told, moved] if moved.end_tick <= support.limit(told.end_tick, lawful) else []


def rest_after(following: Sequence[Airing]) -> Airing | None:
    """The rest of what an alert interrupts, of the airings that follow one; None: they do not lead to one."""
    for airing in following:
        code = code_of(airing)
        if code == GOES_ON:
            return airing
        if code not in _BETWEEN:
            return None
    return None


def without_the_alert(airings: Sequence[Airing], tick: int, alert_id: str) -> list[Airing]:
    """What is left of an interruption when its alert ends at `tick`: the support that follows it, and the rest, moved up.

    `airings` begin with what is on at `tick`. Empty: the alert interrupts nothing there, or what it had interrupted goes on.
    """
    crossing, rest = airings[0], rest_after(airings)
    if rest is None or rest is crossing:
        return []
    between = airings[1 : airings.index(rest)]
    is_on = crossing.episode_id == alert_id
    was_heard = is_on or all(airing.episode_id != alert_id for airing in between)
    another = any(code_of(airing) == "alert" and airing.episode_id != alert_id for airing in between)
    kept = another or was_heard
    left = [one for one in between if kept and one.episode_id != alert_id and (another or code_of(one) in _BEHIND)]
    cursor, moved = tick if is_on else crossing.end_tick, []
    for airing in [*left, rest]:
        moved.append(replace(airing, start_tick=cursor))
        cursor += airing.n_ticks
    return moved
