"""Every endpoint against every role, and nobody; listeners are not known at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, session
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter

from radio.accounts.models import Person
from radio.core.people import Role
from radio.db import db
from radio.web.access import Access, access, access_of, refuse_undeclared
from radio.web.current import me, visitor
from tests.makers import make_person
from tests.visitor import Visitor

BrowserOf = Callable[[Person | None], Visitor]
PLAIN = {"Content-Type": "text/plain"}
MINE = {
    "accounts.me": Access.SIGNED_IN, "accounts.pause_me": Access.SIGNED_IN, "accounts.people": Access.STEWARD,
    "accounts.invite": Access.STEWARD, "accounts.take_back": Access.STEWARD, "accounts.person": Access.STEWARD,
    "accounts.set_roles": Access.STEWARD, "accounts.pause": Access.STEWARD, "accounts.welcome_back": Access.STEWARD,
    "accounts.link": Access.STEWARD, "accounts.welcome": Access.ANYONE, "security.login": Access.ANYONE,
    "security.logout": Access.ANYONE, "security.verify": Access.SIGNED_IN, "security.change_password": Access.SIGNED_IN,
    "security.wan_register": Access.SIGNED_IN, "security.wan_delete": Access.SIGNED_IN,
}  # fmt: skip


@pytest.fixture
def guarded(app: Flask) -> Flask:
    """The application as it is in service: forged forms are refused."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def made_up(converter: object) -> object:
    """A value that the part of a path takes and that names nothing."""
    if isinstance(converter, IntegerConverter):
        return 1
    return min(converter.items) if isinstance(converter, AnyConverter) else "x"


def doors(app: Flask) -> Iterator[tuple[str, str, Access]]:
    """(method, path, who) of every endpoint that is not for everybody; made-up values for what a path holds."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        who = access_of(app, rule.endpoint)
        assert who is not None
        if who not in {Access.PUBLIC, Access.ANYONE}:
            values = {name: made_up(rule._converters[name]) for name in rule.arguments}
            path = urls.build(rule.endpoint, values, method=next(iter(rule.methods - {"HEAD", "OPTIONS"})))
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield method, path, who


@pytest.mark.parametrize("role", list(Role))
def test_only_those_with_the_power_get_in(guarded: Flask, session: Session, browser_of: BrowserOf, role: Role) -> None:
    browser = browser_of(make_person(session, name="somebody", roles=(role,)))

    wrong = []
    for method, path, who in doors(guarded):
        answer = browser.open(path, method=method)
        refused = answer.status_code == 403
        if refused is (role in who.value) or answer.status_code in {401, 500}:
            wrong.append(f"{role} {method} {path}: {answer.status_code}")
    assert not wrong


def test_nobody_gets_in_without_signing_in(guarded: Flask, client: Visitor) -> None:
    for method, path, _ in doors(guarded):
        answer = client.open(path, method=method)
        if method == "GET":
            assert answer.status_code == 302, path
            assert answer.location.startswith("/sign-in?next="), path
        else:
            assert answer.status_code == 401, path


def test_every_form_of_the_studio_needs_its_token(guarded: Flask, session: Session, browser_of: BrowserOf) -> None:
    everything = browser_of(make_person(session, name="somebody", roles=tuple(Role)))

    for method, path, _ in doors(guarded):
        if method != "GET":
            assert everything.open(path, method=method).status_code == 400, f"{method} {path}"


@pytest.mark.parametrize(("endpoint", "who"), MINE.items())
def test_the_doors_of_this_room_say_who_may_pass(app: Flask, endpoint: str, who: Access) -> None:
    assert access_of(app, endpoint) is who


def test_what_flask_security_brings_and_we_do_not_need_is_not_there(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security.")}

    assert there == {
        "security.login", "security.logout", "security.verify", "security.change_password", "security.tf_select",
        "security.wan_signin", "security.wan_signin_response", "security.wan_register", "security.wan_register_response",
        "security.wan_delete", "security.wan_verify", "security.wan_verify_response",
    }  # fmt: skip
    assert app.test_client().get("/tf-select").status_code == 404


def test_an_endpoint_that_says_nothing_stops_the_start(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "hello")

    with pytest.raises(RuntimeError, match="forgotten"):
        refuse_undeclared(app)


def test_a_program_is_told_in_its_own_language(client: Visitor) -> None:
    answer = client.get("/studio/me", headers={"Accept": "application/json"})

    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "sign-in"


def test_somebody_whose_session_ended_while_they_wrote_loses_nothing(client: Visitor) -> None:
    answer = client.post("/studio/me/pause")

    assert answer.status_code == 401
    assert "Nothing is lost" in answer.text
    assert 'href="/sign-in" target="_blank"' in answer.text
    typed = {"title": "Lamps", "tags": ["a", "b"], "csrf_token": "old", "password": "secret words"}
    ours = client.post("/studio/shows/new", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    kept = dict.fromkeys(('value="Lamps"', 'value="b"', 'action="/studio/shows/new"'), True) | {
        "secret words": False,
        'value="old"': False,
    }
    assert {said: said in ours.text for said in kept} == kept
    assert "Lamps" not in client.post("/studio/shows/new", data=typed).text, "another site may have typed it"


def test_an_address_that_does_not_exist_says_so_to_everybody(client: Visitor) -> None:
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers


class TestListeners:
    """PUBLIC: the session is not looked at, whatever the page or a library does."""

    @pytest.fixture
    def page(self, app: Flask) -> str:
        """A page for listeners whose view carelessly touches all that could set a cookie."""

        @app.get("/careless")
        @access(Access.PUBLIC)
        def careless() -> str:
            from flask import flash, render_template
            from flask_login import current_user

            flash("hello")
            session["theme"] = "night"
            assert not current_user.is_authenticated
            assert visitor() is None
            return render_template("error.html", title="Careless", text="")

        return "/careless"

    def test_a_listener_gets_no_cookie_and_a_page_that_can_be_cached(self, client: Visitor, page: str) -> None:
        answer = client.get(page)

        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers

    def test_a_steward_who_listens_is_a_listener(self, sam: Person, browser_of: BrowserOf, page: str) -> None:
        answer = browser_of(sam).get(page)

        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
        assert b"sam" not in answer.data

    def test_a_form_that_needs_a_session_cannot_be_put_on_a_page_for_listeners(self, app: Flask, client: Visitor) -> None:
        @app.get("/form")
        @access(Access.PUBLIC)
        def form() -> str:
            return str(app.jinja_env.globals["csrf_token"]())  # type: ignore[operator]

        assert client.get("/form").status_code == 500


def test_views_know_who_is_asking(app: Flask, alice: Person, browser_of: BrowserOf) -> None:
    @app.get("/who")
    @access(Access.SIGNED_IN)
    def who() -> tuple[str, dict[str, str]]:
        return f"{me().id} {me().name} {min(me().roles)}", PLAIN

    assert browser_of(alice).get("/who").text == f"{alice.id} alice producer"


def test_the_gate_holds_no_write_lock_while_a_view_works(app: Flask, alice: Person, browser_of: BrowserOf) -> None:
    @app.post("/long-upload")
    @access(Access.SIGNED_IN)
    def long_upload() -> tuple[str, dict[str, str]]:
        with Session(db.engine) as other:  # would wait for 15 s and fail if this request held SQLite's lock
            make_person(other, name="meanwhile")
            other.commit()
        return "done", PLAIN

    assert browser_of(alice).post("/long-upload").text == "done"


def test_a_page_kept_open_all_day_can_still_be_sent(guarded: Flask) -> None:
    assert guarded.config["WTF_CSRF_TIME_LIMIT"] is None


def test_what_another_site_sends_is_refused_even_with_a_token(app: Flask, alice: Person, browser_of: BrowserOf) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    browser = browser_of(alice)
    page = browser.get("/studio/me").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]

    sent = {"csrf_token": token}
    assert browser.post("/studio/me/pause", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert browser.post("/studio/me/pause", data=sent, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
