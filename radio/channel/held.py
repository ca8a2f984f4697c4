"""The rundown that this process holds: looked at once a second, kept when the database is away."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, SEGMENT_TICKS, tick_at
from radio.channel import queries
from radio.channel.loop import Loop
from radio.channel.rules import Aired, Piece, again, between, digest, pieces
from radio.clock import Clock

log = logging.getLogger(__name__)

LOOKED_AT_EVERY_MS = 1_000
BEHIND_TICKS = AHEAD_TICKS = 13 * HOUR_TICKS
"""Longer than any recording may be, so that what is on is held whole."""
RENEWED_BEFORE_END_TICKS = HOUR_TICKS
_SPANS_KEPT = 24


@dataclass(slots=True)
class Held:
    """A stretch of rundown under one mark, and the names already worked out from it."""

    mark: queries.Mark
    from_tick: int
    to_tick: int
    aired: tuple[Aired, ...]
    names: dict[tuple[str, int, int], tuple[str, tuple[Piece, ...]]] = field(default_factory=dict)

    def covers(self, from_tick: int, to_tick: int) -> bool:
        """Whether the span lies within it."""
        return self.from_tick <= from_tick and to_tick <= self.to_tick

    def taken_back(self, now_tick: int) -> int:
        """How many of its airings may not be heard any more."""
        return sum(1 for one in self.aired if one.withdrawn_from_tick is not None and one.withdrawn_from_tick <= now_tick)


_NOTHING = Held((-1, -1), 0, 0, ())


class Holding:
    """What is aired, for everybody in this process. `sessions` opens a session that only reads, apart from any request's.

    `aside`: whoever finds that it is time to look lets a thread do it and goes on, so a database that hangs stops nobody.
    """

    def __init__(
        self,
        clock: Clock,
        sessions: Callable[[], AbstractContextManager[Session]],
        loops: Mapping[str, Loop],
        *,
        aside: bool = True,
    ) -> None:
        self._clock, self._sessions, self._loops, self._aside = clock, sessions, loops, aside
        self._lock = threading.Lock()
        self._held = _NOTHING
        self._looked_ms: int | None = None
        self._spans: OrderedDict[tuple[queries.Mark, int, int], Held] = OrderedDict()
        self._away = False

    def now(self) -> Held:
        """The stretch around this moment, a second or two old. When the database is away: the one there was."""
        if self._is_stale():
            first = self._held is _NOTHING and not self._away  # who waited in vain once lets others play the loop
            if self._lock.acquire(blocking=first):
                if first or not self._aside:
                    self._look_and_release()
                else:
                    threading.Thread(target=self._look_and_release, daemon=True).start()
        return self._held

    @property
    def is_away(self) -> bool:
        """Whether the database did not answer when it was asked last."""
        return self._away

    def _is_stale(self) -> bool:
        return self._looked_ms is None or abs(self._clock.unix_ms() - self._looked_ms) >= LOOKED_AT_EVERY_MS

    def _look_and_release(self) -> None:
        try:
            if self._is_stale():
                self._look(self._clock.unix_ms())
        finally:
            self._lock.release()

    def around(self, from_tick: int, to_tick: int) -> Held:
        """A stretch that covers the span: the present one, or whole hours of the past."""
        held = self.now()
        if held.covers(from_tick, to_tick):
            return held
        first_hour = from_tick // HOUR_TICKS
        n_hours = max(2, -(-to_tick // HOUR_TICKS) - first_hour)
        stretch = self._spans.get((held.mark, first_hour, n_hours))
        if stretch is None and not self._away:
            stretch = self._load(held.mark, first_hour * HOUR_TICKS, (first_hour + n_hours) * HOUR_TICKS)
            if stretch is not None:
                self._spans[held.mark, first_hour, n_hours] = stretch
                while len(self._spans) > _SPANS_KEPT:
                    self._spans.popitem(last=False)
        return stretch or Held(held.mark, from_tick, to_tick, ())

    def segment(self, profile: str, segment: int, now_tick: int) -> tuple[str, tuple[Piece, ...]]:
        """The digest of a segment and what it is made of."""
        start = segment * SEGMENT_TICKS
        held = self.around(start, start + SEGMENT_TICKS)
        name = (profile, segment, held.taken_back(now_tick))
        found = held.names.get(name)
        if found is None:
            made_of = self._made_of(held, profile, start, now_tick)
            found = held.names[name] = (digest(made_of, self._loops[profile].sha256), made_of)
        return found

    def segment_again(
        self, profile: str, segment: int, now_tick: int, within: Held | None = None
    ) -> tuple[str, tuple[Piece, ...]]:
        """The same for somebody who goes back: without what they may not go back to. `within`: a stretch that covers it."""
        start = segment * SEGMENT_TICKS
        held = within or self.around(start, start + SEGMENT_TICKS)
        here = again(between(held.aired, start, start + SEGMENT_TICKS), now_tick)
        made_of = pieces(
            here, start, start + SEGMENT_TICKS, profile=profile, now_tick=now_tick, loop_ticks=self._loops[profile].n_ticks
        )
        return digest(made_of, self._loops[profile].sha256), made_of

    def was_taken_back(self, profile: str, segment: int, asked: str) -> bool:
        """Whether `asked` named this segment before something in it was taken back."""
        start = segment * SEGMENT_TICKS
        held = self.around(start, start + SEGMENT_TICKS)
        here = between(held.aired, start, start + SEGMENT_TICKS)
        if all(one.withdrawn_from_tick is None for one in here):
            return False
        return digest(self._made_of(held, profile, start, 0), self._loops[profile].sha256) == asked

    def tick(self, profile: str, tick: int, now_tick: int) -> tuple[tuple[Piece, ...], Aired | None]:
        """What one tick is made of, and what is on then."""
        held = self.around(tick, tick + 1)
        made_of = pieces(held.aired, tick, tick + 1, profile=profile, now_tick=now_tick, loop_ticks=self._loops[profile].n_ticks)
        on = next(iter(between(held.aired, tick, tick + 1)), None)
        return made_of, None if on is None or on.is_taken_back(tick, now_tick) else on

    def _made_of(self, held: Held, profile: str, start: int, now_tick: int) -> tuple[Piece, ...]:
        loop_ticks = self._loops[profile].n_ticks
        return pieces(held.aired, start, start + SEGMENT_TICKS, profile=profile, now_tick=now_tick, loop_ticks=loop_ticks)

    def _look(self, now_ms: int) -> None:
        now = tick_at(now_ms)
        try:
            with self._sessions() as session:
                mark = queries.mark(session)
            self._looked_ms = now_ms
            if mark != self._held.mark or not self._held.covers(now - SEGMENT_TICKS, now + RENEWED_BEFORE_END_TICKS):
                self._held = self._load(mark, now - BEHIND_TICKS, now + AHEAD_TICKS) or self._held
            self._say(away=False)
        except SQLAlchemyError as error:
            self._looked_ms = now_ms
            self._say(away=True, why=type(error).__name__)

    def _load(self, mark: queries.Mark, from_tick: int, to_tick: int) -> Held | None:
        try:
            with self._sessions() as session:
                return Held(mark, from_tick, to_tick, queries.aired(session, from_tick, to_tick))
        except SQLAlchemyError as error:
            self._say(away=True, why=type(error).__name__)
            return None

    def _say(self, *, away: bool, why: str = "") -> None:
        """Say once that the database went, and once that it is back."""
        if away and not self._away:
            log.error("channel: the database is away (%s); playing on with what is held", why)
        elif not away and self._away:
            log.warning("channel: the database is back")
        self._away = away
