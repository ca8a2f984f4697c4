"""The job table keeps itself short."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from radio.jobs.models import Job
from radio.jobs.registry import periodic
from radio.jobs.rules import KEPT, JobState
from radio.jobs.work import Work
from radio.station import station


@periodic(every=timedelta(hours=6), kind="tidy-jobs")
def tidy(work: Work) -> None:
    """Forget what was done a week ago; what failed stays until somebody has looked."""
    with work.publishing() as session:
        session.execute(delete(Job).where(Job.state == JobState.DONE, Job.ended_at < station().now() - KEPT))
