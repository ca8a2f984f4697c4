"""When to try again, when to give up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(seconds=60)
"""How long a silent worker is believed to be alive."""
HEARTBEAT = timedelta(seconds=10)
MAX_ATTEMPTS = 8


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
