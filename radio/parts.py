"""What the station consists of, and how each part shows that it works: for `/healthz` and `radio doctor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import text

from media.grid import tick_at, ticks_in
from radio.db import session
from radio.schedule.queries import planned_until
from radio.station import station

LEAST_AHEAD_MS = 10 * 60_000
"""A rundown that reaches less far than this is about to end: somebody should be told."""


def database_answers() -> bool:
    """Whether a query comes back."""
    return bool(session().scalar(text("SELECT 1")) == 1)


def store_answers() -> bool:
    """Whether the bucket can be listed."""
    next(iter(station().store.list("health/", page_size=1)), None)
    return True


def rundown_is_ahead() -> bool:
    """Whether something is compiled for the coming minutes."""
    return planned_until(session()) >= tick_at(station().clock.unix_ms()) + ticks_in(LEAST_AHEAD_MS)


CHECKS: Mapping[str, Callable[[], bool]] = {
    "database": database_answers,
    "store": store_answers,
    "rundown": rundown_is_ahead,
}
