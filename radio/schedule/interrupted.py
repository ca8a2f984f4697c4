"""What an alert came in between, and where it goes on: behind the alert stand its support messages, then the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from radio.schedule.airings import Airing
from radio.schedule.memory import code_of
from radio.schedule.proof import GOES_ON

_BETWEEN = frozenset({"alert", "support", "support-before", "support-after"})


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
    """What is left of an interruption when its alert ends at `tick`: the support it still needs, and the rest, moved up.

    `airings` begin with what is on at `tick`. Empty: the alert interrupts nothing there, or what it had interrupted goes on.
    """
    crossing, rest = airings[0], rest_after(airings)
    if rest is None or rest is crossing:
        return []
    between = airings[1 : airings.index(rest)]
    is_on = crossing.episode_id == alert_id
    was_heard = is_on or all(airing.episode_id != alert_id for airing in between)
    left = [airing for airing in between if was_heard and code_of(airing) == "support-after"]
    cursor, moved = tick if is_on else crossing.end_tick, []
    for airing in [*left, rest]:
        moved.append(
            Airing(
                cursor,
                airing.n_ticks,
                airing.part,
                airing.episode_id,
                airing.recording_id,
                airing.first_tick,
                airing.slot_id,
                airing.reason,
            )
        )
        cursor += airing.n_ticks
    return moved
