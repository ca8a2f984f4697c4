"""The pages of people: the welcome of somebody invited, my own page, and the stewards' list."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import login_user, logout_user
from flask_security.proxies import _security
from flask_security.utils import check_and_update_authn_fresh
from werkzeug.wrappers import Response as Answer

from radio.accounts import actions, queries
from radio.accounts.forms import ROLE_NAMES, RolesForm, WelcomeForm, words_for
from radio.accounts.links import qr_address
from radio.accounts.models import Person
from radio.core.people import Role
from radio.db import session
from radio.errors import InvalidError, NotFoundError, RefusedError
from radio.station import station
from radio.web.access import Access, access
from radio.web.current import me as asking

bp = Blueprint("accounts", __name__)
View = TypeVar("View", bound=Callable[..., Answer | str])


def fresh(view: View) -> View:
    """Only for somebody who proved who they are some minutes ago; others are asked for their password first."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> Answer | str:
        within, grace = _security.app.config["SECURITY_FRESHNESS"], _security.app.config["SECURITY_FRESHNESS_GRACE_PERIOD"]
        if not current_user.is_authenticated or not check_and_update_authn_fresh(within, grace, "session"):
            again: Answer = _security._reauthn_handler(within, grace)  # the library names no other door
            return again
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


@bp.after_request
def _keep_to_yourself(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/welcome/<token>", methods=["GET", "POST"])
@access(Access.ANYONE)
def welcome(token: str) -> Answer | str:
    """Where an invitation leads."""
    invitation = queries.open_invitation(session(), token, now=station().now())
    if invitation is None:
        return _closed()
    known = session().get(Person, invitation.for_person) if invitation.for_person else None
    form, faults = WelcomeForm(), {}
    if form.is_submitted():
        try:
            return _let_in(token, form)
        except InvalidError as error:
            session().rollback()
            faults = {field: words_for(field, code) for field, code in error.faults.items()}
        except RefusedError:
            session().rollback()
            return _closed()
    page = render_template("accounts/welcome.html", form=form, faults=faults, known=known)
    return make_response(page, 422 if faults else 200)


def _closed() -> Answer:
    return make_response(render_template("accounts/welcome-closed.html"), 410)


def _let_in(token: str, form: WelcomeForm) -> Answer:
    logout_user()  # whoever used this browser before
    person = actions.accept(session(), token, form.username.data or "", form.password.data or "", station().now())
    session().commit()
    login_user(person, authn_via=["password"])
    flash(_("Welcome, %(name)s.", name=person.username), "good")
    return redirect(url_for("security.wan_register"))


@bp.get("/studio/me")
@access(Access.SIGNED_IN)
def me() -> str:
    """What the station knows of me, and what I can change."""
    person = queries.person_or_404(session(), _my_id())
    return render_template("accounts/me.html", person=person, role_names=ROLE_NAMES)


@bp.post("/studio/me/pause")
@access(Access.SIGNED_IN)
def pause_me() -> Answer | str:
    """Step back at once."""
    person = queries.person_or_404(session(), _my_id())
    try:
        actions.pause(session(), person, by=asking(), now=station().now())
    except RefusedError:
        flash(_("You are the only steward, so nobody could let anybody in. Make somebody else a steward first."), "fault")
        return redirect(url_for(".me"))
    session().commit()
    logout_user()
    return render_template("accounts/paused.html")


@bp.get("/studio/people")
@access(Access.STEWARD)
@fresh
def people() -> str:
    """Everybody here, and every open invitation."""
    now = station().now()
    return render_template("accounts/people.html", people=queries.people(session()), role_names=ROLE_NAMES,
                           invitations=queries.open_invitations(session(), now=now))  # fmt: skip


@bp.route("/studio/people/invite", methods=["GET", "POST"])
@access(Access.STEWARD)
@fresh
def invite() -> Answer | str:
    """Invite somebody: the link is shown once."""
    form, faults = RolesForm(), {}
    if form.validate_on_submit():
        try:
            token = actions.invite(session(), form.chosen, by=asking(), now=station().now())
        except InvalidError as error:
            faults = {field: words_for(field, code) for field, code in error.faults.items()}
        else:
            session().commit()
            return _show_link(token, None)
    chosen = form.roles.data or [Role.PRODUCER]
    page = render_template("accounts/invite.html", chosen=chosen, faults=faults, role_names=ROLE_NAMES)
    return make_response(page, 422 if faults else 200)


@bp.post("/studio/people/invitations/<invitation_id>/take-back")
@access(Access.STEWARD)
@fresh
def take_back(invitation_id: str) -> Answer:
    """An invitation's link stops working."""
    found = [i for i in queries.open_invitations(session(), now=station().now()) if i.id == invitation_id]
    if not found:
        raise NotFoundError(invitation_id)
    actions.take_back(session(), found[0], by=asking())
    session().commit()
    flash(_("That link does not work any more."), "good")
    return redirect(url_for(".people"))


@bp.get("/studio/people/<person_id>")
@access(Access.STEWARD)
@fresh
def person(person_id: str) -> str:
    """One person: roles, pause, a new link."""
    return _person_page(queries.person_or_404(session(), person_id))


def _person_page(found: Person) -> str:
    return render_template("accounts/person.html", person=found, mine=found.id == asking().id, role_names=ROLE_NAMES)


@bp.post("/studio/people/<person_id>/roles")
@access(Access.STEWARD)
@fresh
def set_roles(person_id: str) -> Answer:
    """What the person does here."""
    found, form = queries.person_or_404(session(), person_id), RolesForm()
    if not form.validate():
        raise InvalidError({"roles": "unknown"})
    return _settle(found, lambda: actions.set_roles(session(), found, form.chosen, by=asking(), now=station().now()),
                   _("%(name)s has these roles now.", name=found.username))  # fmt: skip


@bp.post("/studio/people/<person_id>/pause")
@access(Access.STEWARD)
@fresh
def pause(person_id: str) -> Answer:
    """The person cannot sign in until a steward welcomes them back."""
    found = queries.person_or_404(session(), person_id)
    return _settle(found, lambda: actions.pause(session(), found, by=asking(), now=station().now()),
                   _("%(name)s is paused and signed out everywhere.", name=found.username))  # fmt: skip


@bp.post("/studio/people/<person_id>/welcome-back")
@access(Access.STEWARD)
@fresh
def welcome_back(person_id: str) -> Answer:
    """The person may sign in again."""
    found = queries.person_or_404(session(), person_id)
    return _settle(found, lambda: actions.welcome_back(found, by=asking(), now=station().now()),
                   _("%(name)s can sign in again.", name=found.username))  # fmt: skip


def _settle(found: Person, act: Callable[[], None], done: str) -> Answer:
    back = redirect(url_for(".person", person_id=found.id))
    try:
        act()
    except RefusedError:
        session().rollback()
        flash(_("Nothing was changed: somebody must stay who can let people in. Make somebody else a steward first."), "fault")
        return back
    session().commit()
    flash(done, "good")
    return back


@bp.post("/studio/people/<person_id>/link")
@access(Access.STEWARD)
@fresh
def link(person_id: str) -> Answer | str:
    """A new way in for somebody who lost theirs: the link is shown once."""
    found = queries.person_or_404(session(), person_id)
    token = actions.invite_again(session(), found, by=asking(), now=station().now())
    session().commit()
    return _show_link(token, found)


def _show_link(token: str, known: Person | None) -> str:
    address = station().sign_in_url(url_for(".welcome", token=token))
    return render_template("accounts/link.html", address=address, qr=qr_address(address), known=known)


def _my_id() -> str:
    person_id = asking().id
    assert person_id is not None  # noqa: S101  # only the station itself has no id, and it never asks
    return person_id
