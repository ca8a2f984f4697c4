"""When to try again, when to give up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(seconds=60)
"""How long a silent worker is believed to be alive."""
HEARTBEAT = timedelta(seconds=10)
SILENCE = timedelta(minutes=30)
"""How long a handler may say nothing before its worker stops renewing the lease for it."""
MAX_ATTEMPTS = 8
KEPT = timedelta(days=7)
"""How long the row of a finished job is kept."""


IDLE_FOR = timedelta(minutes=3)
"""Some periodic work comes every minute: where none was ended for so long, no worker lives."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def next_due(attempts: int, now: datetime) -> datetime | None:
    """When a job that has failed `attempts` times is tried again; None: never."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + timedelta(seconds=min(600, 2 ** (attempts + 1)))


def next_turn(attempts: int, every: timedelta, now: datetime) -> datetime:
    """When periodic work that has failed `attempts` times in a row (0: it went well) comes again: it never gives up."""
    retry = next_due(attempts, now) if attempts else None
    return min(retry, now + every) if retry else now + every


BEATS_COUNT_FOR = timedelta(minutes=1)
"""Whoever has not beaten for so long is not alive."""
SKEW_MAY_BE_MS = 2_000
"""Within this the guard before the newest listed segment covers what replicas differ."""


def is_skewed(skew_ms: int) -> bool:
    """Whether a clock is so far beside the database's that replicas may contradict each other."""
    return abs(skew_ms) > SKEW_MAY_BE_MS


def usual_offset_ms(offsets_ms: Iterable[int]) -> int:
    """What most processes add to their clocks; of what equally many add, the least."""
    times = Counter(offsets_ms)
    return min(times, key=lambda offset_ms: (-times[offset_ms], abs(offset_ms), offset_ms), default=0)


def was_set_lately(now: datetime, stepped_at: datetime | None) -> bool:
    """Whether a clock jumped in the last hour: somebody should know."""
    return stepped_at is not None and now - stepped_at < timedelta(hours=1)
