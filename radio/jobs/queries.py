"""Which jobs there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from radio.jobs.models import Beat, Job
from radio.jobs.rules import BEATS_COUNT_FOR, IDLE_FOR, JobState, is_skewed, usual_offset_ms, was_set_lately


def unfinished_job(session: Session, kind: str, subject: str, *, lock: bool = False) -> Job | None:
    """The one job of this kind about this subject that waits or runs; `lock`: it stays as it is until our transaction ends."""
    unfinished = Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    query = select(Job).where(Job.kind == kind, Job.subject == subject, unfinished)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)


def latest_job(session: Session, kind: str, subject: str) -> Job | None:
    """The newest job of this kind about this subject, finished or not."""
    return session.scalar(select(Job).where(Job.kind == kind, Job.subject == subject).order_by(Job.made_at.desc()).limit(1))


def runnable(now: datetime) -> ColumnElement[bool]:
    """Due, or held by a worker that is no longer believed to be alive."""
    return or_(
        and_(Job.state == JobState.QUEUED, Job.due_at <= now),
        and_(Job.state == JobState.RUNNING, Job.lease_until < now),
    )


def runnable_kinds(session: Session, now: datetime) -> frozenset[str]:
    """The kinds of work that wait for a worker now."""
    return frozenset(session.scalars(select(Job.kind).where(runnable(now)).distinct()))


def is_held(session: Session, job_id: str, token: str) -> bool:
    """Whether the holder of `token` has the job; nothing keeps it so."""
    held = select(Job.id).where(Job.id == job_id, Job.token == token, Job.state == JobState.RUNNING)
    return session.scalar(held) is not None


def running_tokens(session: Session) -> Sequence[str]:
    """The tokens of all attempts that have not ended."""
    return [token for token in session.scalars(select(Job.token).where(Job.state == JobState.RUNNING)) if token]


def failed_jobs(session: Session, *, limit: int = 50) -> Sequence[Job]:
    """What was given up, newest first."""
    return session.scalars(select(Job).where(Job.state == JobState.FAILED).order_by(Job.ended_at.desc()).limit(limit)).all()


def anybody_works(session: Session, now: datetime) -> bool:
    """Whether a worker lives, on whatever machine: one holds a job, or ended one lately, as periodic work makes every worker do."""
    held = and_(Job.state == JobState.RUNNING, Job.lease_until >= now)
    return session.scalar(select(Job.id).where(or_(held, Job.ended_at >= now - IDLE_FOR)).limit(1)) is not None


def living_beats(session: Session) -> Sequence[Beat]:
    """The processes that were alive in the last minute, by name."""
    newest = session.scalar(select(Beat.at).order_by(Beat.at.desc()).limit(1))
    if newest is None:
        return []
    return session.scalars(select(Beat).where(Beat.at >= newest - BEATS_COUNT_FOR).order_by(Beat.process)).all()


@dataclass(frozen=True, slots=True)
class ClockFault:
    """A living process whose clock is not as the others', and why: "offset" (it was told to add something else), "skew", "set"."""

    process: str
    code: str
    ms: int
    """How far it is ahead, or was set."""
    at: datetime | None = None
    """When it was set."""


def clock_faults(session: Session) -> list[ClockFault]:
    """The living processes whose clock is beside the others', or was set in the last hour."""
    beats = living_beats(session)
    usual_ms = usual_offset_ms(beat.offset_ms for beat in beats)
    found = []
    for beat in beats:
        if beat.offset_ms != usual_ms:
            found.append(ClockFault(beat.process, "offset", beat.offset_ms - usual_ms))
        elif is_skewed(beat.skew_ms):
            found.append(ClockFault(beat.process, "skew", beat.skew_ms))
        elif was_set_lately(beat.at, beat.stepped_at):
            found.append(ClockFault(beat.process, "set", beat.stepped_ms or 0, beat.stepped_at))
    return found
