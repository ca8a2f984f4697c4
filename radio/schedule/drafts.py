"""What a slot would meet if it were kept as it is typed: other slots, the night, the clocks, and what there is to fill it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from media.grid import HOUR_TICKS, tick_start_ms
from radio.core.time import from_unix_ms, instant_of
from radio.schedule.airings import Airable, Hours, Part
from radio.schedule.policy import DEFAULTS, StationRules
from radio.schedule.wallclock import RUNGS, Place, Slot, occurrences
from radio.schedule.weekgrid import holder

LOOKED_AHEAD = timedelta(days=56)
CLOCKS_AHEAD = timedelta(days=380)
_FEW_TIMES = 2
"""A rotation with less than so many times the slot's length repeats itself from one occurrence to the next."""
_MOST_LOOKED_AT = 8
_A_MINUTE_TICKS = HOUR_TICKS // 60
_BARS = ("not-at-night", "not-at-that-hour", "runs-out", "not-yet-public")


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
    hours: Hours
    zone: ZoneInfo
    now: datetime
    rules: StationRules = DEFAULTS
    messages: Mapping[str, int] = field(default_factory=dict)
    """Support → how many ticks the longest message that tells it takes; what none tells is not there."""

    def n_ticks(self, airable: Airable) -> int:
        """How much of a slot it takes: itself and what is said after it. What is said before it is heard before the slot."""
        return airable.n_ticks + sum(self.messages.get(support, 0) for support in airable.needs(self.rules))

    def is_supported(self, airable: Airable) -> bool:
        """Whether there is a message for all that it needs."""
        return airable.needs(self.rules) <= self.messages.keys()


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
            alike = own.priority == place.priority and own.end_tick - own.start_tick == place.end_tick - place.start_tick
            yield Finding(
                "meets", grave=alike or not wins, facts={"slot_id": other.slot_id, "start_ms": tick_start_ms(start), "times": len(met),
                "wins": wins, "whole": whole and not wins, "by_priority": own.priority != place.priority, "alike": alike},
            )  # fmt: skip


def _touch(one: Place, other: Place) -> bool:
    return one.start_tick < other.end_tick and other.start_tick < one.end_tick


def filling(draft: Slot, coming: Sequence[Place], around: Around) -> Iterable[Finding]:
    """Whether what it asks for is there, fits, and may be heard then."""
    if not names_what_fills(draft.fill):
        return
    rung = str(draft.fill.get("rung"))
    wanted = [airable for airable in around.pool if _asks_for(draft.fill, airable)]
    if not wanted:
        if rung != "rotation" or any(draft.fill.get(name) for name in ("kinds", "tags", "show_ids")):
            yield Finding("nothing-there", grave=True)
        return
    if not any(around.is_supported(airable) for airable in wanted):
        yield Finding("no-support", grave=True)
        return
    wanted = [airable for airable in wanted if around.is_supported(airable)]
    room = coming[0].end_tick - coming[0].start_tick
    fits = wanted if coming[0].runs_on and rung != "rotation" else [one for one in wanted if around.n_ticks(one) <= room]
    yield from _lengths(wanted, fits, room, rung, around)
    if not fits:
        return
    barred = next((place for place in coming[:_MOST_LOOKED_AT] if all(_bars(one, place, around.hours) for one in fits)), None)
    if barred:
        codes = {_bars(airable, barred, around.hours) for airable in fits}
        code = next(code for code in _BARS if code in codes)
        yield Finding(code, grave=True, facts={"start_ms": tick_start_ms(barred.start_tick)})
    elif rung == "rotation":
        yield from _variety(fits, room)
    elif rung in {"episode", "latest"}:
        yield from _under_run(fits, room, draft.under_run, around)


def names_what_fills(fill: Mapping[str, object]) -> bool:
    """Whether it is said yet which show or episode fills it, where one must be named."""
    named = RUNGS.get(str(fill.get("rung")))
    return not named or bool(fill.get(named))


def _asks_for(fill: Mapping[str, object], airable: Airable) -> bool:
    """Whether a slot asks for this one."""
    rung = fill.get("rung")
    if rung == "episode":
        return airable.episode_id == fill.get("episode_id")
    if rung in {"latest", "next"}:
        return airable.show_id == fill.get("show_id")
    kinds, shows, tags = fill.get("kinds"), fill.get("show_ids"), fill.get("tags")
    return (
        airable.part is Part.PROGRAMME
        and not (isinstance(kinds, list) and kinds and airable.kind not in kinds)
        and not (isinstance(shows, list) and shows and airable.show_id not in shows)
        and not (isinstance(tags, list) and tags and airable.tags.isdisjoint((str(list_), str(code)) for list_, code in tags))
    )


def _lengths(wanted: Sequence[Airable], fits: Sequence[Airable], room: int, rung: str, around: Around) -> Iterable[Finding]:
    """How long they are, with what is said after them, beside the time that there is."""
    lengths = sorted(around.n_ticks(airable) for airable in wanted)
    facts = {"n": len(wanted), "room_ms": tick_start_ms(room), "rung": rung, "shortest_ms": tick_start_ms(lengths[0]),
             "with_message": lengths[0] > min(airable.n_ticks for airable in wanted)}  # fmt: skip
    if not fits:
        yield Finding("too-long", grave=True, facts=facts)
    elif len(fits) < len(wanted):
        yield Finding("some-too-long", facts=facts | {"too_long": len(wanted) - len(fits)})
    elif lengths[-1] > room:
        yield Finding("runs-on", facts=facts | {"late_ms": tick_start_ms(lengths[-1] - room)})


def _bars(airable: Airable, place: Place, hours: Hours) -> str | None:
    """What stands in the way of hearing it from the start of a place to its end, of `_BARS`; None: nothing."""
    start, end = place.start_tick, place.start_tick + airable.n_ticks
    broken = {
        "not-yet-public": start < airable.published_tick,
        "runs-out": airable.expires_tick is not None and end > airable.expires_tick,
        "not-at-night": not airable.night_ok and hours.quiet.touches(start, end),
        "not-at-that-hour": any(one.bars(airable) and one.hours.touches(start, end) for one in hours.barred),
    }
    return next((code for code in _BARS if broken[code]), None)


def _variety(fits: Sequence[Airable], room: int) -> Iterable[Finding]:
    held = sum(airable.n_ticks for airable in fits)
    if held < _FEW_TIMES * room:
        yield Finding("few", facts={"n": len(fits), "held_ms": tick_start_ms(held), "room_ms": tick_start_ms(room)})


def _under_run(fits: Sequence[Airable], room: int, under_run: str, around: Around) -> Iterable[Finding]:
    left = room - max(around.n_ticks(airable) for airable in fits)
    if left > _A_MINUTE_TICKS:
        yield Finding("leaves-time", facts={"left_ms": tick_start_ms(left), "under_run": under_run})


def clocks(draft: Slot, around: Around) -> Iterable[Finding]:
    """The occurrences of the coming year that a change of the clocks moves, cuts short or makes longer: in spring and in autumn."""
    for place in occurrences(draft, around.now, around.now + CLOCKS_AHEAD):
        if "start" in draft.overrides.get(datetime.fromisoformat(place.occurrence), {}):
            continue
        said = datetime.fromisoformat(place.occurrence)
        start = instant_of(said, around.zone).astimezone(around.zone).replace(tzinfo=None)
        length_ms = tick_start_ms(place.end_tick - place.start_tick)
        if start != said or (abs(length_ms / 1000 - draft.length.total_seconds()) > 120 and not draft.overrides.get(said)):
            yield Finding("clocks-change", facts={"occurrence": place.occurrence, "start_ms": tick_start_ms(place.start_tick),
                                                  "length_ms": length_ms})  # fmt: skip
