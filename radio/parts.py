"""What the station consists of, and how each part shows that it works: for `/healthz` and `radio doctor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import current_app
from sqlalchemy import text

from media.grid import tick_at, ticks_in
from radio.db import session
from radio.jobs.rules import is_skewed
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


def clock_is_right() -> bool:
    """Whether this process has the time that the others have, and its playlists do not stand."""
    beats, channel = current_app.extensions.get("beats"), current_app.extensions.get("channel")
    stands_for_ms = channel.station.clock.stands_for_ms if channel else 0
    return (beats is None or beats.is_well) and not is_skewed(stands_for_ms)


CHECKS: Mapping[str, Callable[[], bool]] = {
    "clock": clock_is_right,
    "database": database_answers,
    "store": store_answers,
    "rundown": rundown_is_ahead,
}
