"""The trail of decisions: who, what, when. Never a title, a name or a word of a story."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from radio.core.people import Person
from radio.editorial.models import AuditEntry


def record(
    session: Session, what: str, subject_kind: str, subject_id: str, *, by: Person, now: datetime, **facts: str | int | None
) -> AuditEntry:
    """Append one decision in the transaction that carries it out; `facts` are codes, ids and numbers."""
    entry = AuditEntry(at=now, by=by.id, what=what, subject_kind=subject_kind, subject_id=subject_id, facts=dict(facts))
    session.add(entry)
    session.flush()
    return entry
