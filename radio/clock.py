"""The only reader of the system clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from radio.core.time import from_unix_ms, unix_ms


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
