"""What stewards can change about people, and what people can change about themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from radio.accounts import actions
from radio.accounts.models import Person
from radio.core.people import Role
from radio.errors import RefusedError
from tests.makers import NOON, make_person
from tests.visitor import Visitor

BrowserOf = Callable[[Person | None], Visitor]


@pytest.fixture
def steward(session: Session, sam: Person) -> Person:
    """sam, who can sign in."""
    sam.password = "kept elsewhere"
    session.commit()
    return sam


def test_the_list_names_everybody_and_what_they_do(browser_of: BrowserOf, steward: Person, alice: Person, edith: Person) -> None:
    page = browser_of(steward).get("/studio/people").text

    for words in ("alice", "edith", "sam", "Producer", "Editor", "Steward"):
        assert words in page


def test_new_roles_hold_from_the_next_page_on(browser_of: BrowserOf, steward: Person, alice: Person) -> None:
    phone = browser_of(alice)
    assert phone.get("/studio/people").status_code == 403

    browser_of(steward).post(f"/studio/people/{alice.id}/roles", data={"roles": ["steward"]})

    assert phone.get("/studio/people").status_code == 200


def test_all_roles_can_be_taken_away(browser_of: BrowserOf, steward: Person, alice: Person) -> None:
    browser_of(steward).post(f"/studio/people/{alice.id}/roles", data={})

    assert alice.asking.roles == frozenset()


def test_pausing_ends_every_session_for_good(browser_of: BrowserOf, steward: Person, alice: Person) -> None:
    phone, tablet, desk = browser_of(alice), browser_of(alice), browser_of(steward)

    assert desk.post(f"/studio/people/{alice.id}/pause").status_code == 302
    assert phone.get("/studio/me").status_code == 302

    assert desk.post(f"/studio/people/{alice.id}/welcome-back").status_code == 302
    assert phone.get("/studio/me").status_code == 302
    assert tablet.get("/studio/me").status_code == 302
    assert browser_of(alice).get("/studio/me").status_code == 200


def test_anybody_can_step_back_at_once_without_a_reason(browser_of: BrowserOf, alice: Person) -> None:
    phone = browser_of(alice)

    assert "You are on a break" in phone.post("/studio/me/pause").text

    assert phone.get("/studio/me").status_code == 302
    assert not alice.active


class TestTheLastSteward:
    def test_cannot_step_back(self, browser_of: BrowserOf, steward: Person) -> None:
        browser = browser_of(steward)

        assert browser.post("/studio/me/pause").location == "/studio/me"
        assert "only steward" in browser.get("/studio/me").text
        assert steward.active

    @pytest.mark.parametrize("what", ["pause", "roles"])
    def test_cannot_be_removed(self, browser_of: BrowserOf, steward: Person, what: str) -> None:
        browser = browser_of(steward)
        answer = browser.post(f"/studio/people/{steward.id}/{what}", data={"roles": "producer"})

        assert "somebody must stay" in browser.get(answer.location).text
        assert steward.active
        assert steward.asking.roles == {Role.STEWARD}

    def test_may_go_when_there_is_another(self, session: Session, steward: Person) -> None:
        make_person(session, name="Mo", roles=(Role.STEWARD,)).password = "kept elsewhere"
        session.flush()

        actions.pause(session, steward, by=None, now=NOON)

        assert not steward.active

    def test_is_not_relieved_by_one_who_cannot_sign_in(self, session: Session, steward: Person) -> None:
        make_person(session, name="Never came", roles=(Role.STEWARD,))
        make_person(session, name="Paused", roles=(Role.STEWARD,), active=False).password = "kept elsewhere"
        session.flush()

        with pytest.raises(RefusedError, match="last-steward"):
            actions.pause(session, steward, by=None, now=NOON)


def test_names_that_read_alike_cannot_be_two_people_in_the_database_either(session: Session, alice: Person) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        make_person(session, name="Álice")


def test_nothing_more_is_kept_about_a_person_than_signing_in_needs() -> None:
    kept = set(Person.__table__.columns.keys())

    assert kept == {
        "id", "username", "name_key", "email", "password", "active", "fs_uniquifier", "fs_webauthn_user_handle",
        "tf_primary_method", "tf_totp_secret", "mf_recovery_codes", "us_totp_secrets", "create_datetime", "update_datetime",
    }  # fmt: skip
