"""The only reader of the system clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from radio.core.time import from_unix_ms, unix_ms

A_JUMP_MS = 500
"""NTP's gentle way corrects half a millisecond in a second; what moves this far between two looks was set."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The aware UTC instant."""
        ...

    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...


class SystemClock:
    """The machine's clock, or so many milliseconds beside it: for trying the station at another hour."""

    def __init__(self, offset_ms: int = 0) -> None:
        self._offset_ms = offset_ms

    def now(self) -> datetime:
        """The aware UTC instant, to the millisecond."""
        return from_unix_ms(self.unix_ms())

    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000 + self._offset_ms


class SetClock:
    """A clock that stands until it is told to move: for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("an instant wears its zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def unix_ms(self) -> int:
        """The same in milliseconds."""
        return unix_ms(self._now)

    def move(self, by: timedelta) -> None:
        """Go forward, or back when negative."""
        self._now += by

    def set(self, to: datetime) -> None:
        """Stand at another instant."""
        self._now = to.astimezone(UTC)


class AgreedClock:
    """The machine's clock, put right by what the beats find: a server that is beside the others says the same second as they.

    Where it is given the machine's `counter`, a clock that was set goes on as it went before until it is compared again: so nobody
    hears the time that is wrong.
    """

    def __init__(self, own: Clock, counter: Callable[[], int] | None = None) -> None:
        self.own, self._counter = own, counter
        """What it would be without."""
        self._ahead_ms = 0
        self._beside_counter_ms = own.unix_ms() - counter() if counter else 0

    def compare(self, ahead_ms: int) -> None:
        """Take the machine's clock, as it is set now, to be so many milliseconds ahead."""
        self._ahead_ms = ahead_ms
        if self._counter:
            self._beside_counter_ms = self.own.unix_ms() - self._counter()

    def now(self) -> datetime:
        """The aware UTC instant, to the millisecond."""
        return from_unix_ms(self.unix_ms())

    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        if self._counter is None:
            return self.own.unix_ms() - self._ahead_ms
        own_ms = self.own.unix_ms()
        jumped_ms = own_ms - self._counter() - self._beside_counter_ms
        if abs(jumped_ms) >= A_JUMP_MS:
            return own_ms - jumped_ms - self._ahead_ms
        self._beside_counter_ms += jumped_ms
        return own_ms - self._ahead_ms


class ForwardClock:
    """Another clock that never goes back: where that one does, this one stands until time has caught up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest_ms = 0

    def now(self) -> datetime:
        """The same as an instant."""
        return from_unix_ms(self.unix_ms())

    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch, never fewer than it has told before."""
        self._latest_ms = max(self._latest_ms, self._clock.unix_ms())
        return self._latest_ms

    @property
    def stands_for_ms(self) -> int:
        """How long it will stand yet; 0: it runs."""
        return max(0, self._latest_ms - self._clock.unix_ms())


def counter_ms() -> int:
    """The machine's counter, which no one sets."""
    return time.monotonic_ns() // 1_000_000


class StepWatch:
    """Notices that a clock was set: it is compared with a counter that runs by itself."""

    def __init__(self, clock: Clock, counter: Callable[[], int] = counter_ms) -> None:
        self._clock, self._counter = clock, counter
        self._ahead_ms = clock.unix_ms() - counter()

    def look(self) -> int:
        """By how many milliseconds the clock has jumped since the last look; 0 when it has not. Slow correction is no jump."""
        ahead_ms = self._clock.unix_ms() - self._counter()
        jumped_ms, self._ahead_ms = ahead_ms - self._ahead_ms, ahead_ms
        return jumped_ms if abs(jumped_ms) >= A_JUMP_MS else 0
