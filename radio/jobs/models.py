"""The job row: who works on it, until when that is believed, how far it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from radio.core.ids import new_id
from radio.db import Base, Code, Instant
from radio.jobs.rules import JobState


class Job(Base):
    """One piece of work about one subject. At most one unfinished job of a kind has the same subject."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "uq_job_unfinished", "kind", "subject", unique=True,
            sqlite_where=text("state IN ('queued', 'running')"), postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_job_state_due", "state", "due_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    """The id of the row the work is about; empty for work about the whole station."""
    payload: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    state: Mapped[JobState] = mapped_column(Code(JobState, 10), default=JobState.QUEUED)
    due_at: Mapped[datetime] = mapped_column(Instant)
    token: Mapped[str | None] = mapped_column(String(32))
    """The present attempt's fence: results are taken only from its holder."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    again: Mapped[bool] = mapped_column(default=False)
    """Asked for once more while it ran: what it has read may be old, so it comes again."""
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[str] = mapped_column(String(40), default="")
    """A code of what it is doing now."""
    failure: Mapped[str | None] = mapped_column(Text)
    """Why it failed for good: facts for the operator, no name or title."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Beat(Base):
    """A process of the station that is alive, and how right its clock is. Nothing of it is about a listener."""

    __tablename__ = "beat"

    process: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The machine's name and the process's number."""
    at: Mapped[datetime] = mapped_column(Instant)
    """By the database's clock."""
    skew_ms: Mapped[int] = mapped_column(BigInteger)
    """How far the process's clock is ahead of what it should be: the database's, and what most processes add to that."""
    offset_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """What the process was told to add to its machine's clock."""
    stepped_ms: Mapped[int | None] = mapped_column(BigInteger)
    """How far its clock jumped last; None: it has not."""
    stepped_at: Mapped[datetime | None] = mapped_column(Instant)
