"""The whole ceremony in a real browser with a virtual key: registering, signing in, proving again, a second factor."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, Route, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from radio.accounts import actions
from radio.accounts.models import Person
from radio.core.people import Role
from tests.browser.conftest import PATIENCE_MS
from tests.makers import NOON
from tests.people import PASSWORD

pytestmark = pytest.mark.slow


@pytest.fixture
def origin(app: Flask) -> Iterator[str]:
    """The station on a free port of this machine, as it is in service: forged forms are refused."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Device:
    """A browser window and the key in it."""

    page: Page
    tools: CDPSession
    key: str
    origin: str

    def go(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def send(self, name: str) -> None:
        """Press, and wait for the page it leads to: who goes elsewhere before that may not have sent it."""
        with self.page.expect_navigation():
            self.press(name)

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        self.go("/sign-in")
        self.page.get_by_label("Your name here").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.send("Sign in")

    def add_passkey(self, name: str, usage: str = "Instead of my password") -> None:
        self.go("/studio/me/passkeys")
        self.page.get_by_label("A name for it").fill(name)
        self.page.get_by_label(usage).check()
        self.press("Add it")
        expect(self.page.locator(".row", has_text=name)).to_be_visible()

    def is_in(self, name: str) -> bool:
        self.go("/studio/me")
        return self.page.locator("h1").inner_text() == name

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tools.send("WebAuthn.getCredentials", {"authenticatorId": self.key})["credentials"]
        return found


@pytest.fixture
def device(browser: Browser, origin: str) -> Iterator[Device]:
    """A phone that knows its owner."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    key = tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})["authenticatorId"]  # fmt: skip
    yield Device(page, tools, key, origin)
    context.close()
    assert not faults


@pytest.fixture
def with_password(app: Flask, session: Session) -> Callable[[Person], Person]:
    def give(person: Person) -> Person:
        with app.app_context():
            actions.set_password(person, PASSWORD, now=NOON)
        session.commit()
        return person

    return give


def test_from_the_invitation_to_signing_in_without_a_password(device: Device, session: Session) -> None:
    token = actions.invite(session, [Role.PRODUCER], by=None, now=NOON)
    session.commit()
    device.go(f"/welcome/{token}")
    device.page.get_by_label("Your name here").fill("Noor")
    device.page.get_by_label("A password").fill(PASSWORD)
    device.press("Come in")
    expect(device.page.get_by_text("Welcome, Noor.")).to_be_visible()

    device.add_passkey("my phone")
    expect(device.page.get_by_text("instead of the password")).to_be_visible()
    (kept,) = device.credentials()
    assert kept["isResidentCredential"]

    device.send("Sign out")
    assert not device.is_in("Noor")
    device.go("/sign-in")
    device.press("Sign in with a passkey")
    device.page.wait_for_url("**/studio")

    assert device.is_in("Noor")


def test_a_passkey_proves_again_who_i_am(device: Device, alice: Person, with_password: Callable[[Person], Person]) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my phone")

    device.go("/sign-in/again?next=/studio/me")
    device.press("Use a passkey")

    device.page.wait_for_url("**/studio/me")


def test_somebody_elses_passkey_does_not_prove_who_i_am(
    device: Device, alice: Person, sam: Person, with_password: Callable[[Person], Person]
) -> None:
    with_password(alice)
    with_password(sam)
    device.sign_in("sam")
    device.add_passkey("sam's key")
    device.tools.send("WebAuthn.clearCredentials", {"authenticatorId": device.key})
    device.send("Sign out")
    device.sign_in("alice")
    device.add_passkey("alice's key")
    device.send("Sign out")
    device.sign_in("sam")

    def offer_any_key(route: Route) -> None:
        answer = route.fetch(timeout=PATIENCE_MS)
        body = re.sub(r"allowCredentials&#34;: \[\{.*?\}\]", "allowCredentials&#34;: []", answer.text(), flags=re.DOTALL)
        assert "allowCredentials&#34;: []" in body
        route.fulfill(response=answer, body=body)

    device.go("/sign-in/again?next=/studio/people")
    device.page.route(re.compile(r"/sign-in/again/passkey\?"), offer_any_key, times=1)
    device.press("Use a passkey")

    expect(device.page.get_by_text("That passkey belongs to somebody else.")).to_be_visible()


def test_a_passkey_after_the_password(device: Device, alice: Person, with_password: Callable[[Person], Person]) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my key", usage="After my password")
    device.send("Sign out")

    device.tools.send("WebAuthn.setUserVerified", {"authenticatorId": device.key, "isUserVerified": False})
    device.sign_in("alice")
    expect(device.page.get_by_role("heading", name="And now your passkey")).to_be_visible()
    assert not device.is_in("alice")

    device.sign_in("alice")
    device.press("Ask my device")
    device.page.wait_for_url("**/studio")
    assert device.is_in("alice")


def test_a_passkey_for_after_the_password_is_not_enough_alone(
    device: Device, alice: Person, with_password: Callable[[Person], Person]
) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my key", usage="After my password")
    device.send("Sign out")

    device.go("/sign-in")
    device.press("Sign in with a passkey")

    expect(device.page.get_by_text("That did not work.")).to_be_visible()
    assert not device.is_in("alice")


def test_a_device_that_does_not_know_its_owner_lets_nobody_in(
    device: Device, alice: Person, with_password: Callable[[Person], Person]
) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my phone")
    device.send("Sign out")
    device.tools.send("WebAuthn.setUserVerified", {"authenticatorId": device.key, "isUserVerified": False})

    device.go("/sign-in")
    device.press("Sign in with a passkey")

    expect(device.page.get_by_text("That did not work.")).to_be_visible()
    expect(device.page.get_by_role("button", name="Try again")).to_be_focused()
    device.tools.send("WebAuthn.setUserVerified", {"authenticatorId": device.key, "isUserVerified": True})
    device.press("Try again")
    device.page.wait_for_url("**/studio")


def test_a_paused_person_does_not_come_in_by_passkey(
    device: Device, session: Session, alice: Person, with_password: Callable[[Person], Person]
) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my phone")
    session.refresh(alice)
    actions.pause(session, alice, by=None, now=NOON)
    session.commit()

    device.go("/sign-in")
    device.press("Sign in with a passkey")

    expect(device.page.get_by_text("You are on a break.")).to_be_visible()
    assert not device.is_in("alice")


def test_a_passkey_can_be_removed(device: Device, alice: Person, with_password: Callable[[Person], Person]) -> None:
    with_password(alice)
    device.sign_in("alice")
    device.add_passkey("my phone")

    device.press("Remove my phone")
    expect(device.page.locator(".row", has_text="my phone")).to_have_count(0)
    device.send("Sign out")
    device.go("/sign-in")
    device.press("Sign in with a passkey")

    expect(device.page.get_by_text("This station does not know that passkey.")).to_be_visible()
    assert not device.is_in("alice")
