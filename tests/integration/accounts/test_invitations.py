"""Invited people only: one link, one person, once."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.accounts import actions, queries
from radio.accounts.models import Invitation, Passkey, Person
from radio.clock import SetClock
from radio.core.people import Role
from radio.errors import InvalidError, RefusedError
from tests.makers import NOON, make_person
from tests.people import PASSWORD
from tests.visitor import Visitor

BrowserOf = Callable[[Person | None], Visitor]


@pytest.fixture
def token(session: Session) -> str:
    """An open invitation for a producer."""
    token = actions.invite(session, [Role.PRODUCER], by=None, now=NOON)
    session.commit()
    return token


def come_in(client: Visitor, token: str, name: str = "Noor", password: str = PASSWORD) -> int:
    return client.post(f"/welcome/{token}", data={"username": name, "password": password}).status_code


def test_an_invited_person_comes_in_and_is_signed_in(client: Visitor, session: Session, token: str) -> None:
    assert client.get(f"/welcome/{token}").status_code == 200

    answer = client.post(f"/welcome/{token}", data={"username": "Noor", "password": PASSWORD})

    assert answer.location == "/studio/me/passkeys"
    assert "Welcome, Noor." in client.get(answer.location).text
    noor = queries.person_named(session, "noor")
    assert noor is not None
    assert noor.asking.roles == {Role.PRODUCER}
    assert noor.email is None


def test_the_link_works_once(client: Visitor, browser_of: BrowserOf, token: str) -> None:
    come_in(client, token)
    other = browser_of(None)

    assert other.get(f"/welcome/{token}").status_code == 410
    assert come_in(other, token, name="Somebody else") == 410


def test_the_link_closes_after_seven_days(client: Visitor, clock: SetClock, token: str) -> None:
    clock.move(timedelta(days=7) - timedelta(seconds=1))
    assert client.get(f"/welcome/{token}").status_code == 200

    clock.move(timedelta(seconds=1))
    assert client.get(f"/welcome/{token}").status_code == 410
    assert come_in(client, token) == 410


@pytest.mark.parametrize("forged", ["x", "0" * 43, "%00", "../sign-in"])
def test_a_forged_link_opens_nothing_and_tells_nothing(client: Visitor, token: str, forged: str) -> None:
    assert client.get(f"/welcome/{forged}").status_code in {404, 410}


def test_what_is_kept_of_a_link_cannot_open_it(client: Visitor, session: Session, token: str) -> None:
    kept = session.scalars(select(Invitation)).one()

    assert token not in {str(value) for value in vars(kept).values()}
    assert client.get(f"/welcome/{kept.token_sha256}").status_code == 410
    assert client.get(f"/welcome/{kept.id}").status_code == 410


def test_the_link_does_not_leak(client: Visitor, token: str) -> None:
    answer = client.get(f"/welcome/{token}")

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.text


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("Noor", "short", "at least 10"),
        ("N", PASSWORD, "at least 2"),
        ("ÁLICE", PASSWORD, "has this name already"),
        ("Noor", "noor 12345", "easy to guess"),
    ],
)
def test_a_mistake_loses_neither_the_link_nor_what_was_typed(
    client: Visitor, alice: Person, token: str, name: str, password: str, says: str
) -> None:
    answer = client.post(f"/welcome/{token}", data={"username": name, "password": password})

    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{name}"' in answer.text
    assert password not in answer.text
    assert come_in(client, token, name="Noor") == 302


def test_two_people_with_one_link_do_not_both_come_in(app: Flask, session: Session, token: str) -> None:
    with app.app_context():
        actions.accept(session, token, "Noor", PASSWORD, NOON)
        with pytest.raises(RefusedError, match="invitation"):
            actions.accept(session, token, "Mo", PASSWORD, NOON)


def test_whoever_used_the_browser_before_is_signed_out(browser_of: BrowserOf, sam: Person, token: str) -> None:
    browser = browser_of(sam)

    come_in(browser, token)

    assert "Noor" in browser.get("/studio/me").text
    assert browser.get("/studio/people").status_code == 403


def test_an_invitation_needs_a_role(session: Session, sam: Person) -> None:
    with pytest.raises(InvalidError):
        actions.invite(session, [], by=sam.asking, now=NOON)


class TestTheFirstSteward:
    def test_the_station_invites_until_somebody_has_come(self, app: Flask, session: Session) -> None:
        first = actions.invite_first_steward(session, now=NOON)
        second = actions.invite_first_steward(session, now=NOON)
        assert first is not None
        assert second is not None

        with app.app_context():
            with pytest.raises(RefusedError):
                actions.accept(session, first, "Sam", PASSWORD, NOON)
            sam = actions.accept(session, second, "Sam", PASSWORD, NOON)

        assert sam.asking.roles == {Role.STEWARD}
        assert actions.invite_first_steward(session, now=NOON) is None

    def test_a_paused_steward_does_not_count(self, app: Flask, session: Session) -> None:
        make_person(session, name="Sam", roles=(Role.STEWARD,), active=False).password = "x"
        session.flush()

        assert actions.invite_first_steward(session, now=NOON) is not None

    def test_an_invitation_by_a_steward_is_left_alone(self, session: Session, sam: Person) -> None:
        theirs = actions.invite(session, [Role.STEWARD], by=sam.asking, now=NOON)
        actions.invite_first_steward(session, now=NOON)

        assert queries.open_invitation(session, theirs, now=NOON) is not None


class TestANewLink:
    """For somebody who lost their password or phone: nobody needs an e-mail address."""

    @pytest.fixture
    def lost(self, app: Flask, session: Session, alice: Person) -> Person:
        """alice, with a password she forgot and a passkey on a phone she lost."""
        with app.app_context():
            actions.set_password(alice, "forgotten password", now=NOON)
        alice.webauthn.append(Passkey(credential_id=b"1", public_key=b"2", backup_state=False, device_type="single_device",
                                      name="old phone", usage="first", create_datetime=NOON))  # fmt: skip
        session.commit()
        return alice

    def test_it_gives_a_new_password_and_ends_the_old_ways_in(
        self, client: Visitor, browser_of: BrowserOf, session: Session, lost: Person
    ) -> None:
        thief = browser_of(lost)
        token = actions.invite_again(session, lost, by=None, now=NOON)

        assert "alice" in client.get(f"/welcome/{token}").text
        assert come_in(client, token, name="a name that is ignored") == 302

        assert "alice" in client.get("/studio/me").text
        assert thief.get("/studio/me").status_code == 302
        assert lost.webauthn == []
        assert lost.asking.roles == {Role.PRODUCER}

    def test_until_it_is_used_nothing_changes(self, browser_of: BrowserOf, session: Session, lost: Person) -> None:
        phone = browser_of(lost)
        actions.invite_again(session, lost, by=None, now=NOON)

        assert phone.get("/studio/me").status_code == 200

    def test_a_newer_one_closes_the_older(self, client: Visitor, session: Session, lost: Person) -> None:
        older = actions.invite_again(session, lost, by=None, now=NOON)
        newer = actions.invite_again(session, lost, by=None, now=NOON)

        assert client.get(f"/welcome/{older}").status_code == 410
        assert client.get(f"/welcome/{newer}").status_code == 200

    def test_it_does_not_end_a_break(self, client: Visitor, session: Session, lost: Person) -> None:
        token = actions.invite_again(session, lost, by=None, now=NOON)
        actions.pause(session, lost, by=None, now=NOON)

        assert come_in(client, token) == 410
        with pytest.raises(RefusedError, match="paused"):
            actions.invite_again(session, lost, by=None, now=NOON)


def test_the_steward_sees_the_link_once(browser_of: BrowserOf, client: Visitor, session: Session, sam: Person) -> None:
    page = browser_of(sam).post("/studio/people/invite", data={"roles": ["producer", "editor"]})
    (address,) = re.findall(r'value="(http://localhost/welcome/[^"]+)"', page.text)

    assert page.headers["Cache-Control"] == "no-store"
    (code,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page.text)
    assert b'fill="white"' in base64.b64decode(code), "a phone cannot read it on a dark page"
    assert come_in(client, address.rsplit("/", 1)[1]) == 302
    noor = queries.person_named(session, "Noor")
    assert noor is not None
    assert noor.asking.roles == {Role.PRODUCER, Role.EDITOR}


def test_the_steward_must_say_what_for(browser_of: BrowserOf, sam: Person) -> None:
    page = browser_of(sam).post("/studio/people/invite", data={})

    assert page.status_code == 422
    assert "Choose at least one role." in page.text


def test_a_role_that_does_not_exist_cannot_be_given(browser_of: BrowserOf, session: Session, sam: Person) -> None:
    page = browser_of(sam).post("/studio/people/invite", data={"roles": "emperor"})

    assert "/welcome/" not in page.text
    assert queries.open_invitations(session, now=NOON) == []


def test_a_steward_can_take_an_invitation_back(browser_of: BrowserOf, client: Visitor, session: Session, sam: Person) -> None:
    token = actions.invite(session, [Role.PRODUCER], by=sam.asking, now=NOON)
    browser = browser_of(sam)
    (address,) = re.findall(r'action="(/studio/people/invitations/[^"]+)"', browser.get("/studio/people").text)

    assert browser.post(address).location == "/studio/people"
    assert client.get(f"/welcome/{token}").status_code == 410
