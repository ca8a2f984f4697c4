"""What a listener's page says about time, size and the day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from media.grid import first_tick_from, tick_at, tick_start_ms
from radio.core.time import instant_of, unix_ms

EPISODES_PER_PAGE = 20
DAYS_AHEAD = 7
DAYS_BACK = 7
BAND_STEP_MINUTES = 15
LONGEST_BAND_STEPS = 16
"""A block of the band grows with its length up to four hours."""


class Aired(Protocol):
    """What a page needs of an airing; parts are those of the schedule."""

    @property
    def start_tick(self) -> int:
        """Its first tick."""
        ...

    @property
    def end_tick(self) -> int:
        """The first tick after it."""
        ...

    @property
    def part(self) -> str:
        """What it is in the day: programme, filler, ident, bed, emergency."""
        ...

    @property
    def episode_id(self) -> str | None:
        """None: the emergency loop."""
        ...

    @property
    def slot_id(self) -> str | None:
        """None: between slots."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What the public may be told about an episode."""

    id: str
    title: str
    show_title: str
    show_slug: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A programme over `[start_ms, end_ms)`."""

    start_ms: int
    end_ms: int
    told: Told

    def may_go_back(self, now_ms: int) -> bool:
        """Whether a listener can hear it again from its beginning: it has begun, and not more than a week ago."""
        return now_ms - DAYS_BACK * 86_400_000 < self.start_ms <= now_ms

    @property
    def tick(self) -> int:
        """The tick at which it starts."""
        return tick_at(self.start_ms)


NAMED_AHEAD = 12
"""How many programmes of one block a page names that are still to come."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the day that one slot fills, over `[start_ms, end_ms)`; `title` empty: between slots."""

    start_ms: int
    end_ms: int
    title: str
    heard: tuple[Heard, ...]

    @property
    def steps(self) -> int:
        """How long it is drawn in the band, in steps of a quarter of an hour."""
        steps = round((self.end_ms - self.start_ms) / (BAND_STEP_MINUTES * 60_000))
        return min(max(1, steps), LONGEST_BAND_STEPS)

    def at(self, now_ms: int) -> str:
        """Where it stands: past, now or later."""
        if self.end_ms <= now_ms:
            return "past"
        return "now" if self.start_ms <= now_ms else "later"

    def coming(self, now_ms: int) -> tuple[Heard, ...]:
        """What of it is on or still to come, as much as a page names."""
        return tuple(one for one in self.heard if one.end_ms > now_ms)[:NAMED_AHEAD]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is on air, or comes: in a sentence, over `[start_ms, end_ms)`. `title` empty: between programmes."""

    start_ms: int
    end_ms: int
    title: str
    told: Told | None

    @property
    def tick(self) -> int:
        """The tick at which it starts."""
        return tick_at(self.start_ms)


def blocks(airings: Iterable[Aired], *, slots: Mapping[str, str], told: Mapping[str, Told]) -> tuple[Block, ...]:
    """The day as slots filled it. `slots` are titles by id, `told` what may be said of episodes by id."""
    found = []
    for slot_id, group in groupby(airings, key=lambda airing: airing.slot_id):
        own = list(group)
        heard = tuple(
            Heard(tick_start_ms(airing.start_tick), tick_start_ms(airing.end_tick), told[airing.episode_id])
            for airing in own
            if airing.part == "programme" and airing.episode_id is not None and airing.episode_id in told
        )
        title = slots.get(slot_id or "", "")
        found.append(Block(tick_start_ms(own[0].start_tick), tick_start_ms(own[-1].end_tick), title, _joined(heard)))
    return tuple(found)


def _joined(heard: Sequence[Heard]) -> tuple[Heard, ...]:
    """One entry for an episode that is heard in pieces one after the other."""
    joined: list[Heard] = []
    for each in heard:
        if joined and joined[-1].told.id == each.told.id and joined[-1].end_ms == each.start_ms:
            joined[-1] = Heard(joined[-1].start_ms, each.end_ms, each.told)
        else:
            joined.append(each)
    return tuple(joined)


def moments(day: Sequence[Block], now_ms: int) -> tuple[Moment, ...]:
    """What is heard from now on, a sentence each: a programme by its title, what lies around it by the slot's."""
    found: list[Moment] = []
    for block in day:
        cursor = block.start_ms
        for heard in block.heard:
            if heard.start_ms > cursor and _worth_saying(heard.start_ms - cursor):
                found.append(Moment(cursor, heard.start_ms, block.title, None))
            found.append(Moment(heard.start_ms, heard.end_ms, heard.told.title, heard.told))
            cursor = heard.end_ms
        if block.end_ms > cursor and (not block.heard or _worth_saying(block.end_ms - cursor)):
            found.append(Moment(cursor, block.end_ms, block.title, None))
    return tuple(moment for moment in found if moment.end_ms > now_ms)


def _worth_saying(length_ms: int) -> bool:
    """Whether what lies between programmes is long enough to be a line of its own: more than three minutes."""
    return length_ms > 3 * 60_000


def day_ticks(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The ticks `[from, to)` that start on this day of the station's calendar; 23 or 25 hours when the clock changes."""
    midnights = (instant_of(datetime.combine(each, time()), zone) for each in (day, day + timedelta(days=1)))
    start, end = (first_tick_from(unix_ms(midnight)) for midnight in midnights)
    return start, end


def chosen_day(asked: str, today: date) -> date | None:
    """The day of `?day=YYYY-MM-DD`; today when nothing is asked, None when it is no day or too far away."""
    if not asked:
        return today
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return None
    near = today - timedelta(days=DAYS_BACK) <= day <= today + timedelta(days=DAYS_AHEAD)
    return day if near else None


def megabytes(size_bytes: int) -> str:
    """A size as people say it: 0.4, 7, 7.2, 29. True to five per cent from 1 MB on."""
    size = size_bytes / 1_000_000
    if size >= 10:
        return str(round(size))
    return f"{max(size, 0.1):.1f}".removesuffix(".0")


def hour_megabytes(bitrate_kbps: int) -> str:
    """What an hour of the channel costs a listener."""
    return megabytes(bitrate_kbps * 450_000)


def n_pages(n_items: int, per_page: int = EPISODES_PER_PAGE) -> int:
    """How many pages a list has; an empty list has one."""
    return max(1, -(-n_items // per_page))


def pattern(show_id: str) -> tuple[tuple[int, int, int, int], ...]:
    """A calm picture for a show without artwork: for each of 16 cells (x, y, quarter turns, tone 0 to 3)."""
    return tuple(
        (index % 4, index // 4, (ord(letter) + index) % 4, (ord(letter) // 4 + index) % 4)
        for index, letter in enumerate(show_id[:16])
    )
