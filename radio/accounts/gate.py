"""Between the address and the view: who is asking, and may they. Nothing of a session is looked at for listeners."""

from __future__ import annotations

import logging
from typing import Any

from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from radio.accounts import queries
from radio.core.people import Person
from radio.db import db, reading
from radio.errors import ForbiddenError
from radio.settings import Settings
from radio.web import current
from radio.web.access import Access, access_of
from radio.web.errors import answer, wants_json

log = logging.getLogger(__name__)
csrf = CSRFProtect()
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_KEPT = frozenset({"csrf_token", "password", "new_password", "credential"})


class StudioSessions(SecureCookieSessionInterface):
    """Sessions for people who sign in. Listeners get no cookie and no `Vary: Cookie`, whatever a library does."""

    def open_session(self, app: Flask, request: Request) -> Any:
        """The session of the cookie; who sends none has an empty one, and nothing is made ready to verify it."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, unless this was an address for listeners."""
        if not g.get("for_listeners", False):
            super().save_session(app, session, response)
        elif session.modified:
            log.error("%s is PUBLIC and wrote to the session; it was not kept", request.endpoint)


def install(app: Flask, settings: Settings) -> None:  # noqa: ARG001  # every part of the edge is installed alike
    """Guard every endpoint; give templates `me` (None for listeners) and a `csrf_token()` that listeners' pages may not call."""
    app.session_interface = StudioSessions()
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # the gate checks, after it knows who is asking
        WTF_CSRF_TIME_LIMIT=None,  # a form may lie open for a day; the session ends it
        WTF_CSRF_SSL_STRICT=False,  # our pages send no Referer; `_same_site` asks the browser instead
    )
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = _csrf_token
    app.context_processor(lambda: {"me": current.visitor()})
    app.before_request(_gate)
    app.after_request(_keep_private)


def _csrf_token() -> str:
    if g.get("for_listeners", False):
        raise RuntimeError(f"{request.endpoint} is PUBLIC: its page has no session to guard; declare Access.ANYONE")
    token: str = generate_csrf()
    return token


def _gate() -> Answer | None:
    endpoint = request.endpoint
    who = access_of(current_app, endpoint) if endpoint else Access.PUBLIC
    if who is None or who is Access.PUBLIC:
        g.for_listeners = True
        current.enter(None)
        return None
    g.for_listeners = False
    person = _person_of_session()
    current.enter(person)
    if who is not Access.ANYONE:
        if person is None:
            return _ask_to_sign_in()
        if who is not Access.SIGNED_IN and person.roles.isdisjoint(who.value):
            raise ForbiddenError(f"{person.id} at {endpoint}")
    if request.method not in _READS and current_app.config["WTF_CSRF_ENABLED"]:
        _same_site(request)
        try:
            csrf.protect()
        except CSRFError:
            return _kept(400) or abort(400)
    return None


def _keep_private(response: Response) -> Response:
    if not g.get("for_listeners", True):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _person_of_session() -> Person | None:
    """Read on a connection of its own and let go of it: a view that receives a long upload must not hold the write lock."""
    uniquifier: Any = session.get("_user_id")
    if not isinstance(uniquifier, str):
        return None
    with reading(), Session(db.engine) as reader:
        person = queries.person_of_session(reader, uniquifier)
        return person.asking if person else None


def _ask_to_sign_in() -> Answer:
    if wants_json() or request.method not in _READS:
        return _kept(401) or answer(401, "sign-in")
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))


def _kept(status: int) -> Response | None:
    """A page that holds what was typed, to be sent again once its writer is signed in; None: it is no such form.

    Only for what the browser says is from a page of ours: nobody else may put words into such a page.
    """
    typed = request.mimetype == "application/x-www-form-urlencoded" and not wants_json()
    if not typed or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in _NOT_KEPT]
    page = render_template("accounts/send-again.html", status=status, fields=fields, to=request.full_path.rstrip("?"))
    return make_response(page, status, {"Cache-Control": "no-store"})


def _same_site(asked: Request) -> None:
    """Refuse what another site sent, where the browser tells. Source: Fetch Metadata Request Headers §2.3."""
    if asked.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(400)
