"""The moves of a job row. Each is one conditional statement: of two workers only one can make it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from radio.jobs.models import Job
from radio.jobs.queries import runnable, unfinished_job
from radio.jobs.rules import LEASE, MAX_ATTEMPTS, JobState, next_due, next_turn


def enqueue(
    session: Session, kind: str, subject: str, *, now: datetime, payload: Mapping[str, object] | None = None,
    due_at: datetime | None = None,
) -> Job:  # fmt: skip
    """The unfinished job of this kind about this subject: a new one, or the one there is.

    One that waits comes no later than asked. One that runs may have read what this transaction changes, so it comes again.
    """
    due_at = due_at or now
    if job := unfinished_job(session, kind, subject, lock=True):
        return _sooner_or_again(job, due_at)
    job = Job(kind=kind, subject=subject, payload=dict(payload or {}), due_at=due_at, made_at=now)
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:  # another transaction was first
        there = unfinished_job(session, kind, subject, lock=True)
        return (
            _sooner_or_again(there, due_at) if there else enqueue(session, kind, subject, now=now, payload=payload, due_at=due_at)
        )
    return job


def _sooner_or_again(job: Job, due_at: datetime) -> Job:
    waits = job.again or job.state != JobState.RUNNING
    job.due_at = min(job.due_at, due_at) if waits else due_at
    job.again = job.state == JobState.RUNNING
    return job


def claim(session: Session, kinds: Collection[str], *, worker: str, now: datetime) -> Job | None:
    """Take the job that waits longest, with a new token that begins with `worker`; None: nothing is to be done."""
    job = session.scalar(
        select(Job)
        .where(runnable(now), Job.kind.in_(kinds))
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return None
    job.state, job.lease_until = JobState.RUNNING, now + LEASE
    job.token = f"{worker}-{secrets.token_hex(8)}"
    job.attempts, job.progress, job.step, job.again = job.attempts + 1, 0.0, "", False
    return job


def renew(session: Session, job_id: str, token: str, *, now: datetime, progress: float | None = None, step: str = "") -> bool:
    """Say that the holder of `token` is alive; False: the job is not its any more."""
    values: dict[str, object] = {"lease_until": now + LEASE}
    if progress is not None:
        values |= {"progress": progress, "step": step}
    return _as_holder(session, job_id, token, values)


def finish(session: Session, job_id: str, token: str, *, now: datetime, every: timedelta | None = None) -> bool:
    """The work is done; what is periodic, or was asked for again, waits for its next turn. False: the job is not the token's."""
    done = {"attempts": 0, "failure": None, "ended_at": now, "progress": 1.0, "step": ""}
    again, due_at = session.execute(select(Job.again, Job.due_at).where(Job.id == job_id).with_for_update()).one_or_none() or (
        False,
        now,
    )
    if again or every is not None:
        return _as_holder(
            session, job_id, token, done | _waiting(max(now, due_at) if again or every is None else next_turn(0, every, now))
        )
    return _as_holder(session, job_id, token, done | {"state": JobState.DONE, "lease_until": None})


def put_back(session: Session, job_id: str, token: str, *, now: datetime) -> bool:
    """The worker stops, the work is not at fault: the attempt does not count."""
    return _as_holder(session, job_id, token, _waiting(now) | {"attempts": Job.attempts - 1})


def fail(session: Session, job_id: str, token: str, *, failure: str, now: datetime, every: timedelta | None = None) -> bool:
    """The attempt failed: try again later, or give up. False: the job is not the token's."""
    held = select(Job).where(Job.id == job_id, Job.token == token, Job.state == JobState.RUNNING)
    job = session.scalar(held.with_for_update())
    if job is None:
        return False
    due_at = next_due(job.attempts, now) if every is None else next_turn(job.attempts, every, now)
    job.failure, job.token, job.lease_until = failure, None, None
    if due_at is None:
        job.state, job.ended_at = JobState.FAILED, now
    else:
        job.state, job.due_at = JobState.QUEUED, due_at
    return True


def release(session: Session, workers: Collection[str]) -> int:
    """Let go of what dead workers held, without waiting for their leases; how many jobs that were."""
    held = [Job.token.startswith(worker + "-") for worker in workers]
    done = session.execute(
        update(Job)
        .where(Job.state == JobState.RUNNING, or_(False, *held))
        .values(state=JobState.QUEUED, token=None, lease_until=None)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def give_up_the_lost(session: Session, kinds: Collection[str], *, now: datetime) -> int:
    """End what has killed its worker too often; how many jobs that were. `kinds` of periodic work never end."""
    lost = update(Job).where(runnable(now), Job.attempts >= MAX_ATTEMPTS, Job.kind.not_in(kinds))
    done = session.execute(
        lost.values(state=JobState.FAILED, failure="its worker died at every attempt", token=None, lease_until=None, ended_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _waiting(due_at: datetime) -> dict[str, object]:
    return {"state": JobState.QUEUED, "due_at": due_at, "token": None, "lease_until": None}


def _as_holder(session: Session, job_id: str, token: str, values: Mapping[str, object]) -> bool:
    held = update(Job).where(Job.id == job_id, Job.token == token, Job.state == JobState.RUNNING)
    return bool(session.execute(held.values(values)).rowcount)  # type: ignore[attr-defined]
