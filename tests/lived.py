"""A real station lives through days: its people publish, take back, swap, warn, stop and resume; what went out is then proved.

Everything is done by the actions that a person's press calls, on a real database; the clock alone is not real.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, SEGMENT_TICKS, tick_at, tick_start_ms
from radio.catalogue.actions import touched
from radio.catalogue.models import Episode
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.core.time import from_unix_ms, unix_ms
from radio.editorial import actions as editorial
from radio.editorial import air
from radio.errors import InvalidError, RefusedError
from radio.schedule import actions, models, overrides, queries
from radio.schedule.airings import Airable, Airing, Part
from radio.schedule.overrides import Notice
from radio.schedule.policy import CHILDREN_LISTENING, StationRules
from radio.station import Station
from tests.recorded import Recorded
from tests.stock import Lengths, Stock

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))
LEAST_PROGRAMMES = 40
GUARD_TICKS = 25


@dataclass
class Told:
    """What people did, told apart from what the station wrote."""

    done: Counter[str] = field(default_factory=Counter)
    cuts: set[int] = field(default_factory=set)
    """Ticks at which somebody's decision may have ended what was on."""
    taken_back: dict[str, int] = field(default_factory=dict)
    """Episode → from which tick on it may not be heard."""
    stops: list[tuple[int, int]] = field(default_factory=list)
    empty: list[tuple[int, int]] = field(default_factory=list)
    swaps: list[tuple[int, int, str]] = field(default_factory=list)
    """From, until, and what was swapped away."""
    alerts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Episode → from, until."""


class Life:
    """One station from now on. Chance comes from the seed alone. `per_day`: how often a day each thing happens."""

    def __init__(
        self, session: Session, station: Station, clock: SetClock, recorded: Mapping[int, Recorded], lengths: Lengths,
        *, seed: int = 0, episodes: int = 120, per_day: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.session, self.station, self.clock = session, station, clock
        self.chance = random.Random(seed)
        self.stock = Stock(session, clock, recorded, lengths, self.chance)
        self.per_day = {"publish": 1.0, "withdraw": 0.5, "swap": 0.35, "alert": 0.25, "stop": 0.1} | dict(per_day or {})
        self.told = Told()
        self.rules = StationRules(hour_rules=CHILDREN_LISTENING)
        self._later: list[tuple[datetime, Callable[[], None]]] = []
        self._begin(episodes)
        first = tick_at(clock.unix_ms()) + GUARD_TICKS
        self.from_tick = first + -first % SEGMENT_TICKS

    @property
    def until_tick(self) -> int:
        """What went out so far ends here, on the grid of segments."""
        return tick_at(self.clock.unix_ms()) // SEGMENT_TICKS * SEGMENT_TICKS

    def live(
        self, days: int, *, empty_from_day: int | None = None, special: Mapping[int, Callable[[], None]] | None = None
    ) -> None:
        """Go through so many days. `empty_from_day`: from then on nothing may be aired for a week. `special`: done on that day."""
        for day in range(days):
            if empty_from_day in {day, day - 7}:
                self._agree(nobody=day == empty_from_day)
            is_empty = empty_from_day is not None and empty_from_day <= day < empty_from_day + 7
            self._day(is_empty=is_empty, special=(special or {}).get(day))

    def _day(self, *, is_empty: bool, special: Callable[[], None] | None) -> None:
        began = self.clock.now()
        if not is_empty:
            self._happen_today(began)
        if special:
            self._later.append((began + timedelta(hours=self.chance.uniform(9, 18)), special))
        actions.extend(self.session, self.station)
        self.session.commit()
        while self._later:
            self._later.sort(key=lambda one: one[0])
            if self._later[0][0] >= began + timedelta(days=1):
                break
            when, happens = self._later.pop(0)
            self.clock.set(max(when, self.clock.now()))
            self._try(happens)
        self.clock.set(max(began + timedelta(days=1), self.clock.now()))
        self.session.expunge_all()

    def _happen_today(self, began: datetime) -> None:
        kinds = {
            "publish": self._publish,
            "withdraw": self._withdraw,
            "swap": self._swap,
            "alert": self._alert,
            "stop": self._stop,
        }
        for kind, happens in kinds.items():
            often = self.per_day[kind]
            for _ in range(int(often) + (self.chance.random() < often % 1)):
                self._later.append((began + timedelta(seconds=self.chance.uniform(60, 86_000)), happens))

    def _try(self, happens: Callable[[], None]) -> None:
        """Let it happen and commit; then do what the job does that it asks for."""
        try:
            happens()
            self.session.commit()
        except (RefusedError, InvalidError) as refused:
            self.session.rollback()
            self.told.done[f"refused: {refused}"] += 1
            return
        self.clock.move(timedelta(seconds=self.chance.randrange(1, 9)))
        actions.revise(self.session, self.station, why="catalogue-changed")
        self.session.commit()

    # What people do

    def _publish(self) -> None:
        self.stock.programme()
        touched(self.session)
        self.told.done["published"] += 1

    def _withdraw(self) -> None:
        """Every third time it is what is on."""
        now = tick_at(self.clock.unix_ms())
        programmes = sorted(one.episode_id for one in self._airable() if one.part is Part.PROGRAMME)
        if len(programmes) < LEAST_PROGRAMMES:
            return
        on = queries.rundown(self.session, now + GUARD_TICKS, now + GUARD_TICKS + 1).airings[0]
        is_on = on.episode_id in programmes and self.chance.random() < 0.3
        episode = self.session.get_one(Episode, on.episode_id if is_on else self.chance.choice(programmes))
        editorial.withdraw(self.session, self.station, episode, by=STEWARD, now=self.clock.now())
        assert episode.recording is not None
        assert episode.recording.withdrawn_from_tick is not None
        self.told.taken_back[episode.id] = episode.recording.withdrawn_from_tick
        self.told.cuts.add(episode.recording.withdrawn_from_tick)
        self.told.done["taken back"] += 1
        self.told.done["taken back on air"] += on.episode_id == episode.id

    def _swap(self) -> None:
        now = tick_at(self.clock.unix_ms())
        coming = [a for a in self._whole(now, now + 7_500) if a.part is Part.PROGRAMME and a.end_tick > now + 2 * GUARD_TICKS]
        if not coming:
            return
        airing = coming[0] if self.chance.random() < 0.4 else self.chance.choice(coming)
        tick = max(airing.start_tick, overrides.soonest(self.station))
        chosen = self.chance.choice([None, *overrides.choices(self.session, self.station, tick)])
        row = air.swap(
            self.session, self.station, airing, episode_id=chosen.episode_id if chosen else None, by=STEWARD, now=self.clock.now()
        )
        assert row.until_tick is not None
        assert row.instead_of is not None
        self.told.cuts.add(row.from_tick)
        self.told.swaps.append((row.from_tick, row.until_tick, row.instead_of))
        self.told.done["swapped"] += 1
        self.told.done["swapped on air"] += airing.start_tick < row.from_tick

    def _alert(self) -> None:
        now = self.clock.now()
        calm = self.chance.random() < 0.7
        episode = self.stock.episode("alert", self.stock.lengths.alert, show="desk", notes=() if calm else ("sudden-noise",))
        until = now + timedelta(hours=self.chance.randint(1, 9))
        notice = Notice("Public Health Somewhere", "https://health.example/alert", "Somewhere", "act-now", until, 30)
        row = air.alert(self.session, self.station, episode, notice, by=STEWARD, now=now)
        assert row.until_tick is not None
        self.stock.know(episode, tick_at(unix_ms(until)))
        self.told.alerts[episode.id] = (row.from_tick, row.until_tick)
        self.told.cuts.add(row.from_tick)
        self.told.done["warned"] += 1
        if self.chance.random() < 0.4:
            self._later.append((now + timedelta(minutes=self.chance.uniform(0.3, 50)), lambda: self._cancel(row.id)))

    def _cancel(self, override_id: str) -> None:
        row = self.session.get_one(models.Override, override_id)
        air.cancel_alert(self.session, self.station, override_id, by=STEWARD, now=self.clock.now())
        assert row.until_tick is not None
        assert row.episode_id is not None
        self.told.cuts.add(row.until_tick)
        self.told.alerts[row.episode_id] = (self.told.alerts[row.episode_id][0], row.until_tick)
        self.told.taken_back[row.episode_id] = row.until_tick
        self.told.done["warnings ended early"] += 1

    def _stop(self) -> None:
        row = air.stop(self.session, self.station, by=STEWARD, now=self.clock.now())
        self.told.cuts.add(row.from_tick)
        self.told.done["stopped"] += 1
        self._later.append((self.clock.now() + timedelta(minutes=self.chance.uniform(0.1, 90)), self._resume))

    def _resume(self) -> None:
        row = air.resume(self.session, self.station, by=STEWARD, now=self.clock.now())
        assert row.until_tick is not None
        self.told.cuts.add(row.until_tick)
        self.told.stops.append((row.from_tick, row.until_tick))

    def _agree(self, *, nobody: bool) -> None:
        """For a week nobody agrees that they are on air; then all do again."""
        now = tick_at(self.clock.unix_ms())
        off = overrides.soonest(self.station)
        scopes = ["site"] if nobody else ["site", "live", "podcast", "relay"]
        self.session.execute(update(Episode).values(scopes=scopes))
        touched(self.session)
        editorial.off_air(self.session, self.station, now=self.clock.now())
        self.session.commit()
        self.session.expire_all()
        actions.revise(self.session, self.station, why="catalogue-changed")
        self.session.commit()
        if nobody:
            self.told.empty.append((off, now + 7 * DAY_TICKS))
            self.told.cuts.add(off)

    # What is there

    def _airable(self) -> list[Airable]:
        """What may be aired now, by what people did."""
        now = tick_at(self.clock.unix_ms())
        return [
            one for one in self.stock.ever.values()
            if one.episode_id not in self.told.taken_back and (one.expires_tick is None or one.expires_tick > now)
        ]  # fmt: skip

    def _whole(self, from_tick: int, to_tick: int) -> tuple[Airing, ...]:
        return queries.rundown(self.session, from_tick - DAY_TICKS, to_tick + DAY_TICKS).within(from_tick, to_tick)

    def _begin(self, episodes: int) -> None:
        self.stock.lay_in(episodes)
        rules = {"hour_rules": self.rules.stored()["hour_rules"]}
        actions.set_station_rules(self.session, rules, by=STEWARD, why="children listen", now=self.clock.now())
        touched(self.session)
        actions.extend(self.session, self.station)
        self.session.commit()

    def when(self, tick: int) -> datetime:
        """A tick on the station's wall clock."""
        return from_unix_ms(tick_start_ms(tick)).astimezone(self.station.settings.tz)
