"""Signing in by name and password: who gets in, what it tells, and what the cookie holds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask_security import verify_password
from sqlalchemy.orm import Session

from radio.accounts import actions
from radio.accounts.models import Person
from radio.clock import SetClock
from tests.makers import NOON
from tests.people import PASSWORD, signed_in
from tests.visitor import Visitor

BrowserOf = Callable[[Person | None], Visitor]


@pytest.fixture
def alice_with_password(app: Flask, session: Session, alice: Person) -> Person:
    with app.app_context():
        actions.set_password(alice, PASSWORD, now=NOON)
    session.commit()
    return alice


def sign_in(client: Visitor, name: str = "alice", password: str = PASSWORD, **more: str) -> int:
    return client.post("/sign-in", data={"username": name, "password": password, **more}).status_code


def cookie_of(client: Visitor) -> dict[str, object]:
    with client.session_transaction() as held:
        return dict(held)


@pytest.mark.parametrize("name", ["alice", "Alice", "  ALICE "])
def test_alice_signs_in_with_her_name_however_she_types_it(client: Visitor, alice_with_password: Person, name: str) -> None:
    answer = client.post("/sign-in", data={"username": name, "password": PASSWORD})

    assert answer.status_code == 302
    assert answer.location == "/studio"
    assert client.get("/studio/me").status_code == 200


def test_nobody_learns_who_is_here_by_trying(client: Visitor, alice_with_password: Person) -> None:
    pages = [
        client.post("/sign-in", data={"username": name, "password": "not the password"}).text for name in ("alice", "nobody")
    ]
    told = [re.sub(r'value="[^"]*"', "", page) for page in pages]

    assert "is not right" in told[0]
    assert told[0] == told[1]
    assert client.get("/studio/me").status_code == 302


def test_a_paused_person_cannot_sign_in(client: Visitor, session: Session, alice_with_password: Person) -> None:
    actions.pause(session, alice_with_password, by=None, now=NOON)

    sign_in(client)

    assert client.get("/studio/me").status_code == 302


def test_somebody_without_a_password_cannot_sign_in_with_an_empty_one(client: Visitor, bob: Person) -> None:
    assert sign_in(client, "bob", "") == 200
    assert sign_in(client, "bob", " ") == 200
    assert client.get("/studio/me").status_code == 302


def test_the_password_is_kept_as_argon2id(app: Flask, alice_with_password: Person) -> None:
    assert alice_with_password.password is not None
    assert alice_with_password.password.startswith("$argon2id$")
    with app.app_context():
        assert verify_password(PASSWORD, alice_with_password.password)


def test_a_cookie_from_before_is_worth_nothing_after_signing_in(app: Flask, client: Visitor, alice_with_password: Person) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get("/sign-in").text
    planted = cookie_of(client)["csrf_token"]
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]

    assert sign_in(client, csrf_token=token) == 302

    client.get("/studio/me")
    assert cookie_of(client)["csrf_token"] != planted
    assert client.post("/studio/me/pause", data={"csrf_token": token}).status_code == 400


def test_the_cookie_says_nothing_of_the_address_or_the_browser(client: Visitor, alice_with_password: Person) -> None:
    sign_in(client)

    assert set(cookie_of(client)) <= {"_user_id", "_fresh", "fs_cc", "fs_paa", "csrf_token", "_flashes"}


def test_the_cookie_is_for_our_pages_alone(client: Visitor, alice_with_password: Person) -> None:
    answer = client.post("/sign-in", data={"username": "alice", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("studio=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert len(answer.headers.getlist("Set-Cookie")) == 1
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_away_from_the_station(client: Visitor, alice_with_password: Person, there: str) -> None:
    answer = client.post("/sign-in", data={"username": "alice", "password": PASSWORD, "next": there})

    assert answer.status_code == 200 or urlsplit(urljoin("http://localhost/sign-in", answer.location)).netloc == "localhost"


def test_signing_in_leads_back_to_the_page_that_asked(client: Visitor, alice_with_password: Person) -> None:
    asked = client.get("/studio/me?tab=1").location
    answer = client.post(asked, data={"username": "alice", "password": PASSWORD})

    assert answer.location == "/studio/me?tab=1"


def test_signing_out_ends_it(client: Visitor, alice: Person) -> None:
    signed_in(client, alice)

    client.post("/sign-out")

    assert client.get("/studio/me").status_code == 302
    assert "_user_id" not in cookie_of(client)


def test_guessing_is_slowed_for_one_name_and_others_may_still_sign_in(
    client: Visitor, alice_with_password: Person, clock: SetClock
) -> None:
    answers = [sign_in(client, "bob", "a wrong password") for _ in range(10)]
    refused = client.post("/sign-in", data={"username": "bob", "password": "a wrong password"})

    assert [*answers, refused.status_code] == [200] * 10 + [429]
    assert 60 < int(refused.headers["Retry-After"]) <= 300, "when a try is taken again, not sooner"
    assert sign_in(client) == 302


def test_counting_tries_keeps_no_address(app: Flask) -> None:
    from radio.accounts.tries import Salt

    salt = Salt()
    first = salt.hide("203.0.113.9", NOON)

    assert first == salt.hide("203.0.113.9", NOON + timedelta(minutes=9))
    assert first != salt.hide("203.0.113.9", NOON + timedelta(minutes=10))
    assert "203.0" not in first


def test_no_log_line_tells_who_signed_in_or_from_where(
    client: Visitor, alice_with_password: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there = {"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "Distinct/7"}
    client.post("/sign-in", data={"username": "alice", "password": "a wrong password"}, environ_overrides=there)
    client.post("/sign-in", data={"username": "alice", "password": PASSWORD}, environ_overrides=there)

    for planted in ("203.0.113.9", "Distinct/7", "alice", PASSWORD):
        assert planted not in caplog.text


class TestMyPassword:
    def change(self, client: Visitor, now: str, new: str) -> int:
        return client.post("/studio/me/password", data={"password": now, "new_password": new}).status_code

    def test_i_can_change_it_and_other_devices_are_signed_out(
        self, client: Visitor, browser_of: BrowserOf, alice_with_password: Person
    ) -> None:
        other_phone = browser_of(alice_with_password)
        sign_in(client)

        assert self.change(client, PASSWORD, "four other plain words") == 302

        assert client.get("/studio/me").status_code == 200
        assert other_phone.get("/studio/me").status_code == 302
        assert sign_in(browser_of(None), password=PASSWORD) == 200
        assert sign_in(browser_of(None), password="four other plain words") == 302

    @pytest.mark.parametrize(
        ("now", "new"), [("wrong", "four other plain words"), (PASSWORD, "short"), (PASSWORD, "alice 123456")]
    )
    def test_a_wrong_or_weak_one_changes_nothing(self, client: Visitor, alice_with_password: Person, now: str, new: str) -> None:
        kept = alice_with_password.password
        signed_in(client, alice_with_password)

        assert self.change(client, now, new) == 200
        assert alice_with_password.password == kept

    def test_what_is_wrong_with_both_is_said_at_once(self, client: Visitor, alice_with_password: Person) -> None:
        signed_in(client, alice_with_password)

        for now in ("wrong", ""):
            page = client.post("/studio/me/password", data={"password": now, "new_password": "short"}).text
            assert 'id="password-fault"' in page
            assert 'id="new_password-fault"' in page


class TestDangerousPages:
    def test_a_steward_shows_again_who_they_are_before_touching_people(
        self, app: Flask, session: Session, client: Visitor, sam: Person
    ) -> None:
        with app.app_context():
            actions.set_password(sam, PASSWORD, now=NOON)
        session.commit()
        signed_in(client, sam, minutes_ago=16)

        asked = client.get("/studio/people")
        assert asked.location == "/sign-in/again?next=/studio/people"
        assert client.post("/studio/people/invite", data={"roles": "producer"}).location.startswith("/sign-in/again")

        assert client.post(asked.location, data={"password": "a wrong password"}).status_code == 200
        assert client.post(asked.location, data={"password": PASSWORD}).location == "/studio/people"
        assert client.get("/studio/people").status_code == 200

    def test_so_does_everybody_before_adding_a_passkey(self, client: Visitor, alice: Person) -> None:
        signed_in(client, alice, minutes_ago=16)

        assert client.get("/studio/me/passkeys").location == "/sign-in/again?next=/studio/me/passkeys"
