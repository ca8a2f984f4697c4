"""Inviting, letting in, pausing. Nothing here tells of anybody more than an id: neither rows nor logs."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime

from flask_security import hash_password
from flask_security.proxies import _security
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from radio.accounts import queries, rules
from radio.accounts.models import Invitation, Person, Role
from radio.core.people import Person as Asking
from radio.core.people import Role as RoleName
from radio.core.text import plain
from radio.errors import InvalidError, RefusedError

log = logging.getLogger(__name__)


def invite(
    session: Session, roles: Iterable[RoleName], *, by: Asking | None, now: datetime, days: int = rules.INVITATION_DAYS
) -> str:
    """A one-time token for somebody new, who will have these roles. It is told now and never again.

    `by` None: the station itself.

    Raises:
        InvalidError: no role.
    """
    wanted = sorted(set(roles))
    if not wanted:
        raise InvalidError({"roles": "missing"})
    return _invitation(session, wanted, for_person=None, by=by, now=now, days=days)


def invite_first_steward(session: Session, *, now: datetime, days: int = rules.INVITATION_DAYS) -> str | None:
    """A token for whoever sets the station up; None once a steward can sign in. An earlier one stops working."""
    if queries.stewards(session):
        return None
    session.execute(
        delete(Invitation).where(Invitation.invited_by.is_(None), Invitation.for_person.is_(None), Invitation.used_at.is_(None))
    )
    return invite(session, [RoleName.STEWARD], by=None, now=now, days=days)


def invite_again(session: Session, person: Person, *, by: Asking | None, now: datetime, days: int = rules.INVITATION_DAYS) -> str:
    """A one-time token for somebody who lost their way in. An earlier one stops working; the old password still does.

    Raises:
        RefusedError: the person is paused.
    """
    if not person.active:
        raise RefusedError("paused", person.id)
    session.execute(delete(Invitation).where(Invitation.for_person == person.id, Invitation.used_at.is_(None)))
    return _invitation(session, [], for_person=person, by=by, now=now, days=days)


def _invitation(
    session: Session, roles: list[RoleName], *, for_person: Person | None, by: Asking | None, now: datetime, days: int
) -> str:
    token = secrets.token_urlsafe(32)
    invitation = Invitation(token_sha256=rules.token_sha256(token), roles=[str(role) for role in roles], made_at=now,
                            invited_by=by.id if by else None, for_person=for_person.id if for_person else None,
                            expires_at=rules.expiry(now, days))  # fmt: skip
    session.add(invitation)
    session.flush()
    log.info("invitation %s made by %s", invitation.id, by.id if by else "the station")
    return token


def take_back(session: Session, invitation: Invitation, *, by: Asking) -> None:
    """The invitation's link stops working."""
    log.info("invitation %s taken back by %s", invitation.id, by.id)
    session.delete(invitation)


def accept(session: Session, token: str, username: str, password: str, now: datetime) -> Person:
    """Let in whoever holds the token, with the name and password they chose.

    For somebody who is here already the name stays, the password is new, and passkeys and sessions end: whoever has the old
    phone has nothing.

    Raises:
        RefusedError: `invitation` is forged, used, taken back or too late.
        InvalidError: of `username` and `password`.
    """
    invitation = queries.open_invitation(session, token, now=now)
    if invitation is None:
        raise RefusedError("invitation")
    person = session.get(Person, invitation.for_person) if invitation.for_person else None
    if person is not None and not person.active:
        raise RefusedError("invitation", "paused")
    _refuse_faults(session, person, username, password)
    used = session.execute(
        update(Invitation).where(Invitation.id == invitation.id, Invitation.used_at.is_(None)).values(used_at=now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # somebody was faster with the same link
        raise RefusedError("invitation")
    if person is None:
        person = _newcomer(session, username, [RoleName(role) for role in invitation.roles], now)
    else:
        person.webauthn.clear()
    set_password(person, password, now=now)
    invitation.used_by = person.id
    session.flush()
    log.info("invitation %s accepted by person %s", invitation.id, person.id)
    return person


def _refuse_faults(session: Session, person: Person | None, username: str, password: str) -> None:
    faults: dict[str, str] = {}
    if person is None:
        name = plain(username)
        if fault := rules.name_fault(name):
            faults["username"] = fault
        elif queries.person_named(session, name):
            faults["username"] = "taken"
    if fault := rules.password_fault(password, person.username if person else username):
        faults["password"] = fault
    if faults:
        raise InvalidError(faults)


def _newcomer(session: Session, username: str, roles: list[RoleName], now: datetime) -> Person:
    person = Person(username=plain(username), roles=role_rows(session, roles), create_datetime=now)
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:  # two people chose the same name in the same moment
        raise InvalidError({"username": "taken"}) from error
    return person


def set_password(person: Person, password: str, *, now: datetime) -> None:
    """A new password; every session of the person ends."""
    person.password = hash_password(_security.password_util.normalize(password))
    person.update_datetime = now
    end_sessions(person)


def end_sessions(person: Person) -> None:
    """Sign the person out everywhere."""
    person.fs_uniquifier = secrets.token_hex(16)


def role_rows(session: Session, roles: Iterable[RoleName]) -> list[Role]:
    """The rows of these roles, made where they are lacking."""
    wanted = sorted(set(roles))
    found = {role.name: role for role in session.scalars(select(Role).where(Role.name.in_([str(r) for r in wanted])))}
    return [found.get(name) or Role(name=str(name)) for name in wanted]


def set_roles(session: Session, person: Person, roles: Iterable[RoleName], *, by: Asking | None, now: datetime) -> None:
    """What the person does here from now on.

    Raises:
        RefusedError: `last-steward`.
    """
    wanted = frozenset(roles)
    _keep_a_steward(session, person, wanted)
    person.roles = role_rows(session, wanted)
    person.update_datetime = now
    log.info("roles of person %s are %s, by %s", person.id, ",".join(sorted(wanted)), by.id if by else "the station")


def pause(session: Session, person: Person, *, by: Asking | None, now: datetime) -> None:
    """The person steps back: signed out everywhere, nothing else changes, and no reason is kept.

    Raises:
        RefusedError: `last-steward`.
    """
    _keep_a_steward(session, person, frozenset())
    person.active = False
    person.update_datetime = now
    end_sessions(person)
    log.info("person %s paused by %s", person.id, by.id if by else "the station")


def welcome_back(person: Person, *, by: Asking | None, now: datetime) -> None:
    """A paused person may sign in again, with what they had."""
    person.active = True
    person.update_datetime = now
    log.info("person %s welcomed back by %s", person.id, by.id if by else "the station")


def _keep_a_steward(session: Session, person: Person, roles: frozenset[RoleName]) -> None:
    stewards = [steward.id for steward in queries.stewards(session, lock=True)]
    if rules.leaves_no_steward(stewards, person.id, roles):
        raise RefusedError("last-steward", person.id)
