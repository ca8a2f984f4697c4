"""Finding people and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from radio.accounts import rules
from radio.accounts.models import Invitation, Passkey, Person, Role
from radio.core.people import Role as RoleName
from radio.errors import NotFoundError


def person_of_session(session: Session, uniquifier: str) -> Person | None:
    """Who holds a session with this mark, unless they are paused."""
    return session.scalar(select(Person).where(Person.fs_uniquifier == uniquifier, Person.active))


def person_named(session: Session, name: str) -> Person | None:
    """The person of this name, however it is spelt in capitals and accents."""
    return session.scalar(select(Person).where(Person.name_key == rules.name_key(name)))


def person_or_404(session: Session, person_id: str) -> Person:
    """The person of this id.

    Raises:
        NotFoundError: there is nobody.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(person_id)
    return person


def people(session: Session) -> Sequence[Person]:
    """Everybody, by name; those who are here before those who paused."""
    return session.scalars(select(Person).order_by(Person.active.desc(), Person.name_key)).unique().all()


def stewards(session: Session, *, lock: bool = False) -> Sequence[Person]:
    """Stewards who can sign in today. `lock`: nobody else changes them before this transaction ends."""
    ways_in = or_(Person.password.is_not(None), Person.id.in_(select(Passkey.user_id)))
    wanted = select(Person).join(Person.roles).where(Role.name == RoleName.STEWARD, Person.active, ways_in)
    if lock:
        wanted = wanted.with_for_update(of=Person)
    return session.scalars(wanted.order_by(Person.id)).unique().all()


def open_invitations(session: Session, *, now: datetime) -> Sequence[Invitation]:
    """Invitations that can still be accepted, the next to close first."""
    still = select(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at > now)
    return session.scalars(still.order_by(Invitation.expires_at)).all()


def open_invitation(session: Session, token: str, *, now: datetime) -> Invitation | None:
    """The invitation that this token opens; None: forged, used, taken back or too late, which are not told apart."""
    found = session.scalar(select(Invitation).where(Invitation.token_sha256 == rules.token_sha256(token)))
    return found if found is not None and rules.is_open(found, now) else None
