"""The people of the tests. alice and bob make the same show; charlie told a story and must see nothing of others' work."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from radio.accounts.models import Person
from radio.core.people import Role
from tests.makers import make_person
from tests.visitor import Visitor

PASSWORD = "three plain words"


def signed_in(client: Visitor, person: Person, *, minutes_ago: int = 0) -> Visitor:
    """The same client with the session that signing in gives; `minutes_ago` ages it."""
    if client.test_session is not None:
        client.test_session.commit()
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.update({"_user_id": person.fs_uniquifier, "_fresh": True, "fs_paa": time.time() - 60 * minutes_ago})
    return client


@pytest.fixture
def browser_of(app: Flask, session: Session) -> Callable[[Person | None], Visitor]:
    """A browser for each person: `browser_of(alice).get("/studio")`; None: somebody who is not signed in."""

    def open_for(person: Person | None) -> Visitor:
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        visitor.test_session = session
        return signed_in(visitor, person) if person else visitor

    return open_for


@pytest.fixture
def alice(session: Session) -> Person:
    """A producer."""
    return make_person(session, name="alice")


@pytest.fixture
def bob(session: Session) -> Person:
    """A producer of the same show."""
    return make_person(session, name="bob")


@pytest.fixture
def charlie(session: Session) -> Person:
    """A contributor: signed in, and sees nothing of others."""
    return make_person(session, name="charlie", roles=(Role.CONTRIBUTOR,))


@pytest.fixture
def edith(session: Session) -> Person:
    """An editor."""
    return make_person(session, name="edith", roles=(Role.EDITOR,))


@pytest.fixture
def rowan(session: Session) -> Person:
    """An expert reviewer."""
    return make_person(session, name="rowan", roles=(Role.REVIEWER,))


@pytest.fixture
def sam(session: Session) -> Person:
    """A steward."""
    return make_person(session, name="sam", roles=(Role.STEWARD,))
