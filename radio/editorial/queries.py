"""What waits for whom, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.editorial.models import AuditEntry


def episodes_ready(session: Session) -> Sequence[Episode]:
    """Submitted episodes, the longest waiting first."""
    query = (
        select(Episode).where(Episode.state == State.READY).options(
            joinedload(Episode.show), selectinload(Episode.tags), selectinload(Episode.recordings),
            joinedload(Episode.recording),
        )
        .order_by(Episode.submitted_at, Episode.id)
    )  # fmt: skip
    return session.scalars(query).unique().all()


def decisions_about(session: Session, subject_kind: str, subject_id: str) -> Sequence[AuditEntry]:
    """What was decided about one thing, oldest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject_kind == subject_kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id)
    )
    return session.scalars(query).all()
