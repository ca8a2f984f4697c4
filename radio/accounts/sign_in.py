"""Signing in by name and password or by passkey: Flask-Security, with everything closed that this station does not need."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Flask, abort, g, redirect, request, session, url_for
from flask import Response as FlaskResponse
from flask_login.utils import _user_context_processor  # the only way to name what must go
from flask_security import Security, SQLAlchemyUserDatastore, user_authenticated
from flask_security.core import _user_loader
from werkzeug.wrappers import Response

from radio import keyring
from radio.accounts import forms, passkeys, rules, tries, words
from radio.accounts.models import Passkey, Person, Role
from radio.db import db
from radio.settings import Settings
from radio.station import station
from radio.web.access import Access, declare_blueprint
from radio.web.locale import TRANSLATIONS

FRESH = timedelta(minutes=15)
"""How long after proving who they are somebody may open a page where harm could be done."""

ENDPOINTS = {
    "security.login": Access.ANYONE, "security.logout": Access.ANYONE, "security.verify": Access.SIGNED_IN,
    "security.change_password": Access.SIGNED_IN, "security.tf_select": Access.ANYONE,
    "security.wan_signin": Access.ANYONE, "security.wan_signin_response": Access.ANYONE,
    "security.wan_register": Access.SIGNED_IN, "security.wan_register_response": Access.SIGNED_IN,
    "security.wan_delete": Access.SIGNED_IN, "security.wan_verify": Access.SIGNED_IN,
    "security.wan_verify_response": Access.SIGNED_IN,
}  # fmt: skip


def install(app: Flask, settings: Settings) -> None:
    """Open the doors. The gate must be installed before."""
    app.config.update(_config(settings) | words.messages())
    datastore = SQLAlchemyUserDatastore(db, Person, Role, Passkey)
    security = Security(
        app, datastore, webauthn_util_cls=passkeys.Ceremony, password_util_cls=forms.Passwords,
        login_form=forms.SignInForm, change_password_form=forms.ChangePasswordForm, verify_form=forms.VerifyForm,
        wan_signin_response_form=passkeys.SignInResponse, wan_register_form=passkeys.RegisterForm,
    )  # fmt: skip
    security.want_json(lambda _request: False)  # pages only: its JSON can hand out tokens that outlive a session
    security.reauthn_handler(_prove_again)
    security.login_manager.user_loader(_load)
    security.login_manager.session_protection = None  # it would put a mark of the address and the browser in the cookie
    user_authenticated.connect(_begin_session, app)
    app.template_context_processors[None].remove(_user_context_processor)  # it would look for a person on every page
    security.principal.identity_loaders.clear()  # and so would this, before every request
    app.jinja_env.globals["passkey_address"] = passkeys.named_address
    app.view_functions["security.tf_select"] = _nothing_here  # cannot be turned off; there is nothing to choose from
    declare_blueprint(app, ENDPOINTS)
    app.after_request(_keep_nowhere)
    tries.install(app)


def _config(settings: Settings) -> dict[str, Any]:
    return {f"SECURITY_{name}": value for name, value in {
        "PASSWORD_SALT": keyring.read(settings, "password-salt"), "PASSWORD_HASH": "argon2", "PASSWORD_SCHEMES": ["argon2"],
        "DEPRECATED_PASSWORD_SCHEMES": [], "PASSWORD_LENGTH_MIN": rules.PASSWORD_MIN,
        "USER_IDENTITY_ATTRIBUTES": [{"name_key": {"mapper": rules.name_key}}],
        "TOTP_SECRETS": json.loads(keyring.read(settings, "totp")), "TOTP_ISSUER": settings.station_name,
        "REGISTERABLE": False, "TRACKABLE": False, "CHANGEABLE": True, "SEND_PASSWORD_CHANGE_EMAIL": False,
        "RETURN_GENERIC_RESPONSES": False,  # SignInForm gives one answer itself; the library's way needs an e-mail field
        "API_ENABLED_METHODS": ["session"], "DATETIME_FACTORY": lambda: station().now(),
        "LOGIN_URL": "/sign-in", "LOGOUT_URL": "/sign-out", "VERIFY_URL": "/sign-in/again", "CHANGE_URL": "/studio/me/password",
        "POST_LOGIN_VIEW": "/studio", "POST_LOGOUT_VIEW": "/", "POST_CHANGE_VIEW": "/studio/me", "STATIC_FOLDER": None,
        "CACHE_CONTROL": None,
        "I18N_DOMAIN": "messages", "I18N_DIRNAME": [str(TRANSLATIONS)],
        "FRESHNESS": FRESH, "FRESHNESS_GRACE_PERIOD": timedelta(0), "CLI_USERS_NAME": None, "CLI_ROLES_NAME": None,
        "WEBAUTHN": True, "WAN_RP_NAME": settings.station_name, "WAN_ALLOW_USER_HINTS": False,
        "WAN_SIGNIN_URL": "/sign-in/passkey", "WAN_VERIFY_URL": "/sign-in/again/passkey",
        "WAN_REGISTER_URL": "/studio/me/passkeys", "WAN_DELETE_URL": "/studio/me/passkeys/remove",
        "WAN_NAME_MAX_LENGTH": 40, "WAN_SIGNIN_WITHIN": timedelta(minutes=3),
        "TWO_FACTOR_IMPLEMENTATIONS": {"webauthn": "flask_security.webauthn.WebAuthnTfPlugin"},
    }.items()} | {"PERMANENT_SESSION_LIFETIME": timedelta(days=7)}  # fmt: skip


def _load(mark: str) -> Person | None:
    """Whom the library's `current_user` names: nobody at addresses for listeners."""
    found: Person | None = None if g.get("for_listeners", False) else _user_loader(mark)
    return found


def _begin_session(_app: Flask, **_told: object) -> None:
    """Whatever the cookie held before signing in is not trusted after it; nothing in it describes the browser."""
    session.pop("_id", None)
    session.pop("csrf_token", None)


def _prove_again(_within: timedelta, _grace: timedelta) -> Response:
    form_page = url_for("accounts.people" if request.blueprint == "accounts" else "security.wan_register")
    back = request.full_path.rstrip("?") if request.method == "GET" else form_page
    return redirect(url_for("security.verify", next=back))


def _keep_nowhere(response: FlaskResponse) -> FlaskResponse:
    if request.endpoint in ENDPOINTS:
        response.headers["Cache-Control"] = "no-store"  # the library's own says `no-store=True`, which no cache knows
    return response


def _nothing_here() -> Response:
    abort(404)
