"""Passkeys: what is asked of a phone or key, and two checks that the library leaves out."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_security.utils import get_message
from flask_security.webauthn import WebAuthnRegisterForm, WebAuthnSigninResponseForm
from flask_security.webauthn_util import WebauthnUtil
from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement, UserVerificationRequirement
from wtforms import RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from radio.core.text import plain
from radio.station import station


class Ceremony(WebauthnUtil):  # type: ignore[misc]
    """A passkey in place of the password lives on any device and asks for a finger, a face or a PIN."""

    def origin(self) -> str:
        """The address a page of ours has in the browser: a proxy may speak to us in another scheme."""
        return f"{urlsplit(station().settings.public_url).scheme}://{request.host}"

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ARG002
        """The phone's own passkey is welcome, which the library's choice would shut out."""
        if usage == "first":
            return AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            )
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.DISCOURAGED
        )

    def name_svn(self, value: str) -> tuple[str | None, str]:
        """Any plain text is a good name for a key."""
        return None, plain(value)

    def user_verification(self, user: Any, usage: list[str]) -> UserVerificationRequirement:  # noqa: ARG002
        """Instead of a password, the device must know its owner; beside a password it need not."""
        return UserVerificationRequirement.DISCOURAGED if "secondary" in usage else UserVerificationRequirement.REQUIRED


def named_address(host: str, path: str) -> str | None:
    """Where passkeys work, when `host` (with its port) is a number; None when it is a name, empty when no name is known.

    Source: Web Authentication Level 2 §5.1.3: the relying party is a domain, never an IP address.
    """
    parts = urlsplit(f"//{host}")
    try:
        number = ip_address(parts.hostname or "")
    except ValueError:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"http://localhost{port}{path}" if number.is_loopback else ""


class RegisterForm(WebAuthnRegisterForm):  # type: ignore[misc]
    """A new passkey."""

    name = StringField(_l("A name for it, such as “my phone”"), validators=[
        InputRequired(_l("Give the passkey a name.")), Length(max=40, message=_l("Give the passkey a shorter name: at most 40 letters.")),
    ])  # fmt: skip
    usage = RadioField(
        _l("When will you use it?"),
        default="first",
        choices=[
            SelectChoice(value="first", label=_l("Instead of my password")),
            SelectChoice(value="secondary", label=_l("After my password, to be extra safe")),
        ],
    )


class SignInResponse(WebAuthnSigninResponseForm):  # type: ignore[misc]
    """What a device answers when somebody signs in, or proves again who they are."""

    def validate(self, **kwargs: Any) -> bool:
        """Beyond the library: a paused person stays out, and only one's own passkey proves who one is.

        The library compares e-mail addresses for the second; here nobody has one, and None equals None.
        """
        if not super().validate(**kwargs) or self.user is None or not self.user.is_active:
            return False
        if self.is_verify and self.user.id != current_user.id:
            self.credential.errors.append(get_message("WEBAUTHN_MISMATCH_USER_HANDLE")[0])
            return False
        return True
