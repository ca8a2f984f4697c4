"""What the counting does by itself."""

from __future__ import annotations

from datetime import timedelta

from radio.counting.actions import forget_withdrawn
from radio.jobs.registry import periodic
from radio.jobs.work import Work


@periodic(every=timedelta(hours=6), kind="forget-counts")
def forget(work: Work) -> None:
    """Drop the numbers of what was taken back."""
    with work.publishing() as session:
        forget_withdrawn(session)
