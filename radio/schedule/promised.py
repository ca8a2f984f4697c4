"""What slots were to begin with by name and an alert has pushed out: it is told, and heard at the first place with room for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS
from radio.core.people import Person
from radio.schedule import queries
from radio.schedule.airings import Airing
from radio.schedule.memory import SLOT_RUNGS, code_of
from radio.schedule.models import Override
from radio.schedule.standing import OverrideKind
from radio.station import Station

REACH_TICKS = 4 * HOUR_TICKS
"""How far an override can push: the two hours that it compiles at once, and what begins in them."""


@dataclass(frozen=True, slots=True)
class PushedOut:
    """An airing that will not be, and when its episode is heard instead (None: it is not planned again within a day)."""

    airing: Airing
    again_tick: int | None


def promised(session: Session, from_tick: int) -> list[Airing]:
    """What slots begin with by name in the next hours."""
    airings = queries.rundown(session, from_tick, from_tick + REACH_TICKS).airings
    return [one for one in airings if one.slot_id and one.first_tick == 0 and code_of(one) in SLOT_RUNGS]


def pushed_out(session: Session, before: Sequence[Airing]) -> list[PushedOut]:
    """Which of what was promised is in its slot no more."""
    if not before:
        return []
    airings = queries.rundown(session, before[0].start_tick, before[-1].end_tick + DAY_TICKS).airings
    found = []
    for one in before:
        later = [a for a in airings if a.episode_id == one.episode_id and a.start_tick >= one.start_tick and a.first_tick == 0]
        if not any(a.slot_id == one.slot_id and a.start_tick < one.end_tick for a in later):
            found.append(PushedOut(one, later[0].start_tick if later else None))
    return found


def make_good(session: Session, station: Station, lost: Sequence[PushedOut], *, by: Person) -> None:
    """Let what was pushed out be heard within two hours of its slot, at the first join where it pushes out nothing else."""
    for one in lost:
        session.add(Override(kind=OverrideKind.SWAP, from_tick=one.airing.start_tick, until_tick=one.airing.end_tick,
                             episode_id=one.airing.episode_id, made_at=station.now(), made_by=by.id))  # fmt: skip
    session.flush()
