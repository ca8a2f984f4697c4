"""What a slot would meet if it were kept as it is typed: other slots, the night, the clocks, and what there is to fill it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from media.grid import HOUR_TICKS, tick_start_ms
from radio.core.time import from_unix_ms, instant_of
from radio.schedule.airings import Airable, Night
from radio.schedule.fit import Facts
from radio.schedule.ladder import Pool
from radio.schedule.wallclock import RUNGS, Place, Slot, occurrences
from radio.schedule.weekgrid import holder

LOOKED_AHEAD = timedelta(days=56)
CLOCKS_AHEAD = timedelta(days=380)
_FEW_TIMES = 2
"""A rotation with less than so many times the slot's length repeats itself from one occurrence to the next."""
_MOST_LOOKED_AT = 8
MINUTE_TICKS = HOUR_TICKS // 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know before they keep a slot. `grave`: it will not do what they want."""

    code: str
    grave: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """What a draft is held against."""

    others: Sequence[Slot]
    pool: Sequence[Airable]
    night: Night
    zone: ZoneInfo
    now: datetime
    runs_on: bool = False
    """What is longer than the slot is heard whole all the same."""


def findings(draft: Slot, around: Around) -> list[Finding]:
    """What to say of a draft; the grave first."""
    ahead = list(occurrences(draft, around.now, around.now + LOOKED_AHEAD))
    coming = [place for place in ahead if from_unix_ms(tick_start_ms(place.start_tick)) >= around.now]
    if not coming:
        return [Finding("never", grave=True)]
    found = [*meetings(ahead, around), *filling(draft, coming, around), *clocks(draft, around)]
    return sorted(found, key=lambda finding: not finding.grave)


def meetings(ahead: Sequence[Place], around: Around) -> Iterable[Finding]:
    """The slots it meets, who has the time then, and how often; one finding for each slot."""
    for other in around.others:
        theirs = list(occurrences(other, around.now, around.now + LOOKED_AHEAD))
        met = [(own, place) for own in ahead for place in theirs if _touch(own, place)]
        if met:
            own, place = met[0]
            wins = holder(own, place) is own
            start = max(own.start_tick, place.start_tick)
            whole = own.start_tick >= place.start_tick and own.end_tick <= place.end_tick
            yield Finding(
                "meets", grave=not wins, facts={"slot_id": other.slot_id, "start_ms": tick_start_ms(start), "times": len(met),
                "wins": wins, "whole": whole and not wins, "by_priority": own.priority != place.priority},
            )  # fmt: skip


def _touch(one: Place, other: Place) -> bool:
    return one.start_tick < other.end_tick and other.start_tick < one.end_tick


def filling(draft: Slot, coming: Sequence[Place], around: Around) -> Iterable[Finding]:
    """Whether what it asks for is there, fits, and may be heard then."""
    rung = str(draft.fill.get("rung"))
    if RUNGS.get(rung) and not draft.fill.get(RUNGS[rung]):
        return  # nobody has said yet which
    pool = Pool(around.pool, b"")
    wanted = _wanted(pool, draft.fill)
    if not wanted.any():
        if rung != "rotation" or draft.fill.get("kinds") or draft.fill.get("tags") or draft.fill.get("show_ids"):
            yield Finding("nothing-there", grave=True)
        return
    place = coming[0]
    room = place.end_tick - place.start_tick
    fits = wanted & (pool.n_ticks <= room)
    lengths = pool.n_ticks[wanted]
    facts = {"n": int(wanted.sum()), "longest": _minutes(int(lengths.max())), "room": _minutes(room), "rung": rung}
    if around.runs_on and rung != "rotation":
        longer = lengths[lengths > room]
        if longer.size:
            yield Finding("runs-on", facts=facts | {"late": _minutes(int(longer.max()) - room)})
        fits = wanted
    elif not fits.any():
        yield Finding("too-long", grave=True, facts=facts | {"shortest": _minutes(int(lengths.min()))})
        return
    elif not fits[wanted].all():
        yield Finding("some-too-long", facts=facts | {"too_long": int((wanted & ~fits).sum())})
    barred = [p for p in coming[:_MOST_LOOKED_AT] if not (fits & pool.lawful(p.start_tick, around.night)).any()]
    if barred:
        yield Finding(
            _why_barred(pool, fits, barred[0], around), grave=True, facts={"start_ms": tick_start_ms(barred[0].start_tick)}
        )
    elif rung == "rotation":
        yield from _variety(pool, fits, place, room)
    elif rung in {"episode", "latest"}:
        yield from _under_run(pool, fits, room)


def _wanted(pool: Pool, fill: Mapping[str, object]) -> Facts:
    rung = fill.get("rung")
    if rung == "rotation":
        return pool.matching(fill)
    name, value = ("episode_id", fill.get("episode_id")) if rung == "episode" else ("show_id", fill.get("show_id"))
    return np.array([getattr(airable, name) == value for airable in pool.airables], dtype=np.bool_)


def _why_barred(pool: Pool, fits: Facts, place: Place, around: Around) -> str:
    """Of all that fits none may be heard at this place: the night, or the end of its time."""
    at_night = around.night.touches(place.start_tick, place.end_tick) and not pool.night_ok[fits].all()
    return "not-at-night" if at_night else "runs-out"


def _variety(pool: Pool, fits: Facts, place: Place, room: int) -> Iterable[Finding]:
    held = int(pool.n_ticks[fits].sum())
    if held < _FEW_TIMES * room:
        yield Finding(
            "few", facts={"n": int(fits.sum()), "minutes": _minutes(held), "room": _minutes(place.end_tick - place.start_tick)}
        )


def _under_run(pool: Pool, fits: Facts, room: int) -> Iterable[Finding]:
    left = room - int(pool.n_ticks[fits].max())
    if left > MINUTE_TICKS:
        yield Finding("leaves-time", facts={"left": _minutes(left)})


def clocks(draft: Slot, around: Around) -> Iterable[Finding]:
    """The occurrences of the coming year that a change of the clocks moves or cuts short."""
    for place in occurrences(draft, around.now, around.now + CLOCKS_AHEAD):
        if "start" in draft.overrides.get(datetime.fromisoformat(place.occurrence), {}):
            continue
        said = datetime.fromisoformat(place.occurrence)
        start = instant_of(said, around.zone).astimezone(around.zone).replace(tzinfo=None)
        length = tick_start_ms(place.end_tick - place.start_tick) // 1000
        if start != said or (abs(length - draft.length.total_seconds()) > 120 and not draft.overrides.get(said)):
            yield Finding("clocks-change", facts={"occurrence": place.occurrence, "start_ms": tick_start_ms(place.start_tick),
                                                  "minutes": round(length / 60)})  # fmt: skip
            return


def _minutes(ticks: int) -> int:
    """To the nearest, and at least one."""
    return max(1, round(ticks / MINUTE_TICKS))
