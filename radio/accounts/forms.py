"""What people type to sign in and to be let in. Every text is for people; rules speak codes."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_security import forms as library
from flask_security.password_util import PasswordUtil
from flask_security.proxies import _datastore, _security
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from radio.accounts import rules
from radio.core.people import Role

ROLE_NAMES: dict[Role, tuple[LazyString, LazyString]] = {
    Role.CONTRIBUTOR: (_l("Contributor"), _l("tells their story")),
    Role.PRODUCER: (_l("Producer"), _l("makes shows: records, uploads, describes")),
    Role.EDITOR: (_l("Editor"), _l("decides with a second person what goes out")),
    Role.REVIEWER: (_l("Reviewer"), _l("checks facts about health, and nothing else")),
    Role.KEEPER: (_l("Keeper"), _l("keeps the list of local services true")),
    Role.STEWARD: (_l("Steward"), _l("lets people in, and takes anything off air alone")),
    Role.OPERATOR: (_l("Operator"), _l("looks after the machine; decides nothing about programmes")),
}
"""Name and one line for each role, in the order that pages show them."""

_FAULTS = {
    ("username", "short"): _l("Choose a name of at least %(least)d letters.", least=rules.NAME_MIN),
    ("username", "long"): _l("Choose a name of at most %(most)d letters.", most=rules.NAME_MAX),
    ("username", "characters"): _l("Use letters, digits, spaces, dots and hyphens, and begin with a letter or a digit."),
    ("username", "taken"): _l("Somebody here has this name already. Choose another."),
    ("password", "short"): _l("Choose a password of at least %(least)d letters or signs. Three or four words are good.",
                              least=rules.PASSWORD_MIN),
    ("password", "long"): _l("Choose a password of at most %(most)d letters or signs.", most=rules.PASSWORD_MAX),
    ("password", "name"): _l("Your name is easy to guess as a password. Choose something else."),
    ("password", "same"): _l("This is too easy to guess. Three or four words are good."),
    ("password", "known"): _l("This is one of the first that others would try. Three or four words are good."),
    ("roles", "missing"): _l("Choose at least one role."),
}  # fmt: skip


def words_for(field: str, code: str) -> LazyString:
    """The sentence for a fault that a rule found."""
    return _FAULTS[field, code]


class Passwords(PasswordUtil):  # type: ignore[misc]
    """Our rule for passwords wherever the library asks."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002
        """Faults as sentences, and the password in its normal form."""
        normal: str = self.normalize(password)
        fault = rules.password_fault(normal, kwargs["user"].username)
        return ([str(words_for("password", fault))] if fault else None), normal


class SignInForm(library.LoginForm):  # type: ignore[misc]
    """Name and password."""

    email = None
    remember = None
    username = StringField(
        _l("Your name here"), validators=[InputRequired(_l("Type the name you chose when you were invited."))],
        render_kw={"autocomplete": "username webauthn", "autocapitalize": "none", "spellcheck": "false"},
    )  # fmt: skip
    password = PasswordField(
        _l("Password"), validators=[InputRequired(_l("Type your password.")), Length(max=4 * rules.PASSWORD_MAX)],
        render_kw={"autocomplete": "current-password"},
    )  # fmt: skip

    def validate(self, **kwargs: Any) -> bool:
        """Find the person by their folded name; the library does the rest, and as slowly when there is nobody.

        Whether the name, the password or a pause was the reason is not told.
        """
        self.ifield = self.username
        key = rules.name_key(self.username.data or "")
        self.user = _datastore.find_user(name_key=key) if key else None
        if super().validate(**kwargs):
            return True
        if self.username.data and self.password.data:
            self.username.errors, self.password.errors = [], []
            self.form_errors = [_l("The name or the password is not right. Look at both and try again.")]
        return False


class VerifyForm(library.VerifyForm):  # type: ignore[misc]
    """The password once more."""

    password = PasswordField(
        _l("Password"), validators=[InputRequired(_l("Type your password."))], render_kw={"autocomplete": "current-password"}
    )


class ChangePasswordForm(library.ChangePasswordForm):  # type: ignore[misc]
    """The old password and a new one, typed once: the page can show it, and a mistyped one is mended by a link."""

    password = PasswordField(_l("Password now"), render_kw={"autocomplete": "current-password"})
    new_password = PasswordField(
        _l("New password"), validators=[InputRequired(_l("Type a new password."))], render_kw={"autocomplete": "new-password"}
    )
    new_password_confirm = None

    def validate(self, **kwargs: Any) -> bool:
        """Say what is wrong with both at once; the library stops at the first."""
        if super().validate(**kwargs):
            return True
        if not self.password.data and not self.password.errors:
            self.password.errors = [_l("Type the password you have now.")]
        if self.new_password.data and not self.new_password.errors:
            faults, _normal = _security.password_util.validate(self.new_password.data, False, user=current_user)
            self.new_password.errors = faults or []
        return False


class WelcomeForm(FlaskForm):  # type: ignore[misc]
    """What somebody who was invited chooses."""

    username = StringField(
        _l("Your name here"), render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    )
    password = PasswordField(_l("A password"), render_kw={"autocomplete": "new-password"})


class RolesForm(FlaskForm):  # type: ignore[misc]
    """Which roles somebody has."""

    roles = SelectMultipleField(
        _l("What will they do?"), choices=[SelectChoice(value=role.value, label=name) for role, (name, _) in ROLE_NAMES.items()],
    )  # fmt: skip

    @property
    def chosen(self) -> frozenset[Role]:
        """The roles that were ticked."""
        return frozenset(Role(code) for code in self.roles.data or ())
